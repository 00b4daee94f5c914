"""Is the proof about the real thing? Compares the solver's reading of the rules with the others, person by person.

The formulas of a `World` are evaluated for many people at once, one bit for each person, by walking the very
expressions that the solver is given. Beside them stand journey, witness, sheet, and durable-rules itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import z3

from triage.assessment import Assessment, Assessor, without_engine
from triage.journey import Answer, Answers, Journey, follow
from triage.knowledge import Knowledge
from triage.knowledge.model import Urgency
from triage.sheet import make_sheet
from triage.verify.world import World


def chosen(answer: Answer) -> tuple[str, ...]:
    """The words of an answer."""
    return (answer,) if isinstance(answer, str) else answer


class Columns:
    """The value of every constant of a world for many people: bit n of each number belongs to person n."""

    def __init__(self, world: World, people: Sequence[Answers]) -> None:
        """Each person answers every question, whether it is asked or not."""
        self._everybody = (1 << len(people)) - 1
        self._values: dict[int, int] = {}
        bits = {raw: bytearray(len(people) // 8 + 1) for raw in world.raw}
        for number, person in enumerate(people):
            for question in world.knowledge.questions.values():
                for word in chosen(person[question.id]):
                    if (question.id, word) in bits:
                        bits[question.id, word][number >> 3] |= 1 << (number & 7)
        for raw, constant in world.raw.items():
            self._values[constant.get_id()] = int.from_bytes(bits[raw], "little")
        for constant, formula in world.definitions.values():
            self._values[constant.get_id()] = self.of(formula)

    def of(self, formula: z3.BoolRef) -> int:
        """For whom a formula over the constants is true."""
        known = self._values.get(formula.get_id())
        if known is not None:
            return known
        match formula.decl().kind():
            case z3.Z3_OP_TRUE:
                return self._everybody
            case z3.Z3_OP_FALSE:
                return 0
            case z3.Z3_OP_NOT:
                return self._everybody & ~self.of(formula.arg(0))
            case z3.Z3_OP_AND:
                value = self._everybody
                for part in formula.children():
                    value &= self.of(part)
                return value
            case z3.Z3_OP_OR:
                value = 0
                for part in formula.children():
                    value |= self.of(part)
                return value
        raise AssertionError(f"the translation uses an operator that nobody evaluates: {formula}")


def said(knowledge: Knowledge, journey: Journey, assessment: Assessment) -> frozenset[str]:
    """The rules whose sentences are said to this person or the nurse; the guide's words about itself left out."""
    sheet = make_sheet(knowledge, assessment, journey, {})
    rules = [sentence.rule for sentence in sheet.said] + [card.say.rule for card in sheet.cards]
    return frozenset(rules) - frozenset(knowledge.notices)


def differences(knowledge: Knowledge, people: Sequence[Answers], engine: Assessor | None = None) -> Iterator[str]:
    """Where the readings differ, told in one line each. With an `engine`, durable-rules takes part."""
    world = World(knowledge)
    columns = Columns(world, people)
    named: dict[str, dict[str, int]] = {
        "asked": {name: columns.of(formula) for name, formula in world.asked.items()},
        "holds": {name: columns.of(formula) for name, formula in world.terms.items()},
        "urgency": {urgency.word: columns.of(world.is_urgency(urgency)) for urgency in Urgency},
        "said": {name: columns.of(formula) for name, formula in world.said.items()},
    }
    possible = columns.of(z3.And(world.possible_answers))
    values = {
        (finding, value): columns.of(world.finding(finding, value))
        for finding, values_of in knowledge.findings.items()
        for value in values_of
    }
    by_bit = _bits(named, len(people))
    for number, person in enumerate(people):
        journey = follow(knowledge, person)
        findings = journey.findings
        assessment = engine.assess(findings) if engine else without_engine(knowledge, findings)
        if assessment.fail_safe:
            yield f"person {number}: durable-rules and the witness differ ({assessment.fail_safe})"
        code: Mapping[str, frozenset[str]] = {
            "asked": frozenset(question.id for question in journey.questions),
            "holds": assessment.held,
            "urgency": frozenset([assessment.urgency.word]),
            "said": said(knowledge, journey, assessment),
        }
        for what, names in code.items():
            for name in sorted(names ^ by_bit[what][number]):
                yield f"person {number}: {what} {name}: {name in names} in the code, not so in the formulas"
        if not possible >> number & 1:
            yield f"person {number}: the journey takes the answers, the formulas do not"
        for finding, value in findings.items():
            if not values[finding, value] >> number & 1:
                yield f"person {number}: {finding} is {value} in the code, not so in the formulas"


def _bits(named: Mapping[str, Mapping[str, int]], people: int) -> dict[str, list[frozenset[str]]]:
    """For each person the names that are true of them: the columns, turned into rows."""
    rows: dict[str, list[list[str]]] = {what: [[] for _ in range(people)] for what in named}
    for what, columns in named.items():
        for name, column in columns.items():
            rest = column
            while rest:
                low = rest & -rest
                rows[what][low.bit_length() - 1].append(name)
                rest ^= low
    return {what: [frozenset(names) for names in lists] for what, lists in rows.items()}
