"""The formulas, the witness and durable-rules read the rules alike: random people, and people at a boundary."""

import random
from dataclasses import replace

import pytest

from triage.knowledge import Urgency, load
from triage.knowledge.model import RedFlag
from triage.verify import translation
from triage.verify.people import boundary_people, random_person
from triage.verify.prover import Prover
from triage.verify.translation import differences
from triage.verify.world import World


def people(knowledge, number):
    draw = random.Random(7)  # noqa: S311 - repeatable people, not secrets
    return [random_person(knowledge, draw) for _ in range(number)]


def test_random_people_are_read_alike_by_all_three(knowledge, assessor):
    everybody = people(knowledge, 400)
    assert not list(differences(knowledge, everybody, assessor))
    reached = {assessor.assess(translation.follow(knowledge, one).findings).urgency for one in everybody}
    assert reached == set(Urgency), "these people do not see every urgency"


def test_people_at_a_boundary_are_read_alike_by_all_three(knowledge, assessor):
    everybody = list(boundary_people(Prover(knowledge), every=12))
    assert len(everybody) > 100
    assert not list(differences(knowledge, everybody, assessor))


def test_at_the_boundary_somebody_meets_each_criterion_and_somebody_just_misses_it(tiny_rules):
    tiny = load(tiny_rules.folder)
    found = [translation.follow(tiny, one).findings for one in boundary_people(Prover(tiny))]
    for rule in tiny.of_kind(RedFlag):
        assert {rule.criterion.holds(findings) for findings in found} == {True, False}, rule.id


WRONG = {
    "an urgency": lambda rule: replace(rule, urgency=Urgency.ROUTINE) if rule.id == "hot" else rule,
    "a criterion": lambda rule: replace(rule, criterion=rule.possible) if rule.id == "numb" else rule,
    "a tag": lambda rule: replace(rule, tags=()) if rule.id == "numb" else rule,
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_formula_is_noticed(tiny_rules, monkeypatch, wrong):
    tiny = load(tiny_rules.folder)
    other = replace(tiny, rules={name: WRONG[wrong](rule) for name, rule in tiny.rules.items()})
    assert not list(differences(tiny, people(tiny, 200)))
    monkeypatch.setattr(translation, "World", lambda _: World(other))
    assert list(differences(tiny, people(tiny, 200)))


def test_an_engine_that_loses_a_firing_is_noticed(tiny_rules):
    from triage.assessment import Assessor

    tiny = load(tiny_rules.folder)
    deaf = Assessor(tiny)
    deaf.engine.fired = lambda findings: frozenset()
    assert any("durable-rules" in told for told in differences(tiny, people(tiny, 50), deaf))
