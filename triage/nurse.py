"""The nurse's view of a run: what to say and check, in which order, and on which answers and sources it rests.

Chunk and check: the cards stand in chunks of at most three, the most important first. Like the sheet, this module
orders and never words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from triage.assessment import Assessment
from triage.journey import Journey
from triage.knowledge import NO, NOT_ASKED, UNSURE, Knowledge, Rule
from triage.knowledge.criteria import AllOf, AnyOf, Criterion, Test
from triage.knowledge.model import (
    NO_ONE,
    Caution,
    Myth,
    NurseCard,
    Question,
    RedFlag,
    Source,
    StepUp,
    Urgency,
    Withhold,
)
from triage.knowledge.telling import told
from triage.sheet import CardPart, ChangeRow, FindOutPart, Sheet, all_changes
from triage.whatif import Outlook

MOST_CARDS = 3
"""How many cards are told before the nurse stops and checks."""
HOW_SOON, CAREFUL, PLACE, BELIEF = range(4)
"""What a chunk is about, the most important first."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A rule that was said, and the answers by which it holds."""

    rule: str
    answers: tuple[str, ...]
    """Each with its question, in the words the person saw; none for what is said to everybody."""


@dataclass(frozen=True, slots=True)
class Card:
    """One line to say, one question to ask, and what stands behind them."""

    words: CardPart
    grounds: tuple[Ground, ...]
    sources: tuple[int, ...]
    """The numbers of its sources in `Talk.sources`."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is told in one go."""

    about: int
    """`HOW_SOON`, `CAREFUL`, `PLACE` or `BELIEF`."""
    deposit: str
    """The name of the deposit it is about; empty where it is about none or several."""
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A question and what was answered, in the words the person saw."""

    place: str
    """The place it is asked about; empty for what everybody is asked."""
    question: str
    answers: tuple[str, ...]
    denied: tuple[str, ...] = ()
    """The options of the list that were left unticked, and so count as no."""


@dataclass(frozen=True, slots=True)
class Replies:
    """Every question in exactly one list. Patient-reported: nobody has examined anything."""

    yes: tuple[Reply, ...]
    none: tuple[Reply, ...]
    unsure: tuple[Reply, ...]
    """Also where something was ticked beside "I'm not sure"."""
    not_asked: tuple[Reply, ...]
    """Of the questions for everybody and for the places that were named."""
    elsewhere: int
    """How many questions belong to places that were not named."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A red flag that counts for this result."""

    label: str
    """How soon, in words."""
    ground: Ground
    certain: bool
    because: str
    raised_by: tuple[Ground, ...]
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Talk:
    """All that the nurse needs to talk about one run."""

    replies: Replies
    fired: tuple[Fired, ...]
    chunks: tuple[Chunk, ...]
    without_card: tuple[tuple[str, str], ...]
    """What else the patient's sheet says: the id of the rule, and its words."""
    changes: tuple[ChangeRow, ...]
    find_out: FindOutPart | None
    sources: tuple[Source, ...]


def make_talk(knowledge: Knowledge, journey: Journey, assessment: Assessment, sheet: Sheet, outlook: Outlook) -> Talk:
    """The nurse's view of the run that the sheet is about; `outlook` is everything that would change its result."""
    numbers: dict[str, int] = {}
    fired = tuple(_fired(knowledge, journey, assessment, numbers))
    chunks = tuple(_chunks(knowledge, journey, assessment, sheet.cards, numbers))
    explained = {ground.rule for chunk in chunks for card in chunk.cards for ground in card.grounds}
    others = {rule.id: rule for rule in assessment.spoken if rule.id not in explained}
    return Talk(
        replies=replies(knowledge, journey),
        fired=fired,
        chunks=chunks,
        without_card=tuple(_without_card(sheet, others)),
        changes=all_changes(knowledge, outlook),
        find_out=sheet.outlook.find_out if sheet.outlook else None,
        sources=tuple(knowledge.sources[source] for source in numbers),
    )


def replies(knowledge: Knowledge, journey: Journey) -> Replies:
    """What was said yes to, what was denied, what was not known and what was not asked, each apart."""
    yes: list[Reply] = []
    none: list[Reply] = []
    unsure: list[Reply] = []
    for question in journey.questions:
        given = journey.answers.get(question.id)
        if given is None:
            continue
        chosen = (given,) if isinstance(given, str) else given
        # A place that was not named is no denial: nobody is asked whether there is calcium anywhere else.
        listed = question.type == "multi" and UNSURE not in chosen and question.id != knowledge.place_question
        denied = tuple(option.text for option in question.options if option.id not in chosen) if listed else ()
        reply = _reply(knowledge, question, tuple(question.words(word) for word in chosen), denied)
        (unsure if UNSURE in chosen else none if chosen in ((NO_ONE,), (NO,)) else yes).append(reply)
    named = journey.answers.get(knowledge.place_question, ())
    left = [question for question in knowledge.questions.values() if question.id not in journey.answers]
    here = tuple(_reply(knowledge, q) for q in left if not q.deposit or q.deposit in named)
    return Replies(tuple(yes), tuple(none), tuple(unsure), here, len(left) - len(here))


