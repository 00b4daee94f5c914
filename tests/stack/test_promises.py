"""The promises about failing, privacy and transport, in the short form that every run of the tests has time for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.promises import c, d, e
from tests.promises.bench import Bench

from .conftest import Stack

SHORT = {
    "C4": c.every_fault,
    "C8": c.emergency_advice,
    "C9": c.ends_the_questions,
    "C10": c.overdue,
    "D2": d.no_trace,
    "D4": d.never_cached,
    "D7": d.only_to_the_person,
    "D8": d.nothing_identifies,
    "E3": e.locked_cookies,
    "E4": e.on_errors_too,
}


@pytest.fixture(scope="module")
def bench(running: Stack) -> Iterator[Bench]:
    """The real stack of the other tests, measured a little."""
    yield Bench(short=True, stack=running)


@pytest.mark.parametrize("name", SHORT)
def test_a_promise_holds(bench: Bench, stack: Stack, name: str) -> None:
    assert SHORT[name](bench)
