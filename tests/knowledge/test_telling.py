"""A criterion in words: nothing of it is left untold, and the words are those that the person saw."""

import pytest

from triage.knowledge import NO, NOT_ASKED, UNSURE, YES, AllOf, AnyOf, criteria, load
from triage.knowledge.criteria import ALWAYS
from triage.knowledge.telling import NOT_ASKED_WORD, told

is_one_of = criteria.Test


@pytest.fixture
def tiny(tiny_rules):
    return load(tiny_rules.folder)


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        (ALWAYS, "Always"),
        (AnyOf(()), "Never"),
        (is_one_of("toe_pain", ("sudden",)), "Pain? “Quick”"),
        (is_one_of("toe_pain", ("sudden", "slow", "unsure")), "Pain? “Quick”, “Slow” or “the unsure”"),
        (is_one_of("toe_long", ("no", "not-asked")), "For long? “the no” or not asked"),
        (is_one_of("chalk_toe", ("yes",)), "Where? “Toe”"),
        (is_one_of("hot", ("no", "unsure")), "Sign? “Hot”: the no or the unsure"),
        (AllOf((is_one_of("hot", ("yes",)), is_one_of("numb", ("yes",)))), "Sign? “Hot” AND “Numb”"),
        (AllOf((is_one_of("hot", ("no",)), is_one_of("numb", ("no",)))), "Sign? “Hot” AND “Numb”: each the no"),
        (AnyOf((is_one_of("hot", ("no",)), is_one_of("numb", ("no",)))), "Sign? “Hot” OR “Numb”: one is the no"),
        (AllOf((is_one_of("hot", ("yes",)), is_one_of("numb", ("no",)))), "Sign? “Hot” AND Sign? “Numb”: the no"),
        (
            AllOf(
                (
                    is_one_of("chalk_toe", ("yes",)),
                    AnyOf((is_one_of("toe_pain", ("sudden",)), is_one_of("toe_long", ("yes",)))),
                )
            ),
            "Where? “Toe” AND (Pain? “Quick” OR For long? “the yes”)",
        ),
        (
            AnyOf((is_one_of("numb", ("yes",)), AllOf((is_one_of("age", ("old",)), is_one_of("dose", ("much",)))))),
            "Sign? “Numb” OR (Age? “Old” AND Dose? “Lot”)",
        ),
    ],
)
def test_a_criterion_is_told_in_the_words_that_the_person_saw(tiny, criterion, words):
    assert told(tiny, criterion) == words


def all_criteria(knowledge):
    """Every criterion that the rules hold, with where it stands."""
    for rule in knowledge.rules.values():
        yield rule.id, rule.criterion
    for question in knowledge.questions.values():
        yield question.id, question.enable_when


def words_of(knowledge, test):
    """What has to be said of one test, found by hand."""
    question = knowledge.asked_by[test.finding]
    if question.type != "multi":
        return [f"“{question.words(value)}”" for value in test.values if value != NOT_ASKED]
    (option,) = [option for option in question.options if option.finding == test.finding]
    said = {YES: knowledge.words[YES], NO: knowledge.words[NO], UNSURE: question.unsure, NOT_ASKED: NOT_ASKED_WORD}
    return [f"“{option.text}”", *(said[value] for value in test.values if test.values != (YES,))]


def test_nothing_of_any_criterion_is_left_untold(knowledge):
    for where, criterion in all_criteria(knowledge):
        words = told(knowledge, criterion)
        tests = list(criterion.tests())
        for test in tests:
            assert knowledge.asked_by[test.finding].text in words, where
            for word in words_of(knowledge, test):
                assert word in words, f"{where}: {word}"
        assert words.count(" AND ") + words.count(" OR ") == max(len(tests) - 1, 0), where
        assert words.count("not asked") == sum(NOT_ASKED in test.values for test in tests), where
