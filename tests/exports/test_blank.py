"""The paper twin: followed by hand it is as urgent as the engine, it fits one sheet, and everything stands on it."""

import random
import re
import sys
from io import BytesIO

import pytest
from pypdf import PdfReader

from tests.papers import URGENCY, follow, print_out, random_journey, tally_cases, tally_random, ticks
from triage.assessment import without_engine
from triage.errors import ExportError
from triage.exports import typesetting
from triage.exports.blank import make_paper, print_paper
from triage.journey import findings_of
from triage.journey import follow as journey_of
from triage.knowledge import UNSURE, Urgency, load
from triage.knowledge.model import NO_ONE

ONLINE = "https://guide.example.org/"


@pytest.fixture(scope="module")
def papers(knowledge):
    return {deposit: make_paper(knowledge, deposit, {}, ONLINE, True) for deposit in knowledge.deposits}


def test_every_case_of_the_rules_comes_out_by_hand_as_from_the_engine(assessor, papers):
    tallies = tally_cases(assessor, papers)
    assert sum(tally.people for tally in tallies.values()) > 1000
    for deposit, tally in tallies.items():
        assert tally.people, f"no case tries the paper of {deposit}"
        assert not tally.less and not tally.careful, deposit


def test_nobody_comes_out_less_urgent_by_hand(knowledge, papers):
    for deposit, paper in papers.items():
        tally = tally_random(knowledge, paper, deposit, 60)
        assert not tally.less, deposit
        assert tally.equal >= 0.99 * tally.people, deposit


def test_random_people_get_every_urgency(knowledge, papers):
    draw = random.Random(1)  # noqa: S311 - repeatable people, not secrets
    got = {
        follow(paper, ticks(paper, random_journey(knowledge, draw, deposit).answers))
        for deposit, paper in papers.items()
        for _ in range(30)
    }
    assert {URGENCY[letter] for letter in got} == set(Urgency)


def test_a_question_without_a_tick_counts_as_not_sure(knowledge, papers):
    draw = random.Random(2)  # noqa: S311 - repeatable people, not secrets
    for deposit, paper in papers.items():
        for _ in range(20):
            journey = random_journey(knowledge, draw, deposit)
            answers = dict(journey.answers)
            forgotten = draw.choice([box.question for box in paper.boxes if box.question in answers])
            left_out = {question: answer for question, answer in answers.items() if question != forgotten}
            unsure = {**answers, forgotten: (UNSURE,) if knowledge.questions[forgotten].type == "multi" else UNSURE}
            findings = {**journey.findings, **findings_of(knowledge.questions[forgotten], unsure[forgotten])}
            # With the answers that stand there: what "not sure" would open, nobody has been asked.
            least = without_engine(knowledge, findings).urgency
            assert URGENCY[follow(paper, ticks(paper, left_out))] >= least, (deposit, forgotten, answers)


def test_of_several_places_the_most_urgent_paper_counts(knowledge, papers):
    draw = random.Random(3)  # noqa: S311 - repeatable people, not secrets
    for _ in range(300):
        places = draw.sample(sorted(papers), 2)
        answers = {**random_journey(knowledge, draw, places[0]).answers, knowledge.place_question: tuple(places)}
        other = random_journey(knowledge, draw, places[1]).answers
        journey = journey_of(knowledge, {**other, **answers})
        if not journey.complete:
            continue
        by_hand = max(URGENCY[follow(papers[place], ticks(papers[place], journey.answers))] for place in places)
        assert by_hand >= without_engine(knowledge, journey.findings).urgency, (places, journey.answers)


def test_every_tick_that_can_be_made_is_asked_for_before_it_is_named(papers):
    for deposit, paper in papers.items():
        known = set()
        for box in paper.boxes:
            assert {number for group in box.only_if for number in group} <= known, (deposit, box.text)
            known |= {mark.number for mark in box.marks if mark.number}
            assert box.marks[box.unsure].option == (UNSURE,)
        named = {n for line in paper.lines for group in line.numbers for n in group}
        named |= {number for step in paper.sooner for number in step.numbers}
        assert named <= known and len(known) == max(known)


