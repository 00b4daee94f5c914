"""Every case of the rules, walked through the pages, comes out as on the command line."""

from __future__ import annotations

import pytest
from flask import Flask

from triage import cases, resources
from triage.knowledge import Urgency, load
from triage.knowledge.model import Case
from triage.sheet import make_sheet
from triage.whatif import for_patient

from .conftest import Person

CASES = load(resources.folder("rules")).cases


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_walked_through_the_pages_says_what_the_rules_say(app: Flask, case: Case) -> None:
    assessor = app.extensions["assessor"]
    result = cases.run(assessor, case)
    assert result.journey is not None and result.assessment is not None
    outlook = for_patient(assessor, result.journey, result.assessment)
    today = app.extensions["clock"]().astimezone().date()
    sheet = make_sheet(assessor.knowledge, result.assessment, result.journey, {}, outlook, today)
    person = Person(app, assessor.knowledge)
    person.starts()
    page = person.answers(result.journey.answers)
    if result.assessment.urgency != Urgency.EMERGENCY:
        assert page.h1 == "Check your answers"
    if not result.journey.stopped:
        page = person.get(person.url("summary"))
    assert sheet.heading.text in page.h1
    if result.assessment.urgency == Urgency.EMERGENCY:
        for reason in sheet.reasons:
            assert reason.because.text in page.text
        return
    on_screen = page.text + person.get(person.url("changes")).text
    paper = person.get(person.url("print")).text
    for shown in (on_screen, paper):
        text = _squeezed(shown)
        missing = [sentence.text for sentence in sheet.said if _squeezed(sentence.text) not in text]
        assert not missing, f"said, but not on the page: {missing}"


def _squeezed(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalpha())
