"""From an Assessment to what is said, in which order, with which footnote: the patient's sheet and the nurse's.

Every sentence is taken from a rule and carries that rule's id and sources; this module orders and never words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Protocol

from triage.assessment import Assessment, DepositResult, Firing
from triage.knowledge import NOT_ASKED, UNSURE, YES, Knowledge, Rule, Urgency
from triage.knowledge.model import NO_ONE, Disagreement, NurseCard, Question, Source, Treatment, sentences
from triage.knowledge.table import BY_DATE
from triage.knowledge.telling import filled
from triage.whatif import MOST_EFFECTS, NOTHING, Effect, Outlook, Unknown

FRIDAY = 4
"""As `date.weekday` counts."""

ROOM, ROOM_OF_A_DEPOSIT, ROOM_OF_A_LINE = 2250, 900, 150
"""In letters: what two pages of paper hold, and three with three deposits. A long sheet names fewer of the changes, and
has no lines to write on."""

ROOM_FOR_NOTES = 4
"""In lines: what the pages hold beyond that, if the person is to write on them."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the sheet and where it comes from."""

    text: str
    rule: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """Sentences of one rule that stand together; `notes` are the numbers of their sources on this sheet."""

    text: str
    rule: str
    notes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why help is needed that soon: what the person told us, and what it can mean."""

    told: tuple[str, ...]
    """The answers that count here, in the words the person saw."""
    because: Passage
    meanwhile: Passage | None


@dataclass(frozen=True, slots=True)
class Unsure:
    """What the person was not sure about, and that it must not be taken for a no."""

    told: tuple[str, ...]
    notice: Passage


@dataclass(frozen=True, slots=True)
class ChangePart:
    """An answer that would make the result more urgent."""

    place: str
    """The place it is about, in the words the person ticked; empty where that is plain."""
    words: Passage


@dataclass(frozen=True, slots=True)
class ChangesPart:
    """The changes that lead to one urgency."""

    label: str
    changes: tuple[ChangePart, ...]


@dataclass(frozen=True, slots=True)
class FindOutPart:
    """What the person was not sure about and could find out, and what the answer can change."""

    intro: Passage
    question: Passage
    options: tuple[Passage, ...]
    effect: Passage
    label: str
    """How soon they may need help then; empty where it is not about that."""


@dataclass(frozen=True, slots=True)
class OutlookPart:
    """What would change this result."""

    intro: Passage | None
    by_urgency: tuple[ChangesPart, ...]
    find_out: FindOutPart | None

    @property
    def notes(self) -> frozenset[int]:
        """The numbers of its sources."""
        passages = [change.words for changes in self.by_urgency for change in changes.changes]
        if self.find_out:
            passages += [self.find_out.question, *self.find_out.options]
        return frozenset(number for passage in passages for number in passage.notes)


@dataclass(frozen=True, slots=True)
class TreatmentPart:
    """One thing that usually helps."""

    what: Passage
    used_when: Passage
    does: Passage
    evidence: str


@dataclass(frozen=True, slots=True)
class ViewPart:
    """What one side of a disagreement says."""

    who: str
    says: Passage


@dataclass(frozen=True, slots=True)
class DisagreementPart:
    """Sources differ, and what this guide follows."""

    topic: Passage
    views: tuple[ViewPart, ...]
    we_follow: Passage


@dataclass(frozen=True, slots=True)
class DepositPart:
    """One deposit on the sheet."""

    id: str
    name: str
    about: Passage | None
    category: str
    label: str
    withheld: Passage | None
    deposit_goes: Passage | None
    symptoms_go: Passage | None
    because: Passage | None
    treatments: tuple[TreatmentPart, ...]
    disagreements: tuple[DisagreementPart, ...]


@dataclass(frozen=True, slots=True)
class GoesAway:
    """What is said, or why nothing is said, about whether deposits of a kind go away."""

    names: tuple[str, ...]
    """The deposits of which the same is said."""
    words: str


@dataclass(frozen=True, slots=True)
class InShort:
    """The result in three lines, made of words that the sheet says in full elsewhere, with their sources."""

    urgent: str
    """Is this urgent? How soon to get help."""
    goes_away: tuple[GoesAway, ...]
    """Will it go away? Empty where getting help is all that counts."""
    now: str
    """What do I do now? The first step."""


@dataclass(frozen=True, slots=True)
class MythPart:
    """A belief that matters to these answers; the fact comes first."""

    fact: Passage
    myth: Passage


@dataclass(frozen=True, slots=True)
class Told:
    """A question and what the person answered, in the words they saw."""

    question: str
    answers: tuple[str, ...]
    denied: bool
    """The answer was "none of these"."""
    unsure: bool
    """The answer was "I'm not sure", and nothing else."""

    @property
    def definite(self) -> bool:
        """The answer says something."""
        return not self.denied and not self.unsure


@dataclass(frozen=True, slots=True)
class Footnote:
    """A source and its number on this sheet."""

    number: int
    source: Source


@dataclass(frozen=True, slots=True)
class CardPart:
    """A card of the nurse's view."""

    say: Passage
    teach_back: Passage
    good_answer: Passage
    misunderstanding: Passage


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A line of the nurse's list of answers that would make the result more urgent."""

    label: str
    question: str
    answer: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that one run says, in the order of its fields."""

    urgency: str
    label: str
    in_short: InShort
    heading: Passage
    fail_safe: Passage | None
    steps: tuple[Passage, ...]
    by_then: Passage | None
    """What to do on the day by which something has to have happened; None in an emergency."""
    safety_net: tuple[Passage, ...]
    reasons: tuple[Reason, ...]
    unsure: Unsure | None
    stepped_up: tuple[Passage, ...]
    no_warning_sign: Passage | None
    told: tuple[Told, ...]
    deposits: tuple[DepositPart, ...]
    kind_only: Passage | None
    next_steps: tuple[Passage, ...]
    doctor_questions: tuple[Passage, ...]
    cautions: tuple[Passage, ...]
    myths: tuple[MythPart, ...]
    outlook: OutlookPart | None
    limits: tuple[Passage, ...]
    footnotes: tuple[Footnote, ...]
    cards: tuple[CardPart, ...]
    rules_version: str
    reviewed: str
    due: str
    passages: tuple[tuple[str, Rule], ...]
    """Every text of it with its rule, in the order in which they are said."""

    @property
    def said(self) -> tuple[Sentence, ...]:
        """Every sentence of it, in that order."""
        return tuple(Sentence(part, rule.id, rule.sources) for text, rule in self.passages for part in sentences(text))

    @property
    def not_sure_about(self) -> tuple[str, ...]:
        """The questions to which they were not sure of the answer, each once."""
        return tuple(dict.fromkeys(line.question for line in self.told if line.unsure))

    @property
    def denied(self) -> tuple[str, ...]:
        """The questions to which they answered "none of these", each once."""
        return tuple(dict.fromkeys(line.question for line in self.told if line.denied))

    @property
    def room_to_write(self) -> bool:
        """Whether two pages (three with several deposits) hold a line under each question to ask as well."""
        return _lines_left(self) + ROOM_FOR_NOTES >= len(self.doctor_questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around the words of a sheet on paper: what it is for, who made it and when, who gives it out."""

    purpose: str
    prepared: str
    """The day and the time when it was made, at this place."""
    limits: str
    overdue: str
    """Empty while the review of the content is not overdue."""
    clinic: str
    """Who gives it out and how to reach them; empty where nobody does."""


