"""Many people in front of the real stack at once: those who answer, and those who only hold connections open."""

from __future__ import annotations

import contextlib
import random
import re
import ssl
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from werkzeug.test import TestResponse

from tests.web.conftest import Page, Person
from triage.journey import Answer
from triage.knowledge import Knowledge, Urgency

from .conftest import HOST, Stack


def summary_heading(knowledge: Knowledge) -> str:
    """What a calm result says first."""
    return knowledge.dispositions[Urgency.ROUTINE].heading


class Visitor(Person):
    """Somebody at an address of their own, who rests before each step; how long each page took to come, in seconds.

    What the pages look like is for other tests: this one only looks whether they come.
    """

    def __init__(self, stack: Stack, knowledge: Knowledge, source: str = "", rest: Callable[[], None] = lambda: None):
        self.stack = stack
        self.client = stack.test_client(source)
        self.knowledge = knowledge
        self.rest = rest
        self.took: list[float] = []

    def get(self, url: str) -> Page:
        """Open an address."""
        return self._timed(lambda: self.client.get(url, follow_redirects=True))

    def post(self, url: str, data: Mapping[str, object]) -> Page:
        """Send a form, and follow where it leads."""
        self.rest()
        return self._timed(lambda: self.client.post(url, data=data, follow_redirects=True))

    def arrives(self) -> None:
        """The start page, with all that it loads."""
        for address in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', self.get("/").html)):
            status = self.client.get(address).status_code
            assert status == 200, f"{status} on {address}"

    def cookie(self) -> tuple[str, str]:
        """The header that brings their answers back."""
        kept = self.client.get_cookie(f"__Secure-run-{self.run}", HOST, f"/run/{self.run}")
        assert kept is not None
        return "Cookie", f"{kept.key}={kept.value}"

    def _timed(self, ask: Callable[[], TestResponse]) -> Page:
        began = time.monotonic()
        self.page = Page(ask())
        self.took.append(time.monotonic() - began)
        assert self.page.status == 200, f"{self.page.status} on '{self.page.h1}'"
        return self.page


class _Over(Exception):
    """The load has ended; whoever is on the way goes home."""


class Load:
    """People who answer while something happens: how long their pages took to come, and every failure they saw.

    Each rests between `rest` seconds before a step. Each comes from an address of their own, one after the other; in a
    waiting room, all share one and begin in the same moment.
    """

    def __init__(
        self,
        stack: Stack,
        knowledge: Knowledge,
        answers: Mapping[str, Answer],
        people: int = 2,
        rest: tuple[float, float] = (0, 0),
        waiting_room: bool = False,
    ) -> None:
        self.failures: list[str] = []
        self.took: list[float] = []
        self.finished = 0
        self._stack, self._knowledge, self._answers, self._between = stack, knowledge, answers, rest
        self._dice = random.Random(people)  # noqa: S311 - how long somebody reads, no secret
        self._waiting_room = waiting_room
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._live, args=("127.0.3.1" if waiting_room else f"127.0.2.{number % 250 + 1}",))
            for number in range(people)
        ]

    def _rest(self) -> None:
        if self._over.wait(self._dice.uniform(*self._between)):
            raise _Over

    def _live(self, source: str) -> None:
        while not self._over.is_set():
            person = Visitor(self._stack, self._knowledge, source, self._rest)
            try:
                if not self._waiting_room:
                    self._rest()
                person.arrives()
                person.starts()
                person.answers(self._answers)
                heading = person.get(person.url("summary")).h1
                assert summary_heading(self._knowledge) in heading, heading
                self.finished += 1
            except _Over:
                pass
            except Exception as error:
                self.failures.append(repr(error))
            self.took += person.took

    @property
    def p95(self) -> float:
        """So many milliseconds, or fewer, 95 of 100 pages took."""
        return statistics.quantiles(self.took, n=20)[-1] * 1000

    def lasts(self, seconds: float) -> None:
        """Let it go on for a while."""
        time.sleep(seconds)

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


MADE, REFUSED = "a PDF", "503, print the page instead"
"""What somebody who asks for a PDF may get."""


def pdfs_at_once(person: Visitor, number: int) -> Counter[str]:
    """What comes back when a PDF of this person's answers is asked for so many times in the same moment."""
    address, cookie = person.url("sheet.pdf"), person.cookie()

    def ask(source: str) -> str:
        status, _, body = person.stack.request("GET", address, headers=[cookie], source=source)
        if status == 200 and body.startswith(b"%PDF"):
            return MADE
        refused = status == 503 and b"<h1>Print the page instead</h1>" in body
        return REFUSED if refused else f"{status}, {body[:80]!r}"

    with ThreadPoolExecutor(number) as askers:
        return Counter(askers.map(ask, [f"127.0.5.{n % 250 + 1}" for n in range(number)]))


class SlowConnections:
    """Connections that send a byte a second and never come to an end; whatever is cut off comes again."""

    def __init__(self, stack: Stack, number: int) -> None:
        self.cut = 0
        self._stack = stack
        self._over = threading.Event()
        self._wires = [self._one(n) for n in range(number)]
        self._thread = threading.Thread(target=self._hold)

    def _one(self, number: int) -> ssl.SSLSocket:
        wire = self._stack.connect(source=f"127.0.4.{number % 5 + 1}")
        wire.settimeout(1)
        # Half of them never finish what they ask for, the others never finish the form that they send.
        request = "GET / HTTP/1.1\r\nX-Slow: "
        if number % 2:
            request = f"POST /start HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9000\r\n\r\n"
        wire.sendall(request.encode())
        return wire

    def _hold(self) -> None:
        while not self._over.wait(1):
            for number, wire in enumerate(self._wires):
                try:
                    wire.sendall(b"x")
                except OSError:
                    self.cut += 1
                    wire.close()
                    with contextlib.suppress(OSError):
                        self._wires[number] = self._one(number)

    def __enter__(self) -> SlowConnections:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for wire in self._wires:
            wire.close()
