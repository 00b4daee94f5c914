"""The people kept by the proof: for each rule somebody to whom it is said, by the real engine."""

import json

import pytest

from triage import resources
from triage.journey import with_usual
from triage.verify.record import read
from triage.verify.translation import said
from triage.verify.world import SAID

KEPT = resources.folder("rules") / "witnesses.json"


@pytest.fixture(scope="module")
def kept():
    return json.loads(KEPT.read_text(encoding="utf-8"))


def test_every_rule_that_can_be_said_has_a_person(knowledge, kept):
    assert kept["said_to"].keys() == {rule.id for rule in knowledge.rules.values() if isinstance(rule, SAID)}, (
        "run python -m triage verify --record"
    )


def test_it_is_said_to_that_person(knowledge, assessor, kept):
    wrong = []
    for rule_id, answers in kept["said_to"].items():
        accepted = {name: tuple(value) if isinstance(value, list) else value for name, value in answers.items()}
        journey = with_usual(knowledge, accepted)
        assessment = assessor.assess(journey.findings)
        if rule_id not in said(knowledge, journey, assessment):
            wrong.append(rule_id)
    assert not wrong, "run python -m triage verify --record"


def test_the_record_is_of_these_rules(knowledge):
    record = read(resources.folder("rules"))
    assert record and not record.stale(knowledge), "the rules have changed: run make proof"
    assert record.holds
