"""The hot paths: what a server does for people all day, each as calls that can be counted or timed. For guard.py.

Two people go through them: a typical one, and whoever is told the most. Each path stands beside a floor that is
measured alike: closures of the same criteria beside the rules, Flask's "hello" beside the pages. The guide has the
settings of a clinic; only its clock stands still, so that today's date costs what yesterday's did.

As a program, `python -m benchmarks.hot LIBRARY` goes the paths and tells callgrind where each begins and ends.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from typing import Any

from flask import Flask
from werkzeug.test import run_wsgi_app

from benchmarks.engines import CLOSURES, ENGINES
from benchmarks.journeys import GREETING, Request, Walk, largest, plain, typical
from benchmarks.served import HELLO, hello, quiet_guide
from triage.assessment import Assessor, witness
from triage.journey import Journey
from triage.sheet import make_sheet
from triage.whatif import for_patient

NOTHING = "nothing"
"""The path that only takes what it takes to go one."""
MANY, FEW, ONCE = 10, 2, 1
"""How often a path is gone in one round: the less often, the more it does."""
WARM, ROUNDS = 2, 3
"""Rounds before anything is counted, in which Python adapts its code to what it does; and those that are counted."""
_RULES = {
    CLOSURES: CLOSURES, "witness": "witness", "engine": "engine", "both": "engine and witness",
    "assess": "assessment",
}  # fmt: skip
_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class HotPath:
    """One path of one person. Each call costs about the same, or they are the pages of one journey."""

    name: str
    floor: str
    """The name of what it is compared with."""
    calls: Sequence[Callable[[], object]]


def hot_paths() -> Iterator[HotPath]:
    """All of them. Each call was made once and gave what it should.

    Raises:
        AssertionError: one did not.
    """
    yield HotPath(NOTHING, NOTHING, [lambda: None] * MANY)
    yield _pages(HELLO, hello(), [GREETING], MANY)
    guide = quiet_guide()
    guide.extensions["clock"] = lambda: _NOW
    assessor: Assessor = guide.extensions["assessor"]
    for person, journey in (("typical", typical(assessor)), ("largest", largest(assessor))):
        yield from _rules(person, assessor, journey)
        walk = Walk(guide, journey.answers)
        numbers = range(1, walk.steps + 1)
        yield _pages(f"question page, {person}", guide, [walk.question(number) for number in numbers])
        yield _pages(f"answers sent, {person}", guide, [walk.answer(number) for number in numbers])
        yield _pages(f"check page, {person}", guide, [walk.get("check")], FEW)
        yield _pages(f"summary, {person}", guide, [walk.get("summary")], ONCE)


def _rules(person: str, assessor: Assessor, journey: Journey) -> Iterator[HotPath]:
    knowledge, findings = assessor.knowledge, journey.findings
    held = witness(knowledge, findings)
    floor = f"{CLOSURES}, {person}"
    for engine, name in _RULES.items():
        fired = ENGINES[engine].load()(knowledge).fired
        if fired(findings) != held:
            raise AssertionError(f"{name} and witness differ about the {person} person")
        yield HotPath(f"{name}, {person}", floor, [partial(fired, findings)] * MANY)
    result = assessor.assess(findings)
    look = partial(for_patient, assessor, journey, result)
    make = partial(make_sheet, knowledge, result, journey, {}, look(), _NOW.date())
    if make() != make():
        raise AssertionError(f"two sheets of the {person} person differ")
    yield HotPath(f"what would change it, {person}", floor, [look] * ONCE)
    yield HotPath(f"sheet, {person}", HELLO, [make] * FEW)


def _pages(name: str, app: Flask, requests: Sequence[Request], times: int = ONCE) -> HotPath:
    calls = []
    for request in requests:
        call = partial(answered, app, request.environ(), request.body.encode())
        status, page = call()
        if status != f"{request.status}" or plain(page) != request.page:
            raise AssertionError(f"{request.method} {request.path} was answered otherwise, with {status}")
        calls.append(call)
    return HotPath(name, HELLO, calls * times)


def answered(app: Flask, asked: dict[str, Any], body: bytes) -> tuple[str, bytes]:
    """The status and the page that the application answers with."""
    answer, status, _ = run_wsgi_app(app, {**asked, "wsgi.input": BytesIO(body)})
    return status.partition(" ")[0], b"".join(answer)


def go(library: str) -> None:
    """Go every path under callgrind, write down what each round costs, and print what was gone, as JSON."""
    callgrind = ctypes.CDLL(library)
    paths = list(hot_paths())
    for _ in range(WARM):
        for path in paths:
            for call in path.calls:
                call()
    # The collector would come by at one path or at another; what it has to do is part of none.
    gc.disable()
    callgrind.start()
    for _ in range(ROUNDS):
        for path in paths:
            gc.collect()
            name = path.name.encode()
            callgrind.from_zero()
            for call in path.calls:
                call()
            callgrind.write_down(name)
    json.dump([(path.name, path.floor, len(path.calls)) for path in paths], sys.stdout)


if __name__ == "__main__":
    go(sys.argv[1])