def frame(knowledge: Knowledge, wording: Mapping[str, str], made: datetime, clinic: str = "") -> Frame:
    """The frame of a sheet that is made at that time."""

    def notice(role: str) -> str:
        return filled(knowledge, knowledge.notices[role].text, wording)

    return Frame(
        purpose=notice("paper_purpose"),
        prepared=f"{made.day} {made:%B %Y, %H:%M %Z}".strip(),
        limits=notice("paper_limits"),
        overdue=notice("overdue") if knowledge.due < made.date() else "",
        clinic=clinic,
    )


class _Speaker:
    """Says rules aloud in order: numbers the sources at first use and keeps every sentence with its provenance."""

    def __init__(self, knowledge: Knowledge, wording: Mapping[str, str]) -> None:
        self.knowledge = knowledge
        self.wording = wording
        self.numbers: dict[str, int] = {}
        self.passages: list[tuple[str, Rule]] = []

    def fill(self, text: str) -> str:
        """The text with the words of this place in it."""
        return filled(self.knowledge, text, self.wording)

    def cite(self, text: str, rule: Rule) -> Passage:
        """A text that is said elsewhere than on the patient's sheet, whose footnotes it does not have."""
        return Passage(self.fill(text), rule.id, ())

    def say(self, text: str, rule: Rule) -> Passage:
        """A text of a rule, as a passage with footnotes."""
        passage = self.fill(text)
        notes = [self.numbers.setdefault(source, len(self.numbers) + 1) for source in rule.sources]
        self.passages.append((passage, rule))
        return Passage(passage, rule.id, tuple(sorted(notes)))

    def may_say(self, text: str, rule: Rule) -> Passage | None:
        """A text that may be empty."""
        return self.say(text, rule) if text else None

    def notice(self, role: str) -> Passage:
        """A sentence of the guide about itself."""
        return self.say(self.knowledge.notices[role].text, self.knowledge.notices[role])


