"""The nurse's pages over HTTP: the view of a run, quick entry, and the case file of who would advise otherwise."""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Mapping

import pytest
from flask import Flask

from triage.assessment import Assessor
from triage.journey import Answer, follow, with_usual
from triage.knowledge import UNSURE, Urgency

from .conftest import Page, Person
from .test_pages import an_emergency, first_question, walked

REASON = "Her \"other\" knee\nis <b>warm</b> & ''' 漢字"


def quick(person: Person) -> Page:
    """The person's nurse presses "Start quick entry"."""
    person.get("/quick")
    page = person.post("/quick", {})
    person.run = str(page.response.request.path).split("/")[2]
    return page


def enter(person: Person, answers: Mapping[str, Answer], until: str = "") -> list[Page]:
    """Answer page after page, up to the nurse's view or the question named; the pages that were answered."""
    pages: list[Page] = []
    while person.page.h1 != "Nurse view" and until not in person.page.questions():
        assert len(pages) < 12, f"stays on '{person.page.h1}'"
        pages.append(person.page)
        person.sends(answers)
    return pages


def usual(person: Person, deposit: str, **changed: Answer) -> Mapping[str, Answer]:
    """The usual answers of somebody with that deposit, but for these."""
    return with_usual(person.knowledge, {person.knowledge.place_question: (deposit,), **changed}).answers


# -- the view ----------------------------------------------------------------------------------------------------------


def test_the_view_says_first_that_nobody_has_examined_anything(person: Person) -> None:
    walked(person, Urgency.ROUTINE)
    text = person.get(person.url("nurse")).text
    said = person.knowledge.notices["nurse_reported"].text
    assert said.startswith("Patient-reported, not clinically assessed.")
    assert text.index(person.knowledge.dispositions[Urgency.ROUTINE].label) < text.index(said) < text.index("Say and")


def test_every_question_of_the_run_stands_in_exactly_one_list_of_the_view(person: Person) -> None:
    deposit = next(iter(person.knowledge.deposits))
    unsure = next(q for q in person.knowledge.questions.values() if q.deposit == deposit and q.unsure)
    answers = usual(person, deposit, **{unsure.id: (UNSURE,) if unsure.type == "multi" else UNSURE})
    person.starts()
    person.answers(answers)
    page = person.get(person.url("nurse"))
    lists = {part.find(["h3", "summary"]).get_text(" ", strip=True): part for part in page.soup.select(".list")}
    told = [item for part in lists.values() for item in part.select(":scope > ul > li")]
    path = follow(person.knowledge, answers)
    for question in path.questions:
        assert sum(question.text in item.get_text(" ") for item in told) >= 1, question.text
    not_asked = next(part for name, part in lists.items() if name.startswith("Not asked"))
    asked = [item for item in told if item not in not_asked.select("li")]
    assert len(asked) == len(path.questions)
    assert unsure.text in lists["Not sure: not a no"].get_text(" ")


def test_each_card_has_one_box_that_nothing_sends(app: Flask, person: Person) -> None:
    answers = walked(person, Urgency.SAME_DAY)
    assessor: Assessor = app.extensions["assessor"]
    cards = assessor.assess(follow(person.knowledge, answers).findings).nurse_cards
    page = person.get(person.url("nurse"))
    boxes = page.soup.select(".talk input")
    assert len(boxes) == len(cards) > 0
    for box in boxes:
        assert not box.has_attr("name")
        assert not box.has_attr("checked")
        assert box["autocomplete"] == "off"
        assert box.find_parent("form") is None
    assert 'At the end, ask: "What questions do you have?"' in page.text


def test_every_source_number_leads_to_a_source_with_its_title_and_link(person: Person) -> None:
    walked(person, Urgency.SOON)
    page = person.get(person.url("nurse"))
    numbers = {str(link["href"]) for link in page.soup.select('main a[href^="#source-"]')}
    listed = {f"#{item['id']}": item for item in page.soup.select(".sources li")}
    assert numbers
    assert numbers <= listed.keys()
    by_title = {re.sub(r"\s+", " ", source.title): source for source in person.knowledge.sources.values()}
    for item in listed.values():
        publisher, _, rest = item.get_text().partition(": ")
        link = item.find("a")
        source = by_title[link.get_text()] if link else next(s for t, s in by_title.items() if rest.startswith(t))
        assert source.publisher == publisher
        assert (str(link["href"]) if link else "") == source.url


def test_an_emergency_is_no_talk(person: Person) -> None:
    person.starts()
    person.sends({first_question(person.knowledge).id: (an_emergency(person.knowledge),)})
    for name in ("nurse", "otherwise"):
        assert person.get(person.url(name)).h1.startswith("Immediate action required: Call")


# -- quick entry -------------------------------------------------------------------------------------------------------


def test_quick_entry_is_one_small_link_away_from_the_start(person: Person) -> None:
    for address in ("/", "/about"):
        assert person.get(address).soup.select_one('main a[href="/quick"]')


