"""The guide in a real browser, on the real server: with and without JavaScript, on a small phone, and on paper.

Without Chromium these tests are skipped with one loud line (the fixture `browser` in conftest.py).
"""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from triage import cases, resources
from triage.assessment import Assessor
from triage.journey import Answer, follow, with_usual
from triage.knowledge import UNSURE, Knowledge, load
from triage.sheet import make_sheet
from triage.verify import record
from triage.web.state import Run
from triage.whatif import for_patient

from ..verify.test_record import RECORD
from .conftest import press, walk

Calm = dict[str, list[Mapping[str, Answer]]]
Printer = Callable[[Mapping[str, Answer], str], PdfReader]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    """The real rules."""
    return load(resources.folder("rules"))


def calm_answers(assessor: Assessor) -> Calm:
    """For each deposit, the answers of its own calm cases that name nothing else; the longest sheet first.

    Whoever is not sure about a whole list of illnesses or medicines is given every message that could matter to them,
    on a third page if need be.
    """
    found: dict[str, list[tuple[int, Mapping[str, Answer]]]] = {}
    for case in assessor.knowledge.cases:
        result = cases.run(assessor, case)
        if not result.journey or not result.assessment or result.assessment.alarmed:
            continue
        lists = [result.journey.answers[q.id] for q in result.journey.questions if q.type == "multi" and not q.deposit]
        if any(UNSURE in answer for answer in lists):
            continue
        named = result.journey.answers[assessor.knowledge.place_question]
        if named == (Path(case.file).stem,):
            outlook = for_patient(assessor, result.journey, result.assessment)
            sheet = make_sheet(assessor.knowledge, result.assessment, result.journey, {}, outlook)
            length = sum(len(sentence.text) for sentence in sheet.said)
            found.setdefault(named[0], []).append((length, result.journey.answers))
    return {
        deposit: [answers for _, answers in sorted(sheets, key=lambda sheet: -sheet[0])]
        for deposit, sheets in found.items()
    }


@pytest.fixture(scope="module")
def calm(app: Flask) -> Calm:
    """`calm_answers` of the real rules."""
    return calm_answers(app.extensions["assessor"])


@pytest.fixture
def on_paper(app: Flask, browser: Any) -> Iterator[Printer]:
    """Prints the sheet of some answers, with the pages served by the application itself."""
    client, page = app.test_client(), browser.new_page()

    def serve(route: Any) -> None:
        with client.get(route.request.url.removeprefix("http://guide")) as answer:
            route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.data)

    page.route("**/*", serve)

    def printed(answers: Mapping[str, Answer], paper: str) -> PdfReader:
        run = Run()
        run.start()
        run.answer(answers)
        sealed = app.session_interface.seal(run)  # type: ignore[attr-defined]
        client.set_cookie(f"run-{run.run_id}", sealed, path=f"/run/{run.run_id}")
        page.goto(f"http://guide/run/{run.run_id}/print")
        return PdfReader(io.BytesIO(page.pdf(format=paper)))

    yield printed
    page.close()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_whole_journey_to_the_printed_sheet(
    browser: Any, address: str, knowledge: Knowledge, calm: Calm, javascript: bool
) -> None:
    deposit, answers = next((deposit, sheets[0]) for deposit, sheets in calm.items())
    context = browser.new_context(java_script_enabled=javascript, viewport={"width": 390, "height": 844})
    page = context.new_page()
    elsewhere: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url) if not request.url.startswith(address) else None)
    page.on("console", lambda message: said.append(message.text))
    walk(page, address, answers)
    assert page.url.endswith("/summary")
    name = knowledge.deposits[deposit].name
    assert name.lower() in page.inner_text("main").lower()
    with page.expect_navigation():
        page.get_by_role("link", name="Print this as a sheet to take with you").click()
    assert name.lower() in page.inner_text("main").lower()
    assert not elsewhere, "the guide asked another host"
    assert not said, said
    context.close()


def test_on_paper_the_longest_sheet_of_every_deposit_fits_two_pages(on_paper: Printer, calm: Calm) -> None:
    too_long = []
    for deposit, sheets in calm.items():
        for paper in ("A4", "Letter"):
            pages = len(on_paper(sheets[0], paper).pages)
            if pages > 2:
                too_long.append(f"{deposit}: {pages} pages on {paper}")
    assert not too_long, too_long


def test_on_paper_three_deposits_fit_three_pages(app: Flask, on_paper: Printer) -> None:
    assessor = app.extensions["assessor"]
    deposits = list(assessor.knowledge.deposits)
    too_long = []
    # Neighbours in the list are often named together; far ones are taken as well.
    for named in zip(deposits[::3], deposits[1::3], deposits[-2::-3], strict=False):
        journey = with_usual(assessor.knowledge, {assessor.knowledge.place_question: tuple(dict.fromkeys(named))})
        for paper in ("A4", "Letter"):
            pages = len(on_paper(journey.answers, paper).pages)
            if pages > 3:
                too_long.append(f"{', '.join(named)}: {pages} pages on {paper}")
    assert not too_long, too_long


def test_page_one_of_the_paper_holds_the_action_and_the_safety_net_and_every_page_its_number(
    app: Flask, on_paper: Printer, calm: Calm
) -> None:
    assessor = app.extensions["assessor"]
    for sheets in calm.values():
        path = follow(assessor.knowledge, sheets[0])
        today = app.extensions["clock"]().astimezone().date()
        sheet = make_sheet(assessor.knowledge, assessor.assess(path.findings), path, {}, today=today)
        pages = ["".join(page.extract_text().split()) for page in on_paper(sheets[0], "A4").pages]
        assert sheet.by_then
        for passage in (sheet.heading, *sheet.steps, sheet.by_then, *sheet.safety_net):
            assert "".join(passage.text.split()) in pages[0], passage.text
        for number, page in enumerate(pages, 1):
            assert f"Page{number}of{len(pages)}" in page