class Answered(Protocol):
    """What the sheet needs of a journey: what was asked and what was answered."""

    @property
    def questions(self) -> tuple[Question, ...]: ...
    @property
    def answers(self) -> Mapping[str, str | tuple[str, ...]]: ...


def told(knowledge: Knowledge, journey: Answered) -> tuple[Told, ...]:
    """What the person told us, question by question, in their order and in the words they saw."""
    lines = []
    for question in journey.questions:
        answer = journey.answers.get(question.id)
        if answer is not None:
            chosen = (answer,) if isinstance(answer, str) else answer
            words = tuple(question.words(word) for word in chosen)
            lines.append(Told(question.text, words, denied=chosen == (NO_ONE,), unsure=chosen == (UNSURE,)))
    return tuple(lines)


def make_sheet(
    knowledge: Knowledge,
    assessment: Assessment,
    journey: Answered | None,
    wording: Mapping[str, str],
    outlook: Outlook = NOTHING,
    today: date | None = None,
) -> Sheet:
    """The sheet of one run. `wording` fills the placeholders; without a journey there is nothing they told us.

    The dated safety net names its day where there is a `today`, and else "the day named on your sheet": what other
    programs read must not change from one day to the next.
    """
    days = knowledge.dispositions[assessment.urgency].by_days
    if today is not None and days is not None:
        wording = {**wording, BY_DATE: in_words(by_date(today, days))}
    if outlook != NOTHING:
        # As long in one place as in another.
        outlook = _as_fits(outlook, _make_sheet(knowledge, assessment, journey, {}, NOTHING))
    return _make_sheet(knowledge, assessment, journey, wording, outlook)


def by_date(today: date, days: int) -> date:
    """The day so many days from today, or the Friday before it where it falls on a weekend and clinics are closed.

    Never a day before today, and today itself stays today: what is open on a weekend is open today. Public holidays
    are not known here.
    """
    day = today + timedelta(days)
    friday = day - timedelta(max(0, day.weekday() - FRIDAY))
    return max(today, friday)


def in_words(day: date) -> str:
    """A day as people say it, such as "Tuesday 14 January"; the year goes without saying."""
    return f"{day:%A} {day.day} {day:%B}"


