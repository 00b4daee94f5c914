"""Something fails, and the page that comes instead is never calmer than the result: an emergency still says to call."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from triage import cases
from triage.knowledge import Urgency

from .conftest import Person
from .test_pages import an_emergency, first_question, walked


def fails(*_: object, **__: object) -> None:
    """What somebody calls that is out of order."""
    raise MemoryError("provoked")


def walked_to_an_emergency_of_the_rules(person: Person) -> None:
    """Every question answered, and only the rules find the emergency."""
    assessor = person.client.application.extensions["assessor"]  # type: ignore[attr-defined]
    for case in person.knowledge.cases:
        path = cases.run(assessor, case).journey
        if case.urgency == Urgency.EMERGENCY and path and not path.stopped:
            person.starts()
            person.answers(path.answers)
            return
    raise AssertionError("every emergency is a tick")


@pytest.mark.parametrize(
    "broken",
    [
        "triage.web.views.handover.assess",
        "triage.web.views.handover.reopened",
        "triage.web.views.results.make_sheet",
        "triage.web.views.results.render_template",
        "triage.assessment.conclude",
        "triage.assessment.witness",
        "triage.engine.Engine.fired",
    ],
)
def test_an_emergency_that_the_rules_find_is_told_whatever_fails(
    person: Person, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    walked_to_an_emergency_of_the_rules(person)
    monkeypatch.setattr(broken, fails)
    page = person.get(person.url("summary"))
    assert "Call" in page.h1, page.h1


@pytest.mark.parametrize(
    "broken",
    [
        "triage.web.views.answering.journey.follow",
        "triage.web.views.answering.take",
        "triage.web.views.results.render_template",
        "triage.web.state.SealedCookies.open_session",
        "triage.web.state.SealedCookies.save_session",
    ],
)
def test_an_emergency_that_is_ticked_is_told_whatever_fails(
    person: Person, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    page = person.starts()
    data = {**page.fields(), first_question(person.knowledge).id: an_emergency(person.knowledge)}
    monkeypatch.setattr(broken, fails)
    page = person.post(page.action(), data)
    assert page.h1.startswith("Call") or "Call" in page.h1, page.h1
    assert "go back" not in page.text


def test_an_emergency_that_would_not_fit_is_told(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    person.starts()
    monkeypatch.setattr("triage.web.state.MOST_BYTES", 100)
    page = person.sends({first_question(person.knowledge).id: (an_emergency(person.knowledge),)})
    assert "Call" in page.h1


def test_a_result_whose_careful_page_fails_too_still_says_today(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked(person, Urgency.ROUTINE)
    monkeypatch.setattr("triage.web.views.results.render_template", fails)
    page = person.get(person.url("summary"))
    assert (page.status, page.h1) == (500, person.knowledge.dispositions[Urgency.SAME_DAY].heading)
    assert person.knowledge.notices["fail_safe"].text in page.text


def test_a_clock_that_is_set_back_loses_no_answers(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    walked(person, Urgency.ROUTINE)
    monkeypatch.setattr("triage.web.state.time", SimpleNamespace(time=lambda: time.time() - 3600))
    monkeypatch.setattr("cryptography.fernet.time", SimpleNamespace(time=lambda: time.time() - 3600))
    assert person.get(person.url("summary")).status == 200