def test_the_sheet_fits_a_small_phone_and_can_be_cleared_there_but_not_on_paper(
    browser: Any, address: str, calm: Calm
) -> None:
    answers = next(iter(calm.values()))[0]
    page = browser.new_page(viewport={"width": 320, "height": 568})
    walk(page, address, answers)
    for size in ("standard", "large"):
        page.goto(page.url.rpartition("/")[0] + f"/print?size={size}")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), size
        button = page.get_by_role("button", name="Clear my answers")
        assert button.is_visible() and button.bounding_box()["height"] >= 24
        page.emulate_media(media="print")
        assert not button.is_visible()
        page.emulate_media(media="screen")
    press(page, "Clear my answers")
    assert page.url.endswith("/cleared")
    page.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_the_proof_and_the_hazard_log_fit_a_small_phone_and_stand_in_full_on_paper(
    app: Flask, browser: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, width: int
) -> None:
    knowledge = app.extensions["assessor"].knowledge
    (tmp_path / record.FILE).write_text(json.dumps({**RECORD, "rules_version": knowledge.version}))
    monkeypatch.setitem(app.extensions, "proof", record.read(tmp_path))
    client, page = app.test_client(), browser.new_page(viewport={"width": width, "height": 800})
    elsewhere: list[str] = []

    def serve(route: Any) -> None:
        if not route.request.url.startswith("http://guide/"):
            elsewhere.append(route.request.url)
        with client.get(route.request.url.removeprefix("http://guide")) as answer:
            route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.data)

    page.route("**/*", serve)
    page.goto("http://guide/proof")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not elsewhere, "the guide asked another host"
    hazard = knowledge.hazards[0]
    name = hazard.controls[0].tests[0].partition("::test_")[2].replace("_", " ")
    assert name not in page.inner_text("main").lower()
    pages = PdfReader(io.BytesIO(page.pdf(format="A4"))).pages
    # Letters that a font draws as one ("fi") come back as one.
    paper = unicodedata.normalize("NFKC", " ".join(sheet.extract_text() for sheet in pages))
    for text in (hazard.hazard, hazard.controls[0].what, name, RECORD["properties"][0]["title"]):
        assert "".join(str(text).lower().split()) in "".join(paper.lower().split()), text
    page.close()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_runs_off_the_side(browser: Any, address: str, calm: Calm, width: int) -> None:
    answers = next(iter(calm.values()))[0]
    page = browser.new_page(viewport={"width": width, "height": 800})
    wide: list[str] = []

    def measure(_: object = None) -> None:
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(page.url)

    page.on("load", measure)
    walk(page, address, answers)
    measure()
    assert not wide
    page.close()


def test_none_of_these_takes_the_ticks_away_and_a_tick_takes_it_away(
    browser: Any, address: str, knowledge: Knowledge
) -> None:
    question = knowledge.page_questions[knowledge.pages[0].id][0]
    page = browser.new_page()
    page.goto(address)
    press(page, "Start now")
    tick, none = f'input[value="{question.options[0].id}"]', 'input[value="none"]'
    page.check(tick)
    page.check(none)
    assert not page.is_checked(tick)
    page.check(tick)
    assert not page.is_checked(none)
    page.close()


def test_after_a_mistake_the_focus_is_on_what_is_wrong(browser: Any, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    press(page, "Start now")
    press(page, "Continue")
    assert page.evaluate("document.activeElement.className") == "nhsuk-error-summary"
    page.locator(".nhsuk-error-summary a").click()
    assert page.evaluate("document.activeElement.type") == "checkbox"
    page.close()


def test_after_clear_the_back_button_shows_no_answers(
    browser: Any, address: str, knowledge: Knowledge, calm: Calm
) -> None:
    deposit, answers = next((deposit, sheets[0]) for deposit, sheets in calm.items())
    page = browser.new_page()
    walk(page, address, answers)
    press(page, "Clear my answers")
    for _ in range(8):
        # Not page.go_back(): it fails when the page that comes back out of memory reloads itself, which it must.
        page.evaluate("history.back()")
        page.wait_for_timeout(200)
        assert knowledge.deposits[deposit].name not in page.inner_text("main").lower()
    page.close()


def test_the_emergency_call_is_seen_without_scrolling_on_a_small_phone(
    browser: Any, address: str, knowledge: Knowledge
) -> None:
    question = knowledge.page_questions[knowledge.pages[0].id][0]
    page = browser.new_page(viewport={"width": 320, "height": 568})
    walk(page, address, {question.id: (question.options[0].id,)})
    box = page.locator("h1").bounding_box()
    assert box["y"] + box["height"] < 568
    page.close()


def test_in_the_pictures_every_word_stays_in_its_box_and_only_the_picture_moves_sideways(
    browser: Any, address: str, knowledge: Knowledge
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    for name in ("everyone", *knowledge.deposits):
        page.goto(f"{address}/flow/{name}")
        outside = page.eval_on_selector_all(
            "g.flow-box text",
            """texts => texts.filter(text => {
                const words = text.getBBox(), box = text.parentNode.querySelector("rect").getBBox();
                return words.x < 0 || words.y < 0 || words.x + words.width > box.width
                    || words.y + words.height > box.height;
            }).map(text => text.textContent)""",
        )
        assert not outside, (name, outside)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), name
    page.close()
