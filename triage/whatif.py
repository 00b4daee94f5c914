"""What would change a result: the single answers that would make it more urgent, and which unknown to find out first.

The criteria that a changed answer touches are evaluated again, to foresee what comes of it. The changed answers then
go through journey and engine like any others, and only what these confirm is told. Where a change opens new questions,
what is told holds whatever their answers will be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from triage.assessment import Assessment, Assessor, Grounds, conclude, grounds
from triage.journey import Answer, Journey, findings_of, stops, suppose
from triage.knowledge import UNSURE, Findings, Rule, Urgency
from triage.knowledge.criteria import ALWAYS
from triage.knowledge.model import NO_ONE, Question, Reversibility, StepUp, sentences, terms_of

MOST_RAISES = 4
"""How many changes a patient's sheet names."""
MOST_EFFECTS = 5
"""How many answers to the unknown that matters most a patient's sheet names; of more than that it names none."""


@dataclass(frozen=True, slots=True)
class Change:
    """One answer of a person, changed in one point."""

    question: Question
    option: str
    """What is chosen now: one more option of a `multi` question (or none more), another option of any other."""
    answer: Answer
    """The whole answer to the question, so changed."""

    @property
    def words(self) -> str:
        """What the person saw: the option, and with it the question, where the option alone does not say it."""
        words = self.question.words(self.option)
        return words if self.question.type == "multi" else f"{self.question.text} {words}"

    @property
    def asked_of_all(self) -> bool:
        """Whether everybody is asked, whatever they answered before."""
        return self.question.enable_when == ALWAYS

    @property
    def is_sign(self) -> bool:
        """Whether it is a warning sign, other than those that end everybody's journey: the safety net has these."""
        option = self.question.option(self.option)
        return self.question.tick_wins and option is not None and not (option.stops and self.asked_of_all)


@dataclass(frozen=True, slots=True)
class Effect:
    """What comes of a change."""

    change: Change
    urgency: Urgency
    """At least; new questions that the change opens can only raise it."""
    rules: tuple[Rule, ...]
    """What makes the difference; where the urgency rises, what sets it."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something the person was not sure about, and the most that a definite answer can change."""

    question: Question
    effects: tuple[Effect, ...]
    """Of the definite answers, those that change most."""
    urgency: Urgency | None
    """What the result can rise to; None where it cannot rise."""
    verdict: bool
    """Whether what deposits of a kind tend to do can become known, or be something else."""
    sentences: int
    """How many sentences can come or go."""

    @property
    def weight(self) -> tuple[int, bool, int]:
        """By what it matters: how urgent it can get, then the verdict, then how much is said."""
        return self.urgency or 0, self.verdict, self.sentences


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would change one result."""

    raises: tuple[Effect, ...] = ()
    """The most urgent first."""
    find_out_first: Unknown | None = None


NOTHING = Outlook()
"""Nothing would change the result, or nobody has looked."""


def everything(assessor: Assessor, journey: Journey, result: Assessment) -> Outlook:
    """Every single change that makes the result more urgent, and what to find out first."""
    if result.urgency == Urgency.EMERGENCY or result.fail_safe:
        return NOTHING
    person = _Person(assessor, journey, result)
    raises = filter(person.confirms, person.raises())
    return Outlook(_most_urgent_first(raises), person.find_out_first())


def for_patient(assessor: Assessor, journey: Journey, result: Assessment) -> Outlook:
    """What is worth its place on the person's own sheet. The engine is asked a few times only."""
    if result.urgency == Urgency.EMERGENCY or result.fail_safe:
        return NOTHING
    person = _Person(assessor, journey, result)
    chosen: list[Effect] = []
    for effect in _by_usefulness(person.news()):
        new = all(effect.rules[0] != other.rules[0] and effect.change.words != other.change.words for other in chosen)
        if new and len(chosen) < MOST_RAISES and person.confirms(effect):
            chosen.append(effect)
    unknown = person.find_out_first(MOST_EFFECTS)
    if unknown and result.alarmed and not unknown.urgency:
        unknown = None  # beside an alarm nothing counts but what makes it more urgent
    return Outlook(_most_urgent_first(chosen), unknown)


def _by_usefulness(effects: Iterable[Effect]) -> list[Effect]:
    """The deposits they named first, and these by turns; then what was asked because of their answers."""
    turns: Counter[str] = Counter()

    def usefulness(effect: Effect) -> tuple[bool, bool, int]:
        deposit = effect.rules[0].deposit
        turns[deposit] += 1
        return not deposit, effect.change.asked_of_all, turns[deposit] if deposit else 0

    return sorted(_most_urgent_first(effects), key=usefulness)


