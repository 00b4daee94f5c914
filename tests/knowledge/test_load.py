"""Whatever is wrong with the text of the rules is said: the file, the id, what is wrong, and what was probably meant.

Each fault is one change to the tiny rules, in which nothing is wrong. What no single file can know is in test_check.py.
"""

import json
import re
import shutil
import tomllib
from dataclasses import replace
from datetime import date, datetime

import pytest

from tests.conftest import TinyRules
from triage import cases, journey, resources
from triage.__main__ import assessment_json, questions_json
from triage.assessment import Assessor
from triage.errors import KnowledgeError
from triage.knowledge import AllOf, AnyOf, check, load, read
from triage.knowledge import Test as Is
from triage.knowledge.table import Table

FLAGS, QUESTIONS, SCOPE, TOE = "red-flags/signs.toml", "questions.toml", "scope.toml", "deposits/chalk-toe.toml"
NEW_TOE, LETTERS, DOES = "deposits/chalk-new-toe.toml", "letters.toml", "dispositions.toml"

# what is wrong: the file, what stands there, what stands there instead, the id in the message, what the message says
FAULTS = {
    "a finding that no question gives": (
        TOE, 'when = { toe_long = "yes" }', 'when = { toe_lang = "yes" }', "toe-stays", "'toe_lang'",
        "did you mean 'toe_long'"),
    "a finding in enable_when that no question gives": (
        TOE, '{ toe_pain = "slow" }', '{ toe_pane = "slow" }', "toe_long", "'toe_pane'", "did you mean 'toe_pain'"),
    "a value that the finding cannot have": (
        TOE, 'when = { toe_long = "yes" }', 'when = { toe_long = "yess" }', "toe-stays", "cannot be 'yess'",
        "did you mean 'yes'"),
    "a value that is no text": (TOE, 'when = { toe_long = "yes" }', "when = { toe_long = true }", "toe-stays",
        "in quotes", "yes"),
    "no value at all": (TOE, 'when = { toe_long = "yes" }', "when = { toe_long = [] }", "toe-stays", "'toe_long'",
        "yes, no, unsure"),
    "an empty criterion": (SCOPE, 'when = { pill = "yes" }', "when = {}", "pill-myth", "'when'", "must be a table"),
    "a source that nobody listed": (
        SCOPE, 'dose.", sources = ["book"]', 'dose.", sources = ["bok"]', "overdose", "'bok'", "did you mean 'book'"),
    "a question with a source that nobody listed": (
        TOE, 'Pain?", why = "It counts.", sources = ["book"]', 'Pain?", why = "It counts.", sources = ["bok"]',
        "toe_pain", "'bok'", "did you mean 'book'"),
    "a view with a source that nobody listed": (
        TOE, 'says = "It goes.", source = "book"', 'says = "It goes.", source = "bok"', "toe-dispute", "'bok'",
        "did you mean 'book'"),
    "an unknown urgency": (
        FLAGS, 'id = "numb", urgency = "soon"', 'id = "numb", urgency = "son"', "numb", "'urgency' is 'son'",
        "did you mean 'soon'"),
    "an unknown category": (
        TOE, '"often-resolves"', '"often-resolve"', "toe-goes", "'often-resolve'", "did you mean 'often-resolves'"),
    "an unknown strength of evidence": (
        TOE, 'evidence = "weak"', 'evidence = "week"', "toe-rest", "'evidence' is 'week'", "did you mean 'weak'"),
    "an unknown kind of question": (
        TOE, 'type = "yes-no"', 'type = "yes-now"', "toe_long", "'type' is 'yes-now'", "did you mean 'yes-no'"),
    "an unknown status": (
        SCOPE, 'myth = "They do."', 'myth = "They do.", status = "signed of"', "pill-myth",
        "did you mean 'signed off'"),
    "an unknown kind of source": (
        "sources.toml", '"review"', '"revue"', "book", "'kind' is 'revue'", "did you mean 'review'"),
    "an address that is none": ("sources.toml", "https://", "ftp://", "book", "'url' must start with https://"),
    "a page that nobody listed": (
        TOE, 'page = "toe-2"', 'page = "toe-3"', "toe_long", "the page 'toe-3' is not known", "did you mean 'toe-2'"),
    "a red flag that asks within an unknown question": (
        FLAGS, 'question = "alarm"', 'question = "alarms"', "heart-pain", "'alarms'", "did you mean 'alarm'"),
    "a red flag that never says when": (
        FLAGS, ', ask = { question = "signs", text = "Numb" }', "", "numb", "needs 'when' or 'ask'"),
    "a usual answer that is no option": (
        TOE, 'usual = "slow"', 'usual = "slov"', "toe_pain", "'slov', which is no option", "did you mean 'slow'"),
    "an enable_when on the same page": (
        TOE, 'page = "toe-2"', 'page = "toe"', "toe_long", "'toe_pain'", "page 'toe'", "later page"),
    "an enable_when about a later page": (
        QUESTIONS, '"Sign?", ', '"Sign?", enable_when = { is_weak = "yes" }, ', "signs", "'is_weak'", "page 'health'",
        "later page"),
    "an order where there is none": (
        TOE, 'when = { toe_pain = "sudden" }', 'when = { toe_pain = { at_least = "sudden" } }', "toe-sudden",
        "'at_least' does not fit",
        "ordered = true"),
    "an order between yes and no": (
        TOE, 'when = { toe_long = "yes" }', 'when = { toe_long = { at_most = "yes" } }', "toe-stays",
        "'at_most' does not fit"),
    "is_not where the answers are yes and no": (
        SCOPE, '{ pill = "yes" }', '{ pill = { is_not = "yes" } }', "pill-myth", "'is_not' does not fit 'pill'"),
    "an unknown operator": (
        SCOPE, 'when = { age = "child" }', 'when = { age = { at_leest = "old" } }', "young", "at_leest",
        "use at_least, at_most or is_not"),
    "two operators at once": (
        SCOPE, 'when = { age = "child" }', 'when = { age = { at_least = "old", at_most = "old" } }', "young",
        "unknown test"),
    "an operator with an unknown option": (
        SCOPE, 'when = { age = "child" }', 'when = { age = { at_least = "adullt" } }', "young", "'adullt'",
        "did you mean 'adult'"),
    "any inside any": (
        TOE, '{ toe_long = ["no", "unsure"] }', '{ any = [{ toe_long = "no" }, { toe_long = "unsure" }] }', "toe-goes",
        "nested too deeply", "'any'"),
    "any of only one": (
        SCOPE, '{ pill = "yes" }', '{ any = [{ pill = "yes" }] }', "pill-myth", "'any'", "at least two"),
    "HTML in a text": (TOE, '"It is chalk."', '"It is <b>chalk</b>."', "deposit", "'about' contains HTML"),
    "HTML in a list of texts": (
        "dispositions.toml", 'if routine fails."', 'if <b>routine</b> fails."', "do-routine",
        "'safety_net' contains HTML"),
    "a placeholder that nobody fills": (
        SCOPE, "Ask a doctor first.", "Ask {clinc} first.", "young", "'{clinc}'", "did you mean 'clinic'"),
    "a placeholder that nobody fills in a list of texts": (
        "dispositions.toml", "{emergency_number} if routine", "{emergncy_number} if routine", "do-routine",
        "'{emergncy_number}'", "did you mean 'emergency_number'"),
    "a safety net without a day": (
        DOES, 'if routine fails."]\nby_days = 7', 'if routine fails."]', "do-routine", "the key 'by_days' is missing"),
    "a safety net without what to do on the day": (
        DOES, 'if routine fails."]\nby_days = 7\nby_then = "Ask again on {by_date}."',
        'if routine fails."]\nby_days = 7', "do-routine", "the key 'by_then' is missing"),
    "a safety net that does not name its day": (
        DOES, 'if routine fails."]\nby_days = 7\nby_then = "Ask again on {by_date}."',
        'if routine fails."]\nby_days = 7\nby_then = "Ask again."', "do-routine", "{by_date}"),
    "a day too far away to be remembered": (
        DOES, 'if routine fails."]\nby_days = 7', 'if routine fails."]\nby_days = 61', "do-routine", "0 (today) to 60"),
    "a day that is over": (
        DOES, 'if routine fails."]\nby_days = 7', 'if routine fails."]\nby_days = -1', "do-routine", "0 (today) to 60"),
    "a day in an emergency": (
        DOES, 'if emergency fails."]', 'if emergency fails."]\nby_days = 1', "do-emergency", "'by_days' is not known"),
    "a day where no day can stand": (
        DOES, '["Call {emergency_number} if routine', '["Call on {by_date} if routine', "do-routine", "'{by_date}'"),
    "an empty text": (TOE, '"Which toe is it?"', '" "', "toe-ask", "'text' is empty"),
    "a missing text": (TOE, 'text = "Which toe is it?", ', "", "toe-ask", "the key 'text' is missing"),
    "a number in quotes": (TOE, "order = 10", 'order = "10"', "deposit", "'order' must be a whole number", "'10'"),
    "a date in quotes": (TOE, "due = 2027-01-01", 'due = "2027-01-01"', "deposit", "'due' must be a date"),
    "a date with a time": (TOE, "due = 2027-01-01", "due = 2027-01-01T10:00:00", "deposit", "'due' must be a date"),
    "a yes in quotes": (FLAGS, "stops = true", 'stops = "yes"', "heart-pain", "'stops' must be true or false"),
    "an id with capitals": (TOE, '"toe-ask"', '"Toe-ask"', "Toe-ask", "joined by hyphens"),
    "a rule with underscores": (TOE, '"toe-ask"', '"toe_ask"', "toe_ask", "joined by hyphens"),
    "a finding with hyphens": (QUESTIONS, 'id = "is_weak"', 'id = "is-weak"', "is-weak", "joined by underscores"),
    "an answer word as id": (TOE, 'id = "sudden"', 'id = "unsure"', "unsure", "cannot be an id"),
    "a rule's id used twice": (FLAGS, 'id = "numb", urgency', 'id = "toe-sudden", urgency', "toe-sudden",
        "already used in", TOE),
    "a deposit's id used for a rule": (
        SCOPE, 'id = "pill-myth"', 'id = "chalk-toe"', "chalk-toe", "already used in", TOE),
    "a question's id used twice": (QUESTIONS, 'id = "dose"', 'id = "age"', "age", "already used in", QUESTIONS),
    "an option's id that is a finding already": (
        QUESTIONS, 'id = "is_weak"', 'id = "hot"', "health", "'hot'", "already used in", QUESTIONS),
    "a page's id used twice": (QUESTIONS, '"more", title', '"now", title', "now", "already used in", QUESTIONS),
    "a case's id used twice": (SCOPE, 'id = "bit"', 'id = "lot"', "lot", "already used in", SCOPE),
    "an option that stands there twice": (TOE, 'id = "sudden"', 'id = "slow"', "toe_pain", "'slow' stands there twice"),
    "a question with one option": (
        QUESTIONS, ', { id = "much", text = "Lot" }', "", "dose", "at least two options"),
    "a yes-no question with options": (
        TOE, '"For long?", ', '"For long?", option = [{ id = "ages", text = "Ages" }], ', "toe_long", "no options"),
    "none of these where only one can be chosen": (
        TOE, '"For long?", ', '"For long?", none = "None", ', "toe_long", "only a multi question has 'none'"),
    "nobody may be unsure, and nobody says why": (
        QUESTIONS, ', no_unsure_because = "A place is known."', "", "where", "'no_unsure_because'"),
    "a disagreement with one view": (
        TOE, ', { who = "B", says = "It stays.", source = "book" }', "", "toe-dispute", "at least two"),
    "a notice that no page has a place for": (
        "notices.toml", 'id = "footer"', 'id = "foter"', "foter", "no page has a place", "did you mean 'footer'"),
    "a case that answers an unknown question": (
        SCOPE, 'answers = { age = "child" }', 'answers = { aeg = "child" }', "small", "'aeg'", "did you mean 'age'"),
    "a case that gives an unknown answer": (
        SCOPE, 'answers = { age = "child" }', 'answers = { age = "chid" }', "small", "'chid'", "did you mean 'child'"),
    "a case that names an unknown rule": (
        SCOPE, 'near_miss = ["overdose", ', 'near_miss = ["overdos", ', "bit", "'overdos'", "did you mean 'overdose'"),
    "a case about an unknown deposit": (
        TOE, "{ toe_pain = \"unsure\" }, ", '{ toe_pain = "unsure" }, reversibility = { chalk-to = "treatable" }, ',
        "toe-5", "'chalk-to'", "did you mean 'chalk-toe'"),
    "a case that expects an unknown category": (
        TOE, "{ toe_pain = \"unsure\" }, ", '{ toe_pain = "unsure" }, reversibility = { chalk-toe = "treatible" }, ',
        "toe-5", "'treatible'", "did you mean 'treatable'"),
    "a word on letters that leads to an unknown place": (
        LETTERS, 'place = "chalk-toe"', 'place = "chalk-tow"', "letter-chalk", "'chalk-tow'",
        "did you mean 'chalk-toe'"),
    "a word on letters that stands there twice": (
        LETTERS, '["limy", "chalky"]', '["limy", "Limy"]', "letter-chalk", "'limy'", "already used"),
    "a claim of an unknown article": (
        LETTERS, 'seed = "book"', 'seed = "bok"', "toe-claim", "'bok'", "did you mean 'book'"),
    "a claim dealt with by an unknown rule": (
        LETTERS, '["toe-goes"]', '["toe-goas"]', "toe-claim", "'toe-goas'", "did you mean 'toe-goes'"),
    "a claim that no rule deals with": (LETTERS, '["toe-goes"]', "[]", "toe-claim", "'dealt_with_by'", "left-out"),
    "an unknown severity": (
        LETTERS, 'severity = "minor"', 'severity = "minour"', "chalk-dust", "'severity' is 'minour'",
        "did you mean 'minor'"),
    "an unknown likelihood": (
        LETTERS, 'likelihood_before = "high"', 'likelihood_before = "hihg"', "chalk-dust",
        "'likelihood_before' is 'hihg'", "did you mean 'high'"),
    "a hazard that grows with its controls": (
        LETTERS, '"low", likelihood_after = "low"', '"low", likelihood_after = "high"', "chalk-fall",
        "higher than before"),
    "a hazard without controls": (
        LETTERS, ', control = [{ what = "A rail.", status = "not done yet" }]', "", "chalk-fall",
        "the key 'control' is missing"),
    "a hazard's id used twice": (
        LETTERS, '"chalk-fall"', '"chalk-dust"', "chalk-dust", "already used in", LETTERS),
    "a control with an unknown status": (
        LETTERS, '"not built yet"', '"not build yet"', "chalk-dust: control 2", "did you mean 'not built yet'"),
    "a control that nothing verifies": (
        LETTERS, ', status = "not built yet"', "", "chalk-dust: control 2", "'verified_by'", '"not built yet"'),
    "a control that is not there and verified": (
        LETTERS, 'status = "not built yet"', 'status = "not built yet", verified_by = ["property:lid"]',
        "chalk-dust: control 2", "'not built yet'", "leave out"),
    "a control verified by what is no test": (
        LETTERS, '"tests/web/test_mask.py::test_it"', '"test_it"', "chalk-dust: control 1", "'test_it'",
        "tests/test_file.py::test_name"),
    "a control verified by what is no property": (
        LETTERS, '"property:lid"', '"propertie:lid"', "chalk-dust: control 3", "'propertie:lid'", "property:<id>"),
    "a word in capitals that is none of its words": (
        LETTERS, '"chalky"]', '"chalky"], in_capitals = ["LIMY"]', "letter-chalk", "'LIMY'",
        "none of its words"),
    "a word that may be about a place that is not known": (
        LETTERS, 'place = "chalk-toe"', 'may_be = ["chalk-to"]', "letter-chalk", "'chalk-to'",
        "did you mean 'chalk-toe'"),
    "a word that tells the place and does not": (
        LETTERS, 'place = "chalk-toe"', 'place = "chalk-toe", may_be = ["chalk-toe"]', "letter-chalk", "'may_be'"),
    "an unknown verdict": (
        LETTERS, '"corrected"', '"correct"', "toe-claim", "'verdict' is 'correct'", "did you mean 'corrected'"),
}  # fmt: skip


