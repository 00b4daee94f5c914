"""Nothing is lost."""

from __future__ import annotations

import os
import signal

from triage.knowledge import Urgency

from .bench import LATER, Bench, Promise, must


def killed_workers(bench: Bench) -> str:
    """A worker killed before each step of a journey."""
    stack, journeys, kills, answers = bench.stack, 3, 0, 0
    for _ in range(journeys):
        person = stack.person(bench.knowledge)
        person.starts()
        while person.page.questions():
            os.kill(stack.instances[kills % 2].workers[0], signal.SIGKILL)
            kills += 1
            answers += len(person.page.questions())
            page = person.sends(bench.routine)
            must(page.status == 200, f"{page.status} on {page.h1}")
        must(person.page.h1 == "Check your answers", person.page.h1)
        given = bench.knowledge.dispositions[Urgency.ROUTINE].heading
        must(given in person.get(person.url("summary")).h1, person.page.h1)
    return f"0 of {answers} answers lost, {kills} kills, {journeys} journeys"


PROMISES: tuple[Promise, ...] = (
    ("A1", "a worker killed at any step loses no answer", killed_workers),
    ("A2", "one of two instances can die unnoticed", "short form in tests/stack; " + LATER),
    ("A3", "restart, upgrade and recycling lose nothing", "short form in tests/stack; " + LATER),
    ("A4", "changed keys keep journeys and open forms", "short form in tests/stack; " + LATER),
    ("A5", "an expired form keeps the answer", "tests/web/test_pages.py; at every question: " + LATER),
    ("A6", "back, refresh, two tabs never show an older verdict", LATER),
    ("A7", "answers are never silently stale", "tests/web/test_pages.py; " + LATER),
    ("A8", "a code brings back exactly the same answers", LATER),
    ("A9", "a person is told where answers live", "tests/web/test_pages.py"),
)
