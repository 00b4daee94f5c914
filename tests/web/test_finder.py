"""The word finder on its pages: what is typed is answered, escaped, kept nowhere, and never costs an answer."""

from __future__ import annotations

import logging
import re

import pytest
from flask import Flask

from triage.finder import LONGEST
from triage.journey import Answer
from triage.knowledge import Urgency
from triage.knowledge.model import LetterWord
from triage.knowledge.telling import filled

from .conftest import Page, Person
from .test_pages import a_case

NASTY = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)> {{ 7*7 }} </textarea><b>BI-RADS 4</b>"


def looks_up(person: Person, letter: str, path: str = "/words") -> Page:
    """Type words and press "Look up"."""
    return person.post(path, {"letter": letter})


def at_the_place_question(person: Person) -> tuple[Page, dict[str, Answer]]:
    """A person in the middle of a run, where places are asked for; and what they answer."""
    _, answers = a_case(person, Urgency.ROUTINE)
    person.starts()
    while person.knowledge.place_question not in person.page.questions():
        person.sends(answers)
    return person.page, dict(answers)


# -- what the page says ----------------------------------------------------------------------------------------------


def test_every_word_shows_its_meaning_its_caution_and_its_places(person: Person) -> None:
    for entry in person.knowledge.of_kind(LetterWord):
        page = looks_up(person, entry.words[0])
        assert page.status == 200
        assert page.h1 == "What these words mean"
        (section,) = page.soup.select("section.found")
        said = re.sub(r"\s+", " ", page.text)
        for text in (entry.meaning, entry.caution):
            assert filled(person.knowledge, text, {}) in said, entry.id
        for place in filter(None, (entry.place, *entry.may_be)):
            assert person.knowledge.deposits[place].place in section.get_text(), entry.id
        for source in entry.sources:
            assert person.knowledge.sources[source].publisher in section.get_text(), entry.id


def test_what_a_word_asks_for_stands_above_everything_else(person: Person) -> None:
    for entry in person.knowledge.of_kind(LetterWord):
        if entry.urgency >= Urgency.SOON:
            page = looks_up(person, f"popcorn; {entry.words[0]}")
            caution = filled(person.knowledge, entry.caution, {})
            label = person.knowledge.dispositions[entry.urgency].label
            assert page.text.startswith(f"What these words mean {label}: “{entry.words[0]}” {caution}"), entry.id
            assert page.text.count(caution) == 2, entry.id


def test_beside_a_word_that_asks_for_help_today_nothing_soothes(person: Person) -> None:
    (benign,) = [entry for entry in person.knowledge.of_kind(LetterWord) if "benign" in entry.words]
    page = looks_up(person, "benign; metastases")
    assert benign.meaning not in page.text
    assert benign.caution in page.text
    assert "Getting help comes first" in page.text
    assert benign.meaning in looks_up(person, "benign").text


def test_a_mended_slip_is_told(person: Person) -> None:
    assert "You wrote “microcalcifcation”." in looks_up(person, "microcalcifcation").text
    assert "You wrote" not in looks_up(person, "Microcalcifications").text


@pytest.mark.parametrize("letter", ["normal liver", "qwertz", "☃", "x" * 3000])
def test_nothing_found_says_so_and_what_to_do_and_never_that_all_is_well(person: Person, letter: str) -> None:
    page = looks_up(person, letter)
    assert page.status == 200
    assert page.h1 == "We do not know these words"
    assert "That does not mean that all is well." in page.text
    assert "Ask the person who sent you the letter" in page.text
    assert not page.soup.select("section.found")


@pytest.mark.parametrize("letter", ["", "   ", "\n\t\n"])
def test_an_empty_box_says_what_to_enter(person: Person, letter: str) -> None:
    page = looks_up(person, letter)
    assert page.status == 422
    assert page.title.startswith("Error: What does your letter say?")
    assert page.soup.select_one('.nhsuk-error-summary a[href="#letter"]')


def test_a_letter_that_is_too_long_is_read_to_a_point_and_the_page_says_so(person: Person) -> None:
    page = looks_up(person, "BI-RADS 5 " + "x " * LONGEST)
    assert "we did not look at the end of it" in page.text
    assert "“BI-RADS 5”" in page.text
    assert looks_up(person, "x" * 20_000).status == 413


def test_the_emergency_line_and_a_label_stand_on_every_finder_page(person: Person) -> None:
    for page in (person.get("/words"), looks_up(person, "popcorn"), looks_up(person, "xyz"), looks_up(person, "")):
        assert "Call your emergency number (999, 112 or 911) now" in page.text
        assert page.soup.select_one('label[for="letter"]')
        assert page.soup.select_one("textarea#letter:not([maxlength])"), "a browser would cut a letter silently"


