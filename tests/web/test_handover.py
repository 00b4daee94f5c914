"""Handing over: a sheet is opened again with its code, typed or scanned, and its answers are read back first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests import codes
from tests.web.conftest import Person, served
from triage.exports import code, qr
from triage.journey import Answer, with_usual
from triage.knowledge import Knowledge, Urgency
from triage.web.state import Run
from triage.web.views import handover


@pytest.fixture(scope="module")
def usual(app: Flask) -> Mapping[str, Answer]:
    """Answers of somebody with a result that is no alarm."""
    knowledge: Knowledge = app.extensions["assessor"].knowledge
    for deposit in knowledge.deposits:
        path = with_usual(knowledge, {knowledge.place_question: (deposit,)})
        if app.extensions["assessor"].assess(path.findings).urgency == Urgency.ROUTINE:
            return path.answers
    raise AssertionError("no deposit is routine by itself")


def code_of(app: Flask, answers: Mapping[str, Answer], days: int = 0, **changed: Any) -> str:
    """The code of a sheet made so many days ago; what it says came of it can be changed."""
    knowledge = app.extensions["assessor"].knowledge
    sheet = codes.sheet_of(knowledge, answers, app.extensions["clock"]().astimezone().date() - timedelta(days))
    fields = {name: getattr(sheet, name) for name in ("edition", "made", "urgency", "categories", "answers")}
    return code.write(knowledge.numbering, code.Handed(**{**fields, **changed}))


def types(person: Person, typed: str) -> None:
    person.get("/open")
    person.post("/open", {"code": typed, "sealed": ""})
    found = re.match(r"/run/([^/]+)/", person.page.response.request.path)
    person.run = found.group(1) if found else ""


def shown_code(person: Person) -> str:
    groups = person.get(person.url("code")).soup.select(".code__groups span")
    return "-".join(group.get_text() for group in groups)


def test_the_code_of_a_sheet_opens_the_same_answers_and_they_are_read_back_first(
    app: Flask, person: Person, usual: Mapping[str, Answer]
) -> None:
    person.starts()
    person.answers(usual)
    told = person.page.soup.select("dl.told")
    person.get(person.url("summary"))
    heading, typed = person.page.h1, shown_code(person)
    other = Person(app, person.knowledge)
    types(other, typed.lower().replace("-", " "))
    assert other.page.h1 == "Check your answers" and other.run != person.run
    assert other.page.soup.select("dl.told") == told
    assert "You opened a sheet of" in other.page.text
    assert other.get(other.url("summary")).h1 == heading
    assert "is the same as on the sheet you opened" in other.page.text


def test_the_code_has_a_page_of_its_own_and_says_what_it_holds(person: Person, usual: Mapping[str, Answer]) -> None:
    person.starts()
    person.answers(usual)
    summary = person.get(person.url("summary"))
    assert not summary.soup.select(".code__groups, svg.square")
    link = summary.soup.find("a", string="Show the code of this sheet")
    assert link is not None
    page = person.get(str(link["href"]))
    assert page.soup.select_one("svg.square") and "localhost/open" in page.text
    assert "holds your health answers" in page.text
    paper = person.get(person.url("print"))
    assert shown_code(person) and "holds your health answers" in paper.text


def test_a_page_whose_code_cannot_be_made_says_so(
    person: Person, usual: Mapping[str, Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise MemoryError("provoked")

    person.starts()
    person.answers(usual)
    monkeypatch.setattr("triage.web.views.handover.code.write", fails)
    page = person.get(person.url("code"))
    assert page.status == 200 and "cannot show a code" in page.text and not page.soup.select(".code__groups")


def test_a_wrong_code_is_kept_in_the_field_and_the_group_to_look_at_is_named(
    app: Flask, person: Person, usual: Mapping[str, Answer]
) -> None:
    groups = code_of(app, usual).split("-")
    wrong = " ".join([*groups[:-1], groups[-1][:3] + ("A" if groups[-1][3] != "A" else "B")])
    types(person, wrong)
    assert person.page.status == 422 and not person.run
    assert person.page.title.startswith("Error: ")
    assert f"Check group {len(groups)} of the code" in person.page.text
    field = person.page.soup.find("textarea")
    assert field is not None and field.get_text().strip() == wrong
    types(person, "nothing like a code")
    assert person.page.status == 422 and "Check each group" in person.page.text


@pytest.mark.parametrize("typed", ["", "<script>alert(1)</script>", "A" * 5000, "\u0000", "é" * 40])
def test_nothing_that_is_typed_breaks_the_page(person: Person, typed: str) -> None:
    types(person, typed)
    assert person.page.status == 422 and person.page.h1 == "Open a sheet"
    assert not person.page.soup.select("main script")


def test_the_page_can_be_opened_and_left(person: Person) -> None:
    page = person.get("/")
    assert page.soup.select_one('a[href="/open"]')
    assert person.get("/open").status == 200


# -- an older sheet ----------------------------------------------------------------------------------------------------


def test_after_thirty_days_warning_signs_are_asked_again_and_then_the_answers_are_read_back(
    app: Flask, person: Person, usual: Mapping[str, Answer]
) -> None:
    signs = {question.id for question in person.knowledge.questions.values() if question.tick_wins} & {*usual}
    types(person, code_of(app, usual, 31))
    asked: set[str] = set()
    while person.page.questions():
        assert "more than 30 days old" in person.page.text
        asked |= person.page.questions()
        person.sends(usual)
    assert signs <= asked
    with_signs = {question.page for question in person.knowledge.questions.values() if question.id in signs}
    assert {person.knowledge.questions[question].page for question in asked} == with_signs
    assert person.page.h1 == "Check your answers" and "more than 30 days old" in person.page.text
    types(person, code_of(app, usual, 30))
    assert person.page.h1 == "Check your answers" and "more than 30 days old" not in person.page.text


def test_a_more_urgent_sheet_counts_until_somebody_has_seen_both(
    app: Flask, person: Person, usual: Mapping[str, Answer]
) -> None:
    types(person, code_of(app, usual, urgency=Urgency.SOON))
    page = person.get(person.url("summary"))
    assert page.h1.endswith(person.knowledge.dispositions[Urgency.SOON].heading)
    assert "get help sooner than our rules say today" in page.text
    assert person.knowledge.dispositions[Urgency.ROUTINE].label in page.text
    assert "get help sooner than our rules say today" in person.get(person.url("print")).text
    handed_on = code.read(person.knowledge.numbering, shown_code(person))
    assert handed_on.urgency == Urgency.SOON


def test_beside_an_alarm_of_the_sheet_no_calmer_level_is_named(
    app: Flask, person: Person, usual: Mapping[str, Answer]
) -> None:
    types(person, code_of(app, usual, urgency=Urgency.SAME_DAY, categories={}))
    page = person.get(person.url("summary"))
    assert page.h1.endswith(person.knowledge.dispositions[Urgency.SAME_DAY].heading)
    changed = page.soup.select_one(".changed")
    assert changed is not None and person.knowledge.dispositions[Urgency.ROUTINE].label not in changed.get_text()
    types(person, code_of(app, usual, urgency=Urgency.EMERGENCY, categories={}))
    assert person.get(person.url("summary")).h1.endswith("now")


def test_a_nurse_is_told_both_levels_also_beside_an_alarm(
    app: Flask, person: Person, usual: Mapping[str, Answer]
) -> None:
    types(person, code_of(app, usual, urgency=Urgency.SAME_DAY, categories={}))
    page = person.get(person.url("nurse"))
    assert page.h1 == "Nurse view"
    changed = page.soup.select_one(".changed")
    assert changed is not None and person.knowledge.dispositions[Urgency.ROUTINE].label in changed.get_text()


def test_a_less_urgent_sheet_never_lowers_the_result(app: Flask, person: Person, usual: Mapping[str, Answer]) -> None:
    types(person, code_of(app, usual, urgency=Urgency.SELF_CARE))
    page = person.get(person.url("summary"))
    assert page.h1.endswith(person.knowledge.dispositions[Urgency.ROUTINE].heading)
    assert "sooner than the sheet you opened said" in page.text


def test_a_sheet_that_stopped_at_an_emergency_opens_at_the_emergency(app: Flask, person: Person) -> None:
    first = person.knowledge.page_questions[person.knowledge.pages[0].id][0]
    stop = next(option.id for option in first.options if option.stops)
    types(person, code_of(app, {first.id: (stop,)}))
    assert person.get(person.url("summary")).h1.endswith("now")


def test_a_broken_coder_takes_no_sheet_away(
    person: Person, usual: Mapping[str, Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    person.starts()
    person.answers(usual)
    heading = person.get(person.url("summary")).h1
    monkeypatch.setattr(qr, "svg", lambda address: 1 // 0)
    page = person.get(person.url("summary"))
    assert page.h1 == heading and not page.soup.select(".code")


# -- the square --------------------------------------------------------------------------------------------------------


def sealed_in(app: Flask, typed: str) -> str:
    return qr.seal(app.extensions["settings"].secret_key, typed)


def test_a_scanned_square_opens_by_post(app: Flask, person: Person, usual: Mapping[str, Answer]) -> None:
    page = person.post("/open", {"code": "", "sealed": sealed_in(app, code_of(app, usual))})
    assert page.h1 == "Check your answers"
    page = person.post("/open", {"code": "", "sealed": sealed_in(app, code_of(app, usual, 31))})
    assert page.status == 422 and "This square cannot be opened" in page.text
    page = person.post("/open", {"code": "", "sealed": "A" * 80})
    assert page.status == 422 and "Type the code that stands beside it" in page.text


def test_behind_https_the_square_leads_to_https(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], secure=True))
    with app.test_request_context("/run/x", base_url="http://guide.example.org"):
        assert handover.open_address() == "https://guide.example.org/open"


# -- the cookie --------------------------------------------------------------------------------------------------------


def test_an_extreme_run_is_kept_by_numbers_and_comes_back_exactly(app: Flask, person: Person) -> None:
    everything = {
        question.id: tuple(question.allowed) if question.type == "multi" else max(question.allowed, key=len)
        for question in person.knowledge.questions.values()
    }
    run = Run("A" * 16, {"csrf_token": "a" * 40}, found=True)
    run.answer(everything)
    sealed = app.session_interface.seal(run)  # type: ignore[attr-defined]
    assert len(sealed) < 1000
    with app.test_request_context("/run/AAAAAAAAAAAAAAAA/1", headers={"Cookie": f"run-{'A' * 16}={sealed}"}) as here:
        back = app.session_interface.open_session(app, here.request)  # type: ignore[attr-defined]
        assert back.found and back.answers == everything


# -- in a real browser -------------------------------------------------------------------------------------------------


KEY = "k3J9-xQ2m_7Lw5vB8nT1rZ6yU4pS0aDf"
SETTINGS = {
    "TRIAGE_SECRET_KEY": KEY,
    "TRIAGE_CSRF_KEY": "Zx8_c7V6b5N4m3-Q2w1E0r9T8y7U6i5O",
    "TRIAGE_EMERGENCY_NUMBER": "112",
    "TRIAGE_TRUSTED_HOSTS": "127.0.0.1",
    "TRIAGE_PLAIN_HTTP": "yes",
    "TRIAGE_WORKERS": "1",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The real server and everything it writes."""
    written = tmp_path_factory.mktemp("server") / "log"
    with written.open("wb") as log, served(log, **SETTINGS) as url:
        yield url, written


