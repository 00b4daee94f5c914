"""The command line other tools rely on: valid JSON with the keys promised, exit codes 0, 1, 2, one line a problem."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from triage.journey import with_usual
from triage.knowledge import load

ROOT = Path(__file__).resolve().parents[1]
FLAGS, QUESTIONS, SCOPE, TOE = "red-flags/signs.toml", "questions.toml", "scope.toml", "deposits/chalk-toe.toml"
CALM = {
    "alarm": ["none"],
    "signs": ["none"],
    "age": "adult",
    "where": ["chalk-toe"],
    "toe_pain": "sudden",
    "health": ["none"],
}


def triage(*arguments, given="", seed="random", rules=None):
    """Run `python -m triage` as another program would."""
    options = ["--rules", str(rules)] if rules else []
    return subprocess.run(
        [sys.executable, "-m", "triage", *options, *map(str, arguments)],
        input=given,
        capture_output=True,
        text=isinstance(given, str),
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        timeout=60,
    )


def assess(tiny_rules, answers, *options, command="assess"):
    return triage(command, "-", *options, given=json.dumps({"answers": answers}), rules=tiny_rules.folder)


def refused(result):
    """The problems of a refused answer set, one a line; nothing may stand on standard output beside them."""
    assert (result.returncode, result.stdout) == (2, ""), result
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()


# -- questions ---------------------------------------------------------------------------------------------------------


def test_questions_are_pages_in_order_with_everything_a_form_needs(knowledge):
    result = triage("questions")
    assert (result.returncode, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    assert told["rules_version"] == knowledge.version
    assert [page["id"] for page in told["pages"]] == [page.id for page in knowledge.pages]
    for page in told["pages"]:
        assert page["title"]
        assert [question["id"] for question in page["questions"]] == [
            question.id for question in knowledge.page_questions[page["id"]]
        ]
        for question in page["questions"]:
            known = knowledge.questions[question["id"]]
            assert (question["text"], question["type"]) == (known.text, known.type)
            assert tuple(option["id"] for option in question["options"]) == known.allowed
            assert all(option["text"] for option in question["options"])
            assert set(question["exclusive"]) | set(question["stops"]) <= set(known.allowed)


def test_questions_tell_when_each_is_asked_in_a_form_that_programs_can_evaluate(tiny_rules):
    pages = json.loads(triage("questions", rules=tiny_rules.folder).stdout)["pages"]
    questions = {question["id"]: question for page in pages for question in page["questions"]}
    assert questions["age"]["enable_when"] is None
    assert questions["dose"]["enable_when"] == {"finding": "pill", "is": ["yes"]}
    assert questions["toe_long"]["enable_when"] == {
        "all": [{"finding": "chalk_toe", "is": ["yes"]}, {"finding": "toe_pain", "is": ["slow"]}]
    }
    assert questions["signs"]["exclusive"] == ["none"]
    assert questions["age"]["exclusive"] == []
    assert (questions["alarm"]["stops"], questions["signs"]["stops"]) == (["heart_pain"], [])


def test_the_questions_printed_are_enough_to_answer_them_all(tiny_rules):
    pages = json.loads(triage("questions", rules=tiny_rules.folder).stdout)["pages"]
    answers = {
        question["id"]: [question["options"][-1]["id"]]
        if question["type"] == "multi"
        else question["options"][-1]["id"]
        for page in pages
        for question in page["questions"]
    }
    assert assess(tiny_rules, answers, "--drop-off-path").returncode == 0


# -- assess ------------------------------------------------------------------------------------------------------------


def test_assess_prints_what_the_contract_promises(tiny_rules):
    result = assess(tiny_rules, {**CALM, "signs": ["numb"], "health": ["pill", "is_weak"], "dose": "much"})
    assert (result.returncode, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    assert told["urgency"] == "same-day" and told["fail_safe"] is None
    assert told["firings"][0] == {
        "rule": "numb",
        "urgency": "same-day",
        "because": "A nerve.",
        "certain": True,
        "stepped_up_by": ["weak-body"],
        "sources": ["book"],
        "findings": {"numb": "yes"},
    }
    assert [firing["rule"] for firing in told["firings"]] == ["numb", "toe-sudden"]
    assert told["deposits"] == [
        {"id": "chalk-toe", "reversibility": "often-resolves", "withheld": "withheld_urgent"},
    ]
    assert told["cautions"] == [{"rule": "overdose", "text": "Ask about the dose.", "sources": ["book"]}]
    assert told["next_steps"] == []
    assert told["rules_version"] == load(tiny_rules.folder).version
    assert told["said"][0] == {"text": "Do it", "rule": "do-same-day", "sources": ["book"]}


def test_a_calm_assessment_withholds_nothing_and_says_what_is_next(tiny_rules):
    told = json.loads(assess(tiny_rules, CALM).stdout)
    assert told["deposits"] == [{"id": "chalk-toe", "reversibility": "often-resolves", "withheld": None}]
    assert [step["rule"] for step in told["next_steps"]] == ["toe-walk"]


def test_assess_says_what_would_change_the_result(tiny_rules):
    told = json.loads(assess(tiny_rules, {**CALM, "signs": ["numb"], "age": "unsure"}).stdout)
    assert told["what_would_change"] == {
        "raises": [
            {"question": "alarm", "answer": "heart_pain", "urgency": "emergency", "rules": ["heart-pain"]},
            {"question": "signs", "answer": "hot", "urgency": "same-day", "rules": ["hot"]},
            {"question": "health", "answer": "is_weak", "urgency": "same-day", "rules": ["numb", "weak-body"]},
        ],
        "find_out_first": {
            "question": "age",
            "answers": ["adult", "old"],
            "urgency": None,
            "reversibility": True,
            "sentences": 11,
            "rules": ["young", "toe-goes"],
        },
    }
    assert [sentence["rule"] for sentence in told["said"] if sentence["text"] == "Hot"] == ["hot"]


def test_an_emergency_has_nothing_that_would_change_it(tiny_rules):
    told = json.loads(assess(tiny_rules, {"alarm": ["heart_pain"]}).stdout)
    assert told["what_would_change"] == {"raises": [], "find_out_first": None}


def test_a_file_and_standard_input_give_the_same(tiny_rules, tmp_path):
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"answers": CALM}))
    assert triage("assess", file, rules=tiny_rules.folder).stdout == assess(tiny_rules, CALM).stdout


def test_assess_answers_for_the_guides_own_rules(knowledge):
    journey = with_usual(knowledge, {})
    result = triage("assess", "-", given=json.dumps({"answers": dict(journey.answers)}))
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["rules_version"] == knowledge.version


def test_the_output_is_the_same_to_the_byte_in_every_process(tiny_rules):
    arguments = {"given": json.dumps({"answers": {**CALM, "signs": ["unsure"]}}), "rules": tiny_rules.folder}
    for command in (("assess", "-"), ("explain", "-"), ("questions",)):
        first, second = (triage(*command, seed=seed, **arguments) for seed in ("1", "2"))
        assert first.returncode == 0
        assert first.stdout == second.stdout


WRONG = {
    "an unknown question": ({"aeg": "old"}, ["aeg", "did you mean 'age'"]),
    "an unknown option": ({"age": "odl"}, ["age", "did you mean 'old'", "allowed: child, adult, old, unsure"]),
    "a number": ({"age": 5}, ["age", "allowed: child, adult, old, unsure"]),
    "a list where one is asked": ({"age": ["old"]}, ["age", "allowed: child, adult, old, unsure"]),
    "one where a list is asked": ({"signs": "hot"}, ["signs", "allowed: hot, numb, none, unsure"]),
    "true": ({"toe_pain": True}, ["toe_pain", "allowed: sudden, slow, no-pain, unsure"]),
    "null": ({"age": None}, ["age", "allowed: child, adult, old, unsure"]),
    "an object": ({"age": {"old": True}}, ["age", "allowed: child, adult, old, unsure"]),
    "nothing chosen": ({"signs": []}, ["signs", "allowed: hot, numb, none, unsure"]),
    "none beside another": ({"health": ["none", "pill"]}, ["health", "allowed: is_weak, pill, none, unsure"]),
    "an answer off the path": ({"toe_long": "yes"}, ["toe_long", "not asked", "--drop-off-path"]),
    "a question with a line break in its name": ({"a\nb": "x"}, ["a", "b", "no such question"]),
    "an option with a line break in its name": ({"age": "o\nld"}, ["age", "allowed: child, adult, old, unsure"]),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_answer_is_refused_in_one_line_that_names_the_question_and_what_is_allowed(tiny_rules, wrong):
    answers, said = WRONG[wrong]
    (line,) = refused(assess(tiny_rules, {**CALM, **answers}))
    assert all(part in line for part in said), line


def test_an_unanswered_question_is_refused_and_named(tiny_rules):
    (line,) = refused(assess(tiny_rules, {key: value for key, value in CALM.items() if key != "age"}))
    assert "age: not answered" in line and "allowed: child, adult, old, unsure" in line


def test_every_problem_has_a_line_of_its_own(tiny_rules):
    lines = refused(assess(tiny_rules, {**CALM, "age": "odl", "signs": "hot", "what": "x"}))
    assert sorted(re.split("[: ]", line)[0] for line in lines) == ["age", "signs", "what"]


def test_answers_off_the_path_can_be_dropped_and_change_nothing(tiny_rules):
    dropped = assess(tiny_rules, {**CALM, "toe_long": "yes", "dose": "much"}, "--drop-off-path")
    assert dropped.stdout == assess(tiny_rules, CALM).stdout


GARBAGE = {
    "an empty file": "",
    "half a file": '{"answers": {"age": "old"',
    "no JSON at all": "age = old",
    "JSON that is no object": '["age"]',
    "no answers": "{}",
    "something beside the answers": json.dumps({"answers": CALM, "name": "Pat"}),
    "answers that are no object": '{"answers": ["age"]}',
    "a question twice": json.dumps({"answers": CALM}).replace('"age": "adult"', '"age": "old", "age": "adult"'),
    "a number longer than Python reads": '{"answers": {"age": ' + "1" * 5000 + "}}",
    "brackets without end": '{"answers": ' + "[" * 100_000,
    "no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("garbage", GARBAGE)
def test_what_is_no_answer_set_is_refused_in_one_line(tiny_rules, tmp_path, garbage):
    file = tmp_path / "answers.json"
    content = GARBAGE[garbage]
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    (line,) = refused(triage("assess", file, rules=tiny_rules.folder))
    assert line


@pytest.mark.parametrize("garbage", ["", b"\xff\xfe\x00"], ids=["nothing", "no text"])
def test_standard_input_that_is_no_answer_set_is_refused_too(tiny_rules, garbage):
    result = triage("assess", "-", given=garbage, rules=tiny_rules.folder)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("file", ["nowhere.json", "."])
def test_a_file_that_cannot_be_read_is_named(tiny_rules, tmp_path, file):
    (line,) = refused(triage("assess", tmp_path / file, rules=tiny_rules.folder))
    assert str(tmp_path) in line


# -- explain -----------------------------------------------------------------------------------------------------------


def test_explain_says_which_answers_made_which_rule_hold(tiny_rules):
    result = assess(tiny_rules, {**CALM, "signs": ["unsure"], "health": ["pill"], "dose": "much"}, command="explain")
    assert (result.returncode, result.stderr) == (0, "")
    text = result.stdout
    assert text.startswith("Urgency: soon\n")
    for part in ("hot: soon (not sure, so one step below same-day)", "It can be an infection.",
                 "Sign? “Hot”: the unsure (hot = unsure)", "toe-sudden: routine", "Pain? “Quick” (toe_pain = sudden)",
                 "overdose (caution) holds", "Dose? “Lot” (dose = much)", "chalk-toe: often-resolves"):  # fmt: skip
        assert part in text, part


def test_explain_says_that_the_journey_ended_early_and_what_raised_a_sign(tiny_rules):
    early = assess(tiny_rules, {"alarm": ["heart_pain"]}, command="explain").stdout
    assert early.startswith("Urgency: emergency\n") and "ended early" in early
    raised = assess(tiny_rules, {**CALM, "signs": ["numb"], "health": ["is_weak"]}, command="explain").stdout
    assert "numb: same-day (one step up: weak-body)" in raised


def test_explain_says_what_would_change_the_result(tiny_rules):
    text = assess(tiny_rules, {**CALM, "age": "unsure"}, command="explain").stdout
    for part in ("  - at least same-day: Sign? Hot (hot)\n", "To find out first: Age?\n",
                 "what deposits of a kind tend to do could become known"):  # fmt: skip
        assert part in text, part


def test_explain_refuses_what_assess_refuses(tiny_rules):
    assert refused(assess(tiny_rules, {**CALM, "age": "odl"}, command="explain")) == refused(
        assess(tiny_rules, {**CALM, "age": "odl"})
    )


# -- check -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def dated(tiny_rules):
    """The tiny rules, with a review that does not fall due while this program lives."""
    for file in ("edition.toml", TOE):
        tiny_rules.change(file, "due = 2027-01-01", "due = 9000-01-01")
    return tiny_rules


def test_check_is_content_with_rules_in_which_nothing_is_wrong(dated):
    assert "no number" in triage("check", rules=dated.folder).stdout
    assert triage("numbering", rules=dated.folder).returncode == 0
    result = triage("check", rules=dated.folder)
    assert (result.returncode, result.stderr) == (0, "")
    knowledge = load(dated.folder)
    assert result.stdout.startswith("Nothing is wrong.")
    for number in (len(knowledge.rules), len(knowledge.questions), len(knowledge.cases), knowledge.version):
        assert str(number) in result.stdout


def test_check_names_each_fault_in_a_line_of_its_own_and_exits_with_1(dated):
    dated.change(SCOPE, 'at_least = "routine"', 'at_least = "rutine"')
    dated.change(TOE, '"Which toe is it?"', "5")
    result = triage("check", rules=dated.folder)
    assert result.returncode == 1
    assert {tuple(line.split(": ")[:2]) for line in result.stdout.splitlines()} == {(SCOPE, "young"), (TOE, "toe-ask")}


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (TOE, '"Which toe is it?", sources = ["book"]', '"Which toe is it?"', "toe-ask: names no source"),
        (SCOPE, 'near_miss = ["overdose", ', "near_miss = [", "overdose: no case just misses it"),
        (FLAGS, 'answers = { signs = ["hot"] }', 'answers = { signs = ["numb"] }', "hot: expects same-day"),
        (TOE, "due = 9000-01-01", "due = 2020-01-01", "chalk-toe: the review was due on 2020-01-01"),
    ],
)
def test_check_asks_the_knowledge_the_cases_and_the_calendar(dated, file, old, new, said):
    dated.change(file, old, new)
    result = triage("check", rules=dated.folder)
    assert result.returncode == 1
    assert f"{file}: {said}" in result.stdout


def test_check_of_one_file_says_only_what_concerns_it(dated):
    dated.change(TOE, '"Which toe is it?"', "5")
    wrong = triage("check", dated.folder / TOE, rules=dated.folder)
    assert wrong.returncode == 1 and wrong.stdout.startswith(f"{TOE}: toe-ask: ")
    assert triage("check", dated.folder / SCOPE, rules=dated.folder).returncode == 0
    assert triage("check", TOE, rules=dated.folder).stdout == wrong.stdout, "a name inside the folder will do"


def test_check_of_one_file_does_not_say_that_all_is_well_when_another_is_wrong(dated):
    dated.change(TOE, '"Which toe is it?"', "5")
    said = triage("check", dated.folder / SCOPE, rules=dated.folder).stdout
    assert SCOPE in said and "Edition" not in said


def test_check_of_a_file_that_is_not_there_is_refused(dated):
    (line,) = refused(triage("check", "deposits/nowhere.toml", rules=dated.folder))
    assert "deposits/nowhere.toml" in line


def test_check_says_the_same_in_the_same_order_in_every_process(dated):
    dated.change(TOE, 'name = "chalk in a toe"', 'nmae = "a", palce = "b", gruop = "c"')
    first, second = (triage("check", rules=dated.folder, seed=seed).stdout for seed in ("1", "2"))
    assert first == second and "palce" in first


def test_rules_that_cannot_be_used_are_the_guides_own_fault(dated):
    dated.change(TOE, '"Which toe is it?"', "5")
    for command in (("questions",), ("assess", "-"), ("explain", "-")):
        result = triage(*command, given=json.dumps({"answers": CALM}), rules=dated.folder)
        assert (result.returncode, result.stdout) == (1, ""), command
        assert result.stderr.startswith(f"{TOE}: toe-ask: ") and "Traceback" not in result.stderr


def test_a_folder_without_rules_is_named(tmp_path):
    result = triage("check", rules=tmp_path / "nowhere")
    assert result.returncode == 1
    assert "nowhere" in result.stdout and "Traceback" not in result.stderr


# -- the command line itself -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(), ("asess",), ("assess",)])
def test_a_command_that_is_none_is_refused_with_what_there_is(arguments):
    result = triage(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert "usage:" in result.stderr


def test_help_names_every_command():
    told = triage("--help").stdout
    assert all(command in told for command in ("serve", "check", "questions", "assess", "explain"))


def test_a_reader_that_stops_listening_ends_the_program_quietly():
    program = subprocess.Popen(
        [sys.executable, "-m", "triage", "questions"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    program.stdout.close()
    assert program.communicate(timeout=60)[1] == b""
