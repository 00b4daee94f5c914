"""Who notices a wrong edit: `check`, the cases that people wrote, or the proof; or nobody, as it changes nothing.

In: a mutant of `mutation.py`. Out: what caught it. The journeys of the cases are kept, so that only what the edit
touches is worked out again; the result is the same as that of the whole `check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import z3

from triage import cases
from triage.assessment import conclude, witness
from triage.errors import AnswerError
from triage.journey import with_usual
from triage.knowledge import Criterion, Knowledge, check
from triage.knowledge.load import Reader
from triage.verify.mutation import Mutant, mutants
from triage.verify.properties import PROPERTIES, Scope, prove, scope_of
from triage.verify.prover import Prover, satisfiable
from triage.verify.world import World

CHECK, CASES, PROOF, HARMLESS, NOBODY = "check", "cases", "proof", "harmless", "unnoticed"
"""Who caught a mutant. `harmless`: it is proved that nobody is told anything else. `unnoticed`: it survived."""


@dataclass(frozen=True, slots=True)
class Caught:
    """What became of one mutant, and the first line of whoever noticed it."""

    kind: str
    file: str
    rule: str
    told: str
    by: str
    says: str


class Catcher:
    """The rules as they are, ready to be compared with mutants of them."""

    def __init__(self, folder: Path, today: date) -> None:
        self.folder = folder
        self.today = today
        reader = Reader(folder)
        reader.read()
        self.files = reader.files
        self.knowledge = reader.knowledge()
        self._criteria = _criteria(self.knowledge)
        self._journeys = [with_usual(self.knowledge, case.answers) for case in self.knowledge.cases]
        self._held = [witness(self.knowledge, journey.findings) for journey in self._journeys]

    def mutants(self, only: str = "") -> Iterator[Mutant]:
        """Every mutant, or those of one file."""
        return (mutant for mutant in mutants(self.files, self.knowledge) if only in ("", mutant.file))

    def catch(self, mutant: Mutant) -> Caught:
        """Who notices the mutant first."""
        by, says = self._noticed(mutant)
        return Caught(mutant.kind, mutant.file, mutant.rule, mutant.told, by, says)

    def _noticed(self, mutant: Mutant) -> tuple[str, str]:
        reader = Reader(self.folder, mutant.files)
        reader.read()
        knowledge = reader.knowledge()
        wrong = reader.problems or [*check.problems(knowledge, self.today), *check.unproven(knowledge)]
        if wrong:
            return CHECK, wrong[0]
        for problem in self._cases(knowledge):
            return CASES, problem
        if self._same(knowledge):
            return HARMLESS, "nobody is told anything else, whatever is answered (proved)"
        scope = self._scope(mutant, knowledge)
        prover = Prover(knowledge)
        for prop in PROPERTIES:
            for failure in prove(prover, prop, scope).failures:
                return PROOF, f"{prop.id}: {failure.told}"
        return NOBODY, ""

    def _scope(self, mutant: Mutant, knowledge: Knowledge) -> Scope:
        if mutant.rule in knowledge.questions:
            return scope_of(knowledge, (), [mutant.rule])
        return scope_of(knowledge, [mutant.rule], ())

    def _cases(self, knowledge: Knowledge) -> Iterator[str]:
        criteria = _criteria(knowledge)
        changed = {
            name for name in criteria.keys() | self._criteria.keys() if criteria.get(name) != self._criteria.get(name)
        }
        asked_alike = all(
            question.enable_when == self.knowledge.questions[name].enable_when
            for name, question in knowledge.questions.items()
        )
        results = []
        for case, journey, held in zip(knowledge.cases, self._journeys, self._held, strict=True):
            if asked_alike:
                new = {name for name in changed if name in criteria and criteria[name].holds(journey.findings)}
                held = held - changed | new
            else:
                try:
                    journey = with_usual(knowledge, case.answers)
                except AnswerError as error:
                    yield str(error)
                    continue
                held = witness(knowledge, journey.findings)
            assessment = conclude(knowledge, journey.findings, held)
            yield from (
                f"{case.file}: {case.id}: {said}" for said in cases.differences(knowledge, case, journey, assessment)
            )
            results.append(cases.CaseResult(case, journey, assessment, ()))
        yield from cases.untried(knowledge, results)

    @cached_property
    def _world(self) -> World:
        return World(self.knowledge)

    def _same(self, knowledge: Knowledge) -> bool:
        """Whether the solver finds nobody to whom the changed rules say anything else."""
        one, two = self._world, World(knowledge, "mutant ", like=self._world)
        solver = z3.SolverFor("QF_FD")
        solver.add(one.facts())
        solver.add(two.facts())
        pairs = [
            *((one.asked[name], two.asked[name]) for name in one.asked),
            *((one.said[name], two.said[name]) for name in one.said),
            *((one.at_least[urgency], two.at_least[urgency]) for urgency in one.at_least),
        ]
        solver.add(z3.Or([a != b for a, b in pairs if not a.eq(b)]))
        return not satisfiable(solver)


def _criteria(knowledge: Knowledge) -> dict[str, Criterion]:
    return {term.name: term.criterion for terms in knowledge.terms.values() for term in terms}
