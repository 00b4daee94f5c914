"""The paper twin: the questions that tell how soon to get help, and the chart to read it off by hand, on one sheet.

`make_paper` compiles the rules into what a person with a pencil sees. Every box to tick holds a letter: A is the most
urgent, E the least, and the first letter of the alphabet that is ticked is the result. What needs two answers, and
who needs help one step sooner, are lines of the chart. Nothing here is written by hand, and where paper cannot say all
that a rule says, the paper is the more careful of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from itertools import product

import segno

from triage.exports.typesetting import PAPERS, typeset
from triage.knowledge import NO, NOT_ASKED, UNSURE, YES, AllOf, Criterion, Knowledge, Test, Urgency
from triage.knowledge.model import NO_ONE, Question, RedFlag, StepUp, Withhold, finding_of, sentences
from triage.knowledge.table import BY_DATE
from triage.knowledge.telling import filled

LETTERS = {urgency: letter for letter, urgency in zip("ABCDE", sorted(Urgency, reverse=True), strict=True)}
"""The letter of each urgency; the first of the alphabet is the most urgent."""

SIGNS = "+*"
"""What stands beside a letter that counts one step sooner for some people: one sign for each reason."""

MAIN_PAGES = 2
"""The warning signs of so many first pages stand one to a line; the other answers follow one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One box to tick."""

    option: tuple[str, ...]
    """The answers that it stands for."""
    text: str
    hint: str = ""
    letter: str = ""
    """How urgent it is by itself; empty where it tells nothing by itself."""
    signs: str = ""
    """Why it can count one step sooner."""
    number: int = 0
    """By which the chart and other questions name it; 0 where nothing does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One question with its marks; the last two are "none of these", where somebody can say so, and "not sure"."""

    question: str
    text: str
    hint: str
    lead: str
    """What stands above the first questions: which time they are about."""
    only_if: tuple[tuple[int, ...], ...]
    """To be answered only with one tick of each of these; empty for everybody."""
    marks: tuple[Mark, ...]
    unsure: int
    """The place of "not sure" among the marks: it is meant where there is no tick at all."""
    main: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the chart: with one tick of each of these it counts as this letter."""

    numbers: tuple[tuple[int, ...], ...]
    letter: str
    unsure: str
    """The letter where one of them is not ticked, but "not sure" in its question is."""
    signs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sooner:
    """Who needs help one step sooner: with one of these ticks, a letter with this sign moves up."""

    sign: str
    numbers: tuple[int, ...]
    moves: tuple[tuple[str, str], ...]
    """Each letter with the one that it counts as."""
    unsure_moves: tuple[tuple[str, str], ...]
    """The same where only "not sure" is ticked in a question of these."""
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a letter means: what to do."""

    letter: str
    label: str
    heading: str
    steps: tuple[str, ...]
    by_days: int | None
    """In how many days to act if nothing has happened; None in an emergency."""
    by_then: str
    """What to do then; `{by_date}` in it is a line to write that day on."""
    safety_net: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """All that stands on one sheet."""

    place: str
    name: str
    about: str
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    sooner: tuple[Sooner, ...]
    otherwise: str
    """The letter of somebody who ticked none."""
    results: tuple[Result, ...]
    """The most urgent first."""
    net: tuple[tuple[str, str], ...]
    """The sentences that hold for several letters, each with these letters."""
    how: str
    """What to do with the pencil."""
    notices: tuple[str, ...]
    version: str
    until: date
    """The day from which the rules have to be reviewed; a paper lies about for long."""
    online: str


HOW = "paper_how"
NOTICES = ("paper_places", "paper_careful", "not_checked")
DEMONSTRATION = ("demonstration",)
"""What the guide says about itself on the sheet, by the roles of its notices."""

Spot = tuple[str, str]
"""One answer to one question, by their ids."""


@dataclass(frozen=True, slots=True)
class _Atom:
    """One of these answers is given; with `perhaps`, it may also be one of those."""

    sure: frozenset[Spot]
    perhaps: frozenset[Spot] = frozenset()

    def __or__(self, other: _Atom) -> _Atom:
        sure = self.sure | other.sure
        return _Atom(sure, (self.perhaps | other.perhaps) - sure)


@dataclass(frozen=True, slots=True)
class _Clause:
    """All of these together ask for this urgency."""

    atoms: tuple[_Atom, ...]
    urgency: Urgency
    signs: str = ""

    def covers(self, urgency: Urgency, signs: str) -> bool:
        """Whether nothing is lost where this stands and a clause of that urgency does not."""
        return self.urgency > urgency or (self.urgency == urgency and set(signs) <= set(self.signs))


def make_paper(
    knowledge: Knowledge, deposit: str, words: Mapping[str, str], online: str = "", demonstration: bool = False
) -> Paper:
    """The sheet for one deposit, with its blanks filled by `words`; `online` is the address of the guide.

    Raises:
        KeyError: there is no such deposit.
    """
    return _Compiler(knowledge, deposit).paper(words, online, demonstration)


def print_paper(paper: Paper, dated: date, size: str = "a4") -> bytes:
    """The sheet as a PDF, on one of `PAPERS`; `dated` is the day of the rules.

    Raises:
        ExportError: no PDF can be made here.
    """
    code = segno.make(paper.online, error="m").svg_inline(border=0) if paper.online else ""
    data = {**asdict(paper), "size": PAPERS[size], "code": code, "until": f"{paper.until:%-d %B %Y}"}
    return typeset("blank", data, datetime.combine(dated, time(), UTC))


class _Compiler:
    """Compiles the rules for somebody who has this one deposit."""

    def __init__(self, knowledge: Knowledge, deposit: str) -> None:
        self.knowledge = knowledge
        self.deposit = knowledge.deposits[deposit]
        self.base = self.deposit.base_urgency
        self.steps = dict(zip(SIGNS, knowledge.of_kind(StepUp), strict=False))
        if len(knowledge.of_kind(StepUp)) > len(SIGNS):
            raise ValueError("There are more reasons for one step sooner than signs to print for them.")
        clauses = list(self._clauses())
        self.base = max([self.base, *(clause.urgency for clause in clauses if not clause.atoms)])
        self.letters = self._letters(clauses)
        self.combined = self._combined(clauses)

    # -- from criteria to answers --------------------------------------------------------------------------------------

    def _clauses(self) -> Iterator[_Clause]:
        for flag in self.knowledge.of_kind(RedFlag):
            raising = [sign for sign, step in self.steps.items() if set(step.tags) & set(flag.tags)]
            signs = "".join(raising) if flag.urgency >= Urgency.SOON else ""
            for atoms in self._ways(flag.criterion, flag.possible):
                yield _Clause(atoms, flag.urgency, signs)
        for withhold in self.knowledge.of_kind(Withhold):
            for atoms in self._ways(withhold.criterion, withhold.criterion):
                yield _Clause(atoms, withhold.at_least)

    def _ways(self, criterion: Criterion, possible: Criterion) -> Iterator[tuple[_Atom, ...]]:
        """Every way to meet a criterion, each as atoms of which all are needed; none where it cannot be met here."""
        for way in self._product(criterion, possible):
            needed = [atom for atom in way if atom is not None]
            yield tuple(atom for atom in needed if not any(self._implies(other, atom) for other in needed))

    def _product(self, criterion: Criterion, possible: Criterion) -> list[tuple[_Atom | None, ...]]:
        """As `_ways`; None stands for what is true of everybody here."""
        if isinstance(criterion, Test) and isinstance(possible, Test):
            atom = self._atom(criterion, possible)
            return [] if atom == _Atom(frozenset()) else [(atom,)]
        assert not isinstance(criterion, Test) and not isinstance(possible, Test)  # noqa: S101 - made from each other
        parts = [self._product(*pair) for pair in zip(criterion.parts, possible.parts, strict=True)]
        if isinstance(criterion, AllOf):
            return [tuple(atom for way in ways for atom in way) for ways in product(*parts)]
        ways = [way for part in parts for way in part]
        if any(all(atom is None for atom in way) for way in ways):
            return [(None,)]
        single = [atom for way in ways if len(way) == 1 for atom in way if atom is not None]
        together = [(_any_of(single),)] if single else []
        return [*together, *(way for way in ways if len(way) > 1)]

    def _atom(self, test: Test, possible: Test) -> _Atom | None:
        """The answers that meet a test; None if everybody here meets it, or if paper cannot ask for it."""
        question = self.knowledge.asked_by[test.finding]
        if question.id == self.knowledge.place_question:
            mine = YES if test.finding == finding_of(self.deposit.id) else NO
            return None if mine in test.values else _Atom(frozenset())
        sure = self._spots(question, test)
        perhaps = self._spots(question, possible)
        return None if sure is None or perhaps is None else _Atom(sure, perhaps - sure)

    def _spots(self, question: Question, test: Test) -> frozenset[Spot] | None:
        values = [value for value in test.values if value != NOT_ASKED]
        if question.type != "multi":
            spots = {(question.id, value) for value in values}
        elif NO in values:
            return None  # a box that is left empty cannot be asked for, so it does not count as a condition
        else:
            (option,) = (option.id for option in question.options if option.finding == test.finding)
            spots = {(question.id, option if value == YES else UNSURE) for value in values}
        if NOT_ASKED in test.values:
            others = self._not_asked(question)
            return None if others is None else frozenset(spots | others)
        return frozenset(spots)

    def _not_asked(self, question: Question) -> frozenset[Spot] | None:
        """The answers by which a question is not asked; None where no single answer decides."""
        gate = self._gate(question)
        if len(gate) != 1:
            return None if gate else frozenset()
        asked_by = {self.knowledge.questions[asking] for asking, _ in gate[0].sure}
        if len(asked_by) != 1 or (only := asked_by.pop()).type == "multi":
            return None
        return frozenset((only.id, value) for value in only.allowed) - gate[0].sure

    def _gate(self, question: Question) -> tuple[_Atom, ...]:
        """What has to be answered so that a question is asked; nothing if everybody here is asked it."""
        ways = list(self._product(question.enable_when, question.enable_when))
        if len(ways) != 1:
            # No gate is both: all are asked, which is the careful reading.
            return ()
        return tuple(atom for atom in ways[0] if atom is not None)

    def _asked(self, question: Question) -> bool:
        """Whether anybody with this deposit is asked it."""
        return bool(self._product(question.enable_when, question.enable_when))

    def _implies(self, atom: _Atom, other: _Atom) -> bool:
        """Whether who gives the first answer must have given the other, because it was asked for before."""
        if atom is other:
            return False
        askings = {asking for asking, _ in atom.sure | atom.perhaps}
        return all(
            any(gate.sure <= other.sure for gate in self._gate(self.knowledge.questions[asking])) for asking in askings
        )

    # -- letters and lines ---------------------------------------------------------------------------------------------

    def _matters(self, urgency: Urgency, signs: str) -> bool:
        return (urgency.raised() if signs else urgency) > self.base

    def _letters(self, clauses: Iterable[_Clause]) -> dict[Spot, tuple[Urgency, str]]:
        """How urgent each answer is by itself, with the signs of the most urgent rules that it meets."""
        letters: dict[Spot, tuple[Urgency, str]] = {}

        def offer(spot: Spot, urgency: Urgency, signs: str) -> None:
            most, before = letters.get(spot, (urgency, ""))
            if urgency >= most and self._matters(urgency, signs):
                kept = signs + before if urgency == most else signs
                letters[spot] = (urgency, "".join(sign for sign in SIGNS if sign in kept))

        for clause in clauses:
            for atom in clause.atoms if len(clause.atoms) == 1 else ():
                for spot in atom.sure:
                    offer(spot, clause.urgency, clause.signs)
                for spot in atom.perhaps:
                    offer(spot, clause.urgency.lowered(), clause.signs)
        return letters

    def _combined(self, clauses: Iterable[_Clause]) -> list[_Clause]:
        """The clauses of several answers that say more than the letters do."""
        several = [c for c in clauses if len(c.atoms) > 1 and self._matters(c.urgency, c.signs)]
        several = [clause for clause in several if not any(self._said(atom, clause) for atom in clause.atoms)]
        return [
            clause
            for place, clause in enumerate(several)
            if not any(
                other.covers(clause.urgency, clause.signs)
                and all(any(mine.sure <= its.sure for mine in clause.atoms) for its in other.atoms)
                for other in several[:place]
            )
        ]

    def _said(self, atom: _Atom, clause: _Clause) -> bool:
        """Whether the letters of one atom's answers alone are as urgent as the clause."""

        def enough(spot: Spot, urgency: Urgency) -> bool:
            own, signs = self.letters.get(spot, (Urgency.SELF_CARE, ""))
            return _Clause((), own, signs).covers(urgency, clause.signs)

        lowered = clause.urgency.lowered()
        return all(enough(spot, clause.urgency) for spot in atom.sure) and all(
            enough(spot, lowered) or not self._matters(lowered, clause.signs) for spot in atom.perhaps
        )

    # -- the sheet -----------------------------------------------------------------------------------------------------

    def paper(self, words: Mapping[str, str], online: str, demonstration: bool) -> Paper:
        """All of it, with the blanks of the texts filled."""
        knowledge = self.knowledge

        def text(of: str) -> str:
            return filled(knowledge, of, words)

        raised = {sign for _, signs in self.letters.values() for sign in signs}
        raised |= {sign for clause in self.combined for sign in clause.signs}
        steps = {
            sign: [atom for way in self._ways(step.criterion, step.possible) for atom in way]
            for sign, step in self.steps.items()
            if sign in raised
        }
        named: set[Spot] = {spot for clause in self.combined for atom in clause.atoms for spot in atom.sure}
        named |= {spot for atoms in steps.values() for atom in atoms for spot in atom.sure}
        wanted = {spot[0] for spot in (*self.letters, *named)}
        asked: list[Question] = []
        for question in reversed([q for page in knowledge.pages for q in knowledge.page_questions[page.id]]):
            if question.id in wanted and self._asked(question):
                asked.insert(0, question)
                gate = {spot for atom in self._gate(question) for spot in atom.sure}
                named |= gate
                wanted |= {asking for asking, _ in gate}
        its_page = {page.id: page for page in knowledge.pages}
        numbers: dict[Spot, int] = {}
        boxes = []
        for question in asked:
            page = its_page[question.page]
            main = page in knowledge.pages[:MAIN_PAGES]
            marks = self._marks(question, named, numbers, text)
            boxes.append(
                Box(
                    question=question.id,
                    text=text(question.text),
                    hint=text(question.hint),
                    lead=text(page.lead) if main else "",
                    only_if=tuple(_numbered(numbers, atom.sure) for atom in self._gate(question)),
                    marks=marks,
                    unsure=next(place for place, mark in enumerate(marks) if mark.option == (UNSURE,)),
                    main=main,
                )
            )
        lines = tuple(
            Line(
                numbers=tuple(_numbered(numbers, atom.sure) for atom in clause.atoms),
                letter=LETTERS[clause.urgency],
                unsure=LETTERS[clause.urgency.lowered()],
                signs=clause.signs,
            )
            for clause in self.combined
        )
        sooner = tuple(
            Sooner(
                sign=sign,
                numbers=_numbered(numbers, _any_of(atoms).sure),
                moves=tuple(_raising(Urgency.ROUTINE, Urgency.SAME_DAY)),
                unsure_moves=tuple(_raising(Urgency.ROUTINE, Urgency.SOON)),
                because=text(self.steps[sign].because),
            )
            for sign, atoms in steps.items()
        )
        used = [urgency for urgency in sorted(Urgency, reverse=True) if urgency >= self.base]
        told = [knowledge.dispositions[urgency] for urgency in used]
        often: dict[str, str] = {}
        for disposition in told:
            for sentence in disposition.safety_net:
                often[sentence] = often.get(sentence, "") + LETTERS[disposition.urgency]
        return Paper(
            place=self.deposit.place,
            name=self.deposit.name,
            about=sentences(text(self.deposit.about))[0],
            boxes=tuple(boxes),
            lines=lines,
            sooner=sooner,
            otherwise=LETTERS[self.base],
            results=tuple(
                Result(
                    letter=LETTERS[disposition.urgency],
                    label=text(disposition.label),
                    heading=text(disposition.heading),
                    steps=tuple(text(step) for step in disposition.steps),
                    by_days=disposition.by_days,
                    by_then=filled(knowledge, disposition.by_then, {**words, BY_DATE: f"{{{BY_DATE}}}"}),
                    safety_net=tuple(text(net) for net in disposition.safety_net if len(often[net]) == 1),
                )
                for disposition in told
            ),
            net=tuple((letters, text(sentence)) for sentence, letters in often.items() if len(letters) > 1),
            notices=tuple(text(knowledge.notices[role].text) for role in (*NOTICES, *(DEMONSTRATION * demonstration))),
            how=text(knowledge.notices[HOW].text),
            version=knowledge.version,
            until=knowledge.due,
            online=online,
        )

    def _marks(
        self, question: Question, named: set[Spot], numbers: dict[Spot, int], text: Callable[[str], str]
    ) -> tuple[Mark, ...]:
        """The marks of one question, the most urgent first; `numbers` takes those of the named ones."""
        rest = self._rest(question, named)
        shown = [option for option in question.options if option.id not in rest]
        shown.sort(key=lambda option: -self.letters.get((question.id, option.id), (-1, ""))[0])
        marks: list[Mark] = []

        def mark(ids: tuple[str, ...], said: str, hint: str = "") -> None:
            spot = (question.id, ids[0])
            if spot in named:
                numbers[spot] = len(numbers) + 1
            urgency, signs = self.letters.get(spot, (None, ""))
            marks.append(
                Mark(
                    option=ids,
                    text=text(said),
                    hint=text(hint),
                    letter="" if urgency is None else LETTERS[urgency],
                    signs=signs,
                    number=numbers.get(spot, 0),
                )
            )

        for option in shown:
            mark((option.id,), option.text, option.hint)
        if question.none:
            mark((NO_ONE,), question.none)
        elif rest:
            mark(rest, "")
        mark((UNSURE,), question.unsure or self.knowledge.words[UNSURE])
        return tuple(marks)

    def _rest(self, question: Question, named: set[Spot]) -> tuple[str, ...]:
        """The answers without a mark of their own: they tell nothing, or tell the same and are "another answer"."""
        groups: dict[tuple[Urgency | None, str], list[str]] = {}
        for option in question.options:
            spot = (question.id, option.id)
            if spot not in named:
                groups.setdefault(self.letters.get(spot, (None, "")), []).append(option.id)
        if question.none:
            return tuple(groups.get((None, ""), ()))
        most = max(groups.values(), key=len, default=[])
        return tuple(most) if len(most) > 1 else ()


def _any_of(atoms: Iterable[_Atom]) -> _Atom:
    one = _Atom(frozenset())
    for atom in atoms:
        one |= atom
    return one


def _raising(first: Urgency, last: Urgency) -> Iterator[tuple[str, str]]:
    return ((LETTERS[urgency], LETTERS[urgency.raised()]) for urgency in Urgency if first <= urgency <= last)


def _numbered(numbers: Mapping[Spot, int], spots: Iterable[Spot]) -> tuple[int, ...]:
    return tuple(sorted(numbers[spot] for spot in spots if spot in numbers))
