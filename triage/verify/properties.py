"""What is proved about the rules, for all answer sets that the journey can produce: one function for each property.

Each function asks the solver for a person who breaks the property, and yields a `Failure` for everyone it finds. What
is written here is policy; what is at stake (which words, which medicines, which sentences contradict each other)
stands in `rules/` as data.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from z3 import And, BoolRef, BoolVal, Not, Or

from triage.journey import Answers
from triage.knowledge import NO, UNSURE, YES, AllOf, AnyOf, Criterion, Knowledge, Rule, Test, Urgency
from triage.knowledge.model import (
    HOPEFUL,
    Caution,
    Deposit,
    Disagreement,
    Myth,
    NextStep,
    NurseCard,
    Option,
    Question,
    RedFlag,
    Reversibility,
    Treatment,
    Withhold,
)
from triage.verify.prover import Prover
from triage.verify.world import Raw


@dataclass(frozen=True, slots=True)
class Failure:
    """A property that does not hold: what is wrong, in words, and the person who shows it.

    `before` is None where the trouble is that nobody can be found; `after` is only there when one answer changes.
    """

    told: str
    before: Answers | None = None
    after: Answers | None = None
    about: str = ""
    """The id of the rule or question that it is about, where there is one."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a proof is about: everything, or what depends on some rules and questions."""

    rules: frozenset[str] | None = None
    questions: frozenset[str] | None = None

    def rule(self, rule: Rule) -> bool:
        """Whether the rule is to be proved anew: it is named, or it tests or explains something that is."""
        if self.rules is None or rule.id in self.rules:
            return True
        if isinstance(rule, NurseCard) and self.rules & set(rule.about):
            return True
        return bool(self.questions) and any(test.finding in self.findings for test in rule.criterion.tests())

    @property
    def findings(self) -> frozenset[str]:
        """The findings in scope, where the scope is not everything."""
        return self.questions or frozenset()

    def finding(self, question: Question, finding: str) -> bool:
        """Whether an answer that gives the finding is to be proved anew."""
        return self.rules is None or finding in self.findings or question.id in self.findings


EVERYTHING = Scope()


def scope_of(knowledge: Knowledge, rules: Iterable[str], questions: Iterable[str]) -> Scope:
    """The scope of some rules and questions: what they test, what tests them, and who asks it."""
    rules, findings = set(rules), set(questions)
    for rule_id in rules & knowledge.rules.keys():
        rule = knowledge.rules[rule_id]
        findings.update(test.finding for test in rule.criterion.tests() if not _names(knowledge, rule, test))
    for question_id in set(questions) & knowledge.questions.keys():
        question = knowledge.questions[question_id]
        findings.update(question.findings)
        findings.update(test.finding for test in question.enable_when.tests())
    return Scope(frozenset(rules), frozenset(findings))


def _names(knowledge: Knowledge, rule: Rule, test: Test) -> bool:
    """Whether the test only says that the rule's own deposit was named."""
    return bool(rule.deposit) and knowledge.deposits[rule.deposit].criterion == test


Found = Iterator[Failure]