@pytest.fixture
def tiny_rules(tiny_rules):
    """The tiny rules, and what only the pages about letters, articles and hazards need."""
    tiny_rules.write(
        LETTERS,
        'word = [{ id = "letter-chalk", words = ["limy", "chalky"], place = "chalk-toe", sources = ["book"], '
        'meaning = "It is chalk." }]\nclaim = [{ id = "toe-claim", seed = "book", says = "It goes.", '
        'verdict = "corrected", dealt_with_by = ["toe-goes"], because = "It may." }]\n'
        'hazard = [{ id = "chalk-dust", hazard = "Dust.", cause = "Chalk.", harm = "A cough.", severity = "minor", '
        'likelihood_before = "high", likelihood_after = "low", control = [{ what = "A mask.", verified_by = '
        '["tests/web/test_mask.py::test_it"] }, { what = "A lid.", status = "not built yet" }, { what = "A proof.", '
        'verified_by = ["property:lid"] }] }, { id = "chalk-fall", hazard = "A fall.", cause = "Wax.", harm = "Ow.", '
        'severity = "major", likelihood_before = "low", likelihood_after = "low", control = [{ what = "A rail.", '
        'status = "not done yet" }] }]\n',
    )
    return tiny_rules


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_place_and_what_was_probably_meant(tiny_rules, fault):
    file, old, new, where, *said = FAULTS[fault]
    tiny_rules.change(file, old, new)
    problems = tiny_rules.problems()
    assert any(told(line, file, where, said) for line in problems), problems