def _as_fits(outlook: Outlook, sheet: Sheet) -> Outlook:
    """As much of it as the sheet has room for: one change always, then what to find out first, then other changes."""
    lines = _lines_left(sheet)
    unknown = outlook.find_out_first if lines > 2 or not outlook.raises else None
    return Outlook(outlook.raises[: max(1, lines - 2 if unknown else lines)], unknown)


def _lines_left(sheet: Sheet) -> int:
    """How many lines the pages still hold."""
    told = sum(len(line.question) + sum(map(len, line.answers)) for line in sheet.told)
    letters = sum(len(sentence.text) for sentence in sheet.said) + told // 4
    return (ROOM + ROOM_OF_A_DEPOSIT * len(sheet.deposits) - letters) // ROOM_OF_A_LINE


def _make_sheet(
    knowledge: Knowledge,
    assessment: Assessment,
    journey: Answered | None,
    wording: Mapping[str, str],
    outlook: Outlook,
) -> Sheet:
    speaker = _Speaker(knowledge, {**wording, **_contact(assessment)})
    disposition = knowledge.dispositions[assessment.urgency]
    emergency = assessment.urgency == Urgency.EMERGENCY
    heading = speaker.say(disposition.heading, disposition)
    fail_safe = speaker.notice("fail_safe") if assessment.fail_safe else None
    steps = tuple(speaker.say(text, disposition) for text in disposition.steps)
    by_then = speaker.may_say(disposition.by_then, disposition)
    safety_net = tuple(speaker.say(text, disposition) for text in disposition.safety_net)
    firings = assessment.counting
    reasons = tuple(_reason(speaker, firing) for firing in firings if firing.certain)
    unsure = _unsure(speaker, [firing for firing in firings if not firing.certain])
    # What only "I'm not sure" raised is not told to them as a fact about them.
    steps_up = dict.fromkeys(step for firing in firings for step in firing.stepped_up_by if step.id in assessment.held)
    stepped_up = tuple(speaker.say(step.because, step) for step in steps_up)
    no_warning_sign = None
    if not assessment.firings and not assessment.alarmed:
        no_warning_sign = speaker.notice("no_warning_sign")
    deposits = () if emergency else tuple(_deposit(speaker, assessment, i) for i in range(len(assessment.deposits)))
    kind_only = speaker.notice("kind_only") if any(part.deposit_goes for part in deposits) else None
    next_steps = tuple(speaker.say(rule.text, rule) for rule in assessment.next_steps)
    doctor_questions = tuple(speaker.say(rule.text, rule) for rule in assessment.doctor_questions)
    cautions = tuple(speaker.say(rule.text, rule) for rule in assessment.cautions)
    if not emergency:
        cautions = (*cautions, speaker.notice("do_not_stop"))
    myths = tuple(MythPart(speaker.say(rule.fact, rule), speaker.say(rule.myth, rule)) for rule in assessment.myths)
    outlook_part = _outlook(speaker, assessment, outlook)
    limits = () if emergency else (speaker.notice("keep_appointments"), speaker.notice("not_checked"))
    footnotes = tuple(Footnote(number, knowledge.sources[source]) for source, number in speaker.numbers.items())
    nurse = _Speaker(knowledge, wording)
    return Sheet(
        urgency=assessment.urgency.word,
        label=disposition.label,
        in_short=InShort(disposition.label, () if emergency else _goes_away(speaker, assessment), steps[0].text),
        heading=heading,
        fail_safe=fail_safe,
        steps=steps,
        by_then=by_then,
        safety_net=safety_net,
        reasons=reasons,
        unsure=unsure,
        stepped_up=stepped_up,
        no_warning_sign=no_warning_sign,
        told=told(knowledge, journey) if journey else (),
        deposits=deposits,
        kind_only=kind_only,
        next_steps=next_steps,
        doctor_questions=doctor_questions,
        cautions=cautions,
        myths=myths,
        outlook=outlook_part,
        limits=limits,
        footnotes=footnotes,
        cards=tuple(_card(nurse, card) for card in assessment.nurse_cards),
        rules_version=knowledge.version,
        reviewed=knowledge.reviewed.isoformat(),
        due=knowledge.due.isoformat(),
        passages=tuple(speaker.passages),
    )


