"""Each page of the guide beside "hello" on the same server, and where the time of each page goes.

The floor is a Flask application that answers one word. Both are served in each of three ways, with two workers, and are
asked in turn over 16 connections for the pages of 16 different people one after the other. The PDF is asked for over
one connection, because an instance sets one at a time; it stands beside "hello" asked like that.

Every page was compared with the one made in this process before anything was timed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from flask import Flask

from benchmarks import inside, servers
from benchmarks.journeys import GREETING, Request, Walk, largest, typical
from benchmarks.load import CONNECTIONS, Loaded, compare, in_rounds, load, middle, share
from benchmarks.measuring import Table
from benchmarks.served import quiet_guide
from benchmarks.servers import FLOOR, GUIDE, SYNC, WAYS, needed

WORKERS = 2
ROUNDS = 4
PEOPLE = 16
COLUMNS = {
    "page": "page", "server": f"server, {WORKERS} workers", "rate": "requests/s", "share": "% of hello",
    "p50": "p50 ms", "p99": "p99 ms", "cpu": "CPU µs/request", "bytes": "bytes",
}  # fmt: skip
NOTE = (
    f"{CONNECTIONS} connections, with those who ask on the same processors. CPU is that of all processes of a server; "
    "bytes are uncompressed, without headers. The largest summary is that of the case that is told the most."
)
HELLO, HELLO_ALONE = "hello", "hello, one connection"


@dataclass(frozen=True)
class Page:
    """What is asked for: the requests of different people in turn, over so many connections."""

    requests: Sequence[Request]
    connections: int = CONNECTIONS

    @property
    def floor(self) -> str:
        """The name of what it is compared with."""
        return HELLO if self.connections > 1 else HELLO_ALONE


def pages(app: Flask, people: int) -> dict[str, Page]:
    """Every page that is measured, as that many people ask for it."""
    assessor = app.extensions["assessor"]
    usual = [Walk(app, typical(assessor).answers) for _ in range(people)]
    most = [Walk(app, largest(assessor).answers) for _ in range(people)]
    number = usual[0].usual_page
    return {
        HELLO: Page([GREETING]),
        "start": Page([usual[0].requests[0]]),
        "first question": Page([walk.question(1) for walk in usual]),
        "question in the middle": Page([walk.question(number) for walk in usual]),
        "the same, going back": Page([walk.get(str(number)) for walk in usual]),
        "its answer, sent (POST)": Page([walk.answer(number) for walk in usual]),
        "check your answers": Page([walk.get("check") for walk in usual]),
        "summary": Page([walk.get("summary") for walk in usual]),
        "summary, the largest": Page([walk.get("summary") for walk in most]),
        "sheet for paper": Page([walk.get("print") for walk in usual]),
        HELLO_ALONE: Page([GREETING], connections=1),
        "PDF, one connection": Page([walk.get("sheet.pdf") for walk in usual[:2]], connections=1),
    }


def tables(short: bool) -> Iterator[Table]:
    """Each page beside the floor; then, in this process, where the time of each goes."""
    needed("wrk", "wrk")
    app = quiet_guide()
    asked = pages(app, people=2 if short else PEOPLE)
    yield _served(asked, short)
    yield inside.table(app, {name: page.requests for name, page in asked.items() if HELLO not in name}, short)


def _served(asked: Mapping[str, Page], short: bool) -> Table:
    # A short run looks at the other servers only to see that they serve.
    names = {way: list(asked) if way == SYNC or not short else [HELLO, "start", "summary"] for way in WAYS}
    with ExitStack() as up:
        running = {(way, what): servers.server(way, what, WORKERS) for way in WAYS for what in (FLOOR, GUIDE)}
        for server in running.values():
            up.enter_context(server)
        for server in running.values():
            server.ready()
        contestants = {}
        for way in WAYS:
            for name in names[way]:
                server = running[way, FLOOR if HELLO in name else GUIDE]
                compare(server, asked[name].requests, at_once=min(4, asked[name].connections))
                contestants[way, name] = partial(load, server, asked[name].requests, 1, asked[name].connections)
        seen = in_rounds(contestants, 1 if short else ROUNDS)
    rows = [_row(way, name, asked[name], seen) for name in asked for way in WAYS if name in names[way]]
    return Table("pages", "Each page beside hello, on the same server", COLUMNS, rows, [NOTE])


def _row(way: str, name: str, page: Page, seen: Mapping[tuple[str, str], Sequence[Loaded]]) -> dict[str, object]:
    rounds = seen[way, name]
    median = middle(rounds)
    floor = seen.get((way, page.floor), rounds)
    return {
        "page": name,
        "server": way,
        "rate": median.rate,
        "share": share(rounds, floor),
        "p50": median.p50,
        "p99": median.p99,
        "cpu": median.cpu,
        "bytes": sorted(request.size for request in page.requests)[len(page.requests) // 2],
    }
