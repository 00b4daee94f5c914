"""The cases that people wrote into the rules files, run through journey, witness and engine.

The third leg beside engine and witness: what must come out for a real person, written by someone who does not write
Python. Runs in `check`, in the tests, and as the self-check of an installed copy when it starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from triage.assessment import Assessment, Assessor
from triage.errors import AnswerError
from triage.journey import Journey, with_usual
from triage.knowledge import NOT_ASKED, Knowledge
from triage.knowledge.model import Case, RedFlag, Reversibility, Rule, finding_of


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of one case; `problems` is empty when it came out as its author said."""

    case: Case
    journey: Journey | None
    assessment: Assessment | None
    problems: tuple[str, ...]


def run(assessor: Assessor, case: Case) -> CaseResult:
    """One case through journey, witness and engine."""
    where = f"{case.file}: {case.id}"
    try:
        journey = with_usual(assessor.knowledge, case.answers)
    except AnswerError as error:
        return CaseResult(case, None, None, tuple(f"{where}: {problem}" for problem in error.problems))
    assessment = assessor.assess(journey.findings)
    problems = [f"{where}: {problem}" for problem in differences(assessor.knowledge, case, journey, assessment)]
    return CaseResult(case, journey, assessment, tuple(problems))


def differences(knowledge: Knowledge, case: Case, journey: Journey, assessment: Assessment) -> Iterator[str]:
    for question_id in case.answers:
        if question_id not in journey.answers:
            yield f"answers '{question_id}', which is not asked on this person's path"
    asked = {question.id for question in journey.questions}
    for question_id in case.not_asked:
        if question_id in asked:
            yield f"must not be asked '{question_id}', but is"
    if assessment.fail_safe:
        yield f"engine and witness did not agree ({assessment.fail_safe})"
    if assessment.urgency != case.urgency:
        fired = ", ".join(f"{firing.rule.id} ({firing.urgency.word})" for firing in assessment.firings) or "no red flag"
        yield f"expects {case.urgency.word}, but comes out as {assessment.urgency.word}; what fired: {fired}"
    for rule_id in case.fires:
        if not _fires(knowledge.rules[rule_id], assessment):
            yield f"expects '{rule_id}' to fire, but it does not"
    for rule_id in case.near_miss:
        rule = knowledge.rules[rule_id]
        if _fires(rule, assessment):
            yield f"is meant as a near miss of '{rule_id}', but that rule fires"
        asked = {test.finding for test in rule.criterion.tests()} - {finding_of(rule.deposit)}
        if asked and all(journey.findings[finding] == NOT_ASKED for finding in asked):
            yield f"is no near miss of '{rule_id}': nothing that rule tests is asked on this person's path"
    results = {result.deposit.id: result for result in assessment.deposits}
    for deposit_id, expected in case.reversibility.items():
        result = results.get(deposit_id)
        if result is None:
            yield f"expects the deposit '{deposit_id}', which this person did not name"
        elif expected not in (result.withheld or result.category, "withheld" if result.withheld else ""):
            yield f"expects '{expected}' for {deposit_id}, but it is {result.withheld or result.category}"


def _fires(rule: Rule, assessment: Assessment) -> bool:
    if isinstance(rule, RedFlag):
        return any(firing.rule.id == rule.id for firing in assessment.firings)
    return rule.id in assessment.held


def run_all(assessor: Assessor) -> list[CaseResult]:
    """Every case of the knowledge, in the order of the files."""
    return [run(assessor, case) for case in assessor.knowledge.cases]


def failures(results: list[CaseResult]) -> Iterator[str]:
    """What did not come out as its author wrote it."""
    for result in results:
        yield from result.problems


def problems(assessor: Assessor) -> Iterator[str]:
    """Every case that does not come out as written, and every category the cases do not try both ways."""
    if assessor.engine is None:
        yield "engine: durable-rules refused the rules, so no case was run; mend the other problems first"
        return
    results = run_all(assessor)
    yield from failures(results)
    yield from untried(assessor.knowledge, results)


def untried(knowledge: Knowledge, results: list[CaseResult]) -> Iterator[str]:
    """Every other rule must be named by cases (`check.unproven`); a category must be met by one and missed by one."""
    held_in = [result.assessment.held for result in results if result.assessment]
    for rule in knowledge.rules.values():
        if not rule.conditional or not isinstance(rule, Reversibility):
            continue
        with_deposit = [held for held in held_in if not rule.deposit or rule.deposit in held]
        if not any(rule.id in held for held in with_deposit):
            yield f"{rule.file}: {rule.id}: no case makes it hold; add a [[case]] that does"
        if all(rule.id in held for held in with_deposit):
            yield f"{rule.file}: {rule.id}: no case misses it; add a [[case]] of a person to whom it does not apply"
