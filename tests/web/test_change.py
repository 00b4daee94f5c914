"""Changing an answer: the rest is kept, what is new is asked first, and the person is told what the change did."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from flask import Flask

from triage.journey import Answer, chosen, follow, with_usual
from triage.knowledge import UNSURE, Knowledge, Urgency
from triage.knowledge.model import NO_ONE
from triage.web.changing import last_change
from triage.web.state import Run, SealedCookies, StateTooLarge

from .conftest import Page, Person
from .test_pages import an_emergency, first_question, listed, walked

CHECK = "Check your answers"


@pytest.fixture
def places(person: Person) -> tuple[str, str]:
    """Two places, each with questions of its own."""
    asked = {question.deposit for question in person.knowledge.questions.values() if question.deposit}
    first, second = [deposit for deposit in person.knowledge.deposits if deposit in asked][:2]
    return first, second


def usual(knowledge: Knowledge, *places: str) -> Mapping[str, Answer]:
    """Everything that somebody with these deposits answers, who otherwise says what most people say."""
    return with_usual(knowledge, {knowledge.place_question: places}).answers


def change(person: Person, title: str) -> Page:
    """Press "Change" beside the answers of that page."""
    person.get(person.url("check"))
    link = next(link for link in person.page.soup.select(".section-head a") if title in link.get_text())
    return person.get(str(link["href"]))


def change_place(person: Person, *places: str) -> Page:
    """Press "Change" beside the place, and choose others."""
    question = person.knowledge.questions[person.knowledge.place_question]
    title = next(page.title for page in person.knowledge.pages if page.id == question.page)
    change(person, title)
    return person.sends({question.id: places})


def said(page: Page) -> str:
    """What the page says about the change."""
    part = page.soup.select_one("section.changed")
    return " ".join(part.get_text(" ", strip=True).split()) if part else ""


def test_only_the_new_questions_are_asked_and_then_the_answers_are_back(
    person: Person, places: tuple[str, str]
) -> None:
    first, second = places
    person.starts()
    person.answers(usual(person.knowledge, first))
    assert person.page.h1 == CHECK
    assert not said(person.page)
    page = change_place(person, first, second)
    asked: set[str] = set()
    answers = usual(person.knowledge, first, second)
    while page.questions():
        assert {person.knowledge.questions[question].deposit for question in page.questions()} == {second}
        assert "You changed:" in said(page)
        assert person.knowledge.questions[person.knowledge.place_question].text in said(page)
        assert not asked & page.questions()
        asked |= page.questions()
        page = person.sends(answers)
    assert page.h1 == CHECK
    assert asked
    assert f"{len(asked)} new question" in said(page)
    assert "no longer count" not in said(page)
    for question in asked:
        assert person.knowledge.questions[question].text in said(page)
    assert person.knowledge.deposits[second].place in said(page)


def test_what_no_longer_counts_is_named_and_comes_back_named_as_well(person: Person, places: tuple[str, str]) -> None:
    first, second = places
    knowledge = person.knowledge
    person.starts()
    full = person.answers(usual(knowledge, first))
    own = [question for question in usual(knowledge, first) if knowledge.questions[question].deposit == first]
    change_place(person, second)
    page = person.answers(usual(knowledge, second))
    count = "1 answer no longer counts" if len(own) == 1 else f"{len(own)} answers no longer count"
    assert count in said(page)
    for question in own:
        assert knowledge.questions[question].text in said(page)
        assert knowledge.questions[question].text not in listed(page)
    page = change_place(person, first)
    assert page.h1 == CHECK, "what was answered before is not asked again"
    assert "earlier answer" in said(page)
    assert all(knowledge.questions[question].text in said(page) for question in own)
    assert listed(page) == listed(full)


def test_a_change_that_changes_nothing_says_nothing(person: Person) -> None:
    answers = walked(person, Urgency.ROUTINE)
    last = person.page.soup.select(".section-head a")[-1]
    person.get(str(last["href"]))
    page = person.sends(answers)
    assert page.h1 == CHECK
    assert not said(page)


def test_what_was_changed_is_still_told_after_a_refresh_and_gives_way_to_the_next_change(
    person: Person, places: tuple[str, str]
) -> None:
    first, second = places
    person.starts()
    person.answers(usual(person.knowledge, first))
    change_place(person, second)
    page = person.answers(usual(person.knowledge, second))
    assert said(page) == said(person.get(person.url("check")))
    answers = usual(person.knowledge, second)
    asked = [person.knowledge.questions[name] for name in answers]
    question = next(question for question in asked if question.type == "choice")
    title = next(page.title for page in person.knowledge.pages if page.id == question.page)
    old = answers[question.id]
    new = next(option for option in question.allowed if option != old)
    change(person, title)
    person.sends({**answers, question.id: new})
    page = person.answers({**answers, question.id: new})
    assert question.words(new) in said(page)
    assert f"before: {question.words(str(old))}" in said(page)
    assert person.knowledge.deposits[second].place not in said(page)


def test_leaving_in_the_middle_of_a_change_loses_nothing_and_never_gives_a_result(
    person: Person, places: tuple[str, str]
) -> None:
    first, second = places
    person.starts()
    person.answers(usual(person.knowledge, first))
    asked = change_place(person, first, second)
    for name in ("check", "summary", "print"):
        page = person.get(person.url(name))
        assert page.questions() == asked.questions(), "the new questions come before any result"
    page = person.answers(usual(person.knowledge, first, second))
    assert page.h1 == CHECK
    assert "new question" in said(page)


def test_an_emergency_ticked_by_mistake_during_a_change_leads_back_to_the_answers(person: Person) -> None:
    answers = walked(person, Urgency.ROUTINE)
    before = listed(person.page)
    question = first_question(person.knowledge)
    person.get(str(person.page.soup.select(".section-head a")[0]["href"]))
    page = person.sends({question.id: (an_emergency(person.knowledge),)})
    mistake = page.soup.find("a", string="I chose this by mistake")
    assert mistake is not None
    person.get(str(mistake["href"]))
    page = person.sends(answers)
    assert page.h1 == CHECK
    assert not said(page)
    assert listed(page) == before


def test_going_back_and_on_without_change_walks_page_by_page(person: Person) -> None:
    answers = walked(person, Urgency.ROUTINE)
    person.get(person.url("2"))
    person.sends(answers)
    assert person.page.response.request.path == person.url("3")


def test_an_old_page_sent_again_counts_for_its_own_question_only(person: Person, places: tuple[str, str]) -> None:
    first, second = places
    person.starts()
    person.answers(usual(person.knowledge, first))
    old_form = change_place(person, first, second)
    answers = usual(person.knowledge, first, second)
    fields: dict[str, object] = {**old_form.fields()}
    for question in old_form.questions():
        given = answers[question]
        fields[question] = given if isinstance(given, str) else list(given)
    person.answers(answers)
    full = listed(person.page)
    for _ in range(2):
        person.post(old_form.action(), fields)
        assert listed(person.get(person.url("check"))) == full
    # The question is no longer on the path: what is sent for it goes nowhere.
    change_place(person, first)
    page = person.post(old_form.action(), fields)
    assert page.h1 == CHECK
    assert not [q for q in old_form.questions() if person.knowledge.questions[q].text in listed(page)]


@pytest.mark.parametrize("gone", ["the place", "the answers"])
def test_an_emergency_on_a_page_that_no_longer_counts_is_still_an_emergency(person: Person, gone: str) -> None:
    knowledge = person.knowledge
    own = [question for question in knowledge.questions.values() if question.deposit and question.stopping]
    alarm = next(question for question in own if question.id in usual(knowledge, question.deposit))
    other = next(deposit for deposit in knowledge.deposits if deposit != alarm.deposit)
    person.starts()
    answers = usual(knowledge, alarm.deposit)
    while alarm.id not in person.page.questions():
        person.sends(answers)
    form = person.page
    if gone == "the place":
        asked_for = knowledge.questions[knowledge.place_question]
        page = [step.page.id for step in follow(knowledge, answers).steps].index(asked_for.page) + 1
        person.get(person.url(str(page)))
        person.sends({asked_for.id: (other,)})
    else:
        person.post(person.url("clear"), {})
    person.page = form
    option = min(alarm.stopping)
    page = person.sends({**answers, alarm.id: (option,) if alarm.type == "multi" else option})
    assert knowledge.dispositions[Urgency.EMERGENCY].heading.partition("{")[0] in page.h1


def test_not_sure_has_a_mark_and_a_word_of_its_own_and_no_has_none(person: Person) -> None:
    knowledge = person.knowledge
    unsure = {q.id: (UNSURE,) if q.type == "multi" else UNSURE for q in knowledge.questions.values() if q.unsure}
    first = first_question(knowledge)
    person.starts()
    answers = {**usual(knowledge, next(iter(knowledge.deposits))), **unsure, first.id: (NO_ONE,)}
    answers[knowledge.place_question] = (next(iter(knowledge.deposits)),)
    page = person.answers(answers)
    assert page.h1 == CHECK
    assert knowledge.notices["unsure_listed"].text in page.text
    marked = page.soup.select("dd.unknown")
    assert len(marked) > 3
    assert all("Not known" in mark.get_text() and "?" in mark.get_text() for mark in marked)
    assert all("unknown" in line.get("class", []) for line in page.soup.select("dd") if "not sure" in line.get_text())
    assert first.none in [line.get_text() for line in page.soup.select("dd:not(.unknown)")]


def test_without_anything_unknown_there_is_no_mark(person: Person) -> None:
    person.starts()
    answers = usual(person.knowledge, next(iter(person.knowledge.deposits)))
    page = person.answers(answers)
    assert UNSURE not in {word for given in answers.values() for word in chosen(given)}
    assert not page.soup.select("dd.unknown")
    assert person.knowledge.notices["unsure_listed"].text not in page.text


def test_what_was_before_is_forgotten_before_an_answer_is_refused(
    person: Person, places: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = places
    person.starts()
    person.answers(usual(person.knowledge, first))
    seal = SealedCookies.seal

    def too_large_with_what_was_before(self: SealedCookies, session: Run) -> str:
        if session.changed_from:
            raise StateTooLarge("more than a cookie holds")
        return seal(self, session)

    monkeypatch.setattr(SealedCookies, "seal", too_large_with_what_was_before)
    page = change_place(person, second)
    assert page.questions(), "the change itself is kept"
    assert not said(page)


def test_the_start_page_shows_nothing_of_a_run_and_begins_another(person: Person) -> None:
    fresh = person.page.html
    walked(person, Urgency.SAME_DAY)
    run, page = person.run, person.get("/")
    assert page.html == fresh
    person.starts()
    assert person.run != run
    assert not person.page.soup.select("main input[checked]")
    assert person.get(f"/run/{run}/check").h1 == CHECK, "the other run is still there for whoever has its address"


def test_what_changed_is_what_two_paths_differ_in(app: Flask, knowledge: Knowledge) -> None:
    deposits = list(knowledge.deposits)
    for first, second in zip(deposits, deposits[1:] + deposits[:1], strict=True):
        old, new = usual(knowledge, first), usual(knowledge, second)
        merged = {**old, **new}
        before = {name: old.get(name) for name in new if old.get(name) != new[name]}
        found = last_change(knowledge, merged, before)
        assert found
        path = follow(knowledge, merged).answers
        assert [one.question.id for one in found.changed] == [knowledge.place_question]
        assert {question.id for question in (*found.new, *found.back)} == path.keys() - old.keys()
        assert {question.id for question in found.gone} == old.keys() - path.keys()
