"""Prints figures instead of asserting them: 20,000 random people through engine and witness.

Run with `make figures`. Exits 1 if engine and witness ever differ, so the figure cannot be quoted when it is not true.
"""

from __future__ import annotations

import gc
import platform
import random
import statistics
import sys
import time
from pathlib import Path

from triage import resources
from triage.assessment import Assessor
from triage.journey import Answer, Journey, follow
from triage.knowledge import UNSURE, Knowledge, load
from triage.knowledge.model import NO_ONE, Question

PEOPLE = 20_000
WARM_UP = 1_000


def random_answer(question: Question, draw: random.Random, mood: str) -> Answer:
    """One allowed answer. A person in the mood `unsure` is unsure wherever that is allowed; one in `all` ticks all."""
    if mood == UNSURE and UNSURE in question.allowed:
        return (UNSURE,) if question.type == "multi" else UNSURE
    if question.type != "multi":
        return draw.choice(question.allowed)
    # An emergency ends the journey; most people have to come further than the first page.
    safe = [option.id for option in question.options if not option.stops or draw.random() < 0.01]
    share = {"all": 1.0, "some": 0.25, "few": 0.05, UNSURE: 0.5}[mood]
    ticked = tuple(option for option in safe if draw.random() < share)
    if ticked:
        return ticked + ((UNSURE,) if question.unsure and draw.random() < 0.1 else ())
    if question.none:
        return (NO_ONE,)
    return (draw.choice(question.options).id,)


def random_person(knowledge: Knowledge, draw: random.Random) -> Journey:
    """A complete journey with random answers."""
    mood = draw.choice(("few", "few", "some", "some", "all", UNSURE))
    answers: dict[str, Answer] = {}
    while True:
        journey = follow(knowledge, answers)
        if journey.complete:
            return journey
        for question in journey.steps[-1].questions:
            answers[question.id] = random_answer(question, draw, mood)


def memory() -> float:
    """Resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main() -> int:
    """Print the figures; 1 when engine and witness differed."""
    knowledge = load(resources.folder("rules"))
    assessor = Assessor(knowledge)
    draw = random.Random(20261122)  # noqa: S311 - repeatable people, not secrets
    after_warm_up, times = 0.0, []
    urgencies: dict[str, int] = {}
    for number in range(PEOPLE):
        findings = random_person(knowledge, draw).findings
        began = time.perf_counter()
        assessment = assessor.assess(findings)
        times.append((time.perf_counter() - began) * 1e3)
        urgencies[assessment.urgency.word] = urgencies.get(assessment.urgency.word, 0) + 1
        if number + 1 == WARM_UP:
            gc.collect()
            after_warm_up = memory()
    gc.collect()
    differed = assessor.counts.total() - assessor.counts["assessments"]
    print(f"Rules {knowledge.version} on Python {platform.python_version()}")
    print(f"{PEOPLE} random assessments ({', '.join(f'{n} {word}' for word, n in sorted(urgencies.items()))})")
    print(f"engine and witness differed, or the engine failed: {differed}")
    print(f"memory: {after_warm_up:.1f} MB after {WARM_UP}, {memory():.1f} MB after {PEOPLE}")
    print(f"time for one assessment, engine and witness: median {statistics.median(times):.2f} ms")
    return 1 if differed else 0


if __name__ == "__main__":
    sys.exit(main())
