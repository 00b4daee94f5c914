"""Measures every sheet that the cases of the rules reach: pages, reading age, sources, and what PEMAT-P asks of it.

Run with `python -m tests.sheets`; `python -m tests.sheets 20` takes every 20th case. Exits 1 when a limit is broken.
PEMAT-P is AHRQ's list for print (understandability 1-19, actionability 20-26); an item is here only where a machine
can judge it, and its number is in its name. No score here is a claim: two people have to rate a sheet for that.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from multiprocessing import get_context

import textstat
from pypdf import PdfReader

from tests.test_sheet import passages
from tests.test_wording import PLAIN_INSTEAD
from triage import cases, resources
from triage.assessment import Assessment, Assessor
from triage.exports.pdf import SIZES, make_pdf
from triage.exports.typesetting import PAPERS
from triage.journey import Journey
from triage.knowledge import UNSURE, Urgency, load
from triage.knowledge.check import MOST_WORDS
from triage.knowledge.model import Disposition, LetterWord, Notice, sentences
from triage.sheet import Sheet, frame, make_sheet
from triage.whatif import for_patient

MADE = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
VARIANTS = tuple(product(SIZES, PAPERS))
PLACE = {"emergency_number": "112", "clinic": "the clinic", "urgent_line": "the night line"}
PROCESSES = 2
HARDEST = 8.0
"""School grade (Flesch-Kincaid) of a whole sheet."""
MOST_ON_THREE = 3
"""Deposits that three pages hold."""
SHARE = 0.9
"""Of the items of PEMAT-P that a machine can judge, over all sheets."""
LARGE_PAGES = 4
"""Aimed at in large print; a limit only where the standard sheet keeps to two pages."""


@dataclass(frozen=True)
class Seen:
    """One sheet in front of the judge."""

    assessor: Assessor
    assessment: Assessment
    journey: Journey
    sheet: Sheet

    @property
    def texts(self) -> list[str]:
        """Every sentence."""
        return [sentence.text for sentence in self.sheet.said]

    @property
    def actions(self) -> list[str]:
        """Every line that tells the reader to do something."""
        lines = (*self.sheet.steps, *self.sheet.next_steps, *self.sheet.cautions)
        return [line.text for line in (*lines, *self.sheet.safety_net)]


# -- what PEMAT-P asks; None where it does not apply -----------------------------------------------------------------


def understand_2_nothing_but_what_these_answers_call_for(seen: Seen) -> bool | None:
    rules = {sentence.rule for sentence in seen.sheet.said}
    knowledge = seen.assessor.knowledge
    fixed = {rule for rule in rules if isinstance(knowledge.rules[rule], Disposition | Notice)}
    asked = set() if seen.sheet.outlook is None else {p.rule for p in passages(seen.sheet.outlook)}
    held = seen.assessment.held | knowledge.always | {firing.rule.id for firing in seen.assessment.counting}
    return rules - fixed - asked <= held


def understand_3_everyday_words(seen: Seen) -> bool | None:
    return not any(re.search(word, text) for text in seen.texts for word in PLAIN_INSTEAD)


def understand_4_words_of_letters_are_explained_where_they_stand(seen: Seen) -> bool | None:
    """A technical word stands in quotes or brackets, beside plain words; the word on the start page is known."""
    knowledge = seen.assessor.knowledge
    on_letters = {word.lower() for rule in knowledge.of_kind(LetterWord) for word in rule.words if "calcif" in word}
    technical = {word for word in on_letters if word not in knowledge.notices["start"].text}
    plain = [re.sub(r"\"[^\"]*\"|\([^)]*\)", "", text).lower() for text in seen.texts]
    return not any(re.search(rf"\b{re.escape(word)}\b", text) for text in plain for word in technical)


def understand_5_active_voice(seen: Seen) -> bool | None:
    passive = [
        text for text in seen.texts if re.search(r"\b(is|are|was|were|be|been|being)\s+(\w+ly\s+)?\w+ed\b", text)
    ]
    return len(passive) <= len(seen.texts) / 5


def understand_8_short_chunks(seen: Seen) -> bool | None:
    return all(len(sentences(passage.text)) <= 5 for passage in passages(seen.sheet))


def understand_10_the_urgent_first_then_what_then_why(seen: Seen) -> bool | None:
    rules = [sentence.rule for sentence in seen.sheet.said]
    disposition = seen.assessor.knowledge.dispositions[seen.assessment.urgency].id
    first = len(seen.sheet.steps) + len(seen.sheet.safety_net)
    return rules[0] == disposition and set(rules[1:first]) <= {disposition, "fail_safe"}


def understand_11_a_summary_in_three_lines(seen: Seen) -> bool | None:
    lines = seen.sheet.in_short
    return bool(lines.urgent and lines.goes_away and lines.now)


def understand_12_stress_on_key_points_only(seen: Seen) -> bool | None:
    meanwhile = [reason.meanwhile for reason in seen.sheet.reasons if reason.meanwhile]
    stressed = sum(len(sentences(p.text)) for p in (seen.sheet.by_then, seen.sheet.kind_only, *meanwhile) if p)
    facts = sum(len(sentences(myth.fact.text)) for myth in seen.sheet.myths)
    return stressed + facts <= len(seen.texts) / 5


def act_20_an_action_is_named(seen: Seen) -> bool | None:
    return bool(seen.sheet.steps)


def act_21_it_speaks_to_you(seen: Seen) -> bool | None:
    """An order speaks to you by itself; a line about somebody else does not."""
    about_others = r"(The patient|Patients|People|Persons|One|They|He|She)\b"
    return not any(re.match(about_others, text) for text in seen.actions)


def act_22_small_steps(seen: Seen) -> bool | None:
    steps = [passage.text for passage in (*seen.sheet.steps, *seen.sheet.next_steps)]
    return all(len(sentences(text)) <= 4 for text in steps)


def act_23_something_to_act_with(seen: Seen) -> bool | None:
    """A day in the diary, and boxes to tick: steps, or questions to ask. Beside an alarm the day is enough."""
    boxes = seen.sheet.next_steps or seen.sheet.doctor_questions
    return bool(seen.sheet.by_then and (boxes or seen.assessment.alarmed))


ITEMS: tuple[Callable[[Seen], bool | None], ...] = (
    understand_2_nothing_but_what_these_answers_call_for,
    understand_3_everyday_words,
    understand_4_words_of_letters_are_explained_where_they_stand,
    understand_5_active_voice,
    understand_8_short_chunks,
    understand_10_the_urgent_first_then_what_then_why,
    understand_11_a_summary_in_three_lines,
    understand_12_stress_on_key_points_only,
    act_20_an_action_is_named,
    act_21_it_speaks_to_you,
    act_22_small_steps,
    act_23_something_to_act_with,
)


# -- one sheet -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """What one sheet came to."""

    case: str
    deposits: int
    most_pages: int
    """At 12 point."""
    pages: tuple[int, ...]
    """By variant."""
    grade: float
    longest: int
    """Words of the longest sentence, at a place whose own words are short."""
    without_source: int
    items: tuple[bool | None, ...]


def most_pages(seen: Seen) -> int:
    """Two; three with several deposits, and for whoever is not sure about a whole list of illnesses or medicines.

    Four for whoever names more than three places in one go.
    """
    journey = seen.journey
    if len(seen.assessment.deposits) > MOST_ON_THREE:
        return 4
    lists = [journey.answers[q.id] for q in journey.questions if q.type == "multi" and not q.deposit]
    return 3 if len(seen.assessment.deposits) > 1 or any(UNSURE in answer for answer in lists) else 2


def grade(seen: Seen) -> float:
    """The Flesch-Kincaid grade of all that is said."""
    closed = (text if text[-1] in ".?!" else text + "." for text in seen.texts)
    return float(textstat.flesch_kincaid_grade(" ".join(closed)))


def measure(case: str, seen: Seen, variants: tuple[tuple[str, str], ...] = VARIANTS) -> Measured:
    """One sheet, set in each variant."""
    knowledge = seen.assessor.knowledge
    around = frame(knowledge, PLACE, MADE)
    return Measured(
        case=case,
        deposits=len(seen.assessment.deposits),
        most_pages=most_pages(seen),
        pages=tuple(
            len(PdfReader(io.BytesIO(make_pdf(seen.sheet, around, MADE, size, paper))).pages)
            for size, paper in variants
        ),
        grade=grade(seen),
        longest=max(len(text.split()) for text in seen.texts),
        without_source=sum(not sentence.sources for sentence in seen.sheet.said),
        items=tuple(item(seen) for item in ITEMS),
    )


_assessor: list[Assessor] = []
"""The assessor of this process."""


def _begin() -> None:
    _assessor.append(Assessor(load(resources.folder("rules"))))


def _measure(number: int) -> Measured | None:
    """The sheet of the case of that number; None where there is no sheet: an emergency is a page with one action."""
    assessor = _assessor[0]
    case = assessor.knowledge.cases[number]
    result = cases.run(assessor, case)
    assessment, journey = result.assessment, result.journey
    if assessment is None or journey is None or assessment.urgency == Urgency.EMERGENCY:
        return None
    outlook = for_patient(assessor, journey, assessment)
    sheet = make_sheet(assessor.knowledge, assessment, journey, PLACE, outlook, MADE.date())
    return measure(case.id, Seen(assessor, assessment, journey, sheet))


# -- all of them -----------------------------------------------------------------------------------------------------


def share(measured: list[Measured], kind: str) -> float:
    """How often the items of that kind are met, where they apply."""
    marks = [
        mark
        for one in measured
        for item, mark in zip(ITEMS, one.items, strict=True)
        if item.__name__.startswith(kind) and mark is not None
    ]
    return sum(marks) / len(marks)


def broken(measured: list[Measured]) -> Iterator[str]:
    """Every limit that a sheet, or all together, broke."""
    for one in measured:
        for (size, paper), pages in zip(VARIANTS, one.pages, strict=True):
            if size == SIZES[0] and pages > one.most_pages:
                yield f"{one.case}: {pages} pages on {paper}, but at most {one.most_pages}"
        if one.grade > HARDEST:
            yield f"{one.case}: reads at grade {one.grade:.1f}, but at most {HARDEST}"
        if one.longest > MOST_WORDS:
            yield f"{one.case}: a sentence has {one.longest} words, but at most {MOST_WORDS}"
        if one.without_source:
            yield f"{one.case}: {one.without_source} sentences without a source"
    for kind in ("understand", "act"):
        if share(measured, kind) < SHARE:
            yield f"PEMAT-P {kind}: {share(measured, kind):.1%} of the items are met, but at least {SHARE:.0%} must be"


def table(measured: list[Measured]) -> Iterator[str]:
    """The figures, for reading."""
    yield f"{len(measured)} sheets (an emergency has none)"
    for place, (size, paper) in enumerate(VARIANTS):
        for deposits in sorted({min(one.deposits, 3) for one in measured}):
            pages = [one.pages[place] for one in measured if min(one.deposits, 3) == deposits]
            many = f"{deposits}{' or more' * (deposits == 3)} deposit{'s' * (deposits > 1)}"
            counts = ", ".join(f"{pages.count(number)} on {number}" for number in sorted(set(pages)))
            yield f"  {size:9}{paper:7} {many}: {counts} pages"
    over = sum(max(one.pages[2:]) > LARGE_PAGES for one in measured)
    yield f"large print on more than {LARGE_PAGES} pages: {over} sheets"
    grades = sorted(one.grade for one in measured)
    yield f"reading grade: median {grades[len(grades) // 2]:.1f}, hardest {grades[-1]:.1f} (limit {HARDEST:.0f})"
    yield f"longest sentence: {max(one.longest for one in measured)} words (limit {MOST_WORDS})"
    yield f"sentences without a source: {sum(one.without_source for one in measured)}"
    for number, item in enumerate(ITEMS):
        marks = [one.items[number] for one in measured if one.items[number] is not None]
        missed = [one.case for one in measured if one.items[number] is False]
        example = f", such as {missed[0]}" if missed else ""
        yield f"  {item.__name__.replace('_', ' ')}: {sum(map(bool, marks))} of {len(marks)}{example}"
    for kind in ("understand", "act"):
        yield f"PEMAT-P, what a machine can judge, {kind}: {share(measured, kind):.1%} (limit {SHARE:.0%})"


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 when a limit is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("every", nargs="?", type=int, default=1, help="take only every n-th case")
    every = parser.parse_args(arguments).every
    numbers = range(0, len(load(resources.folder("rules")).cases), every)
    with get_context("spawn").Pool(PROCESSES, _begin) as pool:
        measured = [one for one in pool.imap(_measure, numbers, chunksize=8) if one]
    print("\n".join(table(measured)))
    problems = list(broken(measured))
    print("\n".join(problems) if problems else "No limit is broken.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