@dataclass(frozen=True, slots=True)
class Property:
    """One thing that is proved: its id, a title, what it says, what is counted, and how it is proved."""

    id: str
    title: str
    says: str
    unit: str
    search: Callable[[Prover, Scope], Found]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one property: how many questions the solver answered, in how many seconds, and who breaks it."""

    prop: Property
    checked: int
    seconds: float
    failures: tuple[Failure, ...]

    @property
    def holds(self) -> bool:
        """Whether nobody breaks it."""
        return not self.failures


def prove(prover: Prover, prop: Property, scope: Scope = EVERYTHING) -> Outcome:
    """Look for everybody who breaks one property."""
    began = time.perf_counter()
    prover.checked = 0
    failures = tuple(prop.search(prover, scope))
    return Outcome(prop, prover.checked, time.perf_counter() - began, failures)


# -- an answer for everybody -------------------------------------------------------------------------------------------


def _urgency_complete(prover: Prover, scope: Scope) -> Found:
    world, knowledge = prover.world, prover.knowledge
    named = Or([world.holds(deposit) for deposit in knowledge.of_kind(Deposit)])
    if person := prover.person(Not(named), Not(world.stopped)):
        yield Failure("No deposit is named and no answer is an emergency, so no rule gives an urgency", person)
    for urgency, higher in zip(list(Urgency)[1:], list(Urgency)[2:], strict=False):
        if person := prover.person(world.at_least[higher], Not(world.at_least[urgency])):
            yield Failure(f"The result is {higher.word}, yet not at least {urgency.word}", person)
    said = [world.said[disposition.id] for disposition in knowledge.dispositions.values()]
    if person := prover.person(Not(Or(said))):
        yield Failure("There is no disposition for this urgency, so nothing says whom to call", person)


def _stops(prover: Prover, scope: Scope) -> Found:
    world = prover.world
    for question in prover.knowledge.questions.values():
        for option in question.options:
            if option.stops and (person := prover.person(world.chosen(question, option), Not(world.emergency))):
                yield Failure(
                    f'"{option.text}" ends the journey, but no red flag makes it an emergency',
                    person,
                    about=question.id,
                )


def _category_complete(prover: Prover, scope: Scope) -> Found:
    world, knowledge = prover.world, prover.knowledge
    for deposit in knowledge.of_kind(Deposit):
        here = [world.holds(deposit), Not(world.stopped)]
        own = [rule for rule in knowledge.of_kind(Reversibility) if rule.deposit == deposit.id]
        if person := prover.person(*here, *(Not(world.holds(rule)) for rule in own)):
            yield Failure(f"{deposit.id}: no category holds", person, about=deposit.id)
        for number, one in enumerate(own):
            for other in own[number + 1 :]:
                if person := prover.person(*here, world.holds(one), world.holds(other)):
                    yield Failure(f"{deposit.id}: both {one.id} and {other.id} hold", person, about=deposit.id)


# -- no contradiction --------------------------------------------------------------------------------------------------


def _no_conflict(prover: Prover, scope: Scope) -> Found:
    world, knowledge = prover.world, prover.knowledge
    for rule in knowledge.rules.values():
        for other in rule.excludes:
            if person := prover.person(world.said[rule.id], world.said[other]):
                yield Failure(f"{rule.id} and {other} contradict each other and are both said", person, about=rule.id)


def _suppression(prover: Prover, scope: Scope) -> Found:
    world, knowledge = prover.world, prover.knowledge
    benign: tuple[type[Rule], ...] = (Deposit, Reversibility, Treatment, NextStep, Myth, Disagreement)
    soothing = _any_of(word for words in knowledge.soothing for word in words.words)
    for rule in knowledge.rules.values():
        if rule.id not in world.said or isinstance(rule, NurseCard) or not scope.rule(rule):
            continue
        words = sorted({found for text in rule.texts for found in soothing.findall(text.lower())}) if soothing else []
        if not words and not isinstance(rule, benign):
            continue
        if person := prover.person(world.said[rule.id], world.alarmed):
            what = f'"{words[0]}"' if words else "what is meant for calm days"
            yield Failure(f"{rule.id} says {what} beside an alarm", person, about=rule.id)


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern for any of the words, whole or as the beginning of a word."""
    parts = [re.escape(word.lower()) for word in words]
    return re.compile(r"\b(?:" + "|".join(parts) + ")") if parts else None


def _mentions(prover: Prover, scope: Scope) -> Found:
    world, knowledge = prover.world, prover.knowledge
    for mention in knowledge.mentions:
        pattern = _any_of(mention.words)
        warned = Or([world.said[rule_id] for rule_id in mention.needs])
        needs = [knowledge.rules[rule_id] for rule_id in mention.needs]
        in_emergency = any(isinstance(rule, Caution) and rule.even_in_emergency for rule in needs)
        calm = BoolVal(True) if in_emergency else Not(world.emergency)
        for rule in knowledge.rules.values():
            if rule.id not in world.said or isinstance(rule, NurseCard) or rule.id in mention.needs:
                continue
            if not pattern or not any(pattern.search(text.lower()) for text in rule.texts):
                continue
            if person := prover.person(world.said[rule.id], world.criterion(mention.at_risk), calm, Not(warned)):
                told = " or ".join(mention.needs)
                yield Failure(
                    f"{rule.id} names {mention.id} to a person at risk, without {told}", person, about=rule.id
                )


# -- nothing dead ------------------------------------------------------------------------------------------------------


def _no_dead_rule(prover: Prover, scope: Scope) -> Found:
    world, knowledge = prover.world, prover.knowledge
    for rule in knowledge.rules.values():
        if rule.id not in world.said or not scope.rule(rule):
            continue
        if not prover.exists(world.said[rule.id]):
            yield Failure(f"{rule.id} is never said, whatever is answered", about=rule.id)
        if isinstance(rule, RedFlag) and not prover.exists(world.holds(rule), world.is_urgency(rule.urgency)):
            yield Failure(f"{rule.id} never decides the urgency: something else always does", about=rule.id)
    for question in knowledge.questions.values():
        if not scope.finding(question, question.id):
            continue
        if not prover.exists(world.asked[question.id]):
            yield Failure(f"{question.id} is never asked", about=question.id)
        for word in (*(option.id for option in question.options), *([UNSURE] if question.unsure else [])):
            if not prover.exists(world.asked[question.id], world.raw[question.id, word]):
                yield Failure(f"{question.id}: nobody can choose '{word}'", about=question.id)