def _reply(
    knowledge: Knowledge, question: Question, answers: tuple[str, ...] = (), denied: tuple[str, ...] = ()
) -> Reply:
    place = knowledge.deposits[question.deposit].place if question.deposit else ""
    return Reply(place, question.text, answers, denied)


def _fired(knowledge: Knowledge, journey: Journey, assessment: Assessment, numbers: dict[str, int]) -> Iterator[Fired]:
    for firing in assessment.counting:
        rule = firing.rule
        yield Fired(
            label=knowledge.dispositions[firing.urgency].label,
            ground=_ground(knowledge, journey, rule),
            certain=firing.certain,
            because=rule.because,
            raised_by=tuple(_ground(knowledge, journey, step) for step in firing.stepped_up_by),
            sources=_cited(numbers, rule.sources),
        )


def _chunks(
    knowledge: Knowledge,
    journey: Journey,
    assessment: Assessment,
    cards: Sequence[CardPart],
    numbers: dict[str, int],
) -> Iterator[Chunk]:
    spoken = {rule.id: rule for rule in assessment.spoken}
    places = {result.deposit.id: place for place, result in enumerate(assessment.deposits)}

    def place(part: CardPart) -> tuple[int, int]:
        """What it is about: the most important of what it explains; and for which of the named deposits."""
        said = [spoken[rule_id] for rule_id in _about(knowledge, part) if rule_id in spoken]
        about = min(map(_importance, said))
        named = {rule.deposit for rule in said if rule.deposit in places}
        return about, min(places[one] for one in named) if about == PLACE and named else -1

    def card(part: CardPart) -> Card:
        said = (spoken[rule_id] for rule_id in _about(knowledge, part) if rule_id in spoken)
        own = knowledge.rules[part.say.rule].sources
        return Card(part, tuple(_ground(knowledge, journey, rule) for rule in said), _cited(numbers, own))

    for (about, number), together in groupby(sorted(cards, key=place), key=place):
        deposit = assessment.deposits[number].deposit.name if number >= 0 else ""
        parts = list(together)
        for first in range(0, len(parts), MOST_CARDS):
            yield Chunk(about, deposit, tuple(map(card, parts[first : first + MOST_CARDS])))


def _about(knowledge: Knowledge, part: CardPart) -> tuple[str, ...]:
    card = knowledge.rules[part.say.rule]
    return card.about if isinstance(card, NurseCard) else ()


def _importance(rule: Rule) -> int:
    if isinstance(rule, RedFlag | StepUp) or (isinstance(rule, Withhold) and rule.at_least > Urgency.SELF_CARE):
        return HOW_SOON
    if isinstance(rule, Caution):
        return CAREFUL
    return BELIEF if isinstance(rule, Myth) else PLACE


def _cited(numbers: dict[str, int], sources: Iterable[str]) -> tuple[int, ...]:
    return tuple(sorted(numbers.setdefault(source, len(numbers) + 1) for source in sources))


def _ground(knowledge: Knowledge, journey: Journey, rule: Rule) -> Ground:
    criterion = rule.possible if isinstance(rule, RedFlag | StepUp) else rule.criterion
    met = {test.finding: journey.findings[test.finding] for test in _met(criterion, journey)}
    asked = {finding: value for finding, value in met.items() if value != NOT_ASKED}
    # That the place was named goes without saying, where there is more to say.
    place = knowledge.place_question
    telling = {name: value for name, value in asked.items() if knowledge.asked_by[name].id != place} or asked
    return Ground(rule.id, tuple(told(knowledge, Test(finding, (value,))) for finding, value in telling.items()))


def _met(criterion: Criterion, journey: Journey) -> Iterator[Test]:
    """The tests by which it holds: of alternatives, only those that do."""
    match criterion:
        case Test():
            yield criterion
        case AllOf(parts):
            for part in parts:
                yield from _met(part, journey)
        case AnyOf(parts):
            for part in parts:
                if part.holds(journey.findings):
                    yield from _met(part, journey)


def _without_card(sheet: Sheet, others: dict[str, Rule]) -> Iterator[tuple[str, str]]:
    said: dict[str, list[str]] = {}
    for sentence in sheet.said:
        if sentence.rule in others:
            said.setdefault(sentence.rule, []).append(sentence.text)
    yield from ((rule_id, " ".join(words)) for rule_id, words in said.items())
