"""The rules that are measured: the guide's own, the same with each deposit many times over, and some drawn at random.

Nothing here imports an engine, so that a fresh process can read the rules and then measure what an engine adds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any

from triage import resources
from triage.knowledge import NO, UNSURE, YES, AllOf, AnyOf, Criterion, Findings, Knowledge, Rule, Test, load
from triage.knowledge.model import RULESET_PATHS, Deposit, Option, Page, Question, finding_of

SEED = 20261122


@cache
def own_rules() -> Knowledge:
    """The rules of this guide."""
    return load(resources.folder("rules"))


# -- each deposit many times over --------------------------------------------------------------------------------------


def copied(times: int) -> Knowledge:
    """The rules of this guide with so many of each deposit: its file with all pages, questions and rules, newly named.

    The general rules stay as they are, and so does what anybody answers: nobody names a copy.
    """
    knowledge = own_rules()
    pages: list[Page] = []
    questions = dict(knowledge.questions)
    rules, deposits = dict(knowledge.rules), dict(knowledge.deposits)
    places = list(questions[knowledge.place_question].options)
    for number in range(2, times + 1):
        for deposit in knowledge.deposits.values():
            names = new_names(knowledge, deposit, number)
            pages += [_renamed(page, names) for page in knowledge.pages if page.deposit == deposit.id]
            for question in knowledge.questions.values():
                if question.deposit == deposit.id:
                    copy = _renamed(question, names)
                    questions[copy.id] = copy
            for rule in knowledge.rules.values():
                if rule.deposit == deposit.id:
                    copy = _renamed(rule, names)
                    rules[copy.id] = copy
            deposits[names[deposit.id]] = _renamed(deposit, names)
            places += [_renamed(option, names) for option in places if option.id == deposit.id]
    # The copies of the list's options are what makes the copies' findings known.
    questions[knowledge.place_question] = replace(questions[knowledge.place_question], options=tuple(places))
    behind = 1 + max(place for place, page in enumerate(knowledge.pages) if page.deposit)
    pages = [*knowledge.pages[:behind], *pages, *knowledge.pages[behind:]]
    return replace(knowledge, pages=tuple(pages), questions=questions, rules=rules, deposits=deposits)


def new_names(knowledge: Knowledge, deposit: Deposit, number: int) -> dict[str, str]:
    """What everything of a deposit is called in its copy: ids, findings and its file."""
    own = [deposit.id]
    own += [page.id for page in knowledge.pages if page.deposit == deposit.id]
    own += [rule.id for rule in knowledge.rules.values() if rule.deposit == deposit.id]
    for question in knowledge.questions.values():
        if question.deposit == deposit.id:
            own += [question.id, *(option.id for option in question.options if question.type == "multi")]
    names = {name: f"{name}{'_' if '_' in name else '-'}copy{number}" for name in own}
    names |= {finding_of(name): finding_of(new) for name, new in names.items()}
    return names | {deposit.file: f"{deposit.file}-copy{number}"}


def _renamed(thing: Any, names: Mapping[str, str]) -> Any:
    """The same under its new names, down to the findings of its criteria; the values that those test stay."""
    if isinstance(thing, Test):
        return Test(names.get(thing.finding, thing.finding), thing.values)
    if isinstance(thing, str):
        return names.get(thing, thing)
    if isinstance(thing, tuple):
        return tuple(_renamed(part, names) for part in thing)
    if is_dataclass(thing) and not isinstance(thing, type):
        # The options of a choice are values of its finding; those of a list are findings themselves.
        kept = ("options", "usual") if isinstance(thing, Question) and thing.type != "multi" else ()
        old = {field.name: getattr(thing, field.name) for field in fields(thing) if field.name not in kept}
        return replace(thing, **{name: _renamed(value, names) for name, value in old.items()})
    return thing


# -- rules drawn at random ---------------------------------------------------------------------------------------------

YES_NO, CHOICES = 54, 6
"""How many findings the drawn rules test; a choice has five options."""


@dataclass(frozen=True)
class Drawn:
    """Rules drawn at random, and somebody for whom as many of them hold as was asked for."""

    knowledge: Knowledge
    findings: Findings


def drawn(rules: int, firing: int) -> Drawn:
    """So many rules over 60 findings, of which just so many hold for one person.

    A rule demands two to four things, one in five of them one or another of two, one in four tests more than one value.
    Rules are drawn until enough hold and enough do not; those that the guide's own loader would refuse do not count.
    """
    draw = random.Random(SEED)  # noqa: S311 - repeatable rules, not secrets
    questions = {question.id: question for question in _questions()}
    person = {name: draw.choice(question.allowed) for name, question in questions.items()}
    found: dict[bool, list[Criterion]] = {True: [], False: []}
    wanted = {True: firing, False: rules - firing}
    while any(len(found[holds]) < wanted[holds] for holds in found):
        criterion = AllOf(tuple(_part(questions, draw) for _ in range(draw.randint(2, 4))))
        holds = criterion.holds(person)
        if len(found[holds]) < wanted[holds] and criterion.paths() <= RULESET_PATHS:
            found[holds].append(criterion)
    criteria = [*found[True], *found[False]]
    draw.shuffle(criteria)
    named = {f"rule-{number}": criterion for number, criterion in enumerate(criteria)}
    made = {name: Rule(id=name, file="drawn.toml", criterion=criterion) for name, criterion in named.items()}
    return Drawn(replace(own_rules(), questions=questions, rules=made), person)


def drawn_rules(rules: int, firing: int) -> Knowledge:
    """The rules alone."""
    return drawn(rules, firing).knowledge


def _questions() -> Iterator[Question]:
    for number in range(YES_NO + CHOICES):
        words = (YES, NO) if number < YES_NO else tuple(f"option-{option}" for option in range(5))
        yield Question(
            id=f"finding_{number}",
            type="yes-no" if number < YES_NO else "choice",
            page="",
            text="",
            options=tuple(Option(id=word, text="") for word in words),
            file="",
            unsure=UNSURE,
        )


def _part(questions: Mapping[str, Question], draw: random.Random) -> Criterion:
    if draw.random() < 0.2:
        return AnyOf((_test(questions, draw), _test(questions, draw)))
    return _test(questions, draw)


def _test(questions: Mapping[str, Question], draw: random.Random) -> Test:
    question = draw.choice(list(questions.values()))
    return Test(question.id, tuple(draw.sample(question.allowed, 2 if draw.random() < 0.25 else 1)))
