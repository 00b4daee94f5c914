"""What a visitor notices: nothing lost, nothing mixed, nothing blank, and an emergency first."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from flask import Flask

from triage import cases
from triage.assessment import Assessor
from triage.errors import EngineError
from triage.journey import Answer, follow
from triage.knowledge import Knowledge, Urgency
from triage.knowledge.model import Case, Question
from triage.web.state import MOST_BYTES, Run
from triage.whatif import everything

from .conftest import Page, Person


def first_question(knowledge: Knowledge) -> Question:
    """The question of the first page."""
    return knowledge.page_questions[knowledge.pages[0].id][0]


def an_emergency(knowledge: Knowledge) -> str:
    """An answer to the first question that ends the journey."""
    return next(option.id for option in first_question(knowledge).options if option.stops)


def a_case(person: Person, urgency: Urgency) -> tuple[Case, Mapping[str, Answer]]:
    """A case of that urgency that does not stop early, with all its answers."""
    for case in person.knowledge.cases:
        result = cases.run(Assessor(person.knowledge), case)
        if case.urgency == urgency and result.journey and not result.journey.stopped:
            return case, result.journey.answers
    raise AssertionError(f"no case is {urgency.word}")


def walked(person: Person, urgency: Urgency) -> Mapping[str, Answer]:
    """The person answers like a case of that urgency and stands before the check page; gives the answers."""
    _, answers = a_case(person, urgency)
    person.starts()
    person.answers(answers)
    return answers


# -- emergency first -------------------------------------------------------------------------------------------------


def test_the_start_page_names_the_emergency_signs_above_the_button(person: Person) -> None:
    text = person.page.text
    assert 0 < text.index("Call your emergency number (999, 112 or 911) now") < text.index("Start now")


def test_one_tick_on_the_first_page_leads_straight_to_the_call(person: Person) -> None:
    person.starts()
    question = first_question(person.knowledge)
    page = person.sends({question.id: (an_emergency(person.knowledge),)})
    assert page.status == 200
    assert page.h1.startswith("Immediate action required: Call")
    assert not page.questions()
    links = [str(link["href"]) for link in page.soup.select("main a")]
    assert all(link.startswith(("tel:", "/run/")) for link in links), links


def test_none_beside_a_tick_is_still_an_emergency(person: Person) -> None:
    person.starts()
    question = first_question(person.knowledge)
    assert "Call" in person.sends({question.id: (an_emergency(person.knowledge), "none")}).h1


@pytest.mark.parametrize("spoilt", ["csrf_token", "back_to_check"])
def test_an_emergency_is_shown_even_when_the_form_is_not_valid(person: Person, spoilt: str) -> None:
    person.starts()
    question = first_question(person.knowledge)
    page = person.sends({question.id: (an_emergency(person.knowledge),)}, **{spoilt: "forged"})
    assert "Call" in page.h1


def test_an_emergency_is_shown_even_without_cookies(app: Flask, person: Person) -> None:
    page = person.starts()
    data = {**page.fields(), first_question(person.knowledge).id: an_emergency(person.knowledge)}
    shown = Page(app.test_client().post(page.action(), data=data))
    assert "Call" in shown.h1


def test_an_emergency_does_not_wait_for_the_rules(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the rules are gone")

    monkeypatch.setattr(Assessor, "assess", fails)
    person.starts()
    question = first_question(person.knowledge)
    assert "Call" in person.sends({question.id: (an_emergency(person.knowledge),)}).h1


def test_a_mistaken_tick_can_be_taken_back(person: Person) -> None:
    person.starts()
    question = first_question(person.knowledge)
    page = person.sends({question.id: (an_emergency(person.knowledge),)})
    back = page.soup.find("a", string="I chose this by mistake")
    assert back is not None
    page = person.get(str(back["href"]))
    assert page.fields()[question.id] == [an_emergency(person.knowledge)]


# -- mistakes --------------------------------------------------------------------------------------------------------


def test_an_unanswered_page_says_what_to_do_and_leads_there(person: Person) -> None:
    person.starts()
    page = person.sends({})
    assert page.status == 422
    assert page.title.startswith("Error: ")
    link = page.soup.select_one(".nhsuk-error-summary a")
    assert link is not None
    assert page.soup.find(id=str(link["href"])[1:]) is not None


def test_unknown_and_doubled_answers_are_refused_and_change_nothing(person: Person) -> None:
    person.starts()
    usual = {q.id: q.usual if q.type == "multi" else q.usual[0] for q in person.knowledge.questions.values() if q.usual}
    for _ in person.knowledge.pages:
        radios = [
            q for q in person.knowledge.questions.values() if q.id in person.page.questions() and q.type != "multi"
        ]
        if radios:
            break
        person.sends(usual)
    question, address = radios[0], person.page.response.request.path
    for wrong in ("no-such-option", "\x00", "<script>alert(1)</script>", "x" * 5000):
        page = person.sends({**usual, question.id: wrong})
        assert page.status == 422, wrong
        assert "<script>alert" not in page.response.text
    page = person.sends({**usual, question.id: (question.allowed[0], question.allowed[1])})
    assert page.status == 422
    assert not person.get(address).fields().get(question.id)


def test_a_body_that_is_too_large_gets_a_page_that_says_what_to_do(person: Person) -> None:
    person.starts()
    page = person.sends({first_question(person.knowledge).id: "x" * 20_000})
    assert page.status == 413


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/run/short/1", 404), ("/start", 405)])
def test_error_pages_still_say_what_to_do_in_an_emergency(person: Person, path: str, status: int) -> None:
    page = person.get(path)
    assert page.status == status
    assert "chest pain" in page.text


def test_the_error_page_survives_a_broken_template(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> str:
        raise RuntimeError("no templates today")

    monkeypatch.setattr("triage.web.errors.render_template", fails)
    monkeypatch.setattr("triage.web.views.public.render_template", fails)
    response = app.test_client().get("/about")
    assert response.status_code == 500
    assert "chest pain" in response.text
    assert response.headers["Content-Security-Policy"]


# -- nothing lost, nothing mixed -------------------------------------------------------------------------------------


def test_going_back_shows_what_was_answered(person: Person) -> None:
    answers = walked(person, Urgency.ROUTINE)
    number = 1
    while (page := person.get(person.url(str(number)))).questions():
        for question in page.questions():
            given = answers[question]
            assert page.fields()[question] == (list(given) if isinstance(given, tuple) else [given])
        number += 1
    assert number > 5


def test_changing_one_answer_keeps_the_rest_and_returns_to_the_check_page(person: Person) -> None:
    _, answers = a_case(person, Urgency.ROUTINE)
    person.starts()
    before = person.answers(answers)
    last = before.soup.select(".section-head a")[-1]
    page = person.get(str(last["href"]))
    after = person.sends({question: answers[question] for question in page.questions()})
    assert after.h1 == "Check your answers"
    assert after.text == before.text


def test_an_answer_that_leaves_the_path_stops_counting_and_comes_back_with_it(person: Person) -> None:
    place = person.knowledge.place_question
    case, answers = next(
        (case, result.journey.answers)
        for case in person.knowledge.cases
        if (result := cases.run(Assessor(person.knowledge), case)).journey
        and not result.journey.stopped
        and any(person.knowledge.questions[q].deposit for q in result.journey.answers)
    )
    own = next(question for question in answers if person.knowledge.questions[question].deposit)
    other = next(d for d in person.knowledge.deposits if d not in answers[place])
    person.starts()
    full = person.answers(answers)
    words = person.knowledge.questions[own].text
    assert words in listed(full)
    change = next(a for a in full.soup.select(".section-head a") if "Where" in a.get_text())
    person.get(str(change["href"]))
    person.sends({place: (other,)})
    usual = {q.id: q.usual if q.type == "multi" else q.usual[0] for q in person.knowledge.questions.values() if q.usual}
    assert words not in listed(person.answers({**usual, **answers}))
    person.get(str(change["href"]))
    person.sends({place: answers[place]})
    assert listed(person.answers({**usual, **answers})) == listed(full), case.id


def listed(page: Page) -> str:
    """The answers that the check page reads back, and nothing else of it."""
    return " ".join(part.get_text(" ", strip=True) for part in page.soup.select("dl.told"))


def test_two_people_in_two_tabs_never_mix(app: Flask, person: Person) -> None:
    _, calm = a_case(person, Urgency.ROUTINE)
    _, worse = a_case(person, Urgency.SAME_DAY)
    other = Person(app, person.knowledge)
    other.client = person.client
    person.starts()
    other.starts()
    assert person.run != other.run
    person.answers(calm)
    other.answers(worse)
    routine = person.knowledge.dispositions[Urgency.ROUTINE].heading
    assert routine in person.get(person.url("summary")).h1
    assert routine not in other.get(other.url("summary")).h1


def test_an_expired_form_keeps_the_answer_and_needs_one_more_press(person: Person) -> None:
    person.starts()
    question = first_question(person.knowledge)
    page = person.sends({question.id: ("none",)}, **{"csrf_token": "forged"})
    assert page.status == 400
    assert "Your answer is still here" in page.text
    assert page.fields()[question.id] == ["none"]
    assert person.sends({question.id: ("none",)}).h1 != page.h1


@pytest.mark.parametrize("page", ["check", "summary", "changes", "code", "print", "nurse", "3"])
def test_without_answers_there_is_never_a_result(app: Flask, person: Person, page: str) -> None:
    person.starts()
    stranger = Person(app, person.knowledge)
    shown = stranger.get(person.url(page))
    assert shown.status == 410
    assert shown.h1 == "We cannot find your answers"


def test_a_tampered_cookie_is_no_answers_not_empty_ones(app: Flask, person: Person) -> None:
    person.starts()
    person.sends({first_question(person.knowledge).id: ("none",)})
    name, path = f"run-{person.run}", f"/run/{person.run}"
    cookie = person.client.get_cookie(name, path=path)
    assert cookie is not None
    sealed = cookie.value
    for place in range(10, len(sealed), 23):
        spoilt = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        person.client.set_cookie(name, spoilt, path=path)
        assert person.get(person.url("2")).status == 410
    for garbage in ("", "x", "é", "A" * 4000):
        person.client.set_cookie(name, garbage, path=path)
        assert person.get(person.url("2")).status == 410


def test_the_cookie_of_another_run_opens_nothing(app: Flask, person: Person) -> None:
    person.starts()
    cookie = person.client.get_cookie(f"run-{person.run}", path=f"/run/{person.run}")
    assert cookie is not None
    other = "A" * 16
    person.client.set_cookie(f"run-{other}", cookie.value, path=f"/run/{other}")
    assert person.get(f"/run/{other}/2").status == 410


def test_the_cookie_is_unreadable_and_the_largest_one_still_fits(app: Flask, person: Person) -> None:
    everything = {
        q.id: list(q.allowed) if q.type == "multi" else max(q.allowed, key=len)
        for q in person.knowledge.questions.values()
    }
    run = Run("A" * 16, {"answers": everything, "csrf_token": "a" * 40}, found=True)
    sealed = app.session_interface.seal(run)  # type: ignore[attr-defined]
    assert len(sealed) <= MOST_BYTES
    assert not any(question in sealed for question in everything)


def test_answers_that_would_not_fit_are_refused_with_the_careful_page(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.starts()
    monkeypatch.setattr("triage.web.state.MOST_BYTES", 100)
    page = person.sends({first_question(person.knowledge).id: ("none",)})
    assert "today" in page.h1
    assert "could not work out" in page.text


def test_clear_my_answers_leaves_nothing_behind(person: Person) -> None:
    walked(person, Urgency.ROUTINE)
    page = person.post(person.url("clear"), {})
    assert page.h1 == "Your answers are cleared"
    assert person.client.get_cookie(f"run-{person.run}", path=f"/run/{person.run}") is None
    assert person.get(person.url("summary")).status == 410


def test_no_answer_stands_in_any_address(app: Flask, person: Person) -> None:
    answers = walked(person, Urgency.SAME_DAY)
    for name in ("check", "summary", "changes", "code", "print", "nurse"):
        person.get(person.url(name))
    words = {word for given in answers.values() for word in (given if isinstance(given, tuple) else (given,))}
    for page in person.seen:
        for response in (*page.response.history, page.response):
            address = response.request.url + str(response.headers.get("Location", ""))
            assert not [word for word in words if len(word) > 4 and word in address], address


# -- what would change the result ------------------------------------------------------------------------------------


def test_on_screen_what_would_change_the_result_stands_between_the_safety_net_and_the_deposits(person: Person) -> None:
    walked(person, Urgency.ROUTINE)
    summary = person.get(person.url("summary")).soup
    headings = [tag.get_text() for tag in summary.find_all("h2")]
    place = headings.index("What would change this result")
    assert headings[place - 1] == "Get help sooner if things change"
    assert headings[place + 1] in {name[0].upper() + name[1:] for name in names(person.knowledge)}
    link = summary.select_one("#change + p a")
    assert link is not None and person.get(str(link["href"])).h1 == "What would change this result"


def test_what_would_change_the_result_names_its_sources_and_no_others(person: Person) -> None:
    walked(person, Urgency.ROUTINE)
    page = person.get(person.url("changes")).soup
    assert page.select(".sooner li")
    named = {link["href"] for link in page.select(".notes a")}
    assert named and named == {f"#{line['id']}" for line in page.select(".sources li")}


def names(knowledge: Knowledge) -> set[str]:
    """What the deposits are called."""
    return {deposit.name for deposit in knowledge.deposits.values()}


def test_the_nurse_sees_every_answer_that_would_make_it_more_urgent_with_its_rules(app: Flask, person: Person) -> None:
    answers = walked(person, Urgency.ROUTINE)
    path = follow(person.knowledge, answers)
    assessor = app.extensions["assessor"]
    whole = everything(assessor, path, assessor.assess(path.findings))
    page = person.get(person.url("nurse"))
    rows = [[cell.get_text(" ", strip=True) for cell in row.find_all("td")] for row in page.soup.select("table tr")]
    assert [row for row in rows if row] == [
        [effect.change.question.words(effect.change.option), ", ".join(rule.id for rule in effect.rules)]
        for effect in whole.raises
    ]


def test_a_sheet_is_shown_also_when_nobody_can_say_what_would_change_it(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked(person, Urgency.ROUTINE)

    def fails(*_: object) -> None:
        raise MemoryError("provoked")

    monkeypatch.setattr("triage.web.views.results.for_patient", fails)
    page = person.get(person.url("changes"))
    assert page.h1 == "What would change this result" and "still count" in page.text
    assert person.knowledge.dispositions[Urgency.ROUTINE].heading in page.text
    paper = person.get(person.url("print"))
    assert person.knowledge.dispositions[Urgency.ROUTINE].heading in paper.h1
    assert "What would change this result" not in paper.text


# -- when something fails --------------------------------------------------------------------------------------------


def test_a_failing_engine_never_lowers_the_urgency_and_never_blanks_the_page(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked(person, Urgency.ROUTINE)

    def fails(*_: object) -> None:
        raise EngineError("provoked")

    monkeypatch.setattr("triage.engine.Engine.fired", fails)
    page = person.get(person.url("summary"))
    assert page.status == 200
    assert person.knowledge.dispositions[Urgency.SAME_DAY].heading in page.h1
    assert "could not work out" in page.text


def test_failing_rules_give_the_careful_page_with_the_signs_and_the_answers(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked(person, Urgency.ROUTINE)

    def fails(*_: object) -> None:
        raise MemoryError("provoked")

    monkeypatch.setattr(Assessor, "assess", fails)
    page = person.get(person.url("summary"))
    assert page.status == 200
    assert person.knowledge.dispositions[Urgency.SAME_DAY].heading in page.h1
    for option in first_question(person.knowledge).options:
        assert option.text in page.text


def test_text_in_the_rules_is_escaped_on_the_page(app: Flask) -> None:
    from triage.web.components import component

    shown = component("radios", name="x", fieldset={"legend": {"text": "<script>alert(1)</script>"}}, items=[])
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_healthz_is_200_only_when_every_case_came_out_as_written(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    monkeypatch.setitem(app.extensions, "self_check", ["a case failed"])
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert "a case failed" in answer.text


def test_the_about_page_names_every_source_and_every_kind_of_deposit(person: Person) -> None:
    page = person.get("/about")
    for source in person.knowledge.sources.values():
        assert re.sub(r"\s+", " ", source.title) in page.text
    for deposit in person.knowledge.deposits.values():
        assert deposit.place in page.text
    assert person.knowledge.version in page.text
