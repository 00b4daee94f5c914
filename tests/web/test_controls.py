"""What the hazard log (`rules/hazards.toml`) relies on and no other test checks."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask

from triage import cases
from triage.assessment import Assessor
from triage.knowledge import Knowledge, Urgency
from triage.knowledge.criteria import ALWAYS
from triage.knowledge.model import QUESTION_TYPES, NextStep, RedFlag, Treatment
from triage.sheet import make_sheet
from triage.web.state import LIFETIME, Run, SealedCookies

from .conftest import Person
from .test_pages import an_emergency, first_question, walked

# -- warning signs ---------------------------------------------------------------------------------------------------


def test_warning_signs_are_asked_of_everyone_and_before_any_place(knowledge: Knowledge) -> None:
    pages = [page.id for page in knowledge.pages]
    place = pages.index(knowledge.questions[knowledge.place_question].page)
    first = [question for page in pages[:2] for question in knowledge.page_questions[page]]
    assert place > 2
    assert all(question.tick_wins and question.enable_when == ALWAYS for question in first)
    assert {first_question(knowledge).id} < {question.id for question in first}


def test_a_general_warning_sign_counts_whatever_place_is_named(knowledge: Knowledge) -> None:
    about_places = {
        finding
        for question in knowledge.questions.values()
        if question.deposit or question.id == knowledge.place_question
        for finding in question.findings
    }
    general = [rule for rule in knowledge.of_kind(RedFlag) if not rule.deposit]
    assert len(general) > 50
    for rule in general:
        assert not about_places & {test.finding for test in rule.criterion.tests()}, rule.id


# -- what a sheet always or never says -------------------------------------------------------------------------------


def test_every_sheet_but_an_emergency_protects_medicines_and_appointments_and_says_who_filled_it_in(
    knowledge: Knowledge, assessor: Assessor
) -> None:
    always = {"do_not_stop", "keep_appointments", "not_checked"}
    seen = set()
    for case in knowledge.cases:
        result = cases.run(assessor, case)
        assert result.journey and result.assessment
        sheet = make_sheet(knowledge, result.assessment, result.journey, {})
        seen.add(sheet.urgency)
        if result.assessment.urgency != Urgency.EMERGENCY:
            assert always <= {sentence.rule for sentence in sheet.said}, case.id
    assert seen == {urgency.word for urgency in Urgency}


def test_no_treatment_and_no_next_step_names_a_dose(knowledge: Knowledge) -> None:
    dose = re.compile(
        r"\d[\d,.]*\s?(mg|milligrams?|micrograms?|g|grams?|ml|units?|tablets?|times a day)\b", re.IGNORECASE
    )
    assert dose.search("Take 100 micrograms")
    told = [text for kind in (Treatment, NextStep) for rule in knowledge.of_kind(kind) for text in rule.texts]
    assert len(told) > 300
    assert not [text for text in told if dose.search(text)]


def test_the_paper_says_when_it_was_made_under_which_rules_and_for_which_day(person: Person) -> None:
    walked(person, Urgency.ROUTINE)
    text = person.get(person.url("print")).text
    assert re.search(r"\d{1,2} \w+ 20\d\d, \d\d:\d\d UTC", text)
    assert person.knowledge.version in text
    assert "for today's symptoms only" in text


# -- whose answers, and how long -------------------------------------------------------------------------------------


def test_nothing_can_be_typed_so_nobody_can_be_named(knowledge: Knowledge, person: Person) -> None:
    assert {question.type for question in knowledge.questions.values()} <= set(QUESTION_TYPES)
    walked(person, Urgency.ROUTINE)
    kinds = {box["type"] for page in person.seen for box in page.inputs}
    assert kinds == {"hidden", "radio", "checkbox"}
    assert not [page.h1 for page in person.seen if page.soup.select("textarea, select, [contenteditable]")]


def test_answers_can_be_cleared_on_every_page_that_shows_or_asks_for_them_on_screen(person: Person) -> None:
    walked(person, Urgency.ROUTINE)
    person.get(person.url("summary"))
    person.get(person.url("nurse"))
    pages = person.seen
    person.starts()
    pages.append(person.sends({first_question(person.knowledge).id: (an_emergency(person.knowledge),)}))
    assert len(pages) > 8
    for page in pages:
        assert page.soup.select_one('form[action$="/clear"] button'), page.h1


def test_a_run_is_not_opened_after_its_hours(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    walked(person, Urgency.ROUTINE)
    assert person.get(person.url("summary")).status == 200
    later = SimpleNamespace(time=lambda: time.time() + LIFETIME + 2)
    monkeypatch.setattr("triage.web.state.time", later)
    assert LIFETIME == 4 * 60 * 60
    assert person.get(person.url("summary")).status == 410


def test_a_changed_key_keeps_running_journeys_as_long_as_the_former_one_is_named(app: Flask) -> None:
    run = Run("A" * 16, {"answers": {"x": "y"}}, found=True)
    sealed = SealedCookies(("former key",), secure=False).seal(run)
    for keys, found in ((("new key", "former key"), True), (("new key",), False)):
        with app.test_request_context(f"/run/{run.run_id}/1", headers={"Cookie": f"run-{run.run_id}={sealed}"}) as here:
            assert SealedCookies(keys, secure=False).open_session(app, here.request).found is found


# -- out of date -----------------------------------------------------------------------------------------------------


def test_from_the_day_after_the_review_was_due_every_page_on_screen_says_so(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = person.knowledge.notices["overdue"].text
    due = datetime.combine(person.knowledge.due, datetime.min.time()).astimezone()
    walked(person, Urgency.ROUTINE)
    for days, said in ((0, False), (1, True)):
        monkeypatch.setitem(person.client.application.extensions, "clock", lambda days=days: due + timedelta(days=days))
        for path in ("/", "/about", "/nowhere", person.url("1"), person.url("summary"), person.url("nurse")):
            assert (notice in person.get(path).response.text) is said, (days, path)