def _asked_is_enough(prover: Prover, scope: Scope) -> Found:
    """Every answer that a criterion waits for can be given where the rest of the criterion holds."""
    world, knowledge = prover.world, prover.knowledge
    for rule in knowledge.rules.values():
        if scope.rule(rule):
            for test, value, rest in ways(rule.criterion):
                if not prover.exists(world.finding(test.finding, value), *map(world.criterion, rest)):
                    yield Failure(
                        f"{rule.id} waits for {test.finding} = {value}, which is not asked where the rest holds",
                        about=rule.id,
                    )
    for question in knowledge.questions.values():
        if scope.finding(question, question.id):
            for test, value, rest in ways(question.enable_when):
                if not prover.exists(world.finding(test.finding, value), *map(world.criterion, rest)):
                    yield Failure(
                        f"{question.id} is asked for {test.finding} = {value}, which nobody answers there",
                        about=question.id,
                    )


def ways(criterion: Criterion) -> Iterator[tuple[Test, str, list[Criterion]]]:
    """Every value of every test, with everything that must hold beside it for the value to matter."""
    match criterion:
        case Test():
            for value in criterion.values:
                yield criterion, value, []
        case AllOf(parts):
            for number, part in enumerate(parts):
                for test, value, rest in ways(part):
                    yield test, value, [*rest, *parts[:number], *parts[number + 1 :]]
        case AnyOf(parts):
            for part in parts:
                yield from ways(part)


# -- more danger, and "I'm not sure" -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Change:
    """One answer of a person becomes another."""

    told: str
    raws: tuple[Raw, ...]
    before: tuple[BoolRef, ...]
    after: tuple[BoolRef, ...]

    def formulas(self) -> tuple[BoolRef, ...]:
        return (*self.before, *self.after)


def _towards_danger(prover: Prover, scope: Scope) -> Iterator[_Change]:
    """Every tick in a list and every step from no to not sure to yes."""
    one, two = prover.world.raw, prover.after.raw
    for question in prover.knowledge.questions.values():
        raws = tuple(raw for raw in one if raw[0] == question.id)
        if question.type == "multi":
            for option in question.options:
                raw = (question.id, option.id)
                if scope.finding(question, option.finding):
                    yield _Change(f'Ticking "{option.text}"', (raw,), (Not(one[raw]),), (two[raw],))
            raw = (question.id, UNSURE)
            if raw in one and any(scope.finding(question, finding) for finding in question.findings):
                yield _Change(f'"{question.unsure}" to "{question.text}"', (raw,), (Not(one[raw]),), (two[raw],))
        elif question.type == "yes-no" and scope.finding(question, question.id):
            steps = ((NO, UNSURE), (UNSURE, YES), (NO, YES)) if question.unsure else ((NO, YES),)
            for low, high in steps:
                told = f'"{question.words(high)}" instead of "{question.words(low)}" to "{question.text}"'
                yield _Change(told, raws, (one[question.id, low],), (two[question.id, high],))


def _monotone(prover: Prover, scope: Scope) -> Found:
    world, after = prover.world, prover.after
    worse = Or([And(world.at_least[urgency], Not(after.at_least[urgency])) for urgency in world.at_least])
    lost = _lost_cautions(prover)
    any_lost = Or(list(lost.values()))
    for change in _towards_danger(prover, scope):
        if pair := prover.change(change.raws, *change.formulas(), worse):
            yield Failure(f"{change.told} lowers the urgency", *pair)
        if pair := prover.change(change.raws, *change.formulas(), any_lost):
            gone = [rule_id for rule_id in lost if prover.change(change.raws, *change.formulas(), lost[rule_id])]
            yield Failure(f"{change.told} takes away the safety message {', '.join(gone)}", *pair)


def _lost_cautions(prover: Prover) -> Mapping[str, BoolRef]:
    """For each safety message: it is said before the change, and neither it nor what may replace it is said after."""
    world, after = prover.world, prover.after
    instead = [rule for rule in prover.knowledge.rules.values() if rule.instead_of]
    return {
        rule.id: And(
            world.said[rule.id],
            Not(after.emergency),
            Not(after.said[rule.id]),
            *(Not(after.said[other.id]) for other in instead if rule.id in other.instead_of),
        )
        for rule in prover.knowledge.of_kind(Caution)
    }


