"""What leads where: one flow read off the rules, question by question, with every rule that an answer counts in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from triage.knowledge import NO, NOT_ASKED, UNSURE, YES, AllOf, AnyOf, Criterion, Knowledge, Rule, Test, Urgency
from triage.knowledge.criteria import ALWAYS
from triage.knowledge.model import NO_ONE, Question, RedFlag, Reversibility, StepUp, Withhold
from triage.knowledge.telling import filled, told, told_in_lines

SAYS, SILENT, SOONER = "says", "silent", "sooner"
"""The marks of outcomes without an urgency: something is said, nothing is said, a warning sign counts one step more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of answers by one rule: how soon to get help, what is said about going away, or why it is not."""

    rule: str
    mark: str
    """The word of an urgency, or `SAYS`, `SILENT` or `SOONER`."""
    label: str
    text: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a question, and where it leads."""

    id: str
    group: str
    text: str
    notes: tuple[str, ...]
    enough_for: tuple[str, ...]
    """The rules for which this answer alone is enough."""
    counts_in: tuple[str, ...]
    """The letters of the rules in which it counts together with others."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question; `when` is empty where everybody who comes to its page is asked."""

    id: str
    number: int
    text: str
    when: str
    answers: tuple[Answer, ...]
    outcomes: tuple[Outcome, ...]
    """Of the rules for which one answer to this question is enough; each may stand with other questions as well."""