def told(line, file, where, said):
    """Whether a message names the file, then the id or a part of it, then all that is to be said."""
    return re.match(rf"{re.escape(file)}: ([\w-]+: )?{where}(?![\w-])", line) and all(part in line for part in said)


def test_the_tiny_rules_have_no_fault_so_that_each_test_breaks_exactly_one_thing(tiny_rules):
    assert tiny_rules.problems() == []


def test_load_gives_every_fault_at_once_one_line_each(tiny_rules):
    tiny_rules.change(TOE, '"Which toe is it?"', "5")
    tiny_rules.change(SCOPE, 'at_least = "routine"', 'at_least = "routin"')
    with pytest.raises(KnowledgeError) as caught:
        load(tiny_rules.folder)
    assert str(caught.value).splitlines() == list(caught.value.problems)
    assert {problem.split(": ")[1] for problem in caught.value.problems} == {"toe-ask", "young"}


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [QUESTIONS, TOE])
@pytest.mark.parametrize("text", ["page = [", "page = 1\npage = 2", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_named_and_the_others_are_still_read(tiny_rules, file, text):
    (tiny_rules.folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert any(line.startswith(f"{file}: this is not readable TOML") for line in read(tiny_rules.folder)[1])


def test_an_empty_folder_is_a_fault_and_no_knowledge_without_rules(tmp_path):
    assert any(line.startswith(f"{tmp_path.name}: there are no .toml files") for line in read(tmp_path)[1])


@pytest.mark.parametrize("file", ["edition.toml", "words.toml"])
def test_without_edition_or_words_the_file_that_should_hold_them_is_named(tiny_rules, file):
    (tiny_rules.folder / file).unlink()
    assert any(line.startswith(f"{file}: ") and "missing" in line for line in tiny_rules.problems())


def test_a_table_nobody_knows_is_named_with_the_one_that_was_meant(tiny_rules):
    tiny_rules.change(FLAGS, "red_flag = [", "red_flags = [")
    assert f"{FLAGS}: the table 'red_flags' is not known; did you mean 'red_flag'?" in tiny_rules.problems()


def test_one_bracket_where_two_belong_is_said_with_the_right_spelling(tiny_rules):
    tiny_rules.write("more.toml", '[red_flag]\nid = "cold"\n')
    assert any(line.startswith("more.toml: ") and "[[red_flag]]" in line for line in tiny_rules.problems())


def test_a_deposit_must_stand_in_a_file_of_its_own(tiny_rules):
    text = (tiny_rules.folder / TOE).read_text()
    (tiny_rules.folder / TOE).unlink()
    tiny_rules.write("chalk-toe.toml", text)
    assert any(line.startswith("chalk-toe.toml: deposit: ") and "deposits/" in line for line in tiny_rules.problems())


def test_a_file_among_the_deposits_without_a_deposit_is_a_fault(tiny_rules):
    tiny_rules.write("deposits/notes.toml", 'next_step = [{ id = "go", text = "Go.", sources = ["book"] }]')
    assert "deposits/notes.toml: the table [deposit] is missing" in tiny_rules.problems()


@pytest.mark.parametrize("kind", ["reversibility", "treatment"])
def test_what_only_a_deposit_can_have_is_refused_elsewhere(tiny_rules, kind):
    table = tomllib.loads((tiny_rules.folder / TOE).read_text())[kind][0] | {"id": "for-all"}
    tiny_rules.write("more.toml", toml({kind: [table]}))
    assert any(told(line, "more.toml", "for-all", ["belongs to a deposit"]) for line in tiny_rules.problems())


def test_the_version_names_exactly_one_text_wherever_it_lies(tiny_rules, tmp_path):
    first = load(tiny_rules.folder).version
    shutil.copytree(tiny_rules.folder, tmp_path / "elsewhere")
    assert load(tmp_path / "elsewhere").version == first
    tiny_rules.change(TOE, "Which toe is it?", "Which toe was it?")
    assert load(tiny_rules.folder).version != first


# -- what a criterion says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('{ pill = "yes" }', Is("pill", ("yes",))),
        ('{ pill = ["no", "unsure"] }', Is("pill", ("no", "unsure"))),
        ('{ age = { at_least = "adult" } }', Is("age", ("adult", "old"))),
        ('{ age = { at_most = "adult" } }', Is("age", ("child", "adult"))),
        ('{ age = { is_not = "adult" } }', Is("age", ("child", "old", "unsure"))),
        ('{ pill = "yes", age = "old" }', AllOf((Is("pill", ("yes",)), Is("age", ("old",))))),
        (
            '{ age = "old", any = [{ pill = "yes" }, { is_weak = "yes", pill = "no" }] }',
            AllOf(
                (
                    Is("age", ("old",)),
                    AnyOf((Is("pill", ("yes",)), AllOf((Is("is_weak", ("yes",)), Is("pill", ("no",)))))),
                )
            ),
        ),
    ],
)
def test_a_criterion_means_what_the_guide_for_authors_says(tiny_rules, written, read):
    tiny_rules.change(SCOPE, 'when = { pill = "yes" }', f"when = {written}")
    assert load(tiny_rules.folder).rules["pill-myth"].criterion == read


def test_in_the_file_of_a_deposit_every_criterion_also_asks_that_it_was_named(tiny_rules):
    rules = load(tiny_rules.folder).rules
    named = Is("chalk_toe", ("yes",))
    assert rules["toe-walk"].criterion == rules["chalk-toe"].criterion == named
    assert rules["toe-stays"].criterion == AllOf((named, Is("toe_long", ("yes",))))


# -- whatever is written, something is said ----------------------------------------------------------------------------


def toml(raw):
    """A TOML file with this in it."""

    def inline(value):
        match value:
            case dict():
                return "{ " + ", ".join(f"{json.dumps(key)} = {inline(inner)}" for key, inner in value.items()) + " }"
            case list():
                return "[" + ", ".join(map(inline, value)) + "]"
            case date():
                return value.isoformat()
            case _:
                return json.dumps(value)

    return "\n".join(f"{json.dumps(key)} = {inline(value)}" for key, value in raw.items())


def places(raw, path=()):
    """The way to every key and every item of a list in a file, tables and their keys alike."""
    for key, value in raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ():
        yield (*path, key)
        yield from places(value, (*path, key))


def broken_copies(tiny_rules, change):
    """Each kind of place in turn, changed by `change(parent, key)`: the file, the place, what is said then."""
    for file in ("notices.toml", "dispositions.toml"):  # one of many alike is enough, and quicker
        tiny_rules.write(file, (tiny_rules.folder / file).read_text().split("\n[[")[0])
    for path in sorted(tiny_rules.folder.rglob("*.toml")):
        text = path.read_text()
        found = places(tomllib.loads(text))
        kinds = {tuple(key if isinstance(key, str) else 0 for key in place): place for place in found}
        for place in kinds.values():
            raw = parent = tomllib.loads(text)
            for key in place[:-1]:
                parent = parent[key]
            if change(parent, place[-1]) is False:
                continue
            path.write_text(toml(raw))
            yield path.relative_to(tiny_rules.folder).as_posix(), place, read(tiny_rules.folder)[1]
        path.write_text(text)


def test_a_misspelt_key_is_an_error_not_a_missing_rule(tiny_rules):
    def misspell(parent, key):
        if not isinstance(parent, dict):
            return False
        parent[f"{key}x"] = parent.pop(key)

    for file, place, problems in broken_copies(tiny_rules, misspell):
        named = [line for line in problems if line.startswith(f"{file}: ") and f"'{place[-1]}x'" in line]
        assert named, f"nobody notices {place} in {file} when it is misspelt: {problems}"
        if len(place[-1]) > 2:
            assert f"did you mean '{place[-1]}'?" in " ".join(named), f"what was meant is not said: {named}"


@pytest.mark.parametrize("wrong", [5, {"x": 1}, [5], datetime(2026, 1, 1)], ids=repr)
def test_a_value_of_the_wrong_type_is_a_fault_of_that_file_and_never_a_crash(tiny_rules, wrong):
    def put(parent, key):
        if type(parent[key]) is type(wrong):
            return False
        parent[key] = wrong

    for file, place, problems in broken_copies(tiny_rules, put):
        assert any(line.startswith(f"{file}: ") for line in problems), f"{place} in {file} may be {wrong!r}"


@pytest.mark.parametrize("nothing", [[], "", None], ids=["empty list", "empty text", "left out"])
def test_a_value_that_is_empty_or_left_out_is_never_a_crash(tiny_rules, nothing):
    def empty(parent, key):
        if nothing is None:
            del parent[key]
        else:
            parent[key] = nothing

    for file, place, problems in broken_copies(tiny_rules, empty):
        assert all(re.match(r"[\w/.-]+: .", line) for line in problems), f"{place} in {file}: {problems}"


# -- the guide for authors ---------------------------------------------------------------------------------------------


def test_every_key_that_is_accepted_stands_in_the_guide_for_authors(tiny_rules, monkeypatch):
    accepted = {}
    done = Table.done

    def note(table):
        accepted.setdefault(table.kind.rpartition(": ")[2], set()).update(table.used)
        done(table)

    monkeypatch.setattr(Table, "done", note)
    load(tiny_rules.folder)
    guide = (resources.folder("rules") / "README.md").read_text(encoding="utf-8")
    examples = [line for line in guide.splitlines() if line.startswith("    ")]
    code = "\n".join([*re.findall(r"`([^`]+)`", guide), *examples])
    missing = {
        f"[{kind}] {key}"
        for kind, keys in accepted.items()
        for key in keys
        if not re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", code)
    }
    assert not missing, f"rules/README.md does not name these keys: {', '.join(sorted(missing))}"


# -- the hazard log ----------------------------------------------------------------------------------------------------


def test_a_hazard_has_its_risk_from_its_words_and_tells_tests_from_properties(tiny_rules):
    dust, fall = load(tiny_rules.folder).hazards
    assert (dust.risk_before, dust.risk_after) == (2, 1)
    assert (fall.risk_before, fall.risk_after) == (3, 3)
    mask, lid, proof = dust.controls
    assert (mask.status, mask.tests, mask.properties) == ("verified", ("tests/web/test_mask.py::test_it",), ())
    assert (lid.status, lid.tests, lid.properties) == ("not built yet", (), ())
    assert (proof.status, proof.tests, proof.properties) == ("verified", (), ("lid",))


# -- adding a deposit --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grown(tmp_path_factory, knowledge):
    """The real rules and one file more: the deposit of the tiny rules, its ids and its source made to fit."""
    tiny = TinyRules(tmp_path_factory.mktemp("tiny"))
    raw = tomllib.loads((tiny.folder / TOE).read_text().replace("toe", "new-toe").replace("new-toe_", "newtoe_"))
    raw = json.loads(json.dumps(raw, default=str).replace('"book"', f'"{min(knowledge.sources)}"'))
    raw["deposit"] |= {"reviewed": knowledge.reviewed, "due": knowledge.due}
    own = [case for case in raw["case"] if "alarm" not in case["answers"]]
    raw["case"] = [*own, {"id": "new-toe-dull", "story": "Nia", "answers": {}, "urgency": "self-care"}]
    for case in raw["case"]:
        case["answers"][knowledge.place_question] = ["chalk-new-toe"]
    folder = tmp_path_factory.mktemp("grown") / "rules"
    shutil.copytree(resources.folder("rules"), folder)
    (folder / NEW_TOE).write_text(toml(raw))
    return load(folder)


def test_a_deposit_is_added_by_adding_one_file_and_nothing_else(grown):
    assert [*check.problems(grown, grown.dated), *check.unproven(grown)] == []
    own = tuple(case for case in grown.cases if case.file == NEW_TOE)
    found = cases.problems(Assessor(replace(grown, cases=own)))
    assert own and [line for line in found if line.startswith(NEW_TOE)] == []


def test_an_added_deposit_is_offered_as_a_place_in_its_order(grown):
    pages = questions_json(grown)["pages"]
    options = next(q["options"] for page in pages for q in page["questions"] if q["id"] == grown.place_question)
    assert {"id": "chalk-new-toe", "text": grown.deposits["chalk-new-toe"].place} in options
    orders = [grown.deposits[option["id"]].order for option in options]
    assert orders == sorted(orders)


def test_an_added_deposit_asks_its_questions_of_those_who_named_it_and_of_nobody_else(grown, knowledge):
    own = [question.id for question in grown.questions.values() if question.deposit == "chalk-new-toe"]
    named = journey.with_usual(grown, {grown.place_question: ("chalk-new-toe",)})
    other = journey.with_usual(grown, {grown.place_question: (next(iter(knowledge.deposits)),)})
    assert own and set(own) <= {question.id for question in named.questions}
    assert not set(own) & {question.id for question in other.questions}


def test_an_added_deposit_gets_its_category(grown):
    path = journey.with_usual(grown, {grown.place_question: ("chalk-new-toe",), "newtoe_long": "yes"})
    result = assessment_json(grown, path, Assessor(grown).assess(path.findings))
    assert result["deposits"] == [{"id": "chalk-new-toe", "reversibility": "treatable", "withheld": None}]
