"""Shared devices: answers can be cleared wherever they are, and a kiosk clears them by itself when nobody is there."""

from __future__ import annotations

import pytest
from flask import Flask

from triage import resources
from triage.errors import EngineError
from triage.knowledge import Knowledge, Urgency
from triage.web import create_app

from .conftest import Page, Person
from .test_pages import an_emergency, first_question, walked

IDLE = 3


@pytest.fixture(scope="module")
def kiosk(knowledge: Knowledge) -> Flask:
    """The application at a kiosk."""
    app = create_app({"TRIAGE_KIOSK_IDLE_MINUTES": str(IDLE), "TRIAGE_CLINIC_URL": "https://hill.example.org"})
    app.testing = False
    return app


@pytest.fixture
def visitor(kiosk: Flask) -> Person:
    """Somebody on the start page of the kiosk."""
    return Person(kiosk, kiosk.extensions["assessor"].knowledge)


def run_pages(person: Person) -> list[Page]:
    """Every kind of page that somebody can see inside a run, those after a failure among them."""
    walked(person, Urgency.ROUTINE)
    pages = [person.get(person.url(name)) for name in ("1", "check", "summary", "changes", "code", "nurse", "nowhere")]
    sheet = person.client.get(person.url("print"))
    pages.append(Page(sheet))
    with pytest.MonkeyPatch.context() as patched:

        def fails(*_: object, **__: object) -> None:
            raise EngineError("out of order")

        patched.setattr("triage.web.views.results.make_sheet", _fail_once())
        pages.append(person.get(person.url("summary")))
        patched.setattr("triage.web.views.answering.last_change", fails)
        pages.append(person.get(person.url("check")))
    question = first_question(person.knowledge)
    person.get(person.url("1"))
    pages.append(person.sends({}))
    person.get(person.url("1"))
    pages.append(person.sends({question.id: ("none",)}, **{"csrf_token": "forged"}))
    pages.append(person.sends({question.id: (an_emergency(person.knowledge),)}))
    pages.append(person.post(person.url("1"), {"page": "x" * 20_000}))
    person.client.delete_cookie(f"run-{person.run}", path=f"/run/{person.run}")
    pages.append(person.get(person.url("summary")))
    statuses = [page.status for page in pages]
    assert statuses == [200, 200, 200, 200, 200, 200, 404, 200, 200, 500, 422, 400, 200, 413, 410], statuses
    assert "could not work out" in pages[8].text
    assert pages[12].h1.startswith("Immediate action required")
    return pages


def _fail_once() -> object:
    from triage.sheet import make_sheet

    calls = iter((True,))

    def fails_first(*given: object, **named: object) -> object:
        if next(calls, False):
            raise EngineError("out of order")
        return make_sheet(*given, **named)  # type: ignore[arg-type]

    return fails_first


# -- clearing ----------------------------------------------------------------------------------------------------------


def test_every_page_of_a_run_can_clear_it_also_the_paper_the_emergency_and_the_failures(person: Person) -> None:
    for page in run_pages(person):
        forms = page.soup.select(f'form[method="post"][action="{person.url("clear")}"]')
        assert len(forms) == 1, page.h1
        assert forms[0].button is not None
        assert forms[0].button.get_text() == "Clear my answers"


def test_pages_outside_a_run_have_nothing_to_clear(person: Person) -> None:
    for path in ("/", "/about", "/cleared", "/nowhere", "/run/short/1"):
        assert not person.get(path).soup.select('form[action$="/clear"]'), path


def test_clearing_one_run_leaves_the_run_of_a_second_person_in_a_second_tab(app: Flask, person: Person) -> None:
    other = Person(app, person.knowledge)
    other.client = person.client
    walked(other, Urgency.SAME_DAY)
    walked(person, Urgency.ROUTINE)
    answer = person.client.post(person.url("clear"))
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert person.get(person.url("check")).status == 410
    assert other.get(other.url("check")).status == 200


# -- the kiosk ---------------------------------------------------------------------------------------------------------


def test_outside_a_kiosk_nothing_of_it_is_there(person: Person) -> None:
    for page in run_pages(person):
        assert "kiosk" not in page.html
        assert 'http-equiv="refresh"' not in page.html
    for name in ("still-there", "left"):
        assert person.get(person.url(name)).status == 404
    walked(person, Urgency.ROUTINE)
    person.get(person.url("left"))
    assert person.get(person.url("check")).status == 200, "the address that clears is only there at a kiosk"


