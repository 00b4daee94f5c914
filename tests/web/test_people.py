"""Six people, from the first page to the last, in a real browser on the real server, each with another way of seeing.

Every page on their way is looked at: what axe finds, one heading, a title of its own, the emergency number, what can be
pressed, the sides of the screen, the console, and which host is asked.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from triage.journey import Answer, follow, with_usual
from triage.knowledge import UNSURE, Knowledge, Urgency

from .conftest import Keys, asked, faults, fill, too_small

ALARMS = (Urgency.EMERGENCY, Urgency.SAME_DAY)

LARGE = """addEventListener("DOMContentLoaded", () => { document.documentElement.style.fontSize = "225%" })"""
"""Text twice as large as the pages have it (112.5%)."""

TURN = """() => {
    document.documentElement.dir = "rtl";
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode;
        if (/[a-z]/i.test(text.data) && !text.parentElement.closest("script, noscript, textarea"))
            text.data = text.data.replace(/[a-z]+/gi, word => "ש".repeat(Math.ceil(word.length * 1.4)));
    }
}"""
"""A language that is written from right to left, with words that are 40% longer."""

EXPECTED = "status of 4|Clear-Site-Data"
"""What the console has to say: that answers are wrong or gone, and what "Clear my answers" took away."""

COVERED = """() => {
    const boxes = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (texts.nextNode()) {
        const text = texts.currentNode, parent = text.parentElement;
        if (!text.data.trim() || parent.closest("svg, .nhsuk-u-visually-hidden, .nhsuk-skip-link, .notes")) continue;
        if (!parent.checkVisibility() || parent.closest("details:not([open])") && !parent.closest("summary")) continue;
        range.selectNodeContents(text);
        for (const box of range.getClientRects()) boxes.push([text, box]);
    }
    for (const input of document.querySelectorAll("input:not([type=hidden])"))
        if (input.checkVisibility()) boxes.push([input, input.getBoundingClientRect()]);
    const covered = [];
    for (const [one, a] of boxes) for (const [other, b] of boxes) {
        if (one === other || b.top >= a.bottom || b.top < a.top) continue;
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - b.top;
        if (wide > 2 && high > Math.min(a.height, b.height) / 2)
            covered.push(`${one.data || one.id} / ${other.data || other.id}`);
    }
    return covered;
}"""
"""Words that lie over other words, or over a box to tick."""


class Visit:
    """Somebody's way through the guide. Looks at every page, and tells everything that is wrong together."""

    def __init__(self, page: Any, address: str, turned: bool = False, checker: Any = None) -> None:
        self.page, self.address, self.turned, self.checker = page, address, turned, checker
        self.wrong: list[str] = []
        self.titles: dict[str, str] = {}
        self.looks = 0
        page.set_default_timeout(20_000)
        page.on("console", lambda said: re.search(EXPECTED, said.text) or self.wrong.append(said.text))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", self._request)

    def _request(self, request: Any) -> None:
        if not request.url.startswith(self.address):
            self.wrong.append(f"asks another host: {request.url}")

    def _faults(self) -> list[str]:
        """What axe finds. It is a script: where those are off, it is shown the same page in a browser that has them."""
        if not self.checker:
            return faults(self.page)
        html = self.page.content()
        self.checker.route(self.page.url, lambda route: route.fulfill(body=html, content_type="text/html"))
        self.checker.goto(self.page.url)
        self.checker.unroute(self.page.url)
        return faults(self.checker)

    def look(self) -> None:
        """Look at the page as it is now."""
        page = self.page
        self.looks += 1
        state = f"{page.url.removeprefix(self.address)} '{page.title()}'"
        wrong = self._faults()
        if page.locator("h1").count() != 1:
            wrong.append("has not one h1")
        title, path = page.title(), re.sub(r"/run/[^/]+|\?.*|(?<=quick)/.*", "", page.url)
        if not title.strip() or self.titles.setdefault(title, path) != path:
            wrong.append(f"has the title of {self.titles[title]}")
        if not re.search(r"\b(999|112|911)\b", page.inner_text("body")):
            wrong.append("has no emergency number")
        wrong += [f"too small to press: {what}" for what in too_small(page)]
        if self.turned:
            page.evaluate(TURN)
        wrong += [f"covered: {words}" for words in page.evaluate(COVERED)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append("runs off the side")
        if self.turned:
            page.reload()
        self.wrong += [f"{state}: {what}" for what in wrong]

    def goes(self, act: Callable[[], object]) -> None:
        """Do what leads to another page, and look at it."""
        with self.page.expect_navigation():
            act()
        self.look()

    def opens(self, path: str = "/") -> None:
        """Open an address, and look at the page."""
        self.page.goto(self.address + path)
        self.look()

    def press(self, name: str) -> None:
        """Press a button."""
        self.goes(self.page.get_by_role("button", name=name).first.click)

    def follow(self, name: str) -> None:
        """Follow a link."""
        self.goes(self.page.get_by_role("link", name=name).first.click)

    def answers(self, answers: Mapping[str, Answer]) -> None:
        """Answer until no question is left."""
        while asked(self.page):
            fill(self.page, answers)
            self.press("Continue")

    def heading(self) -> str:
        """What a reader hears first."""
        heading: str = self.page.inner_text("h1")
        return heading

    def text(self) -> str:
        """What can be read in the main part."""
        text: str = self.page.inner_text("main")
        return re.sub(r"\s+", " ", text)


Arrive = Callable[..., Visit]


@pytest.fixture
def arrive(browser: Any, address: str) -> Iterator[Arrive]:
    """Lets somebody come, with their own browser; at the end nothing may be wrong on any page they saw."""
    visits: list[Visit] = []
    contexts = []

    def opened(**settings: Any) -> Any:
        contexts.append(browser.new_context(**settings))
        return contexts[-1].new_page()

    def comes(width: int, large: bool = False, turned: bool = False, script: bool = True, **settings: Any) -> Visit:
        settings["viewport"] = {"width": width, "height": 844}
        page = opened(java_script_enabled=script, **settings)
        if large:
            page.add_init_script(LARGE)
        visits.append(Visit(page, address, turned, None if script else opened(**settings)))
        return visits[-1]

    yield comes
    for context in contexts:
        context.close()
    assert visits and all(visit.looks for visit in visits)
    assert not [wrong for visit in visits for wrong in visit.wrong]


@pytest.fixture(scope="module")
def knowledge(app: Flask) -> Knowledge:
    """The real rules."""
    known: Knowledge = app.extensions["assessor"].knowledge
    return known


def usual(knowledge: Knowledge, *places: str, **answers: Answer) -> Mapping[str, Answer]:
    """What most people with these places answer, but for some answers."""
    return with_usual(knowledge, {knowledge.place_question: places, **answers}).answers


def test_a_worried_person_in_bed_in_the_dark_learns_that_a_shoulder_deposit_is_no_hurry(
    arrive: Arrive, knowledge: Knowledge
) -> None:
    visit = arrive(390, color_scheme="dark")
    visit.opens()
    visit.press("Start now")
    visit.press("Continue")
    assert "There is a problem" in visit.text(), "nothing was chosen"
    visit.answers(usual(knowledge, "tendon-shoulder"))
    assert visit.heading() == "Check your answers"
    visit.press("See what to do next")
    text = visit.text()
    assert text.index("Is this urgent?") < text.index("Will it go away?") < text.index("What you can do next")
    assert visit.heading().endswith(knowledge.dispositions[Urgency.ROUTINE].heading)
    for folded in visit.page.locator("main summary").all():
        folded.click()
    visit.look()
    visit.press("Clear my answers")
    assert not visit.page.context.cookies()
    visit.goes(visit.page.go_back)
    assert "tendon" not in visit.page.content().lower()


def test_somebody_with_chest_pain_is_one_page_from_the_call_on_the_smallest_phone_without_javascript(
    arrive: Arrive, knowledge: Knowledge
) -> None:
    visit = arrive(320, script=False)
    visit.opens()
    line = visit.page.locator(".emergency-line").bounding_box()
    assert line["y"] + line["height"] < 844, "who reads only the first screen knows whom to call"
    visit.press("Start now")
    visit.page.check('input[value="chest_pain_now"]')
    visit.press("Continue")
    assert visit.looks == 3
    assert re.search(r"Call .*(999|112|911)", visit.heading())
    visit.follow("I chose this by mistake")
    assert visit.page.is_checked('input[value="chest_pain_now"]'), "the tick can be seen and taken away"
    visit.page.uncheck('input[value="chest_pain_now"]')
    visit.page.check('input[value="none"]')
    visit.press("Continue")
    assert asked(visit.page), "the questions go on"


def test_somebody_who_is_sure_of_nothing_is_told_whom_to_ask_in_their_own_colours(
    arrive: Arrive, knowledge: Knowledge
) -> None:
    visit = arrive(390, script=False, forced_colors="active")
    visit.opens()
    visit.press("Start now")
    unsure: dict[str, Answer] = {}
    for question in knowledge.questions.values():
        # Of the place nobody knows there is an answer of its own, which leads to questions of its own.
        words = UNSURE if UNSURE in question.allowed else "not-sure"
        unsure[question.id] = (words,) if question.type == "multi" else words
    path = follow(knowledge, unsure)
    visit.answers(unsure)
    known = sum(UNSURE not in question.allowed for question in path.questions)
    assert visit.page.locator(".unknown").count() == len(path.questions) - known, "each is marked as not known"
    visit.press("See what to do next")
    assert any(visit.heading().endswith(knowledge.dispositions[urgency].heading) for urgency in ALARMS)
    told = visit.page.locator("main").text_content()
    assert all(question.text in told for question in path.questions), "what is not known is handed on"
    visit.follow("Print this as a sheet to take with you")


def test_two_places_a_blood_thinner_and_kidney_disease_from_right_to_left_in_longer_words(
    arrive: Arrive, knowledge: Knowledge
) -> None:
    visit = arrive(390, turned=True)
    visit.opens()
    visit.press("Start now")
    places = ("coronary-artery", "leg-artery")
    visit.answers(usual(knowledge, *places, medicines=("takes_warfarin",), conditions=("kidney_disease",)))
    visit.press("See what to do next")
    listed = [words.lower() for words in visit.page.locator(".deposit h2").all_inner_texts()]
    assert sorted(listed) == sorted(knowledge.deposits[place].name.lower() for place in places)
    careful = visit.text().partition("Be careful with these")[2]
    assert re.search(r"blood.thin|warfarin", careful) and "kidney" in careful
    visit.follow("Print this as a sheet to take with you")
    visit.follow("Large print")


def test_a_nurse_with_a_keyboard_goes_from_the_start_page_to_the_printed_sheet(
    arrive: Arrive, knowledge: Knowledge
) -> None:
    visit = arrive(1280)
    keys = Keys(visit.page)
    answers = usual(knowledge, "tendon-shoulder", conditions=("kidney_disease",), medicines=("takes_blood_thinner",))

    def to(words: str) -> None:
        keys.to(lambda at: words in at["text"])
        visit.goes(lambda: visit.page.keyboard.press("Enter"))

    visit.opens()
    to("quick entry")
    to("Start quick entry")
    pages = 0
    while questions := asked(visit.page, "main .quick"):
        pages += 1
        for question in questions:
            keys.answer(knowledge, question, answers[question])
        visit.goes(lambda: visit.page.keyboard.press("Enter"))
    assert visit.heading() == "Nurse view" and pages <= 7
    text = visit.page.locator("main").text_content()
    for name in ("conditions", "medicines"):
        question = knowledge.questions[name]
        assert next(option.text for option in question.options if option.id in answers[name]) in text


def test_somebody_changes_an_answer_prints_and_opens_the_sheet_again_elsewhere_with_letters_twice_as_large(
    arrive: Arrive, knowledge: Knowledge
) -> None:
    visit = arrive(390, large=True)
    visit.opens()
    visit.press("Start now")
    answers = {**usual(knowledge, "tendon-shoulder")}
    visit.answers(answers)
    health = next(page.title for page in knowledge.pages if page.id == knowledge.questions["conditions"].page)
    visit.follow(f"your answers: {health}")
    answers |= usual(knowledge, "tendon-shoulder", conditions=("diabetes",))
    visit.page.check('input[value="diabetes"]')
    visit.press("Continue")
    while asked(visit.page):
        assert visit.page.get_by_text("You changed").count() == 1, "why there are more questions"
        fill(visit.page, answers)
        visit.press("Continue")
    assert "What you changed" in visit.text()
    told = visit.page.locator("dl.told").all_inner_texts()
    visit.press("See what to do next")
    heading = visit.heading().splitlines()[-1]
    for link in ("See what would make it more urgent", "Show the code of this sheet"):
        visit.follow(link)
        visit.follow("Back to your result")
    visit.follow("Print this as a sheet to take with you")
    assert heading in visit.text()
    link = visit.page.get_by_role("link", name="A4").first.get_attribute("href")
    pdf = visit.page.context.request.get(visit.address + link)
    paper = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf.body())).pages)
    code = " ".join(visit.page.locator(".code__groups span").all_inner_texts())
    assert "".join(heading.split()) in "".join(paper.split()) and code.split()[0] in paper

    again = arrive(1280)
    again.opens()
    again.follow("Open it again")
    again.page.fill("#code", code.lower())
    again.press("Show my answers")
    assert again.page.locator("dl.told").all_inner_texts() == told
    again.press("See what to do next")
    assert again.heading().endswith(heading)
