"""How the pages look and feel in a real browser: small, large, turned round, dark, in the user's own colours.

One walk past every kind of page for each way of looking; what is wrong is collected and told together.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask

from triage import cases
from triage.journey import Answer
from triage.knowledge import Knowledge, Urgency
from triage.knowledge.model import REVERSIBILITY, HardWord
from triage.sheet import make_sheet

from .conftest import Person, asked, faults, fill, press, too_small
from .test_pages import walked


@pytest.fixture(scope="module")
def knowledge(app: Flask) -> Knowledge:
    """The real rules."""
    return app.extensions["assessor"].knowledge


@pytest.fixture(scope="module")
def answers(app: Flask, knowledge: Knowledge) -> Mapping[str, Answer]:
    """Somebody with one place, a calm result and a category that is shown."""
    assessor = app.extensions["assessor"]
    for case in knowledge.cases:
        result = cases.run(assessor, case)
        if result.journey and result.assessment and case.urgency == Urgency.ROUTINE and case.reversibility:
            sheet = make_sheet(knowledge, result.assessment, result.journey, {})
            if any(part.category for part in sheet.deposits):
                return result.journey.answers
    raise AssertionError("no case is calm")


def stops(page: Any, address: str, knowledge: Knowledge, answers: Mapping[str, Answer]) -> Iterator[str]:
    """Past every kind of page; each is named when it is in front of the reader."""
    page.goto(address)
    yield "start"
    press(page, "Start now")
    yield "question"
    press(page, "Continue")
    yield "error"
    while names := asked(page):
        single = next((name for name in names if knowledge.questions[name].type != "multi"), "")
        if single == names[0]:
            yield "radios"
        fill(page, answers)
        if knowledge.place_question in names:
            yield "where"
        press(page, "Continue")
    yield "check"
    press(page, "See what to do next")
    yield "summary"
    summary = page.url
    for name in ("changes", "code"):
        page.goto(summary.removesuffix("summary") + name)
        yield name
    page.goto(summary)
    press(page, "Clear my answers")
    yield "cleared"
    page.goto(summary)
    yield "lost"
    press(page, "Start again")
    first = knowledge.page_questions[knowledge.pages[0].id][0]
    page.check(f'input[value="{next(option.id for option in first.options if option.stops)}"]')
    press(page, "Continue")
    yield "emergency"
    page.goto(f"{address}/about")
    yield "about"


def opened(browser: Any, width: int, **more: Any) -> Any:
    return browser.new_context(viewport={"width": width, "height": 844}, **more).new_page()


def test_a_checker_of_accessibility_finds_nothing_on_any_kind_of_page(
    browser: Any, address: str, knowledge: Knowledge, answers: Mapping[str, Answer]
) -> None:
    page = opened(browser, 390)
    found = []
    for name in stops(page, address, knowledge, answers):
        found += [(name, fault) for fault in faults(page)]
    assert not found
    page.context.close()


def test_everything_that_can_be_pressed_is_large_enough_and_nothing_moves_while_a_page_loads(
    browser: Any, address: str, knowledge: Knowledge, answers: Mapping[str, Answer]
) -> None:
    page = opened(browser, 390)
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())"
        " if (!entry.hadRecentInput) window.moved += entry.value; }).observe({type: 'layout-shift', buffered: true})"
    )
    small = []
    for name in stops(page, address, knowledge, answers):
        assert page.evaluate("window.moved") == 0, f"{name}: something moved"
        small += too_small(page)
    assert not small
    page.context.close()


@pytest.mark.parametrize(("width", "size"), [(320, "100%"), (390, "225%")], ids=["320 px", "letters twice as large"])
def test_no_page_runs_off_the_side(
    browser: Any, address: str, knowledge: Knowledge, answers: Mapping[str, Answer], width: int, size: str
) -> None:
    page = opened(browser, width)
    wide = []
    for name in stops(page, address, knowledge, answers):
        if size != "100%":
            page.evaluate("size => { document.documentElement.style.fontSize = size }", size)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(name)
    assert not wide
    page.context.close()


def test_lines_on_a_wide_screen_are_short_and_the_page_uses_its_room(
    browser: Any, address: str, knowledge: Knowledge, answers: Mapping[str, Answer]
) -> None:
    page = opened(browser, 1920)
    long, narrow = [], []
    for name in stops(page, address, knowledge, answers):
        longest = page.eval_on_selector_all(
            "main p, main li, main dd, main .nhsuk-hint",
            """blocks => Math.max(0, ...blocks.map(block => {
                const box = block.getBoundingClientRect(), style = getComputedStyle(block);
                const lines = Math.round(box.height / parseFloat(style.lineHeight));
                return lines < 3 || block.children.length ? 0 : block.textContent.trim().length / lines;
            }))""",
        )
        if longest > 70:
            long.append((name, longest))
        if name in ("start", "question", "where", "summary"):
            left, right = page.evaluate(
                """() => { const boxes = [...document.querySelectorAll("main, .parts, .contents")]
                    .map(one => one.getBoundingClientRect()).filter(box => box.width);
                    return [Math.min(...boxes.map(box => box.left)), Math.max(...boxes.map(box => box.right))] }"""
            )
            if right - left < 1000:
                narrow.append((name, right - left))
    assert not long
    assert not narrow
    page.context.close()


def test_turned_right_to_left_the_boxes_stand_beside_their_labels(
    browser: Any, address: str, knowledge: Knowledge, answers: Mapping[str, Answer]
) -> None:
    page = opened(browser, 390)
    looked = 0
    for name in stops(page, address, knowledge, answers):
        page.evaluate("document.documentElement.dir = 'rtl'")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), name
        pairs = page.eval_on_selector_all(
            "input:not([type=hidden])",
            """boxes => boxes.map(box => [box.getBoundingClientRect(), box.labels[0].getBoundingClientRect()])
                .map(([box, label]) => [box.left, label.right])""",
        )
        looked += len(pairs)
        assert all(box >= label for box, label in pairs), name
    assert looked
    page.context.close()


def luminance(colour: str) -> float:
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_in_the_dark_and_in_the_users_own_colours_every_control_can_be_seen(
    browser: Any, address: str, knowledge: Knowledge, answers: Mapping[str, Answer]
) -> None:
    for mode in ({"color_scheme": "dark"}, {"forced_colors": "active"}):
        page = opened(browser, 390, **mode)
        for name in stops(page, address, knowledge, answers):
            behind = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
            seen = page.eval_on_selector_all(
                ".nhsuk-button, .nhsuk-card, .emergency-line, .strip .here,"
                " main a:not(.call, [tabindex], [class*=ticked])",
                """all => all.filter(one => one.checkVisibility()).map(one => [one.className || one.tagName,
                    one.tagName === "A" && !one.className ? getComputedStyle(one).color
                    : parseFloat(getComputedStyle(one).borderTopWidth) >= 2
                        && getComputedStyle(one).borderTopColor !== "rgba(0, 0, 0, 0)"
                        ? getComputedStyle(one).borderTopColor : getComputedStyle(one).backgroundColor])""",
            )
            faint = [(what, colour) for what, colour in seen if contrast(colour, behind) < 2.4]
            assert not faint, (mode, name, behind, faint)
            ink = page.evaluate("getComputedStyle(document.body).color")
            assert contrast(ink, behind) >= 7, (mode, name)
        page.context.close()


def test_the_figure_leads_into_the_list_and_shows_the_ticks(
    browser: Any, address: str, knowledge: Knowledge, answers: Mapping[str, Answer]
) -> None:
    question = knowledge.questions[knowledge.place_question]
    option = next(option for option in question.options if option.body and option.group != question.groups[0])
    page = opened(browser, 390)
    for name in stops(page, address, knowledge, answers):
        if name == "where":
            break
    for box in page.locator(f'input[name="{question.id}"]:checked').all():
        box.uncheck()
    assert page.locator(".body__spot.lit").count() == 0
    where = page.url
    page.get_by_role("link", name=option.group, exact=True).click()
    legend = page.locator("legend", has_text=re.compile(f"^\\s*{option.group}\\s*$"))
    assert -1 <= legend.bounding_box()["y"] < 200
    assert page.url == where, "the address tells which place was looked at"
    page.keyboard.press("Tab")
    first = next(one for one in question.options if one.group == option.group)
    assert page.evaluate("document.activeElement.value") == first.id
    page.check(f'input[value="{option.id}"]')
    assert page.locator(".body__spot.lit").count() == len(option.body)
    assert page.get_by_role("link", name=f"{option.group} ✓ ticked").count() == 1
    press(page, "Continue")
    page.goto(where)  # without a script the server shows the same
    assert len(re.findall(r'class="body__spot lit"', page.context.request.get(where).text())) == len(option.body)
    page.context.close()


def test_a_hard_word_opens_its_meaning_without_a_script(
    browser: Any, address: str, knowledge: Knowledge, answers: Mapping[str, Answer]
) -> None:
    page = opened(browser, 390, java_script_enabled=False)
    for name in stops(page, address, knowledge, answers):
        if name == "where":
            break
    word = page.locator("button.term").first
    meaning = page.locator(f"#{word.get_attribute('popovertarget')}")
    assert not meaning.is_visible()
    word.focus()
    page.keyboard.press("Enter")
    assert meaning.is_visible()
    assert any(hard.meaning in meaning.inner_text() for hard in knowledge.of_kind(HardWord))
    page.keyboard.press("Escape")
    assert not meaning.is_visible()
    page.context.close()


# -- over the wire ---------------------------------------------------------------------------------------------------


def loaded(person: Person, html: str) -> dict[str, bytes]:
    """The page and everything it asks for, as it goes over the wire where nothing compresses it."""
    linked = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', html))
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', html.partition("<main")[0]), "another host is asked"
    parts = {"page": html.encode()}
    for path in linked:
        with person.client.get(path) as answer:
            parts[path] = answer.data
    return parts


def test_the_start_page_and_the_questions_are_light(person: Person) -> None:
    start = loaded(person, person.page.html)
    assert sum(map(len, start.values())) < 20_000
    assert len(start) <= 3
    usual = {q.id: q.usual if q.type == "multi" else q.usual[0] for q in person.knowledge.questions.values() if q.usual}
    person.starts()
    while asked := person.page.questions():
        parts = loaded(person, person.page.html)
        travels = {path: data for path, data in parts.items() if path not in start}  # the rest is kept for a year
        # The list of all places with its figure is the one long page; it is light where the proxy compresses.
        long = person.knowledge.place_question in asked
        size = sum(len(gzip.compress(data)) if long else len(data) for data in travels.values())
        assert size < 25_000, (asked, size)
        assert len(travels) <= (4 if long else 2), travels.keys()
        person.sends(usual)


# -- what the reader is told about the way -----------------------------------------------------------------------------


def test_every_question_page_says_which_part_it_belongs_to_and_never_goes_back(person: Person) -> None:
    usual = {q.id: q.usual if q.type == "multi" else q.usual[0] for q in person.knowledge.questions.values() if q.usual}
    person.starts()
    told = []
    while person.page.questions():
        line = person.page.soup.select_one(".part")
        assert line is not None
        number, whole, title = re.fullmatch(r"Part (\d) of (\d): (.+)", line.get_text()).groups()  # type: ignore[union-attr]
        assert person.knowledge.parts[int(number) - 1] == title
        told.append((int(number), int(whole)))
        person.sends(usual)
    assert told == sorted(told)
    assert {whole for _, whole in told} == {len(person.knowledge.parts)}
    assert told[0][0] == 1


def test_the_strip_marks_one_category_in_words_and_stands_beside_no_alarm(person: Person) -> None:
    walked(person, Urgency.SAME_DAY)
    soup = person.get(person.url("summary")).soup
    assert not soup.select(".strip")
    for urgency in (Urgency.ROUTINE, Urgency.SELF_CARE):
        walked(person, urgency)
        soup = person.get(person.url("summary")).soup
        for strip in soup.select(".strip"):
            marked = strip.select("[aria-current=true]")
            assert len(marked) == 1
            assert marked[0].get_text().startswith("✓ This one applies: ")
            assert len(strip.select("li")) == len(REVERSIBILITY)


def test_the_summary_lists_its_own_headings_in_their_order(person: Person) -> None:
    walked(person, Urgency.ROUTINE)
    soup = person.get(person.url("summary")).soup
    listed = [(str(link["href"])[1:], link.get_text()) for link in soup.select(".contents a")]
    assert listed == [(str(h2["id"]), h2.get_text()) for h2 in soup.select(".rest h2")]
