"""The privacy page: true to the settings and to the code, and two steps away from nowhere."""

from __future__ import annotations

from triage.exports.reopening import OLD
from triage.web import create_app
from triage.web.state import LIFETIME

from .conftest import Page, Person, audit


def read(environ: dict[str, str]) -> Page:
    """The page of a guide with these settings."""
    page = Page(create_app(environ).test_client().get("/privacy"))
    audit(page)
    return page


def test_the_start_page_and_the_foot_of_every_page_lead_to_it(person: Person) -> None:
    assert person.get("/").soup.select_one('main a[href="/privacy"]')
    for address in ("/", "/about", "/privacy", "/nowhere"):
        assert person.get(address).soup.select_one('footer a[href="/privacy"]'), address
    assert person.starts().soup.select_one('footer a[href="/privacy"]')


def test_what_it_says_of_times_is_what_the_guide_does(person: Person) -> None:
    page = person.get("/privacy")
    hours = f"{LIFETIME // 3600} hours"
    assert f"{hours} after your last answer" in page.text
    assert f"up to {hours}" in person.knowledge.notices["privacy"].text
    assert f"for {OLD.days} days" in page.text
    assert person.knowledge.notices["code_holds"].text in page.text


def test_a_shared_screen_says_after_how_many_minutes_it_clears(person: Person) -> None:
    kept = person.knowledge.notices["privacy_kiosk"].text
    assert kept not in person.get("/privacy").text
    for minutes, told in (("1", "after 1 minute,"), ("5", "after 5 minutes,")):
        page = read({"TRIAGE_KIOSK_IDLE_MINUTES": minutes})
        assert kept in page.text and told in page.text
        left = page.soup.select_one("#kiosk")
        assert left and left["data-idle"] == str(int(minutes) * 60)


def test_counts_are_told_only_where_they_are_kept(person: Person) -> None:
    told = person.knowledge.notices["privacy_counts"].text
    assert told not in person.get("/privacy").text
    assert told in read({"TRIAGE_METRICS_PORT": "9101"}).text


def test_it_names_who_is_responsible(person: Person) -> None:
    assert "Nobody is named yet." in person.get("/privacy").text
    page = read({"TRIAGE_DEPLOYER_NAME": "Hill Trust", "TRIAGE_CLINIC_PHONE": "+44 20 7946 0123"})
    assert "Hill Trust, phone +44 20 7946 0123" in page.text


def test_nothing_is_asked_that_could_say_who_somebody_is(person: Person) -> None:
    # There is nothing to type: every question is answered by choosing among its options, and none is about a name.
    assert all(question.allowed for question in person.knowledge.questions.values())
    assert {box["type"] for box in person.starts().inputs} <= {"radio", "checkbox", "hidden"}
