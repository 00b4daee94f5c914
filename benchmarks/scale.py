"""Whole journeys through one, two and four workers, and through nginx in front of one and two instances.

A journey is every request of one typical person: the start page, each page of questions asked for and answered, the
answers read back, and the summary. Those of 16 people are under way at once, each at another place, so that at any
moment all kinds of requests are mixed as in a whole journey. Beside each arrangement stands "hello" in the same one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.journeys import GREETING, Request, Walk, typical
from benchmarks.load import CONNECTIONS, Loaded, compare, in_rounds, load, middle, share
from benchmarks.measuring import Table
from benchmarks.served import quiet_guide
from benchmarks.servers import FLOOR, GUIDE, SYNC, Nginx, Server, needed, server

ROUNDS = 3
PEOPLE = 16
WORKERS = (1, 2, 4)
INSTANCES = (1, 2)
COLUMNS = {
    "arrangement": "arrangement", "journeys": "journeys/s", "per_core": "journeys per CPU second", "rate": "requests/s",
    "hello": "hello/s", "share": "% of hello", "p50": "p50 ms", "p99": "p99 ms", "cores": "CPUs busy",
}  # fmt: skip


def tables(short: bool) -> Iterator[Table]:
    """Journeys a second, by the number of workers and of instances."""
    needed("wrk", "wrk")
    app = quiet_guide()
    person = typical(app.extensions["assessor"]).answers
    walks = [Walk(app, person) for _ in range(PEOPLE)]
    for walk in walks:
        walk.get("summary")
    requests = mixed([walk.requests for walk in walks])
    with ExitStack() as up:
        arranged = dict(_arrangements(up, short))
        for one in arranged.values():
            up.enter_context(one)
        for one in arranged.values():
            one.ready()
        for (_, what), one in arranged.items():
            compare(one, walks[0].requests if what == GUIDE else [GREETING])
        contestants = {
            who: partial(load, one, requests if who[1] == GUIDE else [GREETING], 1 if short else 2)
            for who, one in arranged.items()
        }
        seen = in_rounds(contestants, 1 if short else ROUNDS)
    steps = len(walks[0].requests)
    rows = [_row(name, steps, seen) for name, what in seen if what == GUIDE]
    note = (
        f"A journey is {steps} requests. {CONNECTIONS} connections, with those who ask on the same processors: what a "
        "server of its own would give is the column of CPU seconds. Behind nginx over TLS, with 2 workers each."
    )
    yield Table("scale", "Whole journeys, by workers and instances", COLUMNS, rows, [note])


def _arrangements(up: ExitStack, short: bool) -> Iterator[tuple[tuple[str, str], Server]]:
    """Each arrangement, of the guide and of the floor."""
    for workers in WORKERS[:2] if short else WORKERS:
        for what in (FLOOR, GUIDE):
            yield (f"{workers} worker{'s' * (workers > 1)}", what), server(SYNC, what, workers)
    for instances in INSTANCES[1:] if short else INSTANCES:
        for what in (FLOOR, GUIDE):
            folder = Path(up.enter_context(tempfile.TemporaryDirectory(prefix="guide-")))
            yield (f"nginx, {instances} instance{'s' * (instances > 1)}", what), Nginx(folder, what, instances)


def mixed(journeys: Sequence[Sequence[Request]]) -> list[Request]:
    """All requests of these journeys, which are equally long, in turn: each person is at another place of theirs."""
    people, steps = len(journeys), len(journeys[0])
    return [
        journey[(step + number * steps // people) % steps]
        for step in range(steps)
        for number, journey in enumerate(journeys)
    ]


def _row(name: str, steps: int, seen: Mapping[tuple[str, str], Sequence[Loaded]]) -> dict[str, object]:
    rounds, floor = seen[name, GUIDE], seen[name, FLOOR]
    median = middle(rounds)
    return {
        "arrangement": name,
        "journeys": median.rate / steps,
        "per_core": 1e6 / median.cpu / steps,
        "rate": median.rate,
        "hello": middle(floor).rate,
        "share": share(rounds, floor),
        "p50": median.p50,
        "p99": median.p99,
        "cores": median.cores,
    }
