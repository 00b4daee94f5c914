"""What the rule benchmarks compare is one and the same: the same rules, people and names. Nothing is timed here.

The peers are not installed where tests run; that they agree is checked by the benchmark itself before it times them.
"""

import sys

import pytest

from benchmarks.answers import answer_sets, asked, largest, who_name
from benchmarks.engines import ENGINES, disjuncts
from benchmarks.measuring import NotHere
from benchmarks.rulebooks import copied, drawn, new_names
from benchmarks.rules import agree, built
from triage.assessment import without_engine, witness
from triage.journey import follow, with_usual
from triage.knowledge import NO, UNSURE, YES, AllOf, AnyOf
from triage.knowledge import Test as Is
from triage.knowledge.model import POSSIBLY

HERE = [name for name, entry in ENGINES.items() if not entry.package]


def test_our_contestants_give_the_same_names(knowledge):
    people = answer_sets(knowledge, 10)
    here, missing = built(knowledge, HERE)
    agree(here, people, [witness(knowledge, findings) for findings in people])
    assert [*here] == HERE and not missing


def test_a_contestant_that_differs_ends_the_run(knowledge):
    here, _ = built(knowledge, ["floor"])
    (person,) = answer_sets(knowledge, 1)
    with pytest.raises(RuntimeError, match=r"floor differs for person 0 on \['nobody'\]"):
        agree(here, [person], [witness(knowledge, person) | {"nobody"}])


def test_what_is_not_installed_is_told(monkeypatch, knowledge):
    monkeypatch.setitem(sys.modules, "zen", None)
    monkeypatch.delitem(sys.modules, "benchmarks.engines.zen_engine", raising=False)
    with pytest.raises(NotHere, match="zen-engine"):
        ENGINES["zen"].load()
    here, missing = built(knowledge, ["zen", "floor"])
    assert [*here] == ["floor"]
    assert "zen-engine" in missing[0]["note"]


def test_people_are_the_same_each_time(knowledge):
    people = answer_sets(knowledge, 20)
    assert people == answer_sets(knowledge, 20)
    assert asked(largest(people)) == max(map(asked, people))
    for person in who_name(knowledge, 3, 2):
        assert sum(person[deposit.criterion.finding] == YES for deposit in knowledge.deposits.values()) == 3


@pytest.mark.parametrize("firing", [1, 5, 20])
def test_as_many_drawn_rules_hold_as_were_asked_for(firing):
    given = drawn(30, firing)
    assert len(given.knowledge.rules) == 30
    expected = witness(given.knowledge, given.findings)
    assert len(expected) == firing
    here, _ = built(given.knowledge, [name for name in HERE if name != "assess"])
    agree(here, [given.findings], [expected])


def test_who_names_no_copy_of_a_deposit_gets_what_they_got_before(knowledge):
    more = copied(2)
    assert len(more.deposits) == 2 * len(knowledge.deposits)
    for case in knowledge.cases[::50]:
        before = with_usual(knowledge, case.answers)
        now = follow(more, before.answers)
        assert now.complete and now.answers == before.answers
        said, says = without_engine(knowledge, before.findings), without_engine(more, now.findings)
        assert (says.held, says.urgency, says.spoken) == (said.held, said.urgency, said.spoken)


def test_a_copy_of_a_deposit_is_asked_and_judged_like_it(knowledge):
    more, names = copied(2), new_names(knowledge, knowledge.deposits["tendon-shoulder"], 2)

    def renamed(word):
        """A name in the copy; that of a possible term is its rule's with a sign behind it."""
        return names.get(word.removesuffix(POSSIBLY), word.removesuffix(POSSIBLY)) + POSSIBLY * word.endswith(POSSIBLY)

    for case in (case for case in knowledge.cases if case.file == "deposits/tendon-shoulder.toml"):
        before = with_usual(knowledge, case.answers)
        answers = {
            renamed(question): tuple(map(renamed, answer)) if isinstance(answer, tuple) else answer
            for question, answer in before.answers.items()
        }
        now = follow(more, answers)
        assert now.complete and now.answers == answers
        assert witness(more, now.findings) == set(map(renamed, witness(knowledge, before.findings)))


def test_a_criterion_as_the_ways_to_meet_it():
    criterion = AllOf((Is("a", (YES, UNSURE)), AnyOf((Is("b", (YES,)), Is("a", (YES, NO)), Is("a", (NO,))))))
    assert disjuncts(criterion) == [{"a": (YES, UNSURE), "b": (YES,)}, {"a": (YES,)}]
