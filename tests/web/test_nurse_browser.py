"""The nurse's pages in a real browser: a whole run by keyboard without JavaScript, on paper, and for everybody."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from triage.journey import Answer, with_usual
from triage.knowledge import Knowledge
from triage.web.state import Run
from triage.whatif import NOTHING

from .conftest import Keys, asked, faults
from .test_pages import an_emergency, first_question

Open = Callable[..., Any]


@pytest.fixture
def opened(app: Flask, browser: Any) -> Iterator[Open]:
    """Opens a page of the application itself; with answers, of a run that has them."""
    contexts = []

    def open_page(path: str, answers: Mapping[str, Answer] | None = None, **settings: Any) -> Any:
        client = app.test_client()
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)

        def serve(route: Any) -> None:
            asked = route.request
            with client.open(
                asked.url.removeprefix("http://guide"),
                method=asked.method,
                data=asked.post_data,
                content_type=asked.headers.get("content-type"),
                follow_redirects=True,
            ) as answer:
                route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.data)

        page.route("**/*", serve)
        if answers is not None:
            run = Run()
            run.start()
            run.answer(answers)
            sealed = app.session_interface.seal(run)  # type: ignore[attr-defined]
            client.set_cookie(f"run-{run.run_id}", sealed, path=f"/run/{run.run_id}")
            path = f"/run/{run.run_id}/{path}"
        page.goto(f"http://guide{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def knowledge(app: Flask) -> Knowledge:
    """The real rules."""
    known: Knowledge = app.extensions["assessor"].knowledge
    return known


def test_a_whole_run_takes_five_pages_by_keyboard_without_javascript(opened: Open, knowledge: Knowledge) -> None:
    deposit = next(iter(knowledge.deposits))
    answers = with_usual(knowledge, {knowledge.place_question: (deposit,)}).answers
    page = opened("/quick", java_script_enabled=False, viewport={"width": 1280, "height": 900})
    keys = Keys(page)
    keys.to(lambda at: at["tag"] == "BUTTON" and at["text"] == "Start quick entry")
    keys.enter()
    pages = 0
    while questions := asked(page, "main .quick"):
        pages += 1
        assert pages <= 6, page.inner_text("h1")
        for question_id in questions:
            keys.answer(knowledge, question_id, answers[question_id])
        keys.enter()
    assert page.inner_text("h1") == "Nurse view"
    assert pages <= 6
    keys.to(lambda at: at["tag"] == "INPUT")
    page.keyboard.press("Space")
    assert page.locator(".talk input:checked").count() == 1


def test_an_emergency_by_keyboard_is_one_tick_and_enter(opened: Open, knowledge: Knowledge) -> None:
    page = opened("/quick", java_script_enabled=False)
    keys = Keys(page)
    keys.to(lambda at: at["text"] == "Start quick entry")
    keys.enter()
    keys.answer(knowledge, first_question(knowledge).id, (an_emergency(knowledge),))
    keys.enter()
    assert "Call" in page.inner_text("h1")


def test_a_tick_on_a_card_breaks_nothing_with_javascript(opened: Open, knowledge: Knowledge) -> None:
    page = opened("nurse", with_usual(knowledge, {}).answers)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.check(".talk input >> nth=0")
    assert not wrong


def test_on_paper_the_usual_runs_with_the_most_to_say_fit_two_pages_with_a_box_and_room_for_each_card(
    opened: Open, app: Flask, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What would change the result is not printed, and takes most of the time.
    monkeypatch.setattr("triage.web.views.nurse.everything", lambda *_: NOTHING)
    assessor = app.extensions["assessor"]
    runs = [with_usual(knowledge, {knowledge.place_question: (deposit,)}) for deposit in knowledge.deposits]
    cards = {id(path): len(assessor.assess(path.findings).nurse_cards) for path in runs}
    runs.sort(key=lambda path: -cards[id(path)])
    too_long = []
    for path in runs[:8]:
        page = opened("nurse", path.answers)
        pages = PdfReader(io.BytesIO(page.pdf(format="A4"))).pages
        text = "".join("".join(sheet.extract_text() for sheet in pages).split())
        if len(pages) > 2:
            too_long.append(path.answers[knowledge.place_question])
        assert text.count("Note") >= cards[id(path)] + 1
        assert "Patient-reported,notclinicallyassessed." in text
        assert "Whatquestionsdoyouhave?" in text
        assert "Iwouldadviseotherwise" not in text
        page.close()
    assert not too_long


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_from_using_the_nurses_pages(opened: Open, knowledge: Knowledge, scheme: str) -> None:
    deposits = tuple(knowledge.deposits)
    answers = with_usual(knowledge, {knowledge.place_question: (deposits[0], deposits[-2])}).answers
    wrong = {}
    for path, given in (
        ("/quick", None), ("quick/1", {}), ("quick/3", answers), ("nurse", answers), ("otherwise", answers)
    ):  # fmt: skip
        page = opened(path, given, color_scheme=scheme, viewport={"width": 320, "height": 700})
        for part in page.locator("main details").all():
            part.evaluate("part => part.open = true")
        if found := faults(page):
            wrong[path] = found
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[path + " is too wide"] = []
        if path == "otherwise":
            page.check('input[name="urgency"] >> nth=0')
            page.fill("textarea", "Because.\n" * 5)
            with page.expect_navigation():
                page.get_by_role("button", name="Show the case file").click()
            if found := faults(page):
                wrong["case file"] = found
            assert page.locator("pre.case").count() == 1
        page.close()
    assert not wrong