def _contact(assessment: Assessment) -> dict[str, str]:
    """Who to contact, where every deposit of the run has the same own contact and no general red flag fired."""
    contacts = {result.deposit.contact for result in assessment.deposits}
    general = any(not firing.rule.deposit for firing in assessment.counting)
    if len(contacts) != 1 or general or assessment.fail_safe:
        return {}
    contact = contacts.pop()
    return {"clinic": contact} if contact else {}


def _reason(speaker: _Speaker, firing: Firing) -> Reason:
    rule = firing.rule
    return Reason(
        told=tuple(_counting_answers(speaker.knowledge, firing)),
        because=speaker.say(rule.because, rule),
        meanwhile=speaker.may_say(rule.meanwhile, rule),
    )


def _unsure(speaker: _Speaker, firings: Sequence[Firing]) -> Unsure | None:
    if not firings:
        return None
    told = dict.fromkeys(answer for firing in firings for answer in _counting_answers(speaker.knowledge, firing))
    return Unsure(tuple(told), speaker.notice("unsure_flag"))


def _counting_answers(knowledge: Knowledge, firing: Firing) -> Iterator[str]:
    """The answers that made it fire, in the words the person saw; of an uncertain one, what they were unsure about."""
    tested = {test.finding: test.values for test in firing.rule.possible.tests()}
    for finding, value in firing.findings:
        question = knowledge.asked_by[finding]
        counts = value in tested[finding] and value != NOT_ASKED and question.id != knowledge.place_question
        if not counts or (not firing.certain and value != UNSURE):
            continue
        if question.type == "multi":
            if value in (YES, UNSURE):
                yield next(option.text for option in question.options if option.finding == finding)
        elif question.type == "choice" and value != UNSURE:
            yield question.words(value)
        else:
            yield question.text


def _deposit(speaker: _Speaker, assessment: Assessment, index: int) -> DepositPart:
    result = assessment.deposits[index]
    deposit, rule = result.deposit, result.reversibility
    knowledge = speaker.knowledge
    if result.withheld or rule is None:
        why, text = _why_withheld(knowledge, result)
        # One reason serves every deposit of the run; it is said with the first.
        first = all(other.withheld != result.withheld for other in assessment.deposits[:index])
        return DepositPart(
            id=deposit.id,
            name=deposit.name,
            about=None if assessment.alarmed else speaker.say(deposit.about, deposit),
            category="",
            label=knowledge.words["withheld"],
            withheld=speaker.say(text, why) if first else None,
            deposit_goes=None,
            symptoms_go=None,
            because=None,
            treatments=(),
            disagreements=(),
        )
    return DepositPart(
        id=deposit.id,
        name=deposit.name,
        about=speaker.say(deposit.about, deposit),
        category=rule.category,
        label=knowledge.words[rule.category],
        withheld=None,
        deposit_goes=speaker.say(rule.deposit_goes, rule),
        symptoms_go=speaker.say(rule.symptoms_go, rule),
        because=speaker.may_say(rule.because, rule),
        treatments=tuple(_treatment(speaker, t) for t in assessment.treatments if t.deposit == deposit.id),
        disagreements=tuple(_disagreement(speaker, d) for d in assessment.disagreements if d.deposit == deposit.id),
    )


