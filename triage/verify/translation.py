"""Is the proof about the real thing? Compares the solver's reading of the rules with the others, person by person.

The formulas of a `World` are evaluated for many people at once, one bit for each person, by walking the very
expressions that the solver is given. Beside them stand journey, witness, sheet, and durable-rules itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import z3

from triage.assessment import Assessment, Assessor
from triage.errors import AnswerError
from triage.journey import Answer, Answers, Journey, follow
from triage.knowledge import Knowledge
from triage.knowledge.model import Question, Urgency
from triage.sheet import make_sheet
from triage.verify.world import World


def chosen(question: Question, answer: Answer) -> tuple[str, ...]:
    """The words of an answer."""
    return (answer,) if question.type != "multi" else tuple(answer)


class Columns:
    """The value of every constant of a world for many people: bit n of each number belongs to person n."""

    def __init__(self, world: World, people: Sequence[Answers]) -> None:
        """Each person answers every question, whether it is asked or not."""
        self._everybody = (1 << len(people)) - 1
        self._values: dict[int, int] = {}
        bits = {raw: bytearray(len(people) // 8 + 1) for raw in world.raw}
        for number, person in enumerate(people):
            for question in world.knowledge.questions.values():
                for word in chosen(question, person[question.id]):
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


def said_by_code(assessor: Assessor, journey: Journey, assessment: Assessment) -> frozenset[str]:
    """The rules whose sentences journey, assessment and sheet say to this person or the nurse."""
    sheet = make_sheet(assessor.knowledge, assessment, journey, {})
    return frozenset(
        [sentence.rule for sentence in sheet.said] + [card.say.rule for card in sheet.cards]
    ) - frozenset(assessor.knowledge.notices)


def differences(assessor: Assessor, people: Sequence[Answers], engine: bool = True) -> Iterator[str]:
    """Where the readings differ, told in one line each. `engine` lets durable-rules take part."""
    knowledge = assessor.knowledge
    world = World(knowledge)
    columns = Columns(world, people)
    named: dict[str, dict[str, int]] = {
        "asked": {name: columns.of(formula) for name, formula in world.asked.items()},
        "holds": {name: columns.of(formula) for name, formula in world.terms.items()},
        "urgency": {urgency.word: columns.of(world.is_urgency(urgency)) for urgency in Urgency},
        "said": {name: columns.of(formula) for name, formula in world.said.items()},
    }
    possible = columns.of(z3.And(world.possible_answers))
    findings = {
        (finding, value): columns.of(world.finding(finding, value))
        for finding, values in knowledge.findings.items()
        for value in values
    }
    by_bit = _bits(named, len(people))
    for number, person in enumerate(people):
        journey = follow(knowledge, person)
        assessment = assessor.assess(journey.findings) if engine else assessor.assess_plainly(journey.findings)
        if engine and assessment.fail_safe:
            yield f"person {number}: durable-rules and the witness differ ({assessment.fail_safe})"
        code: Mapping[str, frozenset[str]] = {
            "asked": frozenset(question.id for question in journey.questions),
            "holds": assessment.held,
            "urgency": frozenset([assessment.urgency.word]),
            "said": said_by_code(assessor, journey, assessment),
        }
        for what, names in code.items():
            for name in sorted(names ^ by_bit[what][number]):
                yield f"person {number}: {what} {name}: {name in names} in the code, not so in the formulas"
        if not possible >> number & 1:
            yield f"person {number}: the journey takes the answers, the formulas do not"
        for finding, value in journey.findings.items():
            if not findings[finding, value] >> number & 1:
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


def check_person(knowledge: Knowledge, person: Answers) -> None:
    """Raises AnswerError when a person does not answer every question."""
    missing = [question for question in knowledge.questions if question not in person]
    if missing:
        raise AnswerError([f"{question}: every person of a comparison answers it" for question in missing])
