"""Criteria are the witness beside the engine: what holds, what "I'm not sure" lets in, and what it costs the engine."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.knowledge import NO, NOT_ASKED, UNSURE, YES, AllOf, AnyOf
from triage.knowledge import Test as Is
from triage.knowledge.criteria import ALWAYS, both, demanded, starts

FINDINGS = ("a", "b", "c")
VALUES = (YES, NO, UNSURE, NOT_ASKED)

people = st.fixed_dictionaries({finding: st.sampled_from(VALUES) for finding in FINDINGS})
tests = st.builds(
    Is, st.sampled_from(FINDINGS), st.lists(st.sampled_from((YES, NO)), min_size=1, unique=True).map(tuple)
)
criteria = st.recursive(
    tests,
    lambda parts: st.builds(
        lambda kind, several: kind(tuple(several)),
        st.sampled_from((AllOf, AnyOf)),
        st.lists(parts, min_size=1, max_size=3),
    ),
    max_leaves=6,
)
thoroughly = settings(max_examples=150, derandomize=True, deadline=None)


def ways(criterion):
    """Every combination of "finding is value" that makes the criterion hold, spelled out one by one."""
    match criterion:
        case Is(finding, values):
            return [[(finding, value)] for value in values]
        case AnyOf(parts):
            return [way for part in parts for way in ways(part)]
        case AllOf(parts):
            found = [[]]
            for part in parts:
                found = [before + way for before in found for way in ways(part)]
            return found


def test_a_test_holds_for_each_of_its_values_and_for_no_other():
    test = Is("a", (YES, UNSURE))
    assert [value for value in VALUES if test.holds({"a": value})] == [YES, UNSURE]


def test_a_missing_finding_is_an_error_and_never_a_no():
    for criterion in (Is("a", (NO,)), AnyOf((Is("a", (NO,)), Is("b", (NO,)))), AllOf((Is("a", (NO,)),))):
        with pytest.raises(KeyError):
            criterion.holds({})


def test_all_of_nothing_always_holds_and_any_of_nothing_never():
    assert ALWAYS.holds({})
    assert not AnyOf(()).holds({})


@thoroughly
@given(criteria, people)
def test_a_criterion_holds_when_one_of_its_ways_is_true_of_the_person(criterion, person):
    true_ways = [way for way in ways(criterion) if all(person[finding] == value for finding, value in way)]
    assert criterion.holds(person) == bool(true_ways)


@thoroughly
@given(criteria)
def test_paths_counts_the_ways_to_reach_a_criterion(criterion):
    assert criterion.paths() == len(ways(criterion))


@thoroughly
@given(criteria)
def test_tests_names_every_finding_that_can_decide(criterion):
    assert {test.finding for test in criterion.tests()} == {finding for way in ways(criterion) for finding, _ in way}


@thoroughly
@given(criteria, people, st.data())
def test_not_sure_lets_in_whatever_it_could_turn_out_to_be(criterion, person, data):
    turns_out = {
        finding: data.draw(st.sampled_from((YES, NO)), label=finding) if value == UNSURE else value
        for finding, value in person.items()
    }
    if criterion.holds(turns_out):
        assert criterion.possible(frozenset(FINDINGS)).holds(person)


@thoroughly
@given(criteria, people)
def test_who_is_sure_of_everything_is_judged_the_same_with_not_sure_let_in(criterion, person):
    sure = {finding: NO if value == UNSURE else value for finding, value in person.items()}
    assert criterion.possible(frozenset(FINDINGS)).holds(sure) == criterion.holds(sure)


def test_not_sure_is_let_in_only_where_somebody_can_say_it():
    criterion = AllOf((Is("a", (YES,)), Is("b", (YES,))))
    assert criterion.possible(frozenset({"a"})) == AllOf((Is("a", (YES, UNSURE)), Is("b", (YES,))))


def test_not_sure_is_not_let_in_twice():
    test = Is("a", (YES, UNSURE))
    assert test.possible(frozenset({"a"})) == test


def test_not_asked_is_never_let_in():
    possible = Is("a", (YES,)).possible(frozenset(FINDINGS))
    assert not possible.holds({"a": NOT_ASKED})


@thoroughly
@given(criteria, criteria, people)
def test_both_holds_when_both_do(first, second, person):
    assert both(first, second).holds(person) == (first.holds(person) and second.holds(person))


def test_both_with_always_is_the_criterion_itself():
    test = Is("a", (YES,))
    assert both(ALWAYS, test) == both(test, ALWAYS) == test


def test_both_stays_flat_so_that_two_levels_stay_two_levels():
    a, b, c = (Is(finding, (YES,)) for finding in FINDINGS)
    assert both(AllOf((a, b)), c) == both(a, AllOf((b, c))) == AllOf((a, b, c))


@given(st.lists(criteria, max_size=4), people)
def test_what_all_demand_is_met_by_whoever_meets_one_of_them(several, person):
    test = demanded(several)
    if test and any(criterion.holds(person) for criterion in several):
        assert test.holds(person)


def test_what_all_demand_is_the_first_test_that_they_share():
    place, pain = Is("place", (YES,)), Is("pain", (YES, UNSURE))
    assert demanded([AllOf((place, pain)), AllOf((pain, place))]) == place
    assert demanded([AllOf((place, pain)), pain]) == pain
    assert demanded([place, pain]) is None and demanded([]) is None
    assert demanded([AnyOf((place,)), place]) is None


@given(criteria, people)
def test_whoever_meets_a_criterion_has_one_of_its_starts(criterion, person):
    if criterion != ALWAYS and criterion.holds(person):
        assert starts(criterion) & person.items()


def test_a_criterion_that_demands_nothing_has_no_start():
    for criterion in (ALWAYS, AnyOf((Is("pain", (YES,)), ALWAYS))):
        with pytest.raises(ValueError, match="nothing is demanded"):
            starts(criterion)
