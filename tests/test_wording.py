"""Worded for a worried person: reading age, plain words, and nothing that promises or orders.

Measured on the texts as they stand; no term is masked. The formula cannot tell whether a text is good, it only stops
drift. Sentence length is part of `check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import textstat

from triage.knowledge import Knowledge
from triage.knowledge.model import LetterWord, NurseCard, Reversibility, Rule

LONG = 30
"""Below so many words the formula says nothing."""
WORST_TEXT = 6.0
WORST_FILE = 8.0
"""School grades (Flesch-Kincaid). A file of short headings and medicine names reads harder than any of its texts."""

PLAIN_INSTEAD = {
    r"\bfever\b": "high temperature",
    r"\brenal\b": "kidney",
    r"\bcardiac\b": "heart",
    r"\bacute\b": "sudden",
    r"\bchronic\b(?![^(]*\))": "long-lasting",
    r"\bhypertension\b": "high blood pressure",
    r"\bshould\b": "say what to do",
    r"\b[Pp]lease\b": "leave it out",
    r"\binvalid\b": "say what to choose",
    r"\bphysician\b": "doctor",
    r"\b(utilise|utilize)\b": "use",
    r"\bprior to\b": "before",
    r"\b(GP|A&E|ER)\b": "doctor, emergency department",
    r"(?<![\d/.])\b111\b": "{urgent_line}",
}
NEVER = (
    r"seek medical attention",
    r"if (you are )?concerned",
    r"nothing (serious|to worry)",
    r"\byou are fine\b",
    r"result is normal",
    r"[Nn]o red flags",
    r"\bguarantee",
    r"yours (will|cannot|can)\b",
    r"\byour (deposit|calcium|lump) (will|cannot)\b",
    r"stop taking your",
)


def texts(knowledge: Knowledge) -> Iterator[tuple[str, str, Rule | None]]:
    """Every text a person can read, with where it stands and the rule it belongs to."""
    for rule in knowledge.rules.values():
        for text in filter(None, rule.texts):
            yield f"{rule.file}: {rule.id}", text, rule
    for question in knowledge.questions.values():
        where = f"{question.file}: {question.id}"
        for text in (question.text, question.hint, question.why, question.none):
            if text:
                yield where, text, None
        for option in question.options:
            for text in filter(None, (option.text, option.hint)):
                yield where, text, None


def grade(text: str) -> float:
    """The Flesch-Kincaid grade."""
    return float(textstat.flesch_kincaid_grade(text))


def test_no_long_text_needs_more_than_primary_school(knowledge: Knowledge) -> None:
    hard = [
        f"{where}: grade {grade(text):.1f}: {text}"
        for where, text, _ in texts(knowledge)
        if len(text.split()) >= LONG and grade(text) > WORST_TEXT
    ]
    assert not hard, "\n".join(hard)


def test_no_file_reads_harder_than_its_readers_can(knowledge: Knowledge) -> None:
    together: dict[str, list[str]] = {}
    for where, text, _ in texts(knowledge):
        together.setdefault(where.partition(":")[0], []).append(text if text[-1] in ".?!" else text + ".")
    hard = {file: grade(" ".join(all_of_it)) for file, all_of_it in together.items()}
    assert not {file: value for file, value in hard.items() if value > WORST_FILE}


@pytest.mark.parametrize(("word", "instead"), PLAIN_INSTEAD.items())
def test_the_plain_word_stands_where_there_is_one(knowledge: Knowledge, word: str, instead: str) -> None:
    found = [
        f"{where}: {text}"
        for where, text, rule in texts(knowledge)
        # What a word on a letter means has to name the word.
        if re.search(word, text) and not isinstance(rule, LetterWord) and "Letters may say" not in text
    ]
    assert not found, f"write '{instead}':\n" + "\n".join(found)


@pytest.mark.parametrize("phrase", NEVER)
def test_nothing_is_promised_and_nobody_is_put_off(knowledge: Knowledge, phrase: str) -> None:
    found = [
        f"{where}: {text}"
        for where, text, rule in texts(knowledge)
        # A nurse's card quotes what patients wrongly believe.
        if re.search(phrase, text) and not (isinstance(rule, NurseCard) and text == rule.misunderstanding)
    ]
    assert not found, "\n".join(found)


def test_reversibility_speaks_of_the_kind_and_never_of_yours(knowledge: Knowledge) -> None:
    found = [
        f"{rule.file}: {rule.id}: {text}"
        for rule in knowledge.of_kind(Reversibility)
        for text in (rule.deposit_goes, rule.symptoms_go)
        if re.search(r"\b[Yy]ours?\b (deposit|calcium|lump|stone|spur|crystal)|\byours\b", text)
    ]
    assert not found, "\n".join(found)
