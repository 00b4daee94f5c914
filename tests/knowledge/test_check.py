"""What no single file can know is wrong with the rules is said by `check`, with the file, the id and the remedy.

Each fault is one change to the tiny rules, in which nothing is wrong; the real rules have none at all.
"""

import re
from datetime import timedelta

import pytest

from triage import cases
from triage.knowledge import NOT_ASKED, check, load
from triage.knowledge.check import MOST_WORDS, fnv1a
from triage.knowledge.model import NOTICE_ROLES, RULESET_PATHS

FLAGS, QUESTIONS, SCOPE, TOE = "red-flags/signs.toml", "questions.toml", "scope.toml", "deposits/chalk-toe.toml"

# what is wrong: the file, what stands there, what stands there instead, the id in the message, what the message says
FAULTS = {
    "a rule without a source": (
        SCOPE, 'text = "Ask about the dose.", sources = ["book"]', 'text = "Ask about the dose."', "overdose",
        "no source"),
    "a rule with an empty list of sources": (
        TOE, 'does = "Eases pain."', 'does = "Eases pain."', "toe-rest", "no source"),
    "a deposit whose sentences have no provenance": (
        TOE, '"It is chalk.", sources = ["book"]', '"It is chalk."', "chalk-toe", "no source"),
    "a disposition without a source": (
        "dispositions.toml", 'heading = "Do it"\nsources = ["book"]\nsteps = ["Ask {clinic}."]\nsafety_net = '
        '["Call {emergency_number} if soon', 'heading = "Do it"\nsteps = ["Ask {clinic}."]\nsafety_net = '
        '["Call {emergency_number} if soon', "do-soon", "no source"),
    "a question without a source": (
        TOE, 'text = "Pain?", why = "It counts.", sources = ["book"]', 'text = "Pain?", why = "It counts."',
        "toe_pain", "no source"),
    "a red flag that no case makes fire": (
        FLAGS, 'fires = ["numb"]', "fires = []", "numb", "no case makes it fire", 'fires = ["numb"]'),
    "a red flag that no case just misses": (
        FLAGS, '["hot", "numb", "heart-pain"]', '["hot", "heart-pain"]', "numb", "no case just misses it",
        'near_miss = ["numb"]'),
    "a caution that no case makes fire": (
        SCOPE, 'fires = ["overdose"]', "fires = []", "overdose", "no case makes it fire"),
    "a caution that no case just misses": (
        SCOPE, 'near_miss = ["overdose"]', "near_miss = []", "overdose", "no case just misses it"),
    "a deposit with too few cases": (
        TOE, ',\n  { id = "toe-5", story = "Mo", answers = { toe_pain = "unsure" }, urgency = "self-care" }', "",
        "chalk-toe", "fewer than 5 cases"),
    "a deposit without a nurse card": (
        TOE, "nurse_card = [", "nurse_card = []\nask_nobody = [", "chalk-toe", "nurse"),
    "a question that can never be asked": (
        TOE, 'enable_when = { toe_pain = "slow" }', 'enable_when = { toe_pain = "slow", where_no = "yes" }',
        "toe_long", "never be asked"),
    "a question that changes nothing": (
        TOE, 'when = { toe_pain = "sudden" }', 'when = { toe_pain = "sudden" }', "toe_long", "changes nothing"),
    "a card about a rule that is not there": (
        TOE, 'about = ["toe-goes", "toe-stays"]', 'about = ["toe-goes", "toe-stay"]', "toe-card",
        "the rule 'toe-stay', which is not known", "did you mean 'toe-stays'"),
    "a card with a closed question": (
        TOE, "What do you expect?", "Do you understand?", "toe-card", "must be open"),
    "a tag that raises nothing": (
        FLAGS, 'tags = ["infection"]', 'tags = ["infektion"]', "hot", "infektion", "no step_up raises"),
    "a sentence of 21 words": (
        TOE, "Walk a little every day.", "Walk " + "on and " * 10 + "on. Rest.", "toe-walk", "22 words"),
    "an end of the journey that is no emergency": (
        FLAGS, 'id = "heart-pain", urgency = "emergency"', 'id = "heart-pain", urgency = "same-day"', "alarm",
        "heart_pain", "no emergency red flag"),
    "an option that ends the journey and no red flag knows": (
        QUESTIONS, '{ id = "much", text = "Lot"', '{ id = "much", text = "Lot", stops = true', "dose", "much",
        "no emergency red flag"),
    "two categories that overlap": (
        TOE, 'when = { toe_long = "yes" }', 'when = { toe_long = ["yes", "unsure"] }', "chalk-toe",
        "both toe-goes and toe-stays hold", "toe_long = unsure"),
    "a gap between the categories": (
        TOE, 'toe_long = ["no", "unsure"]', 'toe_long = "no"', "chalk-toe", "no category holds", "toe_long = unsure"),
}  # fmt: skip
