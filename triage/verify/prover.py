"""Questions put to the solver: is there a person for whom all of this is true? And who is that, told briefly?

In: a world of formulas. Out: nobody, which is a proof, or a person whose answers are as ordinary as they can be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import z3

from triage.journey import Answer, Answers
from triage.knowledge import UNSURE, Knowledge
from triage.knowledge.model import NO_ONE, Question
from triage.verify.world import Raw, World

Pair = tuple[Answers, Answers]


class Prover:
    """One person (`world`), or the same person before and after a change (`world` and `after`)."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.world = World(knowledge)
        self.checked = 0
        """How many questions the solver has answered since it was last set to 0."""
        self._named: dict[tuple[int, int], tuple[z3.BoolRef, z3.BoolRef]] = {}

    @cached_property
    def after(self) -> World:
        """The same person after a change of one answer."""
        return World(self.knowledge, "after ")

    @cached_property
    def _one(self) -> z3.Solver:
        solver = z3.SolverFor("QF_FD")
        solver.add(self.world.facts())
        return solver

    @cached_property
    def _same(self) -> dict[Raw, z3.BoolRef]:
        return {raw: z3.Bool(f"same {raw[0]} {raw[1]}") for raw in self.world.raw}

    @cached_property
    def _two(self) -> z3.Solver:
        solver = z3.SolverFor("QF_FD")
        solver.add(self.world.facts())
        solver.add(self.after.facts())
        for raw, same in self._same.items():
            solver.add(z3.Implies(same, self.world.raw[raw] == self.after.raw[raw]))
        return solver

    def _literals(self, solver: z3.Solver, formulas: Iterable[z3.BoolRef]) -> list[z3.BoolRef]:
        """The formulas as what a solver can assume: constants or their opposites. Each formula is named once."""
        return [formula if _is_literal(formula) else self._name(solver, formula) for formula in formulas]

    def _name(self, solver: z3.Solver, formula: z3.BoolRef) -> z3.BoolRef:
        key = (id(solver), formula.get_id())
        if key not in self._named:
            name = z3.Bool(f"formula {len(self._named)}")
            solver.add(z3.Implies(name, formula))
            self._named[key] = (name, formula)  # the formula is kept, so that its number is not given to another
        return self._named[key][0]

    def exists(self, *formulas: z3.BoolRef) -> bool:
        """Whether anybody's answers make all the formulas true."""
        self.checked += 1
        return satisfiable(self._one, *self._literals(self._one, formulas))

    def anybody(self, *formulas: z3.BoolRef) -> Answers | None:
        """Whoever the solver happens to find for whom all the formulas are true; None when there is nobody."""
        return answers_of(self.world, self._one.model()) if self.exists(*formulas) else None

    def person(self, *formulas: z3.BoolRef) -> Answers | None:
        """The most ordinary person for whom all the formulas are true; None when there is nobody."""
        self.checked += 1
        goal = self._literals(self._one, formulas)
        model = most_ordinary(self._one, goal, ordinary(self.world))
        return None if model is None else answers_of(self.world, model)

    def change(self, changed: Sequence[Raw], *formulas: z3.BoolRef) -> Pair | None:
        """A person before and after a change of those words alone, for whom all the formulas are true."""
        self.checked += 1
        fixed = [same for raw, same in self._same.items() if raw not in changed]
        goal = self._literals(self._two, formulas)
        model = most_ordinary(self._two, [*goal, *fixed], ordinary(self.world))
        return None if model is None else (answers_of(self.world, model), answers_of(self.after, model))


def satisfiable(solver: z3.Solver, *assumed: z3.BoolRef) -> bool:
    """Whether all that is assumed can be true at once.

    Raises:
        RuntimeError: the solver does not know; that must never pass for a proof.
    """
    answer = solver.check(*assumed)
    if answer == z3.unknown:
        raise RuntimeError(f"the solver gave up: {solver.reason_unknown()}")
    return bool(answer == z3.sat)


def _is_literal(formula: z3.BoolRef) -> bool:
    inner = formula.arg(0) if z3.is_not(formula) else formula
    return inner.num_args() == 0 and not z3.is_true(inner) and not z3.is_false(inner)


def ordinary(world: World) -> list[z3.BoolRef]:
    """Every list without a tick, and every other question with its usual answer."""
    literals = []
    for (question_id, word), constant in world.raw.items():
        question = world.knowledge.questions[question_id]
        chosen = question.type != "multi" and word in question.usual
        if chosen or question.type == "multi" or question.usual:
            literals.append(constant if chosen else z3.Not(constant))
    return literals


def most_ordinary(solver: z3.Solver, goal: list[z3.BoolRef], ordinary: list[z3.BoolRef]) -> z3.ModelRef | None:
    """A model of the goal in which no unusual answer can be made usual; None when there is no model at all."""
    if not satisfiable(solver, *goal):
        return None
    kept, freed = list(ordinary), []
    while not satisfiable(solver, *goal, *kept):
        core = {literal.get_id() for literal in solver.unsat_core()}
        one = next(literal for literal in kept if literal.get_id() in core)
        kept = [literal for literal in kept if literal.get_id() != one.get_id()]
        freed.append(one)
    for literal in freed:
        if satisfiable(solver, *goal, *kept, literal):
            kept.append(literal)
    satisfiable(solver, *goal, *kept)
    return solver.model()


def answers_of(world: World, model: z3.ModelRef) -> dict[str, Answer]:
    def true(raw: Raw) -> bool:
        return raw in world.raw and z3.is_true(model.eval(world.raw[raw], model_completion=True))

    return {
        question.id: _answer(question, tuple(word for word in question.allowed if true((question.id, word))))
        for question in world.knowledge.questions.values()
    }


def _answer(question: Question, words: tuple[str, ...]) -> Answer:
    if question.type != "multi":
        return words[0]
    return words or ((NO_ONE,) if question.none else (UNSURE,))
