"""The guide on paper: every paper is found, is a PDF, and where none can be made the page says what to do."""

from __future__ import annotations

import pytest
from flask import Flask

from triage.exports import typesetting
from triage.knowledge import Knowledge

from .conftest import Page, Person, audit


def test_every_place_has_a_paper_in_the_order_of_the_question(person: Person, knowledge: Knowledge) -> None:
    page = person.get("/paper")
    audit(page)
    groups = [place.group for place in knowledge.questions[knowledge.place_question].options]
    assert [heading.get_text() for heading in page.soup.select("main h2")] == list(dict.fromkeys(groups))
    links = [str(link["href"]) for link in page.soup.select("main li a")]
    places = [option.id for option in knowledge.questions[knowledge.place_question].options]
    assert links == [link for place in places for link in (f"/paper/{place}", f"/paper/{place}?paper=letter")]


def test_the_list_is_found_from_the_start_and_from_the_page_about_the_guide(person: Person) -> None:
    for path in ("/", "/about"):
        assert person.get(path).soup.select_one('main a[href="/paper"]'), path


def test_a_paper_is_a_pdf_in_both_sizes_and_the_same_for_everybody(app: Flask, knowledge: Knowledge) -> None:
    deposit = list(knowledge.deposits)[-1]
    first, again, letter = (app.test_client().get(f"/paper/{deposit}{end}") for end in ("", "", "?paper=letter"))
    for answer in (first, again, letter):
        assert answer.status_code == 200 and answer.mimetype == "application/pdf"
        assert answer.data.startswith(b"%PDF")
        assert answer.headers["Cache-Control"] == "no-store" and "Set-Cookie" not in answer.headers
    assert first.data == again.data != letter.data


@pytest.mark.parametrize("path", ["/paper/nothing", "/paper/lung?paper=a3", "/paper/lung?paper="])
def test_there_is_no_paper_at_another_address(person: Person, path: str) -> None:
    assert person.client.get(path).status_code == 404


def test_a_paper_that_cannot_be_made_says_so_with_the_emergency_line(
    app: Flask, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def compile(self, **_: object) -> bytes:
            raise RuntimeError("out of ink")

    monkeypatch.setattr(typesetting, "_compiler", lambda _: Broken())
    page = Page(app.test_client().get(f"/paper/{next(iter(knowledge.deposits))}"))
    assert page.status == 503 and "out of ink" not in page.html
    audit(page)
    assert knowledge.notices["emergency_line"].text.partition("}")[2] in page.text
    assert page.soup.select_one('main a[href="/"]')