# -- what is typed is nobody's business ------------------------------------------------------------------------------


def test_what_is_typed_is_text_and_nothing_else(person: Person) -> None:
    page = looks_up(person, NASTY)
    assert page.soup.textarea and page.soup.textarea.get_text().strip() == NASTY
    assert not page.soup.select("main script, main img, main b")
    assert "49" not in page.text
    assert "“BI-RADS 4”" in page.text


def test_a_mended_word_is_escaped_where_it_is_repeated(person: Person) -> None:
    page = looks_up(person, "calcifi-<i>\ncatoin</i> microcalcifcation<b>")
    assert not page.soup.select("main i, main b")


def test_what_is_typed_stands_in_no_address_title_header_or_log(
    app: Flask, person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    question, _ = at_the_place_question(person)
    marker = "Zebrafinch phlebolith"
    number = question.response.request.path.rsplit("/", 1)[1]
    for path in ("/words", person.url(f"{number}/words")):
        page = looks_up(person, marker, path)
        assert "phlebolith" in page.text
        assert page.response.request.path == path
        for told in (page.response.request.url, page.title, str(page.response.headers), caplog.text):
            assert "zebrafinch" not in told.lower()
            assert "phlebolith" not in told.lower()
    assert not person.client.get_cookie("session")
    assert "Zebrafinch" not in person.get("/words").html


# -- in the middle of a run ------------------------------------------------------------------------------------------


def test_the_start_page_and_the_place_question_lead_to_the_finder_and_no_other_question_does(person: Person) -> None:
    assert person.page.soup.select_one('main a[href="/words"]')
    question, answers = at_the_place_question(person)
    assert question.soup.select_one('main button[formaction$="/words"]')
    for page in person.seen[1:]:
        if page is not question:
            assert "Look up words" not in page.text
    assert not person.sends(answers).soup.select('button[formaction$="/words"]')


def test_ticks_travel_to_the_finder_and_back_and_nothing_is_ticked_for_anybody(person: Person) -> None:
    question, answers = at_the_place_question(person)
    place = person.knowledge.place_question
    path = question.response.request.path
    deposits = list(person.knowledge.deposits)
    ticks = {**question.fields(), place: deposits[:2]}
    finder = person.post(f"{path}/words", ticks)
    assert finder.h1 == "What does your letter say?"
    assert finder.soup.select_one('form[action$="/clear"]')
    found = person.post(f"{path}/words", {**finder.fields(), "letter": "BI-RADS 4"})
    assert found.h1 == "What these words mean"
    back = person.post(f"{path}/back", found.fields())
    assert back.h1 == question.h1
    assert back.status == 200
    assert back.fields()[place] == deposits[:2]
    # And from there the run goes on.
    assert person.sends(answers).h1 != question.h1


def test_without_ticks_the_question_comes_back_as_it_was(person: Person) -> None:
    question, _ = at_the_place_question(person)
    path = question.response.request.path
    looks_up(person, "BI-RADS 4", f"{path}/words")
    back = person.post(f"{path}/back", {})
    assert back.h1 == question.h1
    assert person.knowledge.place_question not in back.fields()


def test_the_answers_given_before_are_untouched(person: Person) -> None:
    question, answers = at_the_place_question(person)
    path = question.response.request.path
    cookie = person.client.get_cookie(f"run-{person.run}", path=f"/run/{person.run}")
    looks_up(person, "BI-RADS 4", f"{path}/words")
    assert person.client.get_cookie(f"run-{person.run}", path=f"/run/{person.run}") == cookie
    person.get(path)
    assert person.answers(answers).h1 == "Check your answers"


def test_a_run_that_is_gone_still_explains_words_and_says_that_the_answers_are_gone(app: Flask, person: Person) -> None:
    question, _ = at_the_place_question(person)
    path = question.response.request.path
    stranger = Person(app, person.knowledge)
    assert looks_up(stranger, "BI-RADS 4", f"{path}/words").h1 == "What these words mean"
    assert stranger.post(f"{path}/back", {}).status == 410


def test_a_forged_return_ticks_nothing_that_the_question_does_not_offer(person: Person) -> None:
    question, _ = at_the_place_question(person)
    path = question.response.request.path
    place = person.knowledge.place_question
    forged = {**question.fields(), place: ["<script>", "nowhere"], "other": NASTY}
    back = person.post(f"{path}/back", forged)
    assert place not in back.fields()
    assert not back.soup.select("main script")
