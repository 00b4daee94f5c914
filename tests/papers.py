"""How well the paper twin does: `python -m tests.papers` prints one line for each paper.

`follow` is somebody with a pencil: it reads what stands on the paper and nothing else. What it finds is compared with
the engine, for every case of the rules and for people with random answers.
"""

import random
import sys
from dataclasses import dataclass, field
from io import BytesIO

from pypdf import PdfReader

from triage import cases, resources
from triage.assessment import Assessor, without_engine
from triage.exports.blank import LETTERS, make_paper, print_paper
from triage.journey import follow as journey_of
from triage.knowledge import load
from triage.knowledge.model import NO_ONE
from triage.verify.people import random_person

PEOPLE = 200
"""So many random people try each paper."""

URGENCY = {letter: urgency for urgency, letter in LETTERS.items()}


# -- somebody with a pencil --------------------------------------------------------------------------------------------


def follow(paper, ticked):
    """The letter that the chart gives; `ticked` holds the place of a question, and of a mark in it, for each tick."""
    ticked = set(ticked)
    numbers = set()
    for at, box in enumerate(paper.boxes):
        mine = {mark for place, mark in ticked if place == at}
        if not mine and all(numbers & set(group) for group in box.only_if):
            ticked.add((at, box.unsure))
            mine = {box.unsure}
        numbers |= {box.marks[mark].number for mark in mine} - {0}
    marks = [paper.boxes[at].marks[mark] for at, mark in ticked]
    have = [(mark.letter, mark.signs) for mark in marks if mark.letter]
    # What "not sure" in a question stands in for: every number of that question.
    unsure = {
        mark.number
        for at, box in enumerate(paper.boxes)
        if (at, box.unsure) in ticked
        for mark in box.marks
        if mark.number
    }
    for line in paper.lines:
        if all(numbers & set(group) for group in line.numbers):
            have.append((line.letter, line.signs))
        elif all((numbers | unsure) & set(group) for group in line.numbers):
            have.append((line.unsure, line.signs))
    for step in paper.sooner:
        sure, perhaps = numbers & set(step.numbers), unsure & set(step.numbers)
        moves = dict(step.moves if sure else step.unsure_moves if perhaps else ())
        have += [(moves[letter], "") for letter, signs in have if step.sign in signs and letter in moves]
    return min([letter for letter, _ in have], default=paper.otherwise)


def ticks(paper, answers):
    """Where somebody who gave these answers to the guide puts ticks. What nobody asked them they leave empty."""
    for at, box in enumerate(paper.boxes):
        if box.question not in answers:
            continue
        given = answers[box.question]
        given = {given} if isinstance(given, str) else set(given)
        own = {place for place, mark in enumerate(box.marks) if given & set(mark.option)}
        # An answer that is not on the paper is none of those that are.
        yield from ((at, place) for place in own or {p for p, m in enumerate(box.marks) if NO_ONE in m.option})


def urgency_by_hand(paper, journey):
    """The urgency that the paper gives to somebody with these answers."""
    return URGENCY[follow(paper, ticks(paper, journey.answers))]


# -- whom it is tried on -----------------------------------------------------------------------------------------------


def case_people(assessor):
    """Every case of the rules, as the papers that fit it, the journey, and the urgency of the engine."""
    knowledge = assessor.knowledge
    for case in knowledge.cases:
        result = cases.run(assessor, case)
        named = result.journey.answers.get(knowledge.place_question, tuple(knowledge.deposits))
        if len(named) == 1 or result.journey.stopped:
            yield case, named, result.journey, result.assessment.urgency


def random_journey(knowledge, draw, deposit):
    """The journey of somebody with that deposit and otherwise random answers, who also comes past the first pages."""
    answers = dict(random_person(knowledge, draw))
    answers[knowledge.place_question] = (deposit,)
    for page in knowledge.pages[:2]:
        for question in knowledge.page_questions[page.id]:
            # Else the warning signs of nearly everybody would drown what the other questions say.
            if draw.random() < 0.8:
                answers[question.id] = (NO_ONE,)
    return journey_of(knowledge, answers)


@dataclass
class Tally:
    """How the hand and the engine agree; who did not come out equal is kept, with both results."""

    equal: int = 0
    careful: list = field(default_factory=list)
    less: list = field(default_factory=list)

    def add(self, who, by_hand, by_engine):
        if by_hand == by_engine:
            self.equal += 1
        else:
            (self.careful if by_hand > by_engine else self.less).append((who, by_hand.word, by_engine.word))

    def __add__(self, other):
        return Tally(self.equal + other.equal, self.careful + other.careful, self.less + other.less)

    @property
    def people(self):
        return self.equal + len(self.careful) + len(self.less)

    def line(self):
        return f"{self.people:>8}{self.equal:>8}{len(self.careful):>8}{len(self.less):>6}"


def tally_cases(assessor, papers):
    """For each deposit, its cases; somebody whom an emergency stopped before the place was asked has every paper."""
    tallies = {deposit: Tally() for deposit in papers}
    for case, named, journey, urgency in case_people(assessor):
        for deposit in named:
            tallies[deposit].add(case.id, urgency_by_hand(papers[deposit], journey), urgency)
    return tallies


def tally_random(knowledge, paper, deposit, people, seed=0):
    """So many random people with that deposit."""
    draw = random.Random(f"{deposit} {seed}")  # noqa: S311 - repeatable people, not secrets
    tally = Tally()
    for _ in range(people):
        journey = random_journey(knowledge, draw, deposit)
        by_engine = without_engine(knowledge, journey.findings).urgency
        tally.add(journey.answers, urgency_by_hand(paper, journey), by_engine)
    return tally


# -- the table ---------------------------------------------------------------------------------------------------------


def print_out(paper, knowledge, size="a4"):
    """The PDF, opened; the text of each page; and the size of the smallest letters in points."""
    pdf = PdfReader(BytesIO(print_paper(paper, knowledge.dated, size)))
    sizes = set()

    def seen(text, matrix, text_matrix, _font, size):
        if text.strip():
            sizes.add(round(size * abs(text_matrix[3]) * abs(matrix[3]), 2))

    texts = [page.extract_text(visitor_text=seen) for page in pdf.pages]
    return pdf, texts, min(sizes)


def main():
    """Print a line for each paper; 1 when a paper was ever less urgent than the engine, or not on two sides."""
    assessor = Assessor(load(resources.folder("rules")))
    knowledge = assessor.knowledge
    papers = {
        deposit: make_paper(knowledge, deposit, {}, "https://guide.example/", True) for deposit in knowledge.deposits
    }
    of_cases = tally_cases(assessor, papers)
    bad = False
    print(f"{'paper':<32}{'pages':>6}{'letter':>7}{'pt':>6}{'people':>8}{'equal':>8}{'careful':>8}{'less':>6}")
    total = Tally()
    for deposit, paper in papers.items():
        (a4, _, smallest), (letter, _, also) = (print_out(paper, knowledge, size) for size in ("a4", "letter"))
        tally = of_cases[deposit] + tally_random(knowledge, paper, deposit, PEOPLE)
        total += tally
        pages = len(a4.pages), len(letter.pages)
        bad |= pages != (2, 2) or bool(tally.less)
        print(f"{deposit:<32}{pages[0]:>6}{pages[1]:>7}{min(smallest, also):>6}{tally.line()}")
    print(f"{'all':<51}{total.line()}")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