def test_typed_without_script_or_scanned_with_it_the_code_leaves_no_trace(
    browser: Any, server: tuple[str, Path], app: Flask, usual: Mapping[str, Answer]
) -> None:
    address, log = server
    seen: list[str] = []

    def watched(context: Any) -> Any:
        page = context.new_page()
        page.on("request", lambda request: seen.append(f"{request.url} {request.headers.get('referer', '')}"))
        return page

    plain = watched(browser.new_context(java_script_enabled=False))
    plain.goto(f"{address}/open#{'A' * 60}")
    assert plain.locator("noscript").count() and "JavaScript is off" in plain.inner_text("main")
    typed = code_of(app, usual)
    plain.fill("#code", typed)
    with plain.expect_navigation():
        plain.get_by_role("button", name="Show my answers").click()
    assert plain.inner_text("h1") == "Check your answers"
    plain_told = plain.inner_text("dl.told >> nth=0")
    plain.goto(plain.url.replace("/check", "/summary"))
    plain.get_by_role("link", name="Show the code").click()
    assert plain.inner_text(".code__groups").split() == typed.split("-")
    sealed = qr.seal(KEY, typed)
    scanned = watched(browser.new_context())
    scanned.goto(f"{address}/open#{sealed}")
    scanned.wait_for_url("**/check")
    assert scanned.inner_text("h1") == "Check your answers"
    assert scanned.inner_text("dl.told >> nth=0") == plain_told
    scanned.go_back()
    assert sealed[:40] not in scanned.evaluate("location.href"), "the scanned address is gone from the history"
    scanned.goto(f"{address}/open#{sealed[:-4]}AAAA")
    scanned.wait_for_selector(".nhsuk-error-summary")
    assert "This square cannot be opened" in scanned.inner_text("main")
    titles = plain.title() + scanned.title()
    plain.context.close()
    scanned.context.close()
    asked = " ".join(url for url in seen if sealed[:40] not in url)
    # The browser is told the whole address of a square; nothing after "#" is ever sent.
    assert all(url.partition(" ")[0].partition("#")[0].endswith("/open") for url in seen if sealed[:40] in url)
    for trace in (asked, titles, log.read_text()):
        assert not re.search("|".join((typed, typed.replace("-", ""), sealed[:40])), trace)
    assert "Listening at" in log.read_text()
