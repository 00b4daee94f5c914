"""The sheet to take along, as a page and as a PDF: the same words in the same order, and a way out where one fails."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from werkzeug.test import TestResponse

from triage import cases
from triage.exports import typesetting
from triage.journey import Answer
from triage.knowledge import Knowledge, Urgency
from triage.web.state import Run

from .conftest import Page, Person

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
"""A Sunday."""


class Reader:
    """Somebody whose answers are given, in front of their sheet."""

    def __init__(self, app: Flask, answers: Mapping[str, Answer]) -> None:
        self.client: FlaskClient = app.test_client()
        run = Run()
        run.start()
        run.answer(answers)
        sealed = app.session_interface.seal(run)  # type: ignore[attr-defined]
        self.place = f"/run/{run.run_id}"
        self.client.set_cookie(f"run-{run.run_id}", sealed, path=self.place)

    def get(self, address: str) -> TestResponse:
        """What comes back from an address of the run."""
        return self.client.get(f"{self.place}/{address}")


@pytest.fixture(autouse=True)
def on_a_sunday(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "clock", lambda: NOW)


def people(app: Flask) -> dict[str, Mapping[str, Answer]]:
    """Some people of the cases whose sheets differ most: of each urgency, not sure or sure, one deposit or several."""
    found: dict[tuple[object, ...], tuple[str, Mapping[str, Answer]]] = {}
    assessor = app.extensions["assessor"]
    for case in assessor.knowledge.cases:
        result = cases.run(assessor, case)
        assessment, journey = result.assessment, result.journey
        if assessment and journey and assessment.urgency < Urgency.EMERGENCY:
            unsure = any(not firing.certain for firing in assessment.counting)
            kind = (
                assessment.urgency, unsure, len(assessment.deposits), bool(assessment.withholds),
                bool(assessment.disagreements),
            )  # fmt: skip
            found.setdefault(kind, (case.id, journey.answers))
    return dict(found.values())


def bare(text: str) -> str:
    """Only the letters and digits: marks of lists and how lines break are not words."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text))


def on_page(response: TestResponse) -> list[str]:
    """The parts of the page for paper, in order."""
    main = Page(response).soup.main
    assert main
    for hidden in main.select(".nhsuk-u-visually-hidden, .sheet__prepared"):
        hidden.extract()
    parts = main.find_all(["h1", "h2", "h3", "p", "li", "dt", "dd"])
    return [bare(part.get_text()) for part in parts if not part.find(["li", "p", "h2"])]


