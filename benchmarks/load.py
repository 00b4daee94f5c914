"""wrk in front of a server: prepared requests in turn over some connections, every status counted and checked.

What it measures shares the machine with it, so figures are compared only within one run. wrk itself, one thread of it,
counts the statuses of `rotate.lua`; a status that must not come, or a request without an answer, ends the run.
"""

from __future__ import annotations

import http.client
import json
import ssl
import statistics
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import TypeVar

from benchmarks.journeys import Request, plain
from benchmarks.servers import Server, needed

_ROTATE = Path(__file__).with_name("rotate.lua")
_LONGEST = 30
"""Seconds after which wrk gives a request up."""
CONNECTIONS = 16

Name = TypeVar("Name")


class WrongAnswer(Exception):
    """A server answered otherwise than it must; nothing that it was measured at counts."""


@dataclass(frozen=True)
class Loaded:
    """What one round of load showed."""

    rate: float
    """Requests answered in a second."""
    p50: float
    """Milliseconds below which half of the answers came; wrk's clock starts when a request is sent."""
    p99: float
    cpu: float
    """Microseconds of processor time that the server used for one request."""
    cores: float
    """How many processors the server kept busy."""


def load(server: Server, requests: Sequence[Request], seconds: int = 1, connections: int = CONNECTIONS) -> Loaded:
    """Send these requests in turn for so many seconds; for longer, where fewer than two came back on each connection.

    Raises:
        WrongAnswer: a status came that must not, or none at all.
        NotHere: there is no wrk.
    """
    command = [needed("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={_LONGEST}s"]
    with tempfile.NamedTemporaryFile(prefix="guide-") as file:
        for request in requests:
            wire = request.wire()
            file.write(b"%d\n%b" % (len(wire), wire))
        file.flush()
        command += ["-s", str(_ROTATE), server.address, "--", file.name]
        before = server.cpu()
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own
    server.settle()
    try:
        loaded = read(said, [request.status for request in requests], connections, server.cpu() - before)
    except WrongAnswer as wrong:
        raise WrongAnswer(f"{server.address}{requests[0].path}: {wrong}") from None
    if loaded.rate * seconds < 2 * connections and seconds < _LONGEST:
        return load(server, requests, 2 * seconds, connections)
    return loaded


def read(said: str, wanted: Sequence[int], connections: int, cpu: float) -> Loaded:
    """What wrk said, when each request had to be answered with its status and the server used `cpu` seconds.

    Raises:
        WrongAnswer: a status came that must not, or none at all.
    """
    seen = json.loads(said.rstrip().rpartition("\n")[2])
    answered, seconds = seen["requests"], seen["microseconds"] / 1e6
    if seen["failed"]:
        raise WrongAnswer(f"{seen['failed']} requests without an answer")
    _check({int(status): times for status, times in seen["statuses"].items()}, wanted, connections)
    # At the end, each connection waits for an answer, which the server still works out.
    done = answered + connections
    return Loaded(
        rate=answered / seconds,
        p50=seen["p50"] / 1e3,
        p99=seen["p99"] / 1e3,
        cpu=cpu / done * 1e6,
        cores=cpu / seconds * answered / done,
    )


def _check(statuses: Mapping[int, int], wanted: Sequence[int], connections: int) -> None:
    """Which answer belongs to which request cannot be known; but how many of each status must have come can be."""
    must = Counter(islice(cycle(wanted), sum(statuses.values())))
    for status in {*statuses, *must}:
        # Of those still under way, any status may be missing, and another one have come in its place.
        apart = abs(statuses.get(status, 0) - must[status])
        if status not in wanted or apart > connections:
            told = ", ".join(f"{times} times {one}" for one, times in sorted(statuses.items()))
            raise WrongAnswer(f"{told} instead of {dict(must)}")


def compare(server: Server, requests: Sequence[Request], at_once: int = 4) -> None:
    """Ask each request once, so many at once that every worker is met; is the page the one that must come?

    Raises:
        WrongAnswer: a page differs from the one made in this process, or its status does.
    """
    with ThreadPoolExecutor(at_once) as several:
        for request, (status, page) in zip(requests, several.map(lambda one: _ask(server, one), requests), strict=True):
            if status != request.status or plain(page) != request.page:
                raise WrongAnswer(f"{server.address}: {request.method} {request.path} ({status}) is another page")


def _ask(server: Server, request: Request) -> tuple[int, bytes]:
    scheme, _, host = server.address.partition("://")
    if scheme == "https":
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(host, timeout=_LONGEST, context=anybody)
    else:
        connection = http.client.HTTPConnection(host, timeout=_LONGEST)
    try:
        connection.request(request.method, request.path, request.body or None, request.headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def in_rounds(contestants: Mapping[Name, Callable[[], Loaded]], rounds: int) -> dict[Name, list[Loaded]]:
    """Each contestant once in each round, so that a slow minute of the machine hits all alike."""
    seen: dict[Name, list[Loaded]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            seen[name].append(run())
    return seen


def middle(rounds: Sequence[Loaded]) -> Loaded:
    """The median of the rounds, figure by figure."""
    return Loaded(
        *(statistics.median(getattr(one, figure) for one in rounds) for figure in Loaded.__dataclass_fields__)
    )


def share(rounds: Sequence[Loaded], of: Sequence[Loaded]) -> float:
    """How many of 100 requests of the other one this one answers: the median of what it was in each round."""
    return statistics.median(100 * one.rate / other.rate for one, other in zip(rounds, of, strict=True))
