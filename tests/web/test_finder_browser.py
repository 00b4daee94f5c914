"""The word finder in a real browser: without JavaScript, on a small phone, in the dark, and for a screen reader."""

from __future__ import annotations

from typing import Any

import pytest

from triage.assessment import Assessor
from triage.knowledge import Knowledge, Urgency

from .conftest import faults, fill, press
from .test_browser import knowledge  # noqa: F401 - a fixture
from .test_pages import cases

LETTER = "Coarse popcorn-like microcalcifcation, aneurysm, BI-RADS 4, metastasis, old granulomatous disease"


def at_the_place_question(page: Any, address: str, knowledge: Knowledge) -> None:  # noqa: F811
    """Answer as a calm case does until places are asked for."""
    assessor = Assessor(knowledge)
    answers = next(
        result.journey.answers
        for case in knowledge.cases
        if case.urgency == Urgency.ROUTINE and (result := cases.run(assessor, case)).journey
    )
    page.goto(address)
    press(page, "Start now")
    while not page.get_by_role("button", name="Look up words").count():
        fill(page, answers)
        press(page, "Continue")


def test_without_javascript_words_are_looked_up_in_the_middle_of_a_run(
    browser: Any,
    address: str,
    knowledge: Knowledge,  # noqa: F811
) -> None:
    context = browser.new_context(java_script_enabled=True, viewport={"width": 390, "height": 844})
    plain = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    at_the_place_question(page, address, knowledge)
    # The same run in a browser without scripts.
    plain.add_cookies(context.cookies())
    there = plain.new_page()
    there.goto(page.url)
    heading = there.title()
    place = knowledge.place_question
    box = f'input[name="{place}"][value="{next(iter(knowledge.deposits))}"]'
    there.check(box)
    press(there, "Look up words from your letter")
    there.fill("#letter", "birads 5")
    press(there, "Look up")
    assert there.get_by_text("Within 2 weeks").is_visible()
    press(there, "Go back to the question")
    assert there.title() == heading
    assert there.is_checked(box)
    assert there.locator("main input:checked").count() == 1
    # Enter goes on with the questions and not to the finder.
    there.focus(box)
    with there.expect_navigation():
        there.keyboard.press("Enter")
    assert there.title() != heading
    assert "/words" not in there.url
    context.close()
    plain.close()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_the_finder_fits_and_has_no_barrier(browser: Any, address: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for letter in (None, LETTER, "W" * 400, ""):
        page.goto(f"{address}/words")
        if letter is not None:
            page.fill("#letter", letter)
            press(page, "Look up")
        for details in page.query_selector_all("details"):
            details.evaluate("details => details.open = true")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), letter
        assert not faults(page)
    assert page.evaluate("document.activeElement.className").startswith("nhsuk-error-summary")
    assert not [text for text in said if "422" not in text]
    context.close()
