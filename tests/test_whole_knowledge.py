"""Nothing of what the briefs and the first articles say is left out of account; and the questionnaire stays short."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from triage import resources
from triage.journey import follow, with_usual
from triage.knowledge import Knowledge
from triage.knowledge.model import (
    Caution,
    Disagreement,
    DoctorQuestion,
    LetterWord,
    Myth,
    NurseCard,
    RedFlag,
    Reversibility,
    StepUp,
    Treatment,
    Urgency,
    Withhold,
)

RULES = resources.folder("rules")
MOST_PAGES = 12


def table(heading: str) -> Iterator[tuple[list[str], list[str]]]:
    """The rows of a table in rules/README.md: what stands left and right, each split at commas."""
    text = (RULES / "README.md").read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    assert rows, f"rules/README.md has no table under '{heading}'"
    for left, right in rows[1:]:
        yield left.split(", "), right.split(", ")


def test_every_deposit_of_the_briefs_has_a_file_and_every_file_is_in_the_table(knowledge: Knowledge) -> None:
    listed = [file for _, files in table("Where the briefs' deposits stand") for file in files]
    assert sorted(listed) == sorted(knowledge.deposits)


def test_every_global_red_flag_of_the_briefs_is_found_by_its_reference() -> None:
    lines = [line for path in RULES.rglob("*.toml") for line in path.read_text(encoding="utf-8").splitlines()]
    references = []
    for left, rules in table("Where the briefs' global red flags stand"):
        references += left
        for rule in rules:
            there = [line for line in lines if line.startswith(f'id = "{rule}"')]
            assert there, f"there is no rule {rule}"
            for reference in left:
                found = any(re.search(rf"{reference}(?![0-9a-z])", line.partition("#")[2]) for line in there)
                assert found, f"write {reference} as a comment beside the id of {rule}"
    wanted = [*(f"V:G{number}" for number in range(1, 32)), "V:G8b", *(f"S:G{number}" for number in range(1, 21))]
    assert sorted(references) == sorted(wanted)


def test_every_article_we_started_from_is_accounted_for(knowledge: Knowledge) -> None:
    claims = Counter(claim.seed for claim in knowledge.claims)
    articles = {source for source in knowledge.sources if source.startswith("seed-")}
    assert set(claims) == articles
    assert sum(claims.values()) >= 60
    for claim in knowledge.claims:
        assert claim.because, claim.id


def test_every_known_error_of_the_articles_is_dealt_with(knowledge: Knowledge) -> None:
    text = (RULES / "seed-claims.toml").read_text(encoding="utf-8")
    for brief, rows in (("V", 29), ("S", 23)):
        missing = [f"{brief}:{row}" for row in range(1, rows + 1) if not re.search(rf"\b{brief}:{row}\b", text)]
        assert not missing, f"no claim names these rows of the error tables: {missing}"


def test_there_are_words_for_what_letters_say_and_the_doubtful_ones_carry_a_caution(knowledge: Knowledge) -> None:
    words = knowledge.of_kind(LetterWord)
    assert sum(len(entry.words) for entry in words) >= 150
    reassuring = re.compile(r"harmless|benign|no (trouble|harm|danger)|not cancer", re.IGNORECASE)
    assert not [entry.id for entry in words if reassuring.search(entry.meaning) and not entry.caution]


def test_there_are_cases_enough_and_each_family_has_its_emergency(knowledge: Knowledge) -> None:
    assert len(knowledge.cases) >= 350
    for deposit in knowledge.deposits.values():
        urgencies = {case.urgency for case in knowledge.cases if case.file == deposit.file}
        assert max(urgencies) >= Urgency.SAME_DAY, f"{deposit.file}: no case is urgent"
        assert min(urgencies) <= Urgency.SOON or deposit.base_urgency >= Urgency.SAME_DAY, (
            f"{deposit.file}: no dull case"
        )


def test_every_rule_that_can_reach_a_sheet_has_a_talking_card(knowledge: Knowledge) -> None:
    explained = {rule_id for card in knowledge.of_kind(NurseCard) for rule_id in card.about}
    kinds = (RedFlag, StepUp, Withhold, Reversibility, Treatment, Caution, Myth, Disagreement)
    missing = [f"{rule.file}: {rule.id}" for rule in knowledge.rules.values() if isinstance(rule, kinds)]
    missing = [where for where in missing if where.split(": ")[1] not in explained]
    assert not missing, f"no nurse card is about these: {missing}"


def test_each_deposit_brings_questions_for_the_appointment(knowledge: Knowledge) -> None:
    for deposit in knowledge.deposits:
        own = [rule for rule in knowledge.of_kind(DoctorQuestion) if rule.deposit == deposit]
        assert len(own) >= 3, deposit


@pytest.mark.parametrize("unsure", [False, True], ids=["the usual answers", "not sure where that is allowed"])
def test_one_deposit_without_warning_signs_takes_at_most_twelve_pages(knowledge: Knowledge, unsure: bool) -> None:
    place = knowledge.place_question
    for deposit in knowledge.deposits:
        path = with_usual(knowledge, {place: (deposit,)})
        if unsure:
            own = {
                question.id: ("unsure",) if question.type == "multi" else "unsure"
                for question in path.questions
                if question.deposit and question.unsure
            }
            path = with_usual(knowledge, {place: (deposit,), **own})
        assert len(path.steps) <= MOST_PAGES, f"{deposit}: {[step.page.id for step in path.steps]}"
        assert follow(knowledge, path.answers).complete