def in_pdf(response: TestResponse) -> str:
    """The PDF without what stands at the foot of every page and before the steps."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(response.data)).pages]
    foot = r"Prepared by the patient on [^.]*\. .*?Page \d of \d"
    return bare(re.sub(r"(?m)^ *\d\. ", " ", re.sub(foot, " ", "\n".join(pages), flags=re.DOTALL)))


def test_page_and_pdf_say_the_same_in_the_same_order(app: Flask) -> None:
    told = people(app)
    assert len(told) > 15
    for case_id, answers in told.items():
        reader = Reader(app, answers)
        with reader.get("print") as page, reader.get("sheet.pdf") as document:
            assert page.status_code == document.status_code == 200, case_id
            rest = in_pdf(document)
            for part in on_page(page):
                before, found, rest = rest.partition(part)
                assert found, f"{case_id}: the PDF does not say here: {part}"
                assert len(before) < 3, f"{case_id}: only the PDF says: {before}"
            assert len(rest) < 3, f"{case_id}: only the PDF says: {rest}"


def test_the_order_of_the_sheet(app: Flask, person: Person) -> None:
    answers = next(iter(people(app).values()))
    with Reader(app, answers).get("print") as response:
        page = Page(response)
    headings = [tag.get_text() for tag in page.soup.main.find_all(["h1", "h2"])]  # type: ignore[union-attr]
    expected = [
        page.h1, "Get help sooner if things change", "In short", "Why we say this", "What you told us",
        "What you can do next", "Questions to ask", "Be careful with these", "What would change this result", "Sources",
    ]  # fmt: skip
    assert [heading for heading in headings if heading in expected] == [e for e in expected if e in headings]
    assert set(expected[:5]) <= set(headings)
    first = page.soup.select_one(".sheet__card li strong")
    assert first and re.search(r"\b(Sunday 22 November|Friday (4|18) December)\b", first.get_text())
    assert "Prepared by the patient on 22 November 2026, 12:00" in page.text
    assert page.soup.select_one("nav form button[type=submit]")


def test_the_pdf_is_for_this_person_only_and_its_name_tells_nothing(app: Flask) -> None:
    with Reader(app, next(iter(people(app).values()))).get("sheet.pdf?size=large&paper=letter") as document:
        assert document.mimetype == "application/pdf"
        assert document.headers["Content-Disposition"] == 'inline; filename="sheet.pdf"'
        assert document.headers["Cache-Control"] == "no-store"
        assert document.headers["X-Content-Type-Options"] == "nosniff"
        # With more than this Chrome shows an empty page.
        assert document.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        assert int(PdfReader(io.BytesIO(document.data)).pages[0].mediabox.width) == 612


@pytest.mark.parametrize(
    "address", ["sheet.pdf?size=huge", "sheet.pdf?paper=a3", "sheet.pdf?size=", "print?size=huge", "print?size=Large"]
)
def test_a_size_or_paper_that_we_do_not_have_is_no_address(app: Flask, address: str) -> None:
    with Reader(app, next(iter(people(app).values()))).get(address) as response:
        assert response.status_code == 404
        assert "emergency" in response.text


def test_from_each_print_the_other_one_and_its_pdf_can_be_reached(app: Flask) -> None:
    reader = Reader(app, next(iter(people(app).values())))
    for size, other in (("standard", "large"), ("large", "standard")):
        with reader.get(f"print?size={size}") as response:
            links = [str(link["href"]) for link in Page(response).soup.select("nav a")]
        assert f"{reader.place}/print?size={other}" in links
        papers = [link for link in links if "/sheet.pdf?" in link]
        assert len(papers) == len(typesetting.PAPERS) and all(f"size={size}" in link for link in papers)
        for link in papers:
            with reader.client.get(link) as document:
                assert document.mimetype == "application/pdf"


def test_a_pdf_that_cannot_be_made_says_print_the_page_instead(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def compile(self, **_: object) -> bytes:
            raise RuntimeError("out of ink")

    monkeypatch.setattr(typesetting, "_compiler", lambda _: Broken())
    reader = Reader(app, next(iter(people(app).values())))
    with reader.get("sheet.pdf?size=large") as response:
        page = Page(response)
        assert response.status_code == 503 and "out of ink" not in page.html
    link = page.soup.select_one("main a")
    assert link and link["href"] == f"{reader.place}/print?size=large"
    knowledge: Knowledge = app.extensions["assessor"].knowledge
    assert knowledge.notices["emergency_line"].text.partition("}")[2] in page.text


def test_without_what_sets_it_no_pdf_is_offered(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "_NEEDED", ("no_such_module",))
    typesetting.available.cache_clear()
    with Reader(app, next(iter(people(app).values()))).get("print") as response:
        assert "sheet.pdf" not in response.text and "Large print" in response.text
    typesetting.available.cache_clear()


def test_in_an_emergency_the_address_of_the_pdf_leads_to_the_call(app: Flask) -> None:
    knowledge: Knowledge = app.extensions["assessor"].knowledge
    first = knowledge.page_questions[knowledge.pages[0].id][0]
    with Reader(app, {first.id: (first.options[0].id,)}).get("sheet.pdf") as response:
        assert response.mimetype == "text/html"
        assert "Call " in Page(response).h1 and "sheet.pdf" not in response.text


def test_without_answers_there_is_no_pdf(person: Person) -> None:
    person.starts()
    assert person.get("/run/AAAAAAAAAAAAAAAA/sheet.pdf").status == 410