def _goes_away(speaker: _Speaker, assessment: Assessment) -> tuple[GoesAway, ...]:
    """One line for all deposits of which the same is said; where it is withheld, the reason stands in its place."""
    names: dict[str, list[str]] = {}
    for result in assessment.deposits:
        knowledge = speaker.knowledge
        words = _why_withheld(knowledge, result)[1] if result.withheld else knowledge.words[result.category]
        names.setdefault(speaker.fill(words), []).append(result.deposit.name)
    return tuple(GoesAway(tuple(named), words) for words, named in names.items())


def _why_withheld(knowledge: Knowledge, result: DepositResult) -> tuple[Rule, str]:
    """The rule that withholds what deposits of this kind tend to do, and its words."""
    why = knowledge.rules[result.withheld]
    return why, next(text for text in why.texts if text)


def _treatment(speaker: _Speaker, rule: Treatment) -> TreatmentPart:
    return TreatmentPart(
        what=speaker.say(rule.what, rule),
        used_when=speaker.say(rule.used_when, rule),
        does=speaker.say(rule.does, rule),
        evidence=speaker.knowledge.words[rule.evidence],
    )


def _disagreement(speaker: _Speaker, rule: Disagreement) -> DisagreementPart:
    return DisagreementPart(
        topic=speaker.say(rule.topic, rule),
        views=tuple(ViewPart(view.who, speaker.say(view.says, rule)) for view in rule.views),
        we_follow=speaker.say(rule.we_follow, rule),
    )


def _card(speaker: _Speaker, rule: NurseCard) -> CardPart:
    return CardPart(
        say=speaker.cite(rule.say, rule),
        teach_back=speaker.cite(rule.teach_back, rule),
        good_answer=speaker.cite(rule.good_answer, rule),
        misunderstanding=speaker.cite(rule.misunderstanding, rule),
    )


def _outlook(speaker: _Speaker, assessment: Assessment, outlook: Outlook) -> OutlookPart | None:
    if not outlook.raises and not outlook.find_out_first:
        return None
    knowledge = speaker.knowledge
    places = {id: one.place for id, one in knowledge.deposits.items() if len(assessment.deposits) > 1}

    def change(effect: Effect) -> ChangePart:
        words = speaker.say(effect.change.words, effect.rules[0])
        return ChangePart(places.get(effect.change.question.deposit, ""), words)

    return OutlookPart(
        intro=speaker.notice("what_would_change") if outlook.raises else None,
        by_urgency=tuple(
            ChangesPart(knowledge.dispositions[urgency].label, tuple(map(change, effects)))
            for urgency, effects in groupby(outlook.raises, key=lambda effect: effect.urgency)
        ),
        find_out=_find_out(speaker, outlook.find_out_first) if outlook.find_out_first else None,
    )


def _find_out(speaker: _Speaker, unknown: Unknown) -> FindOutPart:
    """The question; and where that does not say it, the options that matter, if they are few."""
    few = unknown.question.type == "multi" and len(unknown.effects) <= MOST_EFFECTS
    named = [effect for effect in unknown.effects if few and effect.change.option != NO_ONE]
    label = speaker.knowledge.dispositions[unknown.urgency].label if unknown.urgency else ""
    return FindOutPart(
        intro=speaker.notice("find_out_first"),
        question=speaker.say(unknown.question.text, unknown.effects[0].rules[0]),
        options=tuple(speaker.say(effect.change.words, effect.rules[0]) for effect in named),
        effect=speaker.notice(
            "find_out_sooner" if label else "find_out_kind" if unknown.verdict else "find_out_advice"
        ),
        label=label,
    )


def all_changes(knowledge: Knowledge, outlook: Outlook) -> tuple[ChangeRow, ...]:
    """Every answer that would make the result more urgent, the most urgent first, for the nurse."""
    return tuple(
        ChangeRow(
            label=knowledge.dispositions[effect.urgency].label,
            question=effect.change.question.text,
            answer=effect.change.question.words(effect.change.option),
            rules=tuple(rule.id for rule in effect.rules),
        )
        for effect in outlook.raises
    )