def test_a_usual_run_takes_five_pages_and_ends_at_the_nurses_view(person: Person) -> None:
    answers = usual(person, next(iter(person.knowledge.deposits)))
    quick(person)
    pages = enter(person, answers)
    titles = [page.h1 for page in pages]
    assert len(titles) <= 6, titles
    assert len(set(titles)) == 5, titles
    person.get(person.url("check"))
    slow = Person(person.client.application, person.knowledge)
    slow.starts()
    slow.answers(answers)
    assert len(slow.seen) > len(pages) + 2
    assert slow.page.text == person.page.text, "the same answers as one by one"


def test_the_first_warning_signs_stand_alone_and_an_emergency_stops_at_once(person: Person) -> None:
    question = first_question(person.knowledge)
    page = quick(person)
    assert page.questions() == {question.id}
    page = person.sends({question.id: (an_emergency(person.knowledge),)})
    assert page.h1.startswith("Immediate action required: Call")
    back = page.soup.find("a", string="I chose this by mistake")
    assert back is not None
    page = person.get(str(back["href"]))
    assert page.fields()[question.id] == [an_emergency(person.knowledge)]
    assert person.sends({question.id: ("none",)}).questions()


def test_an_emergency_on_a_page_of_many_questions_stops_at_once_whatever_else_is_missing(person: Person) -> None:
    knowledge = person.knowledge
    # Of two places on one page it is told of the later one, while what is asked about the other stands unanswered.
    asking = [q for q in knowledge.questions.values() if q.deposit]
    question, option = [(q, o) for q in asking if q.type == "multi" for o in q.options if o.stops][-1]
    answers = usual(person, question.deposit, **{knowledge.place_question: (asking[0].deposit, question.deposit)})
    quick(person)
    enter(person, answers, question.id)
    others = person.page.questions() - {question.id}
    page = person.sends({question.id: (option.id,)})
    assert others
    assert page.h1.startswith("Immediate action required: Call")
    assert option.text in page.text, "it is told among the reasons"


def test_what_an_answer_opens_is_asked_next_and_says_because_of_what(person: Person) -> None:
    knowledge = person.knowledge
    opened, test = next(
        (q, test)
        for q in knowledge.questions.values()
        for test in q.enable_when.tests()
        if not q.deposit and len(list(q.enable_when.tests())) == 1 and knowledge.asked_by[test.finding].type == "multi"
    )
    opener = knowledge.asked_by[test.finding]
    option = next(option for option in opener.options if option.finding == test.finding)
    answers = usual(person, next(iter(knowledge.deposits)), **{opener.id: (option.id,)})
    quick(person)
    enter(person, answers, opener.id)
    assert opened.id not in person.page.questions()
    page = person.sends(answers)
    assert opened.id in page.questions()
    assert opener.id not in page.questions()
    assert re.search(rf"\d+ more questions? because of: .*{re.escape(option.text)}", page.text)
    assert person.get(person.url("summary")).h1 == opened.text or person.page.questions(), "no result before it"


def test_a_missing_answer_is_named_and_the_others_are_kept(person: Person) -> None:
    answers = usual(person, next(iter(person.knowledge.deposits)))
    quick(person)
    enter(person, answers, person.knowledge.place_question)
    left, *kept = sorted(person.page.questions(), key=list(answers).index)
    page = person.sends({question: answers[question] for question in kept})
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert [str(link["href"]) for link in page.soup.select(".nhsuk-error-summary a")] == [f"#{left}"]
    for question in kept:
        given = answers[question]
        assert page.fields()[question] == (list(given) if isinstance(given, tuple) else [given])


def test_a_form_that_leaves_questions_out_skips_nothing(person: Person) -> None:
    """Whatever the hidden list of questions says, what is on the path and not answered is asked."""
    answers = usual(person, next(iter(person.knowledge.deposits)))
    quick(person)
    enter(person, answers, person.knowledge.place_question)
    one, *others = sorted(person.page.questions())
    page = person.sends({one: answers[one]}, page=f"{one} no_such_question")
    assert page.questions() == set(others)
    assert person.get(person.url("nurse")).h1 != "Nurse view"


def test_a_changed_place_lets_its_answers_fall_away_and_asks_the_questions_of_the_new_one(person: Person) -> None:
    knowledge = person.knowledge
    asking = [d for d in knowledge.deposits if any(q.deposit == d for q in knowledge.questions.values())]
    first, second = asking[:2]
    quick(person)
    enter(person, usual(person, first))
    page = person.get(person.url("quick/3"))
    assert knowledge.place_question in page.questions()
    page = person.sends({**usual(person, first), knowledge.place_question: (second,)})
    assert {knowledge.questions[q].deposit for q in page.questions()} == {second}
    enter(person, usual(person, second))
    assert knowledge.deposits[first].place not in person.page.soup.select_one(".replies").get_text()  # type: ignore[union-attr]


def test_an_expired_quick_form_keeps_the_answers(person: Person) -> None:
    page = quick(person)
    question = first_question(person.knowledge)
    page = person.sends({question.id: ("none",)}, **{"csrf_token": "forged"})
    assert page.status == 400
    assert page.fields()[question.id] == ["none"]


