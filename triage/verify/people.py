"""People to compare the readings of the rules on: drawn at random, and standing on the boundary of every criterion.

Each person answers every question, whether it is asked of them or not; the journey takes what it asks for.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from triage.journey import Answer, Answers
from triage.knowledge import UNSURE, Knowledge
from triage.knowledge.model import NO_ONE, Question
from triage.verify.properties import ways
from triage.verify.prover import Prover

MOODS = ("few", "few", "several", "several", "all", UNSURE)
"""How somebody answers lists; who is in the mood `unsure` is unsure wherever that is allowed."""


def random_answer(question: Question, draw: random.Random, mood: str) -> Answer:
    """One allowed answer of somebody in that mood."""
    if mood == UNSURE and UNSURE in question.allowed:
        return (UNSURE,) if question.type == "multi" else UNSURE
    if question.type != "multi":
        return draw.choice(question.allowed)
    # An emergency ends the journey; most people have to come further than the first page.
    safe = [option.id for option in question.options if not option.stops or draw.random() < 0.01]
    share = {"all": 1.0, "several": 0.25, "few": 0.05, UNSURE: 0.5}[mood]
    ticked = tuple(option for option in safe if draw.random() < share)
    if ticked:
        return ticked + ((UNSURE,) if question.unsure and draw.random() < 0.1 else ())
    if question.none:
        return (NO_ONE,)
    return (draw.choice(question.options).id,)


def random_person(knowledge: Knowledge, draw: random.Random) -> Answers:
    """Somebody with random answers."""
    mood = draw.choice(MOODS)
    return {question.id: random_answer(question, draw, mood) for question in knowledge.questions.values()}


def boundary_people(prover: Prover, every: int = 1) -> Iterator[Answers]:
    """For every answer that a criterion waits for: somebody who gives it where the rest holds, and who just does not.

    The second kind answers that one question in each other way, and all else alike. `every` takes a sample of criteria.
    """
    knowledge, world = prover.knowledge, prover.world
    criteria = [term.criterion for terms in knowledge.terms.values() for term in terms]
    criteria += [question.enable_when for question in knowledge.questions.values()]
    seen: set[tuple[tuple[str, Answer], ...]] = set()
    for criterion in list(dict.fromkeys(criteria))[::every]:
        for test, value, rest in ways(criterion):
            met = prover.anybody(world.finding(test.finding, value), *map(world.criterion, rest))
            if met is None:
                continue  # `asked-is-enough` says so
            question = knowledge.asked_by[test.finding]
            for answer in (met[question.id], *_others(question, test.finding, met[question.id])):
                person = {**met, question.id: answer}
                key = tuple(person.items())
                if key not in seen:
                    seen.add(key)
                    yield person


def _others(question: Question, finding: str, given: Answer) -> Iterator[Answer]:
    """Every other value that the finding can have, with the rest of the answer as it was given."""
    if question.type != "multi":
        yield from (word for word in question.allowed if word != given)
        return
    option = next(option.id for option in question.options if option.finding == finding)
    rest = tuple(word for word in given if word not in (option, UNSURE, NO_ONE))
    yield (*rest, option)
    if question.unsure:
        yield (*rest, UNSURE)
    if rest or question.none:
        yield rest or (NO_ONE,)
