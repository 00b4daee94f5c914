"""The code on a sheet: answers, the edition and day they were given under, and what came of them, as a few letters.

**What it is made of.** Every step of writing chooses one of several values, each with a weight; all steps together
make one whole number (an entropy coder of the ANS family on Python's unbounded integers, so nothing is rounded).
Weights are guesses from the permanent numbering: that a question is asked when its frozen criterion says so, that it
gets its ordinary answer. A guess that is right costs next to nothing, one that is wrong costs letters and nothing else.
Today's rules are not used at all, so a code says for ever what was answered, whatever happens to the rules.

The number is written in digits that show typing mistakes (`digits.py`), and nothing may be left over when it is read:
so what is no code is refused twice over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol

from triage.assessment import Assessment
from triage.errors import CodeError
from triage.exports import digits
from triage.journey import Answer, Answers
from triage.knowledge import NO, NOT_ASKED, UNSURE, YES, Urgency
from triage.knowledge.model import REVERSIBILITY, NumberedQuestion, Numbering, finding_of

FORMAT = 1
FIRST_DAY = date(2026, 1, 1)
LAST_DAY = 4095
"""The day that all later ones are written as; whoever writes codes in 2037 gives them another format."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What a code holds. `answers` are by the ids of the numbering; today's rules may know others."""

    edition: int
    made: date
    urgency: Urgency
    categories: Mapping[str, str]
    """The category of each deposit, by its id; not there where nothing was said about it."""
    answers: Answers = field(default_factory=dict)


def handed(numbering: Numbering, answers: Answers, assessment: Assessment, today: date) -> Handed:
    """What a sheet made today hands over: the answers that count, and their result."""
    said = {result.deposit.id: result.category for result in assessment.deposits if not result.withheld}
    return Handed(numbering.newest, today, assessment.urgency, said, answers)


def write(numbering: Numbering, what: Handed) -> str:
    """The code of a sheet, in groups of four.

    Raises:
        CodeError: an answer has no number yet, so no code can hold it.
    """
    _numbered(numbering, what.edition, what.answers)
    return digits.write(min(_number(numbering, what, cut) for cut in (False, True)))


def read(numbering: Numbering, typed: str) -> Handed:
    """What a typed code holds. Case, spaces and hyphens do not matter; O reads as 0, I and L as 1.

    Raises:
        CodeError: it is no code. `groups` are the groups (from 1) of which one looks wrong, where that can be told.
    """
    number = digits.read(typed)
    what = _walk(_Reader(number), numbering)
    if write(numbering, what) != digits.write(number):
        raise CodeError("nobody's answers are written like this")
    return what


def pack(numbering: Numbering, answers: Answers) -> tuple[int, int]:
    """The newest edition, and any answers, whole or not, as one number under it: for keeping, without check digits.

    Raises:
        CodeError: an answer has no number yet.
    """
    _numbered(numbering, numbering.newest, answers)
    packed = []
    for cut in (False, True):
        writer = _Writer()
        _walk_answers(writer, numbering, numbering.newest, answers, cut)
        packed.append(writer.number())
    return numbering.newest, min(packed)


def unpack(numbering: Numbering, edition: int, number: int) -> dict[str, Answer]:
    """The answers that were packed.

    Raises:
        CodeError: this is no packing of an edition that is known here.
    """
    if not 0 < edition <= numbering.newest:
        raise CodeError("it was packed by a newer guide")
    reader = _Reader(number)
    answers = _walk_answers(reader, numbering, edition, {}, False)
    if reader.rest:
        raise CodeError("nobody's answers are packed like this")
    return answers


# -- the number --------------------------------------------------------------------------------------------------------


class _Coin(Protocol):
    """What a walk writes to or reads from: a choice between the values from 0 on, the heavier the cheaper."""

    def choose(self, weights: Sequence[int], value: int) -> int:
        """Write the value; or read one, whatever `value` says. Gives the value."""

    def count(self, many: int, value: int) -> int:
        """The same where `many` values weigh alike."""


class _Writer:
    """Keeps the choices; as a number the first one is on top, so that it is read first."""

    def __init__(self) -> None:
        self.choices: list[tuple[int, int, int]] = []

    def choose(self, weights: Sequence[int], value: int) -> int:
        self.choices.append((sum(weights[:value]), weights[value], sum(weights)))
        return value

    def count(self, many: int, value: int) -> int:
        self.choices.append((value, 1, many))
        return value

    def number(self) -> int:
        number = 0
        for start, width, whole in reversed(self.choices):
            number = number // width * whole + start + number % width
        return number


class _Reader:
    """Takes the choices out of a number. What is left at the end must be zero."""

    def __init__(self, number: int) -> None:
        self.rest = number

    def choose(self, weights: Sequence[int], value: int) -> int:
        above, slot = divmod(self.rest, sum(weights))
        value = 0
        while slot >= weights[value]:
            slot -= weights[value]
            value += 1
        self.rest = weights[value] * above + slot
        return value

    def count(self, many: int, value: int) -> int:
        self.rest, value = divmod(self.rest, many)
        return value