def test_without_answers_quick_entry_says_so(app: Flask, person: Person) -> None:
    quick(person)
    stranger = Person(app, person.knowledge)
    for name in ("quick", "quick/2", "otherwise"):
        assert stranger.get(person.url(name)).status == 410


# -- I would advise otherwise ------------------------------------------------------------------------------------------


def advised(person: Person, **fields: str) -> Page:
    """The nurse fills in the form on the view."""
    page = person.get(person.url("nurse"))
    data = {"csrf_token": page.fields()["csrf_token"][0], "urgency": "emergency", "reason": REASON, **fields}
    return person.post(page.action(), data)


def test_the_case_file_can_be_read_copied_and_downloaded_and_holds_what_was_answered(person: Person) -> None:
    answers = walked(person, Urgency.ROUTINE)
    page = advised(person)
    shown = page.soup.select_one("pre.case")
    assert shown is not None
    (case,) = tomllib.loads(shown.get_text())["case"]
    assert case["note"] == REASON
    assert case["urgency"] == "emergency"
    assert {q: tuple(v) if isinstance(v, list) else v for q, v in case["answers"].items()} == dict(answers)
    response = person.client.post(page.action(), data=page.fields())
    assert response.mimetype == "text/plain"
    assert response.headers["Content-Disposition"] == 'attachment; filename="proposed-case.toml"'
    assert response.headers["Cache-Control"] == "no-store"
    assert response.text == shown.get_text()


def test_the_case_says_of_a_deposit_only_what_was_judged(person: Person) -> None:
    walked(person, Urgency.ROUTINE)
    page = person.get(person.url("nurse"))
    fields = [str(select["name"]) for select in page.soup.select("select")]
    assert fields
    shown = advised(person, **{fields[0]: "withheld"}).soup.select_one("pre.case")
    assert shown is not None
    (case,) = tomllib.loads(shown.get_text())["case"]
    assert case["reversibility"] == {fields[0].removeprefix("category_"): "withheld"}


@pytest.mark.parametrize(
    ("wrong", "leads_to"),
    [
        ({"urgency": ""}, "#urgency"),
        ({"urgency": "tomorrow"}, "#urgency"),
        ({"reason": " \r\n "}, "#reason"),
        ({"reason": "x" * 501}, "#reason"),
    ],
)
def test_a_mistake_in_the_form_is_named_and_what_was_written_is_kept(
    person: Person, wrong: dict[str, str], leads_to: str
) -> None:
    walked(person, Urgency.ROUTINE)
    page = advised(person, **wrong)
    assert page.status == 422
    assert [str(link["href"]) for link in page.soup.select(".nhsuk-error-summary a")] == [leads_to]
    written = page.soup.select_one("textarea")
    assert written is not None
    assert written.get_text().strip() == wrong.get("reason", REASON).strip()


def test_five_hundred_letters_may_be_written_with_whatever_line_breaks(person: Person) -> None:
    walked(person, Urgency.ROUTINE)
    assert advised(person, reason="\r\n".join(["漢" * 124] * 3 + ["漢" * 125])).status == 200
    assert advised(person, reason="\r\n".join(["漢" * 124] * 3 + ["漢" * 126])).status == 422


def test_a_forged_request_makes_no_file(person: Person) -> None:
    walked(person, Urgency.ROUTINE)
    page = advised(person, **{"csrf_token": "forged"})
    assert page.status == 400
    assert page.soup.select_one("pre.case") is None


def test_what_a_nurse_writes_is_in_no_log_no_address_and_no_cookie(
    person: Person, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked(person, Urgency.ROUTINE)
    written = "Quixotic reason"

    def kept() -> str:
        cookie = person.client.get_cookie(f"run-{person.run}", path=f"/run/{person.run}")
        return cookie.value if cookie else ""

    before = kept()
    with caplog.at_level(logging.DEBUG):
        page = advised(person, reason=written)
        assert written in page.text
        assert not page.response.headers.getlist("Set-Cookie")

        def fails(*_: object) -> str:
            raise RuntimeError("provoked")

        monkeypatch.setattr("triage.web.views.nurse.case_file", fails)
        assert "could not work out" in advised(person, reason=written).text
    assert kept() == before
    assert caplog.records, "the failure is logged, without what was written"
    assert written not in caplog.text
    for seen in person.seen:
        assert "Quixotic" not in seen.response.request.url


def test_the_form_warns_against_names_before_there_is_a_place_to_write_one(person: Person) -> None:
    walked(person, Urgency.ROUTINE)
    page = person.get(person.url("otherwise"))
    assert page.html.index("Do not write a name") < page.html.index("<textarea")
    assert {str(tag.get("name")) for tag in page.soup.select("main input, main select, main textarea")} == {
        "csrf_token", "urgency", "reason", *(str(tag["name"]) for tag in page.soup.select("select"))
    }  # fmt: skip
