"""The people whose answers are assessed: every run makes the same ones from a fixed seed and the cases of the rules.

A case is somebody whom a clinician wrote down, with one or two deposits; a random person answers anything, and one in
six ticks all of a list, also of the list of deposits. So the cases are what a guide is asked, and the random people are
what it must bear.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from benchmarks.measuring import NotHere
from triage.journey import Journey, follow, with_usual
from triage.knowledge import NOT_ASKED, Findings, Knowledge

try:
    from triage.verify.people import random_person
except ModuleNotFoundError as error:
    raise NotHere(f"random people need the package {error.name}") from error

SEED = 20261122
ANSWER_SETS = 500


def answer_sets(knowledge: Knowledge, number: int = ANSWER_SETS) -> list[Findings]:
    """So many people's findings, half of them of cases, in an order that has nothing to do with what they answered."""
    draw = random.Random(SEED)  # noqa: S311 - repeatable people, not secrets
    cases = draw.sample(knowledge.cases, number // 2)
    people = [with_usual(knowledge, case.answers).findings for case in cases]
    people += [follow(knowledge, random_person(knowledge, draw)).findings for _ in range(number - len(people))]
    draw.shuffle(people)
    return people


def case_journeys(knowledge: Knowledge, number: int) -> list[Journey]:
    """So many people of cases."""
    draw = random.Random(SEED)  # noqa: S311 - repeatable people, not secrets
    return [with_usual(knowledge, case.answers) for case in draw.sample(knowledge.cases, number)]


def who_name(knowledge: Knowledge, deposits: int, number: int) -> list[Findings]:
    """The findings of so many random people who name so many deposits and whom no emergency stops before the end."""
    draw = random.Random(SEED + deposits)  # noqa: S311 - repeatable people, not secrets
    return [next(_to_the_end(knowledge, deposits, draw)) for _ in range(number)]


def _to_the_end(knowledge: Knowledge, deposits: int, draw: random.Random) -> Iterator[Findings]:
    places = [option.id for option in knowledge.questions[knowledge.place_question].options]
    while True:
        person = random_person(knowledge, draw)
        journey = follow(knowledge, {**person, knowledge.place_question: tuple(draw.sample(places, deposits))})
        if journey.complete and not journey.stopped:
            yield journey.findings


def asked(findings: Findings) -> int:
    """How many findings somebody was asked for."""
    return sum(value != NOT_ASKED for value in findings.values())


def largest(people: Iterable[Findings]) -> Findings:
    """Those of whom most was asked: the largest journey."""
    return max(people, key=asked)
