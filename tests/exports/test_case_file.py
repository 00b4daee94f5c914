"""The case file of a nurse who would advise otherwise: read by the real loader, and run by the real case runner."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from triage import cases, resources
from triage.assessment import Assessor
from triage.exports.case_file import WITHHELD, Advice, case_file, quoted
from triage.knowledge import Urgency, load
from triage.knowledge.model import HOPEFUL, Case

STRANGE = (
    'She said "it hurts" \\ and \\n is no break',
    "two\nlines\r\nand\ttabs",
    "''' \"\"\" [[case]] # no comment = {}",
    "\x00\x01\x1b[31m\x7f\x85\ufeff",
    "ß é 漢字 \U0001f9b4 \u202egnp.exe\u2028",
    "\ud800 alone",
    "<b>{clinic}</b> &#8217; {who}",
    "x" * 500,
)


@pytest.fixture(scope="module")
def assessor() -> Assessor:
    """The real rules with the real engine."""
    return Assessor(load(resources.folder("rules")))


def a_calm_run(assessor: Assessor) -> cases.CaseResult:
    """A case of the rules that does not stop, of which something hopeful is said."""
    for case in assessor.knowledge.cases:
        result = cases.run(assessor, case)
        deposits = result.assessment.deposits if result.assessment else ()
        if any(one.category in HOPEFUL and not one.withheld for one in deposits):
            return result
    raise AssertionError("nothing hopeful is said to anybody")


def written(assessor: Assessor, advice: Advice) -> str:
    """The case file of that run."""
    run = a_calm_run(assessor)
    assert run.journey
    assert run.assessment
    return case_file(assessor.knowledge, run.journey, run.assessment, advice)


@pytest.mark.parametrize("reason", STRANGE)
def test_whatever_stands_in_the_reason_the_file_is_toml_and_says_it_unchanged(assessor: Assessor, reason: str) -> None:
    text = written(assessor, Advice(Urgency.SOON, {}, reason))
    (case,) = tomllib.loads(text)["case"]
    assert case["note"] == reason.encode("utf-8", "replace").decode()
    assert set(case) == {"id", "story", "note", "urgency", "answers"}
    assert all(character.isprintable() or character == "\n" for character in text)


def test_nothing_that_cannot_be_seen_is_written_as_itself() -> None:
    assert quoted('a"\\\n\x7f\u202e') == r'"a\"\\\n\U0000007F\U0000202E"'


def test_the_file_names_the_rules_and_what_they_say_and_that_it_is_proposed(assessor: Assessor) -> None:
    run = a_calm_run(assessor)
    assert run.assessment
    comments = [line for line in written(assessor, Advice(Urgency.SOON, {}, "x")).splitlines() if line.startswith("#")]
    assert "Status: proposed" in comments[0]
    assert any(assessor.knowledge.version in line for line in comments)
    assert any(f"The guide says: {run.assessment.urgency.word}; " in line for line in comments)


def proposed(assessor: Assessor, advice: Advice, folder: Path) -> tuple[cases.CaseResult, Case]:
    """What becomes of the file at the end of a deposit's file, in a copy of the rules."""
    run = a_calm_run(assessor)
    shutil.copytree(resources.folder("rules"), folder)
    with (folder / run.case.file).open("a", encoding="utf-8") as rules:
        rules.write("\n" + written(assessor, advice))
    case = next(case for case in load(folder).cases if case.id.startswith("proposed-"))
    return cases.run(assessor, case), case


def test_the_file_put_at_the_end_of_a_deposits_file_is_loaded_and_fails_where_the_guide_says_otherwise(
    assessor: Assessor, tmp_path: Path
) -> None:
    run = a_calm_run(assessor)
    assert run.journey
    assert run.assessment
    deposit = next(one.deposit.id for one in run.assessment.deposits)
    advice = Advice(Urgency.EMERGENCY, {deposit: WITHHELD}, "\n".join(STRANGE[:5]))
    result, case = proposed(assessor, advice, tmp_path / "rules")
    assert case.answers == run.journey.answers
    assert case.note == advice.reason
    assert result.journey == run.journey
    says = [problem.partition(f"{case.id}: ")[2] for problem in result.problems]
    assert len(says) == 2
    assert says[0].startswith(f"expects emergency, but comes out as {run.assessment.urgency.word}")
    assert says[1].startswith(f"expects 'withheld' for {deposit}")


def test_a_case_that_advises_what_the_guide_says_passes(assessor: Assessor, tmp_path: Path) -> None:
    run = a_calm_run(assessor)
    assert run.assessment
    kinds = {one.deposit.id: one.category for one in run.assessment.deposits}
    result, _ = proposed(assessor, Advice(run.assessment.urgency, kinds, "I agree."), tmp_path / "rules")
    assert result.problems == ()


def test_two_runs_with_other_answers_or_advice_never_share_an_id(assessor: Assessor) -> None:
    texts = [written(assessor, Advice(urgency, {}, reason)) for urgency in Urgency for reason in ("a", "b")]
    assert len({text.partition("\nid = ")[2].splitlines()[0] for text in texts}) == len(texts)
