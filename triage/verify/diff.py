"""What changed for people between two versions of the rules: which answer classes got another urgency or category.

An answer class is a place and a result: everybody who names that place alone (or whose journey ends before a place is
asked for) and gets that result. The solver looks through both versions at once for somebody who moves from one class to
another, so nothing is sampled. Answers to questions that only one version asks are free in the other.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import z3

from triage.errors import AnswerError
from triage.journey import Answers
from triage.knowledge import Knowledge, Urgency
from triage.knowledge.criteria import ALWAYS
from triage.knowledge.model import Deposit, LetterWord, Reversibility
from triage.verify.prover import answers_of, most_ordinary, ordinary, satisfiable
from triage.verify.world import World

WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody's result moves: which place they name ("" where none is reached), from what to what, and who shows it.

    `direction` is "more urgent", "less urgent" or "other category".
    """

    place: str
    was: str
    now: str
    direction: str
    person: Answers


@dataclass(frozen=True, slots=True)
class Difference:
    """All that moved, and how many classes there were to move from."""

    moves: tuple[Move, ...]
    classes: int


def fingerprint(knowledge: Knowledge) -> str:
    """What the rules decide, without their words: questions, criteria, urgencies, categories, as 8 digits."""
    return _decided(knowledge).hexdigest()[:8]


def fingerprint_of_checks(knowledge: Knowledge) -> str:
    """What a wrong edit is noticed by, as 8 digits: what the rules decide, their cases, and what excludes what."""
    digest = _decided(knowledge)
    cases = [replace(case, note="") for case in knowledge.cases]
    digest.update(repr((cases, knowledge.mentions)).encode())
    for rule in knowledge.rules.values():
        if rule.excludes or rule.instead_of:
            digest.update(repr((rule.id, rule.excludes, rule.instead_of)).encode())
    return digest.hexdigest()[:8]


def _decided(knowledge: Knowledge) -> hashlib._Hash:
    digest = hashlib.sha256()
    for question in knowledge.questions.values():
        digest.update(repr((question.id, question.page, question.allowed, question.enable_when)).encode())
        digest.update(repr([option.id for option in question.options if option.stops]).encode())
    for rule in knowledge.rules.values():
        decided = [getattr(rule, name, None) for name in ("urgency", "base_urgency", "at_least", "category", "tags")]
        holds_for_some = rule.criterion != ALWAYS or any(part is not None for part in decided)
        if holds_for_some and not isinstance(rule, LetterWord):  # a word of a letter is explained and decides nothing
            digest.update(repr((type(rule).__name__, rule.id, rule.criterion, decided)).encode())
    return digest


def compare(old: Knowledge, new: Knowledge) -> Difference:
    """Every class of answers that moves from the old rules to the new, each with somebody who shows it."""
    before = World(old, "old ")
    after = World(new, "new ", like=before)
    solver = z3.SolverFor("QF_FD")
    solver.add(before.facts())
    solver.add(after.facts())
    moves: list[Move] = []
    classes = 0
    usual = list({literal.get_id(): literal for literal in (*ordinary(after), *ordinary(before))}.values())
    for place in ("", *(deposit for deposit in new.deposits if deposit in old.deposits)):
        here = [_alone(before, place), _alone(after, place)]
        for was, now, direction, formulas in _results(before, after, place):
            if was == now:
                classes += satisfiable(solver, *_named(solver, [*here, formulas[0]]))
                continue
            model = most_ordinary(solver, _named(solver, [*here, *formulas]), usual)
            if model is not None:
                moves.append(Move(place, was, now, direction, answers_of(after, model)))
    return Difference(tuple(moves), classes)


def _named(solver: z3.Solver, formulas: list[z3.BoolRef]) -> list[z3.BoolRef]:
    goal = z3.FreshBool("goal")
    solver.add(z3.Implies(goal, z3.And(formulas)))
    return [goal]


def _alone(world: World, place: str) -> z3.BoolRef:
    """Whether this place is the only one named; with no place, whether the journey ends before it is asked for."""
    if not place:
        return z3.Not(world.asked[world.knowledge.place_question])
    places = {deposit.id: world.holds(deposit) for deposit in world.knowledge.of_kind(Deposit)}
    return z3.And(*(named if name == place else z3.Not(named) for name, named in places.items()))


def _results(before: World, after: World, place: str) -> Iterator[tuple[str, str, str, list[z3.BoolRef]]]:
    """Every pair of an old and a new result, with the formulas that say so; the same twice stands for a class."""
    for was in Urgency:
        for now in Urgency:
            direction = "more urgent" if now > was else "less urgent"
            yield was.word, now.word, direction, [before.is_urgency(was), after.is_urgency(now)]
    if place:
        for old, old_formula in _categories(before, place).items():
            for new, new_formula in _categories(after, place).items():
                yield old, new, "other category", [old_formula, new_formula]


def _categories(world: World, place: str) -> Mapping[str, z3.BoolRef]:
    """Each category that the place can be given, and "withheld" on a calm day; an alarm says none of them."""
    said: dict[str, list[z3.BoolRef]] = {}
    for rule in world.knowledge.of_kind(Reversibility):
        if rule.deposit == place:
            said.setdefault(rule.category, []).append(world.said[rule.id])
    calm = z3.Not(world.alarmed)
    return {
        **{category: z3.Or(formulas) for category, formulas in said.items()},
        WITHHELD: z3.And(calm, z3.Not(world.open_to_say[place])),
    }


@contextmanager
def rules_of(version: str) -> Iterator[Path]:
    """The folder of rules that a folder or a git revision names.

    Raises:
        AnswerError: it is neither.
    """
    folder = Path(version)
    if folder.is_dir():
        yield folder / "rules" if (folder / "rules").is_dir() else folder
        return
    found = subprocess.run(["git", "archive", version, "rules"], capture_output=True, check=False)  # noqa: S603, S607 - the user's own git
    if found.returncode:
        raise AnswerError([f"{version}: is neither a folder nor a git revision that holds rules/"])
    with TemporaryDirectory() as place:
        with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
            archive.extractall(place, filter="data")
        yield Path(place) / "rules"
