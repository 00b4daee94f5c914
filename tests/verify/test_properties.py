"""Each property, broken on purpose in tiny rules: the proof finds somebody, and what it tells is true of them."""

import pytest

from triage.assessment import without_engine
from triage.journey import follow, read_answers
from triage.knowledge import load
from triage.verify.command import telling
from triage.verify.properties import PROPERTIES, prove, scope_of
from triage.verify.prover import Prover

BY_ID = {prop.id: prop for prop in PROPERTIES}
SOOTHING = '[[soothing]]\nid = "calm"\nwords = ["harmless"]\n'
MENTION = '[[mention]]\nid = "rest"\nwords = ["rest"]\nat_risk = { is_weak = "yes" }\nneeds = ["overdose"]\n'


def failures(rules, prop):
    return prove(Prover(load(rules.folder)), BY_ID[prop]).failures


@pytest.mark.parametrize("prop", BY_ID)
def test_every_property_holds_in_the_tiny_rules(tiny_rules, prop):
    assert not failures(tiny_rules, prop)


BROKEN = {
    "an emergency that only counts as soon": (
        "stops-are-emergencies",
        "red-flags/signs.toml",
        'id = "heart-pain", urgency = "emergency"',
        'id = "heart-pain", urgency = "soon"',
        "no red flag makes it an emergency",
    ),
    "a category that leaves a gap": (
        "category-complete",
        "deposits/chalk-toe.toml",
        'toe_pain = ["sudden", "no-pain", "unsure"] }',
        'toe_pain = ["sudden", "no-pain"] }',
        "no category holds",
    ),
    "two categories at once": (
        "category-complete",
        "deposits/chalk-toe.toml",
        '{ toe_long = "no" }',
        '{ toe_long = ["no", "yes"] }',
        "both toe-goes and toe-stays hold",
    ),
    "two sentences that contradict each other": (
        "no-conflict",
        "deposits/chalk-toe.toml",
        '{ id = "toe-walk", text',
        '{ id = "toe-walk", excludes = ["toe-rest"], text',
        "toe-walk and toe-rest contradict each other",
    ),
    "a soothing word in a red flag": (
        "suppression",
        "red-flags/signs.toml",
        'because = "It can be an infection."',
        'because = "It can be harmless."',
        'hot says "harmless" beside an alarm',
    ),
    "a medicine named without its warning": (
        "mentions",
        "deposits/chalk-toe.toml",
        'text = "Walk a little every day."',
        'text = "Rest every day."',
        "toe-walk names rest to a person at risk, without overdose",
    ),
    "a sentence that waits for two places of one pain": (
        "no-dead-rule",
        "deposits/chalk-toe.toml",
        '{ id = "toe-ask", text',
        '{ id = "toe-ask", when = { toe_pain = "sudden", toe_long = "yes" }, text',
        "toe-ask is never said",
    ),
    "a rule that waits for what is not asked there": (
        "asked-is-enough",
        "deposits/chalk-toe.toml",
        'when = { toe_pain = ["sudden", "slow"] }, what = "Rest"',
        'when = { any = [{ toe_pain = "slow" }, { toe_pain = "sudden", toe_long = "yes" }] }, what = "Rest"',
        "toe-rest waits for toe_long = yes",
    ),
    "an illness that makes it less urgent": (
        "monotone",
        "deposits/chalk-toe.toml",
        'when = { toe_pain = "sudden" }, because = "See it."',
        'when = { toe_pain = "sudden", is_weak = "no" }, because = "See it."',
        'Ticking "Weak" lowers the urgency',
    ),
    "an illness that takes a safety message away": (
        "monotone",
        "scope.toml",
        'id = "overdose", when = { dose = "much" }',
        'id = "overdose", when = { dose = "much", is_weak = "no" }',
        'Ticking "Weak" takes away the safety message overdose',
    ),
    "danger signs that those who are not sure are not asked": (
        "not-sure-is-not-no",
        "deposits/chalk-toe.toml",
        'red_flag = [{ id = "toe-sudden", urgency = "routine"',
        'red_flag = [{ id = "toe-lasts", urgency = "same-day", when = { toe_long = "yes" }, because = "So.", '
        'sources = ["book"] }, { id = "toe-sudden", urgency = "routine"',
        'counts two steps lower than "Slow"',
    ),
    "hope for those who are not sure": (
        "not-sure-is-not-no",
        "deposits/chalk-toe.toml",
        "when = { any = [{ toe_pain",
        'when = { is_weak = ["no", "unsure"], any = [{ toe_pain',
        'toe-goes (often-resolves) takes "the unsure" for a no, on is_weak',
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_broken_is_found_and_told(tiny_rules, broken):
    prop, file, old, new, told = BROKEN[broken]
    tiny_rules.write("words-to-watch.toml", SOOTHING + MENTION if prop in ("suppression", "mentions") else "")
    if prop == "mentions":
        tiny_rules.change("deposits/chalk-toe.toml", 'what = "Rest"', 'what = "Lie down"')
    tiny_rules.change(file, old, new)
    found = failures(tiny_rules, prop)
    assert told in "\n".join(failure.told for failure in found)


def test_who_breaks_a_property_can_be_given_to_assess(tiny_rules):
    _, file, old, new, _ = BROKEN["an illness that makes it less urgent"]
    tiny_rules.change(file, old, new)
    knowledge = load(tiny_rules.folder)
    failure = prove(Prover(knowledge), BY_ID["monotone"]).failures[0]
    before, after = (
        without_engine(knowledge, read_answers(knowledge, dict(follow(knowledge, person).answers)).findings).urgency
        for person in (failure.before, failure.after)
    )
    assert before > after
    text = "\n".join(telling(knowledge, failure))
    assert f"before: {before.word}" in text and f"after:  {after.word}" in text


def test_who_breaks_a_property_is_told_by_what_is_unusual_about_them(tiny_rules):
    _, file, old, new, _ = BROKEN["a category that leaves a gap"]
    tiny_rules.change(file, old, new)
    knowledge = load(tiny_rules.folder)
    (failure,) = prove(Prover(knowledge), BY_ID["category-complete"]).failures
    lines = [line.strip() for line in telling(knowledge, failure)]
    asked = follow(knowledge, failure.before).questions
    assert lines[1:-1] == ["Pain? the unsure", f"and the usual answer to the other {len(asked) - 1} questions"]


@pytest.mark.parametrize(
    ("broken", "rules", "questions", "seen"),
    [
        ("an illness that takes a safety message away", ["overdose"], [], True),
        ("an illness that takes a safety message away", ["toe-sudden"], [], False),
        ("a sentence that waits for two places of one pain", ["toe-ask"], [], True),
        ("a sentence that waits for two places of one pain", [], ["toe_pain"], True),
        ("a sentence that waits for two places of one pain", ["overdose"], [], False),
    ],
)
def test_a_scope_proves_what_depends_on_it_and_nothing_else(tiny_rules, broken, rules, questions, seen):
    prop, file, old, new, _ = BROKEN[broken]
    tiny_rules.change(file, old, new)
    knowledge = load(tiny_rules.folder)
    outcome = prove(Prover(knowledge), BY_ID[prop], scope_of(knowledge, rules, questions))
    assert bool(outcome.failures) is seen