def test_at_a_kiosk_every_page_of_a_run_asks_before_it_clears_with_and_without_javascript(visitor: Person) -> None:
    for page in run_pages(visitor):
        (dialog,) = page.soup.select("dialog[role=alertdialog]")
        assert visitor.knowledge.notices["kiosk_idle"].text in dialog.get_text()
        assert dialog.select_one("button[data-stay]")
        assert page.soup.select('script[src*="kiosk.js"]')
        (refresh,) = page.soup.select('noscript meta[http-equiv="refresh"]')
        assert refresh["content"] == f"{IDLE * 60}; url={visitor.url('still-there')}"
        assert "open" not in dialog.attrs


def test_without_javascript_whoever_is_there_goes_on_and_otherwise_the_answers_are_cleared(visitor: Person) -> None:
    walked(visitor, Urgency.ROUTINE)
    page = visitor.get(visitor.url("still-there"))
    assert page.h1 == "Are you still there?"
    refresh = page.soup.select_one('meta[http-equiv="refresh"]')
    assert refresh is not None
    assert refresh["content"] == f"60; url={visitor.url('left')}"
    link = page.soup.find("a", string="I am still here")
    assert link is not None
    assert visitor.get(str(link["href"])).h1 == "Check your answers"
    page = visitor.get(visitor.url("left"))
    assert page.h1 == "The answers are cleared"
    assert visitor.run not in page.html
    assert visitor.client.get_cookie(f"run-{visitor.run}", path=f"/run/{visitor.run}") is None
    for name in ("check", "summary", "still-there"):
        assert visitor.get(visitor.url(name)).status == 410


def test_in_the_middle_of_the_questions_whoever_is_there_goes_on_where_they_were(visitor: Person) -> None:
    visitor.starts()
    page = visitor.sends({first_question(visitor.knowledge).id: ("none",)})
    link = visitor.get(visitor.url("still-there")).soup.find("a", string="I am still here")
    assert link is not None
    assert visitor.get(str(link["href"])).h1 == page.h1


def test_no_page_has_a_link_to_the_address_that_clears(visitor: Person) -> None:
    for page in (*run_pages(visitor), visitor.get("/"), visitor.get("/about")):
        assert not page.soup.select('a[href$="/left"], a[href$="/still-there"]'), page.h1


def test_when_nobody_was_there_the_page_says_so_and_makes_way_for_the_next_person(visitor: Person) -> None:
    walked(visitor, Urgency.ROUTINE)
    answer = visitor.client.post(visitor.url("clear"), data={"idle": "yes"})
    assert answer.headers["Location"] == "/timed-out"
    assert answer.headers["Clear-Site-Data"] == '"cookies", "storage"'
    assert visitor.get(visitor.url("check")).status == 410
    for path in ("/timed-out", "/cleared"):
        refresh = visitor.get(path).soup.select_one('meta[http-equiv="refresh"]')
        assert refresh is not None
        assert refresh["content"] == "60; url=/"


def test_at_a_kiosk_nothing_leads_to_another_site_or_to_a_phone(visitor: Person) -> None:
    pages = [*run_pages(visitor), *map(visitor.get, ("/", "/about", "/proof", "/flow", "/cleared"))]
    for page in pages:
        away = [link["href"] for link in page.soup.select("a[href]") if ":" in str(link["href"])]
        assert not away, (page.h1, away)
    assert "hill.example.org" in pages[-4].text, "the address of the clinic can still be read"


def test_at_a_kiosk_an_emergency_is_also_told_to_the_staff(visitor: Person, person: Person) -> None:
    for somebody, told in ((visitor, True), (person, False)):
        somebody.starts()
        question = first_question(somebody.knowledge)
        page = somebody.sends({question.id: (an_emergency(somebody.knowledge),)})
        assert ("Tell a member of staff" in page.text) is told
        assert page.h1.startswith("Immediate action required")


def test_at_a_kiosk_the_paper_ends_with_clearing(visitor: Person) -> None:
    walked(visitor, Urgency.ROUTINE)
    sheet = Page(visitor.client.get(visitor.url("print")))
    assert [b.get_text() for b in sheet.soup.select("nav form.clear button")] == ["Done: clear my answers"]


def test_what_a_kiosk_needs_is_loaded_only_there(person: Person) -> None:
    assert (resources.folder("static") / "kiosk.js").is_file()
    assert "kiosk" not in (resources.folder("static") / "guide.js").read_text()
    assert "kiosk.css" not in person.page.html
