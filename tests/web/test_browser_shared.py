"""A shared device in a real browser: two tabs, Back, refresh, double press, an expired form, and a kiosk left alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import expect

from triage.journey import Answer, with_usual
from triage.knowledge import Knowledge

from .conftest import asked, faults, fill, press, served, walk

IDLE = 1


@pytest.fixture(scope="module")
def kiosk() -> Iterator[str]:
    """The guide at a kiosk."""
    with served(TRIAGE_KIOSK_IDLE_MINUTES=str(IDLE)) as url:
        yield url


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """A browser that nobody has used."""
    context = browser.new_context()
    yield context
    context.close()


def calm(knowledge: Knowledge, number: int = 0) -> tuple[str, Mapping[str, Answer]]:
    """Somebody with one deposit who otherwise answers what most people answer; and the words of their place."""
    deposit = list(knowledge.deposits.values())[number]
    return deposit.place, with_usual(knowledge, {knowledge.place_question: (deposit.id,)}).answers


def text(page: Any) -> str:
    """Everything that can be read on a page, folded parts included."""
    words: str = page.evaluate("document.body.textContent")
    return words


def back(page: Any) -> None:
    """Press Back. Not page.go_back(): it fails when the page that comes back reloads itself, which it must."""
    page.evaluate("history.back()")
    page.wait_for_timeout(300)
    page.wait_for_load_state()


def test_two_people_in_two_tabs_keep_their_own_answers(context: Any, address: str, knowledge: Knowledge) -> None:
    first, second = context.new_page(), context.new_page()
    (place, answers), (other_place, other_answers) = calm(knowledge), calm(knowledge, -1)
    walk(first, address, answers)
    walk(second, address, other_answers)
    for page, own, other in ((first, place, other_place), (second, other_place, place)):
        page.reload()
        assert own in text(page)
        assert other not in text(page)
    press(first, "Clear my answers")
    second.reload()
    assert other_place in text(second), "clearing one tab must not take the other person's answers"
    assert not [cookie for cookie in context.cookies() if cookie["path"] == f"/run/{first.url.split('/')[-2]}"]


def test_refresh_back_and_a_double_press_lose_nothing(context: Any, address: str, knowledge: Knowledge) -> None:
    _, answers = calm(knowledge)
    page = context.new_page()
    walk(page, address, answers)
    summary = page.inner_text("main")
    page.reload()
    assert page.inner_text("main") == summary
    back(page)
    assert page.inner_text("h1") == "Check your answers"
    listed = page.inner_text("main")
    page.reload()
    assert page.inner_text("main") == listed
    back(page)
    ticked = page.eval_on_selector_all("main input:checked", "boxes => boxes.map(box => box.name + box.value)")
    assert ticked, "what was answered is still ticked"
    with page.expect_navigation():
        page.get_by_role("button", name="Continue").dblclick(no_wait_after=True)
    page.wait_for_url("**/check")
    assert page.inner_text("main") == listed


def test_a_form_that_has_expired_keeps_every_tick(context: Any, address: str, knowledge: Knowledge) -> None:
    _, answers = calm(knowledge)
    page = context.new_page()
    page.goto(address)
    press(page, "Start now")
    for _ in range(30):
        if knowledge.place_question in asked(page):
            break
        fill(page, answers)
        press(page, "Continue")
    boxes = page.locator(f'input[name="{knowledge.place_question}"]')
    for number in (0, 3, 7):
        boxes.nth(number).check()
    page.evaluate("document.querySelector('[name=csrf_token]').value = 'expired'")
    press(page, "Continue")
    assert page.get_by_role("alert").inner_text().strip() == knowledge.notices["form_expired"].text
    assert [number for number in range(boxes.count()) if boxes.nth(number).is_checked()] == [0, 3, 7]
    before = page.inner_text("main")
    press(page, "Continue")
    assert page.inner_text("main") != before
    assert not page.get_by_role("alert").count(), "one more press is enough"


def test_after_clear_back_shows_nothing(context: Any, address: str, knowledge: Knowledge) -> None:
    place, answers = calm(knowledge)
    page = context.new_page()
    walk(page, address, answers)
    with page.expect_navigation():
        page.get_by_role("link", name="Print this as a sheet to take with you").click()
    press(page, "Clear my answers")
    assert page.inner_text("h1") == "Your answers are cleared"
    for _ in range(5):
        back(page)
        assert place not in page.inner_text("body")
        assert not page.locator("main input:checked").count()


def test_a_kiosk_left_alone_asks_counts_down_clears_and_shows_nothing_with_back(
    context: Any, kiosk: str, knowledge: Knowledge
) -> None:
    place, answers = calm(knowledge)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    walk(page, kiosk, answers)
    page.clock.install()
    page.reload()
    dialog = page.get_by_role("alertdialog")
    assert dialog.count() == 0, "it does not ask before the time is over"
    page.clock.run_for(IDLE * 60_000 - 5000)
    assert dialog.count() == 0
    page.mouse.move(5, 5)
    page.keyboard.press("Shift")
    page.clock.run_for(IDLE * 60_000 - 5000)
    assert dialog.count() == 0, "whoever does something is there"
    page.clock.run_for(10_000)
    assert dialog.is_visible()
    assert page.evaluate("document.activeElement.textContent") == "I am still here"
    assert 50 <= int(page.inner_text("[data-left]")) <= 60
    page.keyboard.press("Enter")
    assert dialog.count() == 0, "one key is enough to stay"
    assert place in text(page)
    page.clock.run_for(IDLE * 60_000 + 31_000)
    assert dialog.is_visible()
    assert page.text_content("[data-said]") == "30 seconds left"
    page.keyboard.press("Escape")
    assert dialog.count() == 0, "Escape is an answer too"
    time.sleep(0.5)  # the page is told a moment after the dialog has gone, and only then counts anew
    page.clock.run_for(IDLE * 60_000 + 58_000)
    page.clock.run_for(3000)
    expect(page.locator("h1")).to_have_text("The answers are cleared", timeout=30_000)
    assert not context.cookies()
    for _ in range(5):
        back(page)
        assert place not in page.inner_text("body")
    # That nothing was found with Back, and what Clear-Site-Data took away, is told as it has to be.
    assert not [line for line in said if "410" not in line and "Clear-Site-Data" not in line], said


def test_a_kiosk_that_slept_clears_when_it_wakes(context: Any, kiosk: str, knowledge: Knowledge) -> None:
    _, answers = calm(knowledge)
    page = context.new_page()
    walk(page, kiosk, answers)
    page.clock.install()
    with page.expect_navigation():
        page.get_by_role("link", name="Print this as a sheet to take with you").click()
    assert page.get_by_role("button", name="Done: clear my answers").is_visible()
    page.clock.fast_forward(3_600_000)
    expect(page.locator("h1")).to_have_text("The answers are cleared", timeout=30_000)
    assert not context.cookies()


def test_a_kiosk_goes_back_to_its_start_page_from_pages_that_are_nobody_s(context: Any, kiosk: str) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(f"{kiosk}/about")
    with page.expect_navigation(url=f"{kiosk}/"):
        page.clock.fast_forward(IDLE * 60_000 + 1000)
    page.clock.fast_forward(3_600_000)
    page.wait_for_timeout(300)
    assert page.url == f"{kiosk}/"


def test_a_kiosk_without_javascript_asks_and_clears_as_well(
    browser: Any,
    kiosk: str,
    knowledge: Knowledge,
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    # The refresh of the page is told, and followed here by hand: a test cannot wait for minutes.
    page.goto(kiosk)
    press(page, "Start now")
    refresh = page.locator('noscript meta[http-equiv="refresh"]').get_attribute("content")
    assert refresh.startswith(f"{IDLE * 60}; url=")
    page.goto(kiosk + refresh.partition("url=")[2])
    assert page.inner_text("h1") == "Are you still there?"
    refresh = page.locator('meta[http-equiv="refresh"]').first.get_attribute("content")
    page.goto(kiosk + refresh.partition("url=")[2])
    assert page.inner_text("h1") == "The answers are cleared"
    assert not context.cookies()
    context.close()


def test_what_a_kiosk_adds_and_what_a_change_says_have_no_fault_that_axe_knows(
    context: Any, kiosk: str, knowledge: Knowledge
) -> None:
    page = context.new_page()
    _, answers = calm(knowledge)
    walk(page, kiosk, answers)
    run = page.url.removesuffix("/summary")
    page.goto(f"{run}/check")
    page.locator(".section-head a").nth(2).click()
    page.locator("main input:not(:checked):not([type=hidden])").first.check()
    press(page, "Continue")
    wrong = faults(page)
    page.clock.install()
    for path in (f"{run}/print", f"{run}/still-there", f"{kiosk}/timed-out"):
        page.goto(path)
        wrong += faults(page)
    page.goto(f"{run}/check")
    page.clock.run_for(IDLE * 60_000 + 2000)
    assert page.get_by_role("alertdialog").is_visible()
    assert not wrong + faults(page)


@pytest.mark.parametrize("width", [320, 1280])
def test_the_question_whether_somebody_is_there_fits_a_small_screen(context: Any, kiosk: str, width: int) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 568})
    page.clock.install()
    page.goto(kiosk)
    press(page, "Start now")
    page.clock.run_for(IDLE * 60_000 + 2000)
    box = page.get_by_role("button", name="I am still here").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= 568
    assert box["height"] >= 44
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