def _not_sure(prover: Prover, scope: Scope) -> Found:
    """ "I'm not sure" counts at most one step lower than any other answer, and keeps what another answer warns of."""
    world, after, knowledge = prover.world, prover.after, prover.knowledge
    levels = [urgency for urgency in world.at_least if urgency.lowered() > Urgency.SELF_CARE]
    lower = Or([And(after.at_least[urgency], Not(world.at_least[urgency.lowered()])) for urgency in levels])
    kept = {
        rule.id: And(after.holds(rule), Not(world.holds(rule)), Not(world.stopped))
        for rule in knowledge.of_kind(Withhold)
    }
    any_lost = Or(list(kept.values()))
    for question in knowledge.questions.values():
        if not question.unsure or not any(scope.finding(question, finding) for finding in question.findings):
            continue
        for option in question.options:
            raws, formulas = _unsure_and(prover, question, option)
            if pair := prover.change(raws, *formulas, lower):
                yield Failure(f'"{question.unsure}" counts two steps lower than "{option.text}"', *pair)
            if pair := prover.change(raws, *formulas, any_lost):
                gone = [rule_id for rule_id in kept if prover.change(raws, *formulas, kept[rule_id])]
                brings = f'which "{option.text}" brings'
                yield Failure(f'"{question.unsure}" takes away {", ".join(gone)}, {brings}', *pair)
    yield from _hope(prover, scope)


def _unsure_and(prover: Prover, question: Question, option: Option) -> tuple[tuple[Raw, ...], tuple[BoolRef, ...]]:
    """The words that change, and the formulas, from "I'm not sure" (before) to a definite answer (after)."""
    one, two = prover.world.raw, prover.after.raw
    unsure, definite = (question.id, UNSURE), (question.id, option.id)
    if question.type == "multi":
        return (definite,), (one[unsure], Not(one[definite]), two[definite])
    return tuple(raw for raw in one if raw[0] == question.id), (one[unsure], two[definite])


def _hope(prover: Prover, scope: Scope) -> Found:
    """Not being sure never gives a more hopeful category than knowing would, whichever way the truth lies."""
    knowledge = prover.knowledge
    for rule in knowledge.of_kind(Reversibility):
        if rule.category not in HOPEFUL:
            continue
        for test in rule.criterion.tests():
            question = knowledge.asked_by[test.finding]
            if UNSURE in test.values and NO in test.values and YES not in test.values and scope.rule(rule):
                told = f'{rule.id} ({rule.category}) takes "{question.unsure}" for a no, on {test.finding}'
                yield Failure(told, about=rule.id)


PROPERTIES = (
    Property(
        "urgency-complete",
        "Everybody gets an urgency",
        "Every set of answers gets exactly one urgency, and a rule that gives it.",
        "questions",
        _urgency_complete,
    ),
    Property(
        "stops-are-emergencies",
        "What ends the questionnaire is an emergency",
        "Every answer that ends the questionnaire early is an emergency, whoever gives it.",
        "answers",
        _stops,
    ),
    Property(
        "category-complete",
        "Each deposit has exactly one category",
        "For each deposit exactly one category holds, whatever is answered.",
        "categories and pairs",
        _category_complete,
    ),
    Property(
        "no-conflict",
        "No contradiction",
        "Sentences that are marked as contradicting each other are never said to the same person.",
        "pairs",
        _no_conflict,
    ),
    Property(
        "suppression",
        "Nothing soothing beside an alarm",
        "When help is needed today, no sentence soothes, and nothing is said about what tends to happen.",
        "sentences",
        _suppression,
    ),
    Property(
        "mentions",
        "No medicine is named without its warning",
        "Whoever is at risk from a medicine or supplement that a sentence names is given the safety message too.",
        "sentences",
        _mentions,
    ),
    Property(
        "no-dead-rule",
        "Nothing is dead",
        "Every question can be asked, every answer given, every rule said, and every red flag can decide the urgency.",
        "rules, questions and answers",
        _no_dead_rule,
    ),
    Property(
        "asked-is-enough",
        "What is asked is enough",
        "Every answer that a rule waits for is asked of the people for whom the rest of the rule holds.",
        "answers that rules wait for",
        _asked_is_enough,
    ),
    Property(
        "monotone",
        "More danger never lowers urgency",
        "One more sign, illness or medicine never lowers the urgency and never takes a safety message away.",
        "changes of one answer",
        _monotone,
    ),
    Property(
        "not-sure-is-not-no",
        "Not being sure is never a no",
        "Not being sure counts at most one step lower than any definite answer, and keeps what it would withhold.",
        "answers",
        _not_sure,
    ),
)
"""Everything that is proved, in the order in which it is printed."""
