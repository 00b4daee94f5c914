"""What changed for people between two versions of the rules."""

import pytest

from tests.conftest import TinyRules
from triage.assessment import without_engine
from triage.errors import AnswerError
from triage.journey import follow
from triage.knowledge import load
from triage.resources import folder
from triage.verify.diff import compare, fingerprint, rules_of

TOE, FLAGS = "deposits/chalk-toe.toml", "red-flags/signs.toml"


@pytest.fixture
def changed(tmp_path):
    return TinyRules(tmp_path / "changed")


def moves(old, new):
    return {(move.place, move.was, move.now, move.direction) for move in compare(old, new).moves}


def test_nothing_moves_between_the_same_rules(changed, tmp_path):
    old = load(TinyRules(tmp_path / "old").folder)
    found = compare(old, load(changed.folder))
    assert not found.moves and found.classes > 1


def test_a_lower_urgency_is_told_with_somebody_who_gets_it(changed, tmp_path):
    old = load(TinyRules(tmp_path / "old").folder)
    changed.change(FLAGS, 'id = "hot", urgency = "same-day"', 'id = "hot", urgency = "soon"')
    new = load(changed.folder)
    found = [move for move in compare(old, new).moves if (move.was, move.now) == ("same-day", "soon")]
    assert found and found[0].direction == "less urgent"
    for rules, urgency in ((old, "same-day"), (new, "soon")):
        assert without_engine(rules, follow(rules, found[0].person).findings).urgency.word == urgency


def test_another_category_is_told(changed, tmp_path):
    old = load(TinyRules(tmp_path / "old").folder)
    changed.change(TOE, 'category = "treatable"', 'category = "harmless"')
    assert ("chalk-toe", "treatable", "harmless", "other category") in moves(old, load(changed.folder))


def test_a_reason_to_withhold_is_told(changed, tmp_path):
    old = load(TinyRules(tmp_path / "old").folder)
    changed.change("scope.toml", 'when = { age = "child" }', 'when = { age = ["child", "old"] }')
    assert ("chalk-toe", "often-resolves", "withheld", "other category") in moves(old, load(changed.folder))


def test_only_words_leave_the_fingerprint_alone(changed, tmp_path):
    old = load(TinyRules(tmp_path / "old").folder)
    changed.change(FLAGS, "A nerve.", "It can be a nerve.")
    assert fingerprint(load(changed.folder)) == fingerprint(old)
    changed.change(FLAGS, 'id = "numb", urgency = "soon"', 'id = "numb", urgency = "same-day"')
    assert fingerprint(load(changed.folder)) != fingerprint(old)


def test_a_version_is_a_folder_or_a_revision(tmp_path):
    tiny = TinyRules(tmp_path / "rules")
    with rules_of(str(tiny.folder)) as found:
        assert found == tiny.folder
    with rules_of(str(tmp_path)) as found:
        assert found == tiny.folder
    with pytest.raises(AnswerError, match="neither a folder nor a git revision"), rules_of("no-such-version"):
        pass


def test_the_changelog_tells_what_these_rules_decide(knowledge):
    newest = (folder("rules") / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## ")[1]
    assert f"`{fingerprint(knowledge)}`" in newest, (
        "the rules decide something else than rules/CHANGELOG.md tells: run python -m triage diff OLD NEW, and write "
        f"its figures and what is decided ({fingerprint(knowledge)}) under the newest edition"
    )