def _most_urgent_first(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    return tuple(sorted(effects, key=lambda effect: -effect.urgency))


@dataclass(frozen=True, slots=True)
class _Foreseen:
    """A change with the findings after it and the terms that hold then."""

    change: Change
    findings: Findings
    held: frozenset[str]


class _Person:
    """A person's answers and result, and what a change would make of them."""

    def __init__(self, assessor: Assessor, journey: Journey, result: Assessment) -> None:
        self.assessor = assessor
        self.knowledge = assessor.knowledge
        self.journey = journey
        self.result = result
        self.steps = {term.name for step in self.knowledge.of_kind(StepUp) for term in terms_of(step)}

    def news(self) -> Iterator[Effect]:
        """Those raises that can happen to them from now on, and that their sheet does not name already.

        That is a warning sign, or an answer that alarms to what was asked because of other answers. Who they are and
        what they take is no news; what they were not sure about is named among the reasons.
        """
        changes = (
            change
            for question, given in self._given()
            for change in _others(question, given)
            if UNSURE not in given and (change.is_sign or not change.asked_of_all)
        )
        for effect in self._raising(changes):
            if effect.change.is_sign or effect.urgency >= Urgency.SAME_DAY:
                yield effect

    def raises(self) -> Iterator[Effect]:
        """Every single change that is foreseen to make the result more urgent, in the order of the questions."""
        return self._raising(change for question, given in self._given() for change in _others(question, given))

    def _raising(self, changes: Iterable[Change]) -> Iterator[Effect]:
        for change in changes:
            why = self._new_grounds(self._foresee(change))
            if why.urgency > self.result.urgency:
                yield Effect(change, why.urgency, why.decisive)

    def find_out_first(self, confirmed: int | None = None) -> Unknown | None:
        """The unknown that matters most, if the engine confirms that many of its effects, or all."""
        could_be = [
            [self._foresee(change) for change in _definite(question, given)]
            for question, given in self._given()
            if UNSURE in given
        ]
        highest = [max(self._new_grounds(foreseen).urgency for foreseen in answers) for answers in could_be]
        top = max((self.result.urgency, *highest))
        # Only between those that can get equally urgent does it matter what else they change.
        unknowns = [
            self._unknown(answers)
            for answers, urgency in zip(could_be, highest, strict=True)
            if urgency == top or top == self.result.urgency
        ]
        unknown = max(unknowns, key=lambda unknown: unknown.weight, default=None)
        if unknown and any(unknown.weight) and all(map(self.confirms, unknown.effects[:confirmed])):
            return unknown
        return None

    def confirms(self, effect: Effect) -> bool:
        """Whether journey and engine say what was foreseen."""
        found = self.assessor.assess(self._supposed(effect.change))
        return found.urgency == effect.urgency and not found.fail_safe

    def _given(self) -> Iterator[tuple[Question, tuple[str, ...]]]:
        for question in self.journey.questions:
            answer = self.journey.answers[question.id]
            yield question, (answer,) if isinstance(answer, str) else answer

    def _supposed(self, change: Change) -> Findings:
        return suppose(self.knowledge, {**self.journey.answers, change.question.id: change.answer}).findings

    def _foresee(self, change: Change) -> _Foreseen:
        """Only what the change touches is evaluated again, and only what can lead elsewhere is followed again."""
        differing = findings_of(change.question, change.answer)
        findings: Findings = {**self.journey.findings, **differing}
        if stops(change.question, change.answer) or not self.knowledge.leading.isdisjoint(differing):
            findings = self._supposed(change)
            differing = {name: value for name, value in findings.items() if value != self.journey.findings[name]}
        touched = {
            term.name: term.criterion for finding in differing for term in self.knowledge.terms_about.get(finding, ())
        }
        held = {name for name, criterion in touched.items() if criterion.holds(findings)}
        return _Foreseen(change, findings, self.result.held - touched.keys() | held)

    def _new_grounds(self, foreseen: _Foreseen) -> Grounds:
        """The grounds that were not there before; only these can make the result more urgent."""
        new = foreseen.held - self.result.held
        steps = self.steps
        # A new reason to step up makes a new ground of an old one.
        held = foreseen.held if new & steps else new | (foreseen.held & steps)
        return grounds(self.knowledge, foreseen.findings, held)

    def _unknown(self, answers: list[_Foreseen]) -> Unknown:
        weighed = [self._weighed(foreseen) for foreseen in answers]
        urgency, verdict, amount = (max(weights) for weights in zip(*(weight for weight, _ in weighed), strict=True))
        decisive, most = (0, urgency) if urgency else (1, verdict) if verdict else (2, amount)
        effects = tuple(effect for weight, effect in weighed if weight[decisive] == most)
        question = answers[0].change.question
        return Unknown(question, effects, Urgency(urgency) if urgency else None, bool(verdict), amount)

    def _weighed(self, foreseen: _Foreseen) -> tuple[tuple[int, int, int], Effect]:
        """The urgency if it rises, whether the verdict is another, how many sentences are; and by which rules."""
        then = conclude(self.knowledge, foreseen.findings, foreseen.held)
        rises = then.urgency if then.urgency > self.result.urgency else 0
        shown = _verdicts(self.result)
        verdicts = [rule for deposit, rule in _verdicts(then).items() if shown.get(deposit) != rule]
        lifted = [rule for rule in self.result.withholds if rule not in then.withholds]
        before, after = ({rule.id: rule for rule in result.spoken} for result in (self.result, then))
        others = [rule for name, rule in {**before, **after}.items() if (name in before) != (name in after)]
        amount = sum(len(sentences(text)) for rule in others for text in rule.texts)
        said = [*lifted, *verdicts] if verdicts else others
        rules = self._new_grounds(foreseen).decisive if rises else tuple(said)
        return (rises, bool(verdicts), amount), Effect(foreseen.change, then.urgency, rules)


def _verdicts(result: Assessment) -> dict[str, Reversibility]:
    """What is said of the deposits of this run and whether they tend to go."""
    return {one.deposit.id: one.reversibility for one in result.deposits if one.reversibility and not one.withheld}


def _definite(question: Question, given: tuple[str, ...]) -> Iterator[Change]:
    """What "I'm not sure" may turn out to be: one of the options, or in a `multi` question no more than was ticked."""
    ticked = tuple(word for word in given if word != UNSURE)
    if question.type == "multi" and (ticked or question.none):
        yield Change(question, NO_ONE, ticked or (NO_ONE,))
    yield from _others(question, ticked)


def _others(question: Question, given: tuple[str, ...]) -> Iterator[Change]:
    """The answer changed in one point: one more option ticked, or another one chosen."""
    for option in question.options:
        if option.id in given:
            continue
        words = {*given, option.id} - {NO_ONE}
        ticked = tuple(word for word in question.allowed if word in words)
        yield Change(question, option.id, ticked if question.type == "multi" else option.id)
