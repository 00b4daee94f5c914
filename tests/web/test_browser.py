"""The guide in a real browser, on the real server: with and without JavaScript, on a small phone, and on paper.

Without Chromium these tests are skipped with one loud line; where TRIAGE_TESTS_NEED_ALL is set, that is an error.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pypdf import PdfReader

from triage import cases, resources
from triage.assessment import Assessor
from triage.journey import Answer
from triage.knowledge import Knowledge, Urgency, load

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

if CHROMIUM is None:
    if os.environ.get("TRIAGE_TESTS_NEED_ALL"):
        raise RuntimeError("Chromium is missing: install it (Debian/Ubuntu: apt install chromium)")
    pytest.skip("NO CHROMIUM: THE BROWSER TESTS DID NOT RUN (apt install chromium)", allow_module_level=True)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The real server, started as a user starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "triage", "serve", "--port", str(port)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environ) as server:
        try:
            for _ in range(100):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)
                    break
                except OSError:
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    """The real rules."""
    return load(resources.folder("rules"))


def walk(page: Any, address: str, answers: Mapping[str, Answer]) -> None:
    """From the start page to the summary, or to the emergency page."""
    page.goto(address)
    page.get_by_role("button", name="Start now").click()
    while names := page.eval_on_selector_all(
        "main form input:not([type=hidden])", "boxes => [...new Set(boxes.map(box => box.name))]"
    ):
        for name in names:
            given = answers[name]
            for value in given if isinstance(given, tuple) else (given,):
                page.check(f'input[name="{name}"][value="{value}"]')
        page.get_by_role("button", name="Continue").click()
    follow_on = page.get_by_role("button", name="See what to do next")
    if follow_on.count():
        follow_on.first.click()


def examples(knowledge: Knowledge) -> Iterator[tuple[str, Mapping[str, Answer]]]:
    """For each deposit the first of its cases that names only it and is no alarm: the longest sheets."""
    assessor = Assessor(knowledge)
    for deposit in knowledge.deposits.values():
        for case in knowledge.cases:
            result = cases.run(assessor, case)
            if (
                case.file == deposit.file
                and result.journey
                and case.urgency < Urgency.SAME_DAY
                and result.journey.answers[knowledge.place_question] == (deposit.id,)
            ):
                yield deposit.id, result.journey.answers
                break


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_whole_journey_to_the_printed_sheet(
    browser: Any, address: str, knowledge: Knowledge, javascript: bool
) -> None:
    deposit, answers = next(examples(knowledge))
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
    page.get_by_role("link", name="Print this as a sheet to take with you").click()
    assert name.lower() in page.inner_text("main").lower()
    assert not elsewhere, "the guide asked another host"
    assert not said, said
    context.close()


def test_on_paper_every_deposit_fits_two_pages(browser: Any, address: str, knowledge: Knowledge) -> None:
    too_long = []
    for deposit, answers in examples(knowledge):
        page = browser.new_page()
        walk(page, address, answers)
        page.goto(page.url.replace("/summary", "/print"))
        for paper in ("A4", "Letter"):
            sheet = PdfReader(io.BytesIO(page.pdf(format=paper)))
            if len(sheet.pages) > 2:
                too_long.append(f"{deposit}: {len(sheet.pages)} pages on {paper}")
        page.close()
    assert not too_long, too_long


def test_page_one_of_the_paper_holds_the_action_and_the_safety_net(
    browser: Any, address: str, knowledge: Knowledge
) -> None:
    _, answers = next(examples(knowledge))
    page = browser.new_page()
    walk(page, address, answers)
    heading = page.inner_text("h1").splitlines()[-1]
    page.goto(page.url.replace("/summary", "/print"))
    first = "".join(PdfReader(io.BytesIO(page.pdf(format="A4"))).pages[0].extract_text().split())
    assert "".join(heading.split()) in first
    assert "Gethelpsooner" in first
    page.close()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_runs_off_the_side(browser: Any, address: str, knowledge: Knowledge, width: int) -> None:
    _, answers = next(examples(knowledge))
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
    page.get_by_role("button", name="Start now").click()
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
    page.get_by_role("button", name="Start now").click()
    page.get_by_role("button", name="Continue").click()
    assert page.evaluate("document.activeElement.className") == "nhsuk-error-summary"
    page.locator(".nhsuk-error-summary a").click()
    assert page.evaluate("document.activeElement.type") == "checkbox"
    page.close()


def test_after_clear_the_back_button_shows_no_answers(browser: Any, address: str, knowledge: Knowledge) -> None:
    deposit, answers = next(examples(knowledge))
    page = browser.new_page()
    walk(page, address, answers)
    page.get_by_role("button", name="Clear my answers").click()
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