@dataclass(frozen=True, slots=True)
class Part:
    """One page of the journey."""

    id: str
    title: str
    questions: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Lettered:
    """One rule told in words, under the letter by which the answers name it; without a letter, what else is true."""

    letter: str
    when: tuple[str, ...]
    """What it asks for, line by line."""
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Band:
    """The rules of one kind that are told in words."""

    title: str
    lead: str
    rules: tuple[Lettered, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """All that the answers about one deposit lead to; or, without a deposit, those that everyone gives."""

    parts: tuple[Part, ...]
    bands: tuple[Band, ...]


def flow(knowledge: Knowledge, deposit: str = "") -> Flow:
    """The flow of one deposit; without one, of what everyone is asked whatever the deposit."""
    return _Reader(knowledge, deposit).flow()


class _Reader:
    """Reads one flow off the knowledge."""

    def __init__(self, knowledge: Knowledge, deposit: str) -> None:
        self.knowledge = knowledge
        self.deposit = knowledge.deposits.get(deposit)
        # The question for the place leads from one flow to the next, and stands in none of them.
        asked = [q for q in knowledge.questions.values() if q.deposit == deposit and q.id != knowledge.place_question]
        self.numbers = {question.id: number for number, question in enumerate(asked, 1)}
        self.flags = [rule for rule in knowledge.of_kind(RedFlag) if rule.deposit == deposit]
        self.enough = {flag.id: self._enough(flag) for flag in self.flags}
        self.categories = [rule for rule in knowledge.of_kind(Reversibility) if rule.deposit == deposit]
        self.withholds = [rule for rule in knowledge.of_kind(Withhold) if rule.deposit in ("", deposit)]
        self.steps = [step for step in knowledge.of_kind(StepUp) if any(_raises(step, flag) for flag in self.flags)]
        self.lettered: list[Rule] = [flag for flag in self.flags if self.enough[flag.id] != self._ways(flag)]
        self.lettered += [*self.categories, *self.withholds, *self.steps]
        self.letters = {rule.id: _letter(place) for place, rule in enumerate(self.lettered)}

    def flow(self) -> Flow:
        """All of it, in the order of the journey."""
        pages = {page: self.knowledge.page_questions[page.id] for page in self.knowledge.pages}
        parts = [
            Part(page.id, page.title, tuple(self._asked(question) for question in asked if question.id in self.numbers))
            for page, asked in pages.items()
        ]
        return Flow(
            tuple(part for part in parts if part.questions), tuple(band for band in self._bands() if band.rules)
        )

    # -- the questions -------------------------------------------------------------------------------------------------

    def _asked(self, question: Question) -> Asked:
        when = self._own(question.enable_when)
        enough = [
            (flag, {answer for test in self._on(question, self.enough[flag.id]) for answer in _meeting(question, test)})
            for flag in self.flags
        ]
        grouped = len({option.group for option in question.options}) > 1
        shown = []
        for answer in question.allowed:
            option = question.option(answer)
            counting = [rule for rule in self.lettered if self._counts(question, answer, _widest(rule))]
            shown.append(
                Answer(
                    id=answer,
                    group=option.group if option and grouped else "",
                    text=question.words(answer),
                    notes=tuple(self._notes(question, answer)),
                    enough_for=tuple(flag.id for flag, answers in enough if answer in answers),
                    counts_in=tuple(self.letters[rule.id] for rule in counting),
                )
            )
        return Asked(
            id=question.id,
            number=self.numbers[question.id],
            text=question.text,
            when="" if when == ALWAYS else f"Asked only when: {told(self.knowledge, when)}",
            answers=tuple(shown),
            outcomes=tuple(self._flag(flag) for flag, answers in enough if answers),
        )

    def _notes(self, question: Question, answer: str) -> Iterator[str]:
        option = question.option(answer)
        if option and option.hint:
            yield option.hint
        if option and option.stops:
            yield "Ends the questions at once"
        later = [
            str(number)
            for other, number in self.numbers.items()
            if self._counts(question, answer, self.knowledge.questions[other].enable_when)
        ]
        if later:
            yield f"Leads to question {later[0]}" if len(later) == 1 else f"Leads to questions {_listed(later)}"
        tests = [test for flag in self.flags for test in self._on(question, flag.criterion.tests())]
        if answer == UNSURE and any(UNSURE not in test.values for test in tests):
            other = "other " if any(UNSURE in test.values for test in tests) else ""
            yield f"Counts for every {other}warning sign that hangs on this question, one step less urgent"

    def _on(self, question: Question, tests: Iterable[Test]) -> list[Test]:
        return [test for test in tests if self.knowledge.asked_by[test.finding] is question]

    def _counts(self, question: Question, answer: str, criterion: Criterion) -> bool:
        """Whether the answer by itself meets a test of the criterion."""
        return any(answer in _meeting(question, test) for test in self._on(question, criterion.tests()))

    def _ways(self, rule: Rule) -> list[Criterion]:
        own = self._own(rule.criterion)
        return list(own.parts) if isinstance(own, AnyOf) else [own]

    def _enough(self, flag: RedFlag) -> list[Test]:
        """The ways to meet the red flag for which one answer to a question of this flow is enough."""
        return [way for way in self._ways(flag) if isinstance(way, Test) and self._is_chosen(way)]

    def _is_chosen(self, test: Test) -> bool:
        question = self.knowledge.asked_by[test.finding]
        # "No" to one option is no answer of its own, and not being asked is none at all.
        return question.id in self.numbers and len(_meeting(question, test) - {NO_ONE}) == len(test.values)

    def _own(self, criterion: Criterion) -> Criterion:
        """What a criterion asks for beyond the deposit that the flow is about."""
        here = self.deposit.criterion if self.deposit else ALWAYS
        parts = criterion.parts if isinstance(criterion, AllOf) else (criterion,)
        others = tuple(part for part in parts if part != here)
        return others[0] if len(others) == 1 else AllOf(others)

    # -- the rules that are told in words ------------------------------------------------------------------------------

    def _bands(self) -> Iterator[Band]:
        flags = [self._told(flag, self._flag(flag)) for flag in self.flags if flag.id in self.letters]
        lead = "Several answers together."
        if self.deposit:
            lead = "Several answers together, answers to the pages for everyone, or no warning sign."
            base = self.knowledge.dispositions[self.deposit.base_urgency]
            otherwise = Outcome(self.deposit.id, base.urgency.word, base.label, self._text(base.heading))
            flags.append(Lettered("", ("With no warning sign at all",), otherwise))
        yield Band("What else tells how soon", lead, tuple(flags))
        yield Band(
            "Does it go away?",
            "Exactly one of these is true, whatever is answered. It is said only when no help is needed today.",
            tuple(self._told(rule, self._category(rule)) for rule in self.categories),
        )
        yield Band(
            "When nothing is said about going away",
            "One of these is enough. The same goes for every answer that needs help today or at once.",
            tuple(self._told(rule, self._withheld(rule)) for rule in self.withholds),
        )
        soon, today = self._label(Urgency.SOON), self._label(Urgency.SAME_DAY)
        yield Band(
            "Who needs help one step sooner",
            f"Only with a warning sign that says so. Not being sure is enough for “{soon}”, but not for “{today}”.",
            tuple(self._told(step, self._step(step)) for step in self.steps),
        )

    def _told(self, rule: Rule, outcome: Outcome) -> Lettered:
        return Lettered(self.letters[rule.id], told_in_lines(self.knowledge, self._own(rule.criterion)), outcome)

    def _flag(self, flag: RedFlag) -> Outcome:
        raised = [self.letters[step.id] for step in self.steps if _raises(step, flag)]
        notes = (f"One step sooner with {' or '.join(raised)}",) if raised else ()
        return Outcome(flag.id, flag.urgency.word, self._label(flag.urgency), self._text(flag.because), notes)

    def _category(self, rule: Reversibility) -> Outcome:
        text = self._text(f"{rule.deposit_goes} {rule.symptoms_go}")
        return Outcome(rule.id, SAYS, self.knowledge.words[rule.category], text)

    def _withheld(self, rule: Withhold) -> Outcome:
        notes = (f"At least: {self._label(rule.at_least)}",) if rule.at_least else ()
        return Outcome(rule.id, SILENT, self.knowledge.words["withheld"], self._text(rule.text), notes)

    def _step(self, step: StepUp) -> Outcome:
        return Outcome(step.id, SOONER, "One step sooner", self._text(step.because))

    def _label(self, urgency: Urgency) -> str:
        return self.knowledge.dispositions[urgency].label

    def _text(self, text: str) -> str:
        return filled(self.knowledge, text, {})


def _meeting(question: Question, test: Test) -> set[str]:
    """The answers to its question that meet a test, each by itself."""
    if question.type != "multi":
        return set(test.values) & set(question.allowed)
    (option,) = (option.id for option in question.options if option.finding == test.finding)
    return {{YES: option, NO: NO_ONE, UNSURE: UNSURE}[value] for value in test.values if value != NOT_ASKED}


def _widest(rule: Rule) -> Criterion:
    """The criterion of a rule with everything that counts in it, for a red flag or a step up also not being sure."""
    return rule.possible if isinstance(rule, RedFlag | StepUp) else rule.criterion


def _raises(step: StepUp, flag: RedFlag) -> bool:
    """Whether a step up can move a red flag that somebody is sure of."""
    return flag.urgency in (Urgency.SOON, Urgency.SAME_DAY) and not set(step.tags).isdisjoint(flag.tags)


def _letter(place: int) -> str:
    """A to Z, then AA, as an ordered list of letters counts."""
    first, last = divmod(place, 26)
    return (_letter(first - 1) if first else "") + chr(ord("A") + last)


def _listed(things: Sequence[str]) -> str:
    return f"{', '.join(things[:-1])} and {things[-1]}"
