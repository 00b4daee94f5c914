"""Under rules that came later a code opens right or asks again, and never assumes; and what gives it its numbers."""

import tomllib
from datetime import timedelta
from itertools import product

import pytest

from tests import codes
from triage import resources
from triage.__main__ import main
from triage.assessment import Assessor, without_engine
from triage.exports import code
from triage.exports.reopening import OLD, changes, reopen
from triage.journey import follow
from triage.knowledge import Urgency, load, numbering, read

TODAY = codes.MADE
BOOK = 'why = "It counts.", sources = ["book"]'
HEALTH, PILL, DOSE = '  { id = "health", page', '{ id = "pill", text = "A pill" }', 'enable_when = { pill = "yes" }'
FOG = '{ id = "fog", text = "Fog" }, '
AGE = f'ordered = true, text = "Age?", {BOOK}, usual = '
CALM = {
    "alarm": ("none",), "signs": ("none",), "age": "adult", "where": ("chalk-toe",), "toe_pain": "no-pain",
    "health": ("none",),
}  # fmt: skip


def question(name):
    """A question more, on the page about health."""
    return f'  {{ id = "{name}", page = "health", type = "yes-no", text = "So?", usual = "no", {BOOK} }},\n'


def numbered(tiny_rules):
    """The tiny rules with their numbers."""
    assert main(["--rules", str(tiny_rules.folder), "numbering"]) == 0
    return load(tiny_rules.folder)


def sheet_of(knowledge, path):
    return code.handed(knowledge.numbering, path.answers, without_engine(knowledge, path.findings), TODAY)


# -- the numbering -----------------------------------------------------------------------------------------------------


def test_everything_in_the_real_rules_has_its_number(knowledge):
    assert not [*numbering.problems(knowledge)]
    assert numbering.additions(knowledge) == ""
    raw = tomllib.loads((resources.folder("rules") / numbering.FILE).read_text(encoding="utf-8"))
    assert sum(len(edition.get("question", ())) for edition in raw["numbered"]) == len(knowledge.numbering.questions)


def test_new_questions_and_options_are_named_by_check_and_numbered_by_one_command(tiny_rules):
    before = numbered(tiny_rules).numbering
    text = (tiny_rules.folder / numbering.FILE).read_bytes()
    tiny_rules.change("questions.toml", PILL, FOG + PILL)
    tiny_rules.change("questions.toml", HEALTH, question("tired") + HEALTH)
    told = [*numbering.problems(load(tiny_rules.folder))]
    assert any("tired: has no number" in line for line in told)
    assert any("health: fog has no number" in line and "python -m triage numbering" in line for line in told)
    after = numbered(tiny_rules).numbering
    assert (tiny_rules.folder / numbering.FILE).read_bytes().startswith(text)
    assert [question.id for question in after.questions] == [*(question.id for question in before.questions), "tired"]
    assert next(question for question in after.questions if question.id == "health").options[-1] == "fog"
    assert not [*numbering.problems(load(tiny_rules.folder))]


def test_what_has_no_number_cannot_be_handed_over_and_everything_else_can(tiny_rules):
    numbered(tiny_rules)
    tiny_rules.change("questions.toml", PILL, FOG + PILL)
    knowledge = load(tiny_rules.folder)
    with pytest.raises(code.CodeError, match="no number"):
        code.write(knowledge.numbering, sheet_of(knowledge, follow(knowledge, {**CALM, "health": ("fog",)})))
    assert code.write(knowledge.numbering, sheet_of(knowledge, follow(knowledge, CALM)))


def test_a_new_edition_gets_a_number_of_its_own(tiny_rules):
    numbered(tiny_rules)
    tiny_rules.change("edition.toml", '"tiny"', '"later"')
    assert any("'later'" in line and "no number" in line for line in numbering.problems(load(tiny_rules.folder)))
    assert [edition.version for edition in numbered(tiny_rules).numbering.editions] == ["tiny", "later"]


def test_a_question_that_changes_its_type_needs_a_new_id(tiny_rules):
    numbered(tiny_rules)
    tiny_rules.change(
        "questions.toml", '"dose", page = "more", type = "choice"', '"dose", page = "more", type = "multi"'
    )
    knowledge, _ = read(tiny_rules.folder)
    assert any("dose" in line and "new id" in line for line in numbering.problems(knowledge))


def test_a_numbering_that_was_spoilt_by_hand_is_refused_with_the_place(tiny_rules):
    numbered(tiny_rules)
    tiny_rules.change(numbering.FILE, "edition = 1\n", "edition = 2\n")
    assert any(line.startswith(numbering.FILE) and "must be 1" in line for line in tiny_rules.problems())


# -- under rules that came later ---------------------------------------------------------------------------------------

ADDED, GONE = (HEALTH, question("sleepy") + HEALTH), (question("tired"), "")
MORE, LESS = (PILL, PILL + ', { id = "cough", text = "Cough" }'), (FOG, "")
WHEN, USUAL = (DOSE, 'enable_when = { is_weak = "yes" }'), (AGE + '"adult"', AGE + '"old"')
LATER = {
    # what was changed, and who has to be asked again
    "nothing but the edition": ([], "nobody"),
    "a question added": ([ADDED], "everybody"),
    "a question removed": ([GONE], "nobody"),
    "an option added": ([MORE], "everybody"),
    "an option removed": ([LESS], "some"),
    "another question when": ([WHEN], "some"),
    "another ordinary answer": ([USUAL], "nobody"),
    "all of it": ([ADDED, GONE, MORE, LESS, WHEN, USUAL], "everybody"),
}


