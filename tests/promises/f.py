"""Many people at once, on two cores, with whoever asks running on the same machine."""

from __future__ import annotations

import gc
import logging
import os
import random
import time
from collections import Counter

from tests.figures import memory, random_journey
from tests.stack.crowd import MADE, REFUSED, Load, SlowConnections, Visitor, pdfs_at_once
from tests.test_engine import CALLS, failing
from triage.assessment import ENGINE_FAILED
from triage.knowledge import Urgency
from triage.web import headers

from .bench import Bench, Promise, must

READING = (2.0, 8.0)
"""Seconds between two steps of one person: still faster than anybody reads."""


def load(bench: Bench, people: int, waiting_room: bool = False) -> Load:
    """People who answer, one after the other, for as long as it lasts."""
    rest = (0.2, 0.8) if bench.short else READING
    return Load(bench.stack, bench.knowledge, bench.routine, people, rest, waiting_room)


def quick(load: Load, aim: int) -> str:
    """How long the pages took, beside the milliseconds aimed at; Broken when anybody saw an error.

    Those who ask run on the same cores as those who answer, so the time says nothing by itself and breaks nothing.
    """
    must(not load.failures, f"{len(load.failures)} errors, such as {load.failures[:1]}")
    seen = f"0 errors in {len(load.took)} pages, p95 {load.p95:.0f} ms (aim {aim}), slowest {max(load.took):.2f} s"
    return f"{seen}, with those who ask on the same {os.cpu_count()} cores"


def many_people(bench: Bench) -> str:
    """A hundred people for a minute, each from an address of their own."""
    people, seconds = bench.size(100, 8), bench.size(60, 4)
    with load(bench, people) as crowd:
        crowd.lasts(seconds)
    return f"{people} people at once for {seconds} s: {quick(crowd, 300)}"


def slow_connections(bench: Bench) -> str:
    """Connections that take for ever beside people who answer."""
    connections, seconds = bench.size(300, 60), bench.size(30, 4)
    with SlowConnections(bench.stack, connections) as slow, load(bench, bench.size(20, 4)) as crowd:
        crowd.lasts(seconds)
    return f"{connections} slow connections held for {seconds} s ({slow.cut} cut off): {quick(crowd, 300)}"


def pdfs_beside_forms(bench: Bench) -> str:
    """Twenty PDFs at once, again and again, beside people who answer."""
    at_once, rounds = 20, bench.size(10, 1)
    person = Visitor(bench.stack, bench.knowledge)
    person.arrives()
    person.starts()
    person.answers(bench.routine)
    given: Counter[str] = Counter()
    with load(bench, bench.size(50, 4)) as crowd:
        for _ in range(rounds):
            given += pdfs_at_once(person, at_once)
            crowd.lasts(1)
    must(given.keys() <= {MADE, REFUSED}, f"{dict(given)}")
    must(given[MADE] >= rounds, f"only {given[MADE]} PDFs were made")
    return (
        f"{rounds} times {at_once} PDFs at once: {given[MADE]} made, {given[REFUSED]} said at once to print the page; "
        f"beside it {quick(crowd, 500)}"
    )


def waiting_room(bench: Bench) -> str:
    """Sixty people behind one address, who all arrive in the same moment."""
    people, seconds = bench.size(60, 8), bench.size(60, 4)
    with load(bench, people, waiting_room=True) as crowd:
        crowd.lasts(seconds)
    must(not [failure for failure in crowd.failures if "429" in failure], f"refused: {crowd.failures[:1]}")
    return f"{people} people from one address for {seconds} s: 0 refused, {quick(crowd, 1000)}"


def soak(bench: Bench) -> str:
    """Evaluations without end, with every tenth broken inside the engine."""
    evaluations, most = bench.size(100_000, 2_000), 20
    dice = random.Random(20261122)  # noqa: S311 - repeatable people, not secrets
    assessor = bench.assessor
    people = [random_journey(bench.knowledge, dice).findings for _ in range(500)]
    calm = [assessor.assess(findings).urgency for findings in people]
    began, broken, before = time.monotonic(), 0, 0.0
    logging.disable(logging.CRITICAL)  # ten thousand failures that are wanted
    try:
        for number in range(evaluations):
            who = dice.randrange(len(people))
            if number % 10:
                result = assessor.assess(people[who])
                must(result.urgency == calm[who] and not result.fail_safe, "a clean evaluation came out otherwise")
            else:
                with failing(dice.choice(CALLS), RuntimeError()):
                    result = assessor.assess(people[who])
                broken += result.fail_safe == ENGINE_FAILED
                careful = max(calm[who], Urgency.SAME_DAY) if result.fail_safe else calm[who]
                must(result.urgency == careful, f"{result.urgency.word} instead of {careful.word}")
            if number == evaluations // 10:
                gc.collect()
                before = memory()
    finally:
        logging.disable(logging.NOTSET)
    gc.collect()
    grown = memory() - before
    must(grown < most, f"memory grew by {grown:.1f} MB")
    seconds = time.monotonic() - began
    return f"{evaluations} evaluations in {seconds:.0f} s, {broken} of them broken inside the engine: {grown:+.1f} MB"


def nothing_answers(bench: Bench) -> str:
    """Both instances are gone."""
    stack, asked = bench.stack, 0
    for instance in stack.instances:
        instance.kill()
    for method in ("GET", "POST"):
        for path in ("/", "/start", "/about", "/run/" + "A" * 16 + "/1", "/nowhere"):
            status, given, body = stack.request(method, path)
            asked += 1
            must(status == 502 and b"Call 112 now" in body, f"{method} {path}: {status}")
            must(headers.always(secure=True).items() <= dict(given).items(), f"{method} {path}: headers are missing")
    return f"{asked} of {asked} requests got the emergency line, the clinic and every header"


PROMISES: tuple[Promise, ...] = (
    ("F1", "100 people at once on 2 cores", many_people),
    ("F2", "slow connections stop nobody", slow_connections),
    ("F3", "the PDF cannot starve the form", pdfs_beside_forms),
    ("F4", "a waiting room is never refused", waiting_room),
    ("F5", "100,000 evaluations without growth", soak),
    ("F6", "down is still safe", nothing_answers),
)
