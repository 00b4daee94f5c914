"""What is kept between requests is the same for everybody: nobody's answer, run or token stands on another's page."""

import re
from datetime import timedelta

import flask
import pytest
from flask import Flask

from triage.knowledge import Urgency
from triage.web.addresses import url_for
from triage.web.kept import NO_TOKEN

from .conftest import Person
from .test_pages import walked

OWN = re.compile(r'/run/[\w-]{16}/|(?<=name="csrf_token" value=")[^"]+')


def own(person: Person) -> set[str]:
    """What on the page belongs to one run only."""
    return set(OWN.findall(person.page.html))


def test_two_people_who_come_to_a_page_first_see_the_same_but_for_their_run_and_token(
    app: Flask, person: Person
) -> None:
    other = Person(app, person.knowledge)
    for somebody in (person, other):
        somebody.starts()
    assert OWN.sub("", person.page.html) == OWN.sub("", other.page.html)
    assert f"/run/{person.run}/" in own(person) and f"/run/{other.run}/" in own(other)
    assert len(own(person)) == len(own(other)) == 2 and own(person).isdisjoint(own(other))
    assert NO_TOKEN not in person.page.html + other.page.html


def test_a_form_from_a_kept_page_is_taken_with_its_own_token_and_with_no_other(app: Flask, person: Person) -> None:
    other = Person(app, person.knowledge)
    for somebody in (person, other):
        somebody.starts()
    first = next(iter(person.page.questions()))
    answers = {first: person.knowledge.questions[first].usual}
    assert other.sends(answers, csrf_token=person.page.fields()["csrf_token"]).status == 400
    assert person.sends(answers).status == 200


def test_what_somebody_answered_is_on_their_page_and_on_no_other(app: Flask, person: Person) -> None:
    walked(person, Urgency.ROUTINE)
    person.get(person.url("1"))
    assert person.page.soup.select("input[checked]")
    other = Person(app, person.knowledge)
    other.starts()
    assert not other.page.soup.select("input[checked]")


def test_a_page_is_kept_for_a_day(app: Flask, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = person.knowledge.notices["overdue"].text
    assert notice not in person.get("/").response.text
    late = app.extensions["clock"]() + (person.knowledge.due - app.extensions["clock"]().date()) + timedelta(2)
    monkeypatch.setitem(app.extensions, "clock", lambda: late)
    assert notice in person.get("/").response.text
    monkeypatch.undo()
    assert notice not in person.get("/").response.text


@pytest.mark.parametrize("mounted", ["", "/guide"])
def test_addresses_are_those_of_flask(app: Flask, mounted: str) -> None:
    values = {"run_id": "A" * 16, "number": 3, "deposit": "x", "digest": "0", "filename": "guide.css"}
    with app.test_request_context("/", base_url=f"http://localhost{mounted}"):
        for rule in app.url_map.iter_rules():
            given = {name: values[name] for name in sorted(rule.arguments)}
            for more in ({}, {"change": 1}, {"change": None}):
                assert url_for(rule.endpoint, **given, **more) == flask.url_for(rule.endpoint, **given, **more)