@pytest.fixture(scope="module")
def printed(knowledge, papers):
    """Every paper on A4, opened, with the text of its pages and its smallest letters in points."""
    return {deposit: print_out(paper, knowledge) for deposit, paper in papers.items()}


def test_every_paper_is_one_sheet_that_can_be_read(papers, printed):
    for deposit, (pdf, _, smallest) in printed.items():
        assert len(pdf.pages) == 2, deposit
        assert smallest >= 9, deposit
        root = pdf.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "en"
        assert papers[deposit].place in pdf.metadata.title


def test_every_paper_is_one_sheet_of_us_letter_too(knowledge, papers):
    for deposit, paper in papers.items():
        pdf = PdfReader(BytesIO(print_paper(paper, knowledge.dated, "letter")))
        assert len(pdf.pages) == 2, deposit
        assert [round(side) for side in pdf.pages[0].mediabox[2:]] == [612, 792]


def test_the_fullest_papers_have_room_for_a_long_name_of_a_clinic(knowledge, papers):
    words = {"clinic": "The Old Harbour Community Health Centre on +44 20 7946 0123", "emergency_number": "999"}
    for deposit in sorted(papers, key=lambda deposit: -len(str(papers[deposit])))[:4]:
        pdf = PdfReader(BytesIO(print_paper(make_paper(knowledge, deposit, words, ONLINE), knowledge.dated, "letter")))
        assert len(pdf.pages) == 2, deposit


def plain(text):
    return re.sub(r"\W+", "", text)


def test_every_word_of_a_paper_stands_in_its_pdf(papers, printed):
    for deposit, paper in papers.items():
        first, second = (plain(text) for text in printed[deposit][1])
        both = first + second
        for box in paper.boxes:
            assert plain(box.text) in (first if box.main else both), (deposit, box.text)
            for mark in box.marks[: box.unsure]:
                assert mark.option == (NO_ONE,) or plain(mark.text) in both, (deposit, mark.text)
                assert plain(mark.hint) in both, (deposit, mark.hint)
        for result in paper.results:
            assert all(plain(text) in second for text in (result.heading, *result.steps, *result.safety_net)), deposit
            assert all(plain(part) in second for part in result.by_then.split("{by_date}")), deposit
        assert all(plain(said) in second for _, said in paper.net)
        assert all(plain(notice) in second for notice in paper.notices)
        assert plain(paper.version) in second and plain(ONLINE) in second


def test_markup_in_a_setting_is_printed_as_it_stands(knowledge):
    words = {"clinic": '#read("/etc/passwd") *bold* $x$'}
    deposit = next(iter(knowledge.deposits))
    _, texts, _ = print_out(make_paper(knowledge, deposit, words), knowledge)
    assert words["clinic"] in " ".join(texts[1].split())


def test_the_same_rules_give_the_same_bytes(knowledge, papers):
    paper = next(iter(papers.values()))
    assert print_paper(paper, knowledge.dated) == print_paper(paper, knowledge.dated)


def test_without_typst_there_is_an_error_that_says_so_and_quotes_nothing(knowledge, papers, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    typesetting._compiler.cache_clear()
    paper = next(iter(papers.values()))
    try:
        with pytest.raises(ExportError, match="could not be set") as error:
            print_paper(paper, knowledge.dated)
        assert paper.place not in str(error.value)
    finally:
        typesetting._compiler.cache_clear()


def test_a_rule_that_grows_more_urgent_changes_the_paper(tiny_rules):
    before = make_paper(load(tiny_rules.folder), "chalk-toe", {})
    marks = {mark.text: mark for box in before.boxes for mark in box.marks}
    assert (marks["Crushing"].letter, marks["Hot"].letter, marks["Hot"].signs) == ("A", "B", "+")
    assert (marks["Numb"].letter, marks["Quick"].letter) == ("C", "D")
    tiny_rules.change(
        "deposits/chalk-toe.toml", 'id = "toe-sudden", urgency = "routine"', 'id = "toe-sudden", urgency = "soon"'
    )
    after = make_paper(load(tiny_rules.folder), "chalk-toe", {})
    assert {mark.text: mark.letter for box in after.boxes for mark in box.marks}["Quick"] == "C"
