"""The line of a phone with a bad signal, in front of a server on this machine. It delays bytes, not requests.

Chromium's own emulation delays each request and leaves out what a new connection costs. Here the first round trip of
TCP is waited out, TLS takes its own, and bytes queue behind the bytes before them. Neither loss nor TCP's slow start is
imitated; what a page sends at once is less than TCP sends before it waits for the first answer (14 kB).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Thread

ROUND_TRIP = 0.4
"""Seconds to the server and back."""
RATE = 50_000
"""Bytes in a second, each way: 400 kbit/s."""
_PACKET, _HEADERS = 1400, 40


@contextmanager
def slow_line(server: int) -> Iterator[int]:
    """A port of this machine that leads to a server's port over such a line."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = Future()
    thread = Thread(target=lambda: asyncio.run(_listen(server, started)), daemon=True)
    thread.start()
    loop, ended, port = started.result(timeout=10)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


async def _listen(server: int, started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]]) -> None:
    up, down, ended = _Way(), _Way(), asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(ROUND_TRIP)  # TCP's own
        there, back = await asyncio.open_connection("127.0.0.1", server)
        with suppress(OSError, asyncio.CancelledError):  # either side may end, and so may all of it
            await asyncio.gather(up.carry(reader, back), down.carry(there, writer))

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    started.set_result((asyncio.get_running_loop(), ended, listening.sockets[0].getsockname()[1]))
    await ended.wait()


class _Way:
    """One direction of the line, which all connections share."""

    def __init__(self) -> None:
        self.free = 0.0
        """When the last byte so far has left."""

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes, as late as it would be, until it ends."""
        travelling: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        arriving = asyncio.ensure_future(self._arrive(travelling, writer))
        data = b" "
        while data:
            data = await reader.read(_PACKET)
            self.free = max(self.free, time.monotonic()) + (len(data) + _HEADERS) / RATE
            travelling.put_nowait((self.free + ROUND_TRIP / 2, data))
        await arriving

    async def _arrive(self, travelling: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        while True:
            at, data = await travelling.get()
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            if not data:
                writer.close()
                return
            writer.write(data)