def everybody(knowledge):
    """Everybody who ticks one box of each list, or two of one, and gives any answer to single questions."""
    begun, ended = [{}], []
    while begun:
        answers = begun.pop()
        path = follow(knowledge, answers)
        if path.complete:
            ended.append(path)
            continue
        asked = [question for question in path.steps[-1].questions if question.id not in answers]
        for given in product(*map(ways, asked)):
            begun.append({**answers, **{asked[place].id: answer for place, answer in enumerate(given)}})
    return ended


def ways(question):
    if question.type != "multi":
        return question.allowed
    return [*((word,) for word in question.allowed), *[question.allowed[:2]] * (len(question.options) > 1)]


@pytest.mark.parametrize("name", LATER)
def test_a_code_under_later_rules_opens_right_or_asks_again_and_never_assumes(tiny_rules, name):
    tiny_rules.change("questions.toml", PILL, FOG + PILL)
    tiny_rules.change("questions.toml", HEALTH, question("tired") + HEALTH)
    then = numbered(tiny_rules)
    made = {code.write(then.numbering, sheet_of(then, path)): path for path in everybody(then)[::11]}
    assert len(made) > 300
    edits, who = LATER[name]
    for old, new in edits:
        tiny_rules.change("questions.toml", old, new)
    tiny_rules.change("edition.toml", '"tiny"', '"later"')
    now = numbered(tiny_rules)
    again = 0
    for typed, path in made.items():
        sheet = code.read(now.numbering, typed)
        assert sheet == sheet_of(then, path)
        opened = reopen(now, sheet, TODAY)
        assert (opened.version, opened.version_now) == ("tiny", "later")
        for question_id, answer in opened.answers.items():
            assert path.answers[question_id] == answer
            assert {*now.questions[question_id].allowed} <= {*then.questions[question_id].allowed}
        today = follow(now, opened.answers)
        assert {*today.answers} <= {*path.answers}
        again += not today.complete
    assert who == ("nobody" if not again else "some" if again < len(made) else "everybody")


def test_an_answer_that_can_no_more_be_given_is_asked_again(tiny_rules):
    tiny_rules.change("questions.toml", PILL, FOG + PILL)
    then = numbered(tiny_rules)
    sheet = sheet_of(then, follow(then, {**CALM, "health": ("fog",)}))
    tiny_rules.change("questions.toml", FOG, "")
    opened = reopen(numbered(tiny_rules), sheet, TODAY)
    assert {*sheet.answers} - {*opened.answers} == {"health"} and opened.asks_again


def test_newer_rules_do_not_undercut_a_sheet_unseen(tiny_rules):
    then = numbered(tiny_rules)
    path = follow(then, {**CALM, "signs": ("numb",)})
    sheet = sheet_of(then, path)
    assert sheet.urgency == Urgency.SOON
    tiny_rules.change("red-flags/signs.toml", '{ id = "numb", urgency = "soon"', '{ id = "numb", urgency = "routine"')
    now = load(tiny_rules.folder)
    opened = reopen(now, sheet, TODAY)
    path = follow(now, opened.answers)
    told = changes(now, opened, path, without_engine(now, path.findings))
    assert (told.then, told.now, told.untouched) == (Urgency.SOON, Urgency.ROUTINE, True)
    assert Assessor(now).assess(path.findings, opened.at_least(path)).urgency == Urgency.SOON
    mended = follow(now, {**opened.answers, "signs": ("none",)})
    assert opened.at_least(mended) == Urgency.SELF_CARE


def test_what_is_said_about_deposits_of_a_kind_is_compared(tiny_rules):
    then = numbered(tiny_rules)
    sheet = sheet_of(then, follow(then, CALM))
    assert sheet.categories
    tiny_rules.change("deposits/chalk-toe.toml", 'category = "often-resolves"', 'category = "harmless"')
    now = load(tiny_rules.folder)
    path = follow(now, CALM)
    (place,) = changes(now, reopen(now, sheet, TODAY), path, without_engine(now, path.findings)).places
    assert (place.place, place.then, place.now) == ("Toe", "often-resolves", "harmless")


def test_beside_an_alarm_nothing_is_told_about_what_deposits_do(tiny_rules):
    knowledge = numbered(tiny_rules)
    sheet = sheet_of(knowledge, follow(knowledge, CALM))
    alarmed = follow(knowledge, {**CALM, "signs": ("hot",)})
    told = changes(knowledge, reopen(knowledge, sheet, TODAY), alarmed, without_engine(knowledge, alarmed.findings))
    assert told.now == Urgency.SAME_DAY and not told.places and not told.untouched


def test_warning_signs_of_an_old_sheet_are_asked_again(knowledge, draw):
    sheet = codes.sheet_of(knowledge, codes.likely_person(knowledge, draw))
    signs = {question.id for question in knowledge.questions.values() if question.tick_wins} & {*sheet.answers}
    fresh = reopen(knowledge, sheet, TODAY + OLD)
    old = reopen(knowledge, sheet, TODAY + OLD + timedelta(1))
    assert signs and not fresh.old and {*fresh.answers} == {*sheet.answers}
    assert old.old and {*old.answers} == {*sheet.answers} - signs