_ASKED = (255, 1)
"""The criterion of the numbering tells whether a question is asked, or it has changed since."""
_WHOLE = (15, 1)
"""All pages were answered; or there is a last question, as where an emergency ended the journey."""
_EXPECTED = {True: (7, 1), False: (1, 1)}
"""The ordinary answer or another: lists are mostly "none", single choices are not."""
_TICKS = 12
"""Each further tick is half as likely, down to 1 in 2^12."""


def _number(numbering: Numbering, what: Handed, cut: bool) -> int:
    writer = _Writer()
    _walk(writer, numbering, what, cut)
    return writer.number()


def _walk(coin: _Coin, numbering: Numbering, given: Handed | None = None, cut: bool = False) -> Handed:
    """Write what is given, or read it where nothing is: one walk, so that both always agree."""
    what = given or Handed(0, FIRST_DAY, Urgency.SELF_CARE, {})
    if coin.count(8, FORMAT) != FORMAT:
        raise CodeError("it has a format that is not known here")
    edition = _edition(coin, what.edition)
    if not 0 < edition <= numbering.newest:
        raise CodeError("it was made by a newer guide")
    days = coin.count(LAST_DAY + 1, min(max((what.made - FIRST_DAY).days, 0), LAST_DAY))
    urgency = coin.count(8, what.urgency)
    answers = _walk_answers(coin, numbering, edition, what.answers, cut)
    categories: dict[str, str] = {}
    for question in numbering.questions:
        for place in answers.get(question.id, ()) if question.places else ():
            number = 1 + REVERSIBILITY.index(what.categories[place]) if place in what.categories else 0
            number = coin.count(8, number)
            if number > len(REVERSIBILITY):
                raise CodeError("it names a category that there never was")
            if number:
                categories[place] = REVERSIBILITY[number - 1]
    if urgency not in {*Urgency} or (isinstance(coin, _Reader) and coin.rest):
        raise CodeError("nobody's answers are written like this")
    return Handed(edition, FIRST_DAY + timedelta(days), Urgency(urgency), categories, answers)


def _edition(coin: _Coin, given: int) -> int:
    """Editions up to 14 take one digit's worth, later ones more."""
    edition = 0
    while (digit := coin.count(16, min(given - edition, 15))) == 15:
        edition += 15
    return edition + digit


def _walk_answers(coin: _Coin, numbering: Numbering, edition: int, given: Answers, cut: bool) -> dict[str, Answer]:
    questions = [question for question in numbering.questions if question.edition <= edition]
    answered = [place for place, question in enumerate(questions) if question.id in given]
    if coin.choose(_WHOLE, cut):
        last = coin.count(len(questions) + 1, answered[-1] + 1 if answered else 0)
        questions = questions[:last]
    findings: dict[str, str] = defaultdict(lambda: NOT_ASKED)
    answers: dict[str, Answer] = {}
    for question in questions:
        guess = question.when.holds(findings)
        wrong = coin.choose(_ASKED, (question.id in given) != guess)
        if guess == bool(wrong):
            continue  # not asked
        answer = _answer(coin, question, question.offered(edition), given.get(question.id, ()))
        findings.update(_findings(question, question.offered(edition), answer))
        answers[question.id] = answer if question.several else answer[0]
    return answers


def _answer(coin: _Coin, question: NumberedQuestion, options: Sequence[str], given: Answer) -> tuple[str, ...]:
    chosen = {given} if isinstance(given, str) else {*given}
    if question.expected and not coin.choose(_EXPECTED[question.several], chosen != {*question.expected}):
        return question.expected
    if not question.several:
        return (options[coin.count(len(options), options.index(next(iter(chosen))) if chosen else 0)],)
    left = 1 + coin.choose([1 << max(_TICKS - ticks, 0) for ticks in range(len(options))], max(len(chosen) - 1, 0))
    ticked = []
    for place, option in enumerate(options):
        # Of the boxes that are left, so many are ticked: so likely is this one, and every choice costs the same.
        if coin.choose((len(options) - place - left, left), option in chosen):
            ticked.append(option)
            left -= 1
    return tuple(ticked)


def _findings(question: NumberedQuestion, options: Sequence[str], answer: Collection[str]) -> dict[str, str]:
    if not question.several:
        return {question.id: next(iter(answer))}
    unticked = UNSURE if UNSURE in answer else NO
    return {finding_of(option): YES if option in answer else unticked for option in options}


def _numbered(numbering: Numbering, edition: int, answers: Answers) -> None:
    known = {question.id: question for question in numbering.questions if question.edition <= edition}
    for name, given in answers.items():
        chosen = {given} if isinstance(given, str) else {*given}
        fits = name in known and known[name].several != isinstance(given, str)
        if not fits or not chosen or not chosen <= {*known[name].offered(edition)}:
            raise CodeError(f"an answer to '{name}' has no number yet")
