"""What becomes of an earlier sheet under today's rules: which answers still stand, and what the advice is now.

An answer stands only if its question still offers just what it offered then, so nobody is taken to have denied
something that they were never asked. Everything else is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from triage.assessment import Assessment
from triage.errors import AnswerError
from triage.exports.code import Handed
from triage.journey import Answer, Journey, accept
from triage.knowledge import Knowledge, Urgency

OLD = timedelta(days=30)
"""From then on an answer about a warning sign is too old to be repeated by itself."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """An earlier sheet, and the answers of it that stand today."""

    sheet: Handed
    version: str
    """The name of the edition it was made under."""
    version_now: str
    answers: dict[str, Answer]
    old: bool
    asks_again: bool
    """An answer of it does not stand any more."""

    def untouched(self, path: Journey) -> bool:
        """Whether every question of the sheet that is still asked is answered now as it was then."""
        return all(
            _same(answer, self.sheet.answers[name])
            for name, answer in path.answers.items()
            if name in self.sheet.answers
        )

    def at_least(self, path: Journey) -> Urgency:
        """Until somebody has looked at both, the advice of the sheet is not undercut by newer rules."""
        return self.sheet.urgency if self.untouched(path) else Urgency.SELF_CARE


def reopen(knowledge: Knowledge, sheet: Handed, today: date) -> Reopened:
    """The answers of an earlier sheet that stand today. Where it is old, warning signs are asked again."""
    old = today - sheet.made > OLD
    stand: dict[str, Answer] = {}
    for numbered in knowledge.numbering.questions:
        question, given = knowledge.questions.get(numbered.id), sheet.answers.get(numbered.id)
        if question is None or given is None or (old and question.tick_wins):
            continue
        if not {*question.allowed} <= {*numbered.offered(sheet.edition)}:
            continue
        try:
            stand[question.id] = accept(question, given)
        except AnswerError:
            continue
    version = knowledge.numbering.editions[sheet.edition - 1].version
    return Reopened(sheet, version, knowledge.edition, stand, old, len(stand) < len(sheet.answers))


def _same(first: Answer, second: Answer) -> bool:
    return {*_several(first)} == {*_several(second)}


def _several(answer: Answer) -> tuple[str, ...]:
    return (answer,) if isinstance(answer, str) else answer


@dataclass(frozen=True, slots=True)
class PlaceChange:
    """What is said about deposits of one kind, then and now; empty where nothing was or is said."""

    place: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Changes:
    """The advice of an earlier sheet beside today's."""

    then: Urgency
    now: Urgency
    """What today's rules say, without regard to the sheet."""
    untouched: bool
    """The answers are those of the sheet, so it is the rules that changed."""
    places: tuple[PlaceChange, ...]
    """The deposits of which something else is said now; empty beside an alarm, then or now."""

    @property
    def any(self) -> bool:
        """Whether anything is different."""
        return self.then != self.now or bool(self.places)


def changes(knowledge: Knowledge, reopened: Reopened, path: Journey, now: Assessment) -> Changes:
    """What changed since the sheet. `now` is what today's rules say by themselves."""
    then = reopened.sheet
    said = {result.deposit.id: result.category for result in now.deposits if not result.withheld}
    places = tuple(
        PlaceChange(deposit.place, then.categories.get(deposit.id, ""), said.get(deposit.id, ""))
        for deposit in knowledge.deposits.values()
        if then.categories.get(deposit.id, "") != said.get(deposit.id, "")
    )
    alarmed = max(then.urgency, now.urgency) >= Urgency.SAME_DAY
    return Changes(then.urgency, now.urgency, reopened.untouched(path), () if alarmed else places)
