"""What no single file can know is wrong with the rules is said by `check`, with the file, the id and the remedy.

Each fault is one change to the tiny rules, in which nothing is wrong; the real rules have none at all.
"""

import re
from datetime import timedelta

import pytest

from triage import cases
from triage.knowledge import Urgency, check, load
from triage.knowledge.check import MOST_WORDS, fnv1a
from triage.knowledge.model import NOTICE_ROLES, RULESET_PATHS

FLAGS, QUESTIONS, SCOPE, TOE = "red-flags/signs.toml", "questions.toml", "scope.toml", "deposits/chalk-toe.toml"
LONG = "So" + " and so" * (MOST_WORDS // 2) + "."

# what is wrong: the file, what stands there, what stands there instead, the id in the message, what the message says
FAULTS = {
    "a rule without a source": (
        SCOPE, '"Ask about the dose.", sources = ["book"]', '"Ask about the dose."', "overdose", "no source"),
    "a rule with an empty list of sources": (
        SCOPE, '"Ask about the dose.", sources = ["book"]', '"Ask about the dose.", sources = []', "overdose",
        "no source"),
    "a deposit without a source": (
        TOE, '"It is chalk.", sources = ["book"]', '"It is chalk."', "chalk-toe", "no source"),
    "a question without a source": (
        TOE, '"Pain?", why = "It counts.", sources = ["book"]', '"Pain?", why = "It counts."', "toe_pain", "no source"),
    "a red flag that no case makes fire": (
        FLAGS, 'fires = ["numb"]', "fires = []", "numb", "no case makes it fire", 'fires = ["numb"]'),
    "a red flag that no case just misses": (
        FLAGS, '["hot", "numb", "heart-pain"]', '["hot", "heart-pain"]', "numb", "no case just misses it",
        'near_miss = ["numb"]'),
    "a caution that no case makes fire": (
        SCOPE, 'fires = ["overdose"]', "fires = []", "overdose", "no case makes it fire"),
    "a caution that no case just misses": (
        SCOPE, 'near_miss = ["overdose", ', "near_miss = [", "overdose", "no case just misses it"),
    "a category that no case reaches": (
        TOE, 'answers = { toe_long = "yes" }', "answers = {}", "toe-stays", "no case makes it hold"),
    "a deposit with too few cases": (
        TOE, ',\n  { id = "toe-5", story = "Mo", answers = { toe_pain = "unsure" }, urgency = "self-care" }', "",
        "chalk-toe", "fewer than 5 cases"),
    "a box that changes nothing": (
        QUESTIONS, 'text = "A pill" }', 'text = "A pill" }, { id = "tooth", text = "A tooth" }', "health", "'tooth'",
        "changes nothing"),
    "a question that changes nothing": (
        QUESTIONS, "question = [", 'question = [{ id = "idle", page = "you", type = "yes-no", text = "Idle?", usual = '
        '"no", why = "It counts.", sources = ["book"] },', "idle", "changes nothing"),
    "a page on which nothing is asked": (
        QUESTIONS, "page = [", 'page = [{ id = "blank", title = "Blank", part = "A" }, ', "blank", "no question"),
    "a part that begins again after another one": (
        QUESTIONS, 'title = "5", part = "D"', 'title = "5", part = "A"', "more", "'A' was left after the page 'signs'",
        "'D'"),
    "a mark on the figure for a group without a place": (
        QUESTIONS, "page = [", 'body_mark = [{ group = "Mouth", across = 1, down = 1 }]\npage = [', "Mouth",
        "would lead nowhere"),
    "a spot that nothing belongs to": (
        QUESTIONS, "page = [", 'body_spot = [{ id = "spot-toe", across = 1, down = 1 }]\npage = [', "spot-toe",
        "no deposit belongs to it"),
    "a hard word that stands nowhere": (
        QUESTIONS, "page = [", 'hard_word = [{ id = "hard-chulk", words = ["chulk"], meaning = "A stone.", sources = '
        '["book"] }]\npage = [', "hard-chulk", "'chulk' stands in no text"),
    "a card about a rule that is not there": (
        TOE, 'about = ["toe-goes", "toe-stays"]', 'about = ["toe-goes", "toe-stay"]', "toe-card",
        "'toe-stay', which is not known", "did you mean 'toe-stays'"),
    "a card with a closed question": (TOE, "What do you expect?", "Do you understand?", "toe-card", "must be open"),
    "a tag that raises nothing": (
        FLAGS, 'tags = ["infection"]', 'tags = ["infektion"]', "hot", "infektion", "no step_up raises"),
    "a sentence that is too long": (
        TOE, "Walk a little every day.", f"Rest. {LONG}", "toe-walk", "21 words", "at most 20", LONG),
    "a question that is too long": (TOE, '"For long?"', f'"{LONG}"', "toe_long", "21 words"),
    "an option that is too long": (TOE, '"Quick"', f'"{LONG}"', "toe_pain", "sudden", "21 words"),
    "a red flag's own option that is too long": (FLAGS, '"Numb"', f'"{LONG}"', "numb", "21 words"),
    "a place that is too long": (TOE, 'place = "Toe"', f'place = "{LONG}"', "chalk-toe", "21 words"),
    "a page whose lead is too long": (
        TOE, 'title = "Your toe"', f'title = "Your toe", lead = "{LONG}"', "toe", "21 words"),
    "a box that ends the journey and is no emergency": (
        FLAGS, 'id = "heart-pain", urgency = "emergency"', 'id = "heart-pain", urgency = "same-day"', "heart-pain",
        "ends the journey", "no emergency red flag"),
    "a choice that ends the journey and no red flag tests": (
        QUESTIONS, 'text = "Lot"', 'text = "Lot", stops = true', "dose", "much", "no emergency red flag"),
    "two categories that overlap": (
        TOE, 'when = { toe_long = "yes" }', 'when = { toe_long = ["yes", "unsure"] }', "chalk-toe",
        "both toe-goes and toe-stays hold", "toe_long = unsure"),
    "a gap between the categories": (
        TOE, 'toe_long = ["no", "unsure"]', 'toe_long = "no"', "chalk-toe", "no category holds", "toe_long = unsure"),
    "a gap where a question is not asked": (
        TOE, '["sudden", "no-pain", "unsure"] }, {', '"sudden" }, {', "chalk-toe", "no category holds", "toe_pain",
        "toe_long = not-asked"),
    "findings with one hash": (
        QUESTIONS, 'text = "A pill" }', 'text = "A pill" }, { id = "liquid", text = "A" }, { id = "costarring", text = '
        '"B" }', "(liquid|costarring|health)", "'liquid'", "'costarring'", "same hash"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_place_and_its_remedy(tiny_rules, fault):
    file, old, new, where, *said = FAULTS[fault]
    tiny_rules.change(file, old, new)
    problems = tiny_rules.problems()
    named = [line for line in problems if re.match(rf"{re.escape(file)}: {where}(?![\w-])", line)]
    assert any(all(part in line for part in said) for line in named), problems


def test_the_real_rules_have_no_problem(knowledge, assessor):
    found = [*check.problems(knowledge, knowledge.dated), *check.unproven(knowledge), *cases.problems(assessor)]
    assert found == []


# -- parts that must be there ------------------------------------------------------------------------------------------


def leave_out(tiny_rules, file, kind):
    """Take all tables of one kind out of a file."""
    text = (tiny_rules.folder / file).read_text()
    kept = re.sub(rf"^{kind} = .*?(?=^\w+ = |\Z)", "", text, flags=re.MULTILINE | re.DOTALL)
    assert kept != text
    tiny_rules.write(file, kept)


@pytest.mark.parametrize("kind", ["reversibility", "nurse_card"])
def test_a_deposit_without_what_every_deposit_has_is_a_fault(tiny_rules, kind):
    leave_out(tiny_rules, TOE, kind)
    assert any(line.startswith(f"{TOE}: chalk-toe: ") and f"[[{kind}]]" in line for line in tiny_rules.problems())


@pytest.mark.parametrize("role", NOTICE_ROLES)
def test_a_missing_notice_is_named(tiny_rules, role):
    text = (tiny_rules.folder / "notices.toml").read_text()
    tiny_rules.write("notices.toml", re.sub(rf'\[\[notice\]\]\nid = "{role}"\n.*\n.*\n', "", text))
    assert tiny_rules.problems() == [f"notices.toml: the notice '{role}' is missing"]


@pytest.mark.parametrize("urgency", Urgency)
def test_a_missing_disposition_is_named(tiny_rules, urgency):
    text = (tiny_rules.folder / "dispositions.toml").read_text()
    tables = [table for table in text.split("[[disposition]]") if f'"do-{urgency.word}"' not in table]
    tiny_rules.write("dispositions.toml", "[[disposition]]".join(tables))
    knowledge = load(tiny_rules.folder)
    problems = check.problems(knowledge, knowledge.dated)
    assert problems == [f"dispositions.toml: there is no disposition for the urgency '{urgency.word}'"]


def test_without_a_question_for_the_place_nobody_can_say_where_it_is(tiny_rules):
    tiny_rules.change(QUESTIONS, "options_are_deposits = true", 'option = [{ id = "chalk_toe", text = "Toe" }]')
    tiny_rules.change(QUESTIONS, 'usual = "chalk-toe"', 'usual = "chalk_toe"')
    knowledge = load_without_cases(tiny_rules)
    assert any(
        line.startswith("questions.toml: ") and "options_are_deposits" in line
        for line in check.problems(knowledge, knowledge.dated)
    )


def load_without_cases(tiny_rules):
    for file in (FLAGS, SCOPE, TOE):
        leave_out(tiny_rules, file, "case")
    return load(tiny_rules.folder)


# -- every rule has its proof ------------------------------------------------------------------------------------------

KINDS = {
    "withhold": 'text = "No."',
    "step_up": 'tags = ["nerve"], because = "So."',
    "myth": 'fact = "No.", myth = "Yes."',
    "treatment": 'what = "Cold", used_when = "Now", does = "Cools.", evidence = "weak"',
    "next_step": 'text = "Go."',
    "ask_doctor": 'text = "Why?"',
    "disagreement": 'topic = "Cold?", we_follow = "A.", view = [{ who = "A", says = "Yes.", source = "book" }, '
    '{ who = "B", says = "No.", source = "book" }]',
    "nurse_card": 'about = ["toe-goes"], say = "So.", teach_back = "What now?", good_answer = "A.", '
    'misunderstanding = "B."',
}


def add_rule(tiny_rules, kind, when):
    """One more rule of a kind for the deposit, with this criterion."""
    table = f'{{ id = "new-rule", {KINDS[kind]}, sources = ["book"], when = {when} }}'
    text = (tiny_rules.folder / TOE).read_text()
    if f"\n{kind} = [" in text:
        tiny_rules.change(TOE, f"\n{kind} = [", f"\n{kind} = [{table}, ")
    else:
        tiny_rules.write(TOE, f"{text}\n{kind} = [{table}]\n")


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_with_a_criterion_that_no_case_meets_is_a_fault(tiny_rules, kind):
    add_rule(tiny_rules, kind, '{ age = "old", toe_pain = "sudden" }')
    assert [line for line in tiny_rules.problems() if line.startswith(f"{TOE}: new-rule: no case makes it fire")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_with_a_criterion_that_every_case_meets_is_a_fault(tiny_rules, kind):
    add_rule(tiny_rules, kind, '{ toe_pain = ["sudden", "slow", "no-pain", "unsure"] }')
    assert [line for line in tiny_rules.problems() if line.startswith(f"{TOE}: new-rule: no case just misses it")]


# -- questions that nobody can reach -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "enable_when",
    [
        pytest.param('{ pill = "yes", any = [{ pill = "no" }, { pill = "unsure" }] }', id="it contradicts itself"),
        pytest.param('{ age = "not-asked" }', id="everybody is asked"),
        pytest.param('{ heart_pain = "yes" }', id="that answer ends the journey"),
        pytest.param('{ toe_long = "yes", toe_pain = "sudden" }', id="whoever answers the one is not asked the other"),
    ],
)
def test_a_question_that_can_never_be_asked_is_a_fault(tiny_rules, enable_when):
    tiny_rules.change(QUESTIONS, 'enable_when = { pill = "yes" }', f"enable_when = {enable_when}")
    assert any(line.startswith(f"{QUESTIONS}: dose: ") and "never" in line for line in tiny_rules.problems())


def test_a_question_that_hangs_on_one_that_is_never_asked_is_never_asked_either(tiny_rules):
    never = '{ toe_pain = "slow", any = [{ toe_pain = "sudden" }, { toe_pain = "no-pain" }] }'
    tiny_rules.change(TOE, 'enable_when = { toe_pain = "slow" }', f"enable_when = {never}")
    tiny_rules.change(QUESTIONS, 'enable_when = { pill = "yes" }', 'enable_when = { toe_long = "yes" }')
    problems = tiny_rules.problems()
    for where in (f"{TOE}: toe_long: ", f"{QUESTIONS}: dose: "):
        assert any(line.startswith(where) and "never" in line for line in problems), problems


# -- limits, to the last one -------------------------------------------------------------------------------------------


def test_a_sentence_may_have_as_many_words_as_the_limit_says(tiny_rules):
    tiny_rules.change(TOE, "Walk a little every day.", LONG.replace("So and", "So"))
    assert tiny_rules.problems() == []


def test_the_limit_is_for_each_sentence_not_for_the_text(tiny_rules):
    tiny_rules.change(TOE, "Walk a little every day.", " ".join(["Walk a little every day."] * MOST_WORDS))
    assert tiny_rules.problems() == []


@pytest.mark.parametrize("over", [0, 1])
def test_a_criterion_may_have_as_many_paths_as_one_ruleset_bears_and_not_one_more(tiny_rules, over):
    four, three = '["child", "adult", "old", "unsure"]', '["yes", "no", "unsure"]'
    pain = '["sudden", "slow", "no-pain", "unsure"]'
    several = [f"{{ age = {four}, toe_pain = {pain}, is_weak = {three} }}", f"{{ age = {four}, pill = {three} }}"]
    one_more = ['{ pill = "no" }'] * over
    when = f"{{ any = [{', '.join([*several, *one_more])}] }}"
    add_rule(tiny_rules, "next_step", when)
    knowledge = load(tiny_rules.folder)
    assert knowledge.rules["new-rule"].criterion.paths() == RULESET_PATHS + over
    said = [line for line in check.problems(knowledge, knowledge.dated) if "paths" in line]
    assert len(said) == over
    assert all(line.startswith(f"{TOE}: new-rule: ") and str(RULESET_PATHS + over) in line for line in said)


def test_a_red_flag_is_counted_with_not_sure_let_in(tiny_rules):
    three = ", ".join(f'{finding} = ["yes", "no"]' for finding in ("is_weak", "pill", "hot", "numb", "heart_pain"))
    tiny_rules.write(
        "red-flags/more.toml",
        f'red_flag = [{{ id = "wide", urgency = "soon", because = "So.", sources = ["book"], when = {{ {three} }} }}]',
    )
    knowledge = load(tiny_rules.folder)
    assert knowledge.rules["wide"].criterion.paths() <= RULESET_PATHS < knowledge.rules["wide"].possible.paths()
    said = [line for line in check.problems(knowledge, knowledge.dated) if "paths" in line]
    assert len(said) == 1 and said[0].startswith("red-flags/more.toml: wide: ")


def test_a_review_is_overdue_on_the_day_after_it_was_due_and_not_before(tiny_rules):
    due = load(tiny_rules.folder).due
    assert tiny_rules.problems(due) == []
    assert tiny_rules.problems(due + timedelta(days=1)) == [
        f"{where}: the review was due on {due.isoformat()}; review it and set a new date"
        for where in ("edition.toml: edition", f"{TOE}: chalk-toe")
    ]


def test_one_overdue_deposit_is_named_alone(tiny_rules):
    tiny_rules.change(TOE, "due = 2027-01-01", "due = 2026-05-31")
    assert [line.split(": the review")[0] for line in tiny_rules.problems()] == [f"{TOE}: chalk-toe"]


@pytest.mark.parametrize(("text", "value"), [("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)])
def test_the_hash_is_the_one_that_its_inventors_published(text, value):
    assert fnv1a(text) == value


@pytest.mark.parametrize(("when", "wrong"), [('pill = "yes", dose = "much"', True), ('dose = "much"', False)])
def test_an_answer_that_ends_the_journey_is_an_emergency_however_one_came_to_it(tiny_rules, when, wrong):
    tiny_rules.change("questions.toml", 'enable_when = { pill = "yes" }', 'enable_when = { pill = ["yes", "unsure"] }')
    tiny_rules.change("questions.toml", '{ id = "much", text = "Lot" }', '{ id = "much", text = "Lot", stops = true }')
    flag = f'{{ id = "too-much", urgency = "emergency", because = "No.", sources = ["book"], when = {{ {when} }} }}'
    tiny_rules.change("red-flags/signs.toml", "red_flag = [", f"red_flag = [{flag}, ")
    assert any("dose.much: ends the journey" in problem for problem in tiny_rules.problems()) is wrong


def test_a_group_that_the_question_does_not_name_is_a_fault_and_the_named_order_is_kept(tiny_rules):
    for option, group in (("Hot", "Skin"), ("Numb", "Nerves")):
        tiny_rules.change("red-flags/signs.toml", f'text = "{option}"', f'text = "{option}", group = "{group}"')
    tiny_rules.change("questions.toml", 'text = "Sign?"', 'text = "Sign?", groups = ["Nerves", "Skin"]')
    assert not tiny_rules.problems()
    options = load(tiny_rules.folder).questions["signs"].options
    assert [option.group for option in options] == ["Nerves", "Skin"]
    tiny_rules.change("questions.toml", 'groups = ["Nerves", "Skin"]', 'groups = ["Nerves", "Skinn"]')
    assert any("signs: 'groups' does not name 'Skin'" in p and "'Skinn'" in p for p in tiny_rules.problems())
