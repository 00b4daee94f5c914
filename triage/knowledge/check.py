"""Questions put to the knowledge as a whole: what no single file can know is wrong with it.

`load.py` has already found what is wrong with the text of the files. Here: rules without source or provenance,
questions nobody can reach or that change nothing, categories that overlap or leave a gap, words too long for a
worried reader, engine limits, and reviews that are overdue. What needs a journey (the cases) is in `triage/cases.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from math import prod

from triage.knowledge.criteria import NO, NOT_ASKED, UNSURE, YES, AllOf, AnyOf, Criterion
from triage.knowledge.model import (
    NOTICE_ROLES,
    POSSIBLY,
    RULESET_PATHS,
    Caution,
    Deposit,
    HardWord,
    Knowledge,
    NurseCard,
    Option,
    Question,
    RedFlag,
    Reversibility,
    Rule,
    StepUp,
    Urgency,
    finding_of,
    sentences,
)
from triage.knowledge.table import meant

MOST_WORDS = 20
"""The longest sentence a patient may be given, in words."""

ENGINE_NAMES = ("id", "sid", "opened")
"""What the engine adds to every fact; a finding of that name would overwrite it."""

MOST_COMBINATIONS = 200_000
"""How many answer sets the check of one deposit's categories may try."""


def problems(knowledge: Knowledge, today: date) -> list[str]:
    """Everything wrong with the knowledge as a whole, each as "file: id: what is wrong; what to do"."""
    return [
        problem
        for check in (
            _parts_missing,
            _provenance,
            _sentences,
            _questions,
            _parts_in_order,
            _body,
            _hard_words,
            _stops,
            _categories,
            _engine_limits,
            _cards,
        )
        for problem in check(knowledge)
    ] + list(_reviews(knowledge, today))


def _of(rule: Rule) -> str:
    return f"{rule.file}: {rule.id}"


def _parts_missing(knowledge: Knowledge) -> Iterator[str]:
    for urgency in Urgency:
        if urgency not in knowledge.dispositions:
            yield f"dispositions.toml: there is no disposition for the urgency '{urgency.word}'"
    for role in NOTICE_ROLES:
        if role not in knowledge.notices:
            yield f"notices.toml: the notice '{role}' is missing"
    if not knowledge.place_question:
        yield "questions.toml: no question has options_are_deposits = true, so nobody can say where it is"
    for deposit in knowledge.deposits.values():
        own = [rule for rule in knowledge.rules.values() if rule.deposit == deposit.id]
        for kind, table in ((Reversibility, "reversibility"), (NurseCard, "nurse_card")):
            if not any(type(rule) is kind for rule in own):
                yield f"{deposit.file}: {deposit.id}: has no [[{table}]]"
        if sum(case.file == deposit.file for case in knowledge.cases) < 5:
            yield f"{deposit.file}: {deposit.id}: has fewer than 5 cases"


def _provenance(knowledge: Knowledge) -> Iterator[str]:
    for rule in knowledge.rules.values():
        if not rule.sources:
            yield f'{_of(rule)}: names no source, so its sentences have no provenance; add sources = ["..."]'
    for question in knowledge.questions.values():
        if not question.sources:
            yield f'{question.file}: {question.id}: names no source for what it asks and says; add sources = ["..."]'


def _texts(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    bringers = _bringers(knowledge)
    for rule in knowledge.rules.values():
        for text in rule.texts:
            yield _of(rule), text
    for question in knowledge.questions.values():
        where = f"{question.file}: {question.id}"
        for text in (question.text, question.hint, question.why, question.none, question.unsure):
            yield where, text
        for option in question.options:
            yield _where(bringers, question, option), option.text
            yield _where(bringers, question, option), option.hint
    for page in knowledge.pages:
        yield f"{page.file}: {page.id}", page.title
        yield f"{page.file}: {page.id}", page.lead


def _bringers(knowledge: Knowledge) -> dict[str, Rule]:
    """The red flags and deposits that bring an option along, by its finding."""
    return {finding_of(rule.id): rule for rule in (*knowledge.of_kind(Deposit), *knowledge.of_kind(RedFlag))}


def _where(bringers: Mapping[str, Rule], question: Question, option: Option) -> str:
    """Where the words of an option stand: with the red flag or deposit that brings it along, or with the question."""
    if question.type == "multi" and option.finding in bringers:
        return _of(bringers[option.finding])
    return f"{question.file}: {question.id}.{option.id}"


def _sentences(knowledge: Knowledge) -> Iterator[str]:
    for where, text in _texts(knowledge):
        for sentence in sentences(text):
            words = len(sentence.split())
            if words > MOST_WORDS:
                yield f'{where}: a sentence has {words} words, but at most {MOST_WORDS} are allowed: "{sentence}"'


# -- questions ---------------------------------------------------------------------------------------------------------


def _questions(knowledge: Knowledge) -> Iterator[str]:
    used = {test.finding for criterion in _criteria(knowledge) for test in criterion.tests()}
    for question in knowledge.questions.values():
        where = f"{question.file}: {question.id}"
        for finding in question.findings:
            if finding not in used:
                yield f"{where}: '{finding}' changes nothing: no rule and no enable_when tests it"
        if not reachable(knowledge, question):
            yield f"{where}: this question can never be asked: no answers lead to it"
    for page in knowledge.pages:
        if not knowledge.page_questions[page.id]:
            yield f"{page.file}: {page.id}: no question is asked on this page"


def _parts_in_order(knowledge: Knowledge) -> Iterator[str]:
    """A part that began again after another one would count backwards in front of the reader."""
    before: dict[str, str] = {}
    last = ""
    for page in knowledge.pages:
        if page.part != last and page.part in before:
            yield (
                f"{page.file}: {page.id}: the part '{page.part}' was left after the page '{before[page.part]}'; "
                f"move the page there, or give it the part '{last}'"
            )
        before[page.part] = page.id
        last = page.part


def _body(knowledge: Knowledge) -> Iterator[str]:
    """A mark or spot that nothing belongs to was left behind, or its deposits forgot it."""
    groups = {deposit.group for deposit in knowledge.deposits.values()}
    for mark in knowledge.body_marks:
        if mark.group not in groups:
            yield f"body.toml: {mark.group}: no deposit is in this group, so its mark would lead nowhere"
    used = {name for deposit in knowledge.deposits.values() for name in deposit.body}
    for spot in knowledge.body_spots:
        if spot.id not in used:
            yield f'body.toml: {spot.id}: no deposit belongs to it; add body = ["{spot.id}"] to one, or leave it out'


def _hard_words(knowledge: Knowledge) -> Iterator[str]:
    """A hard word that stands in no text helps nobody, and is probably misspelt."""
    words = knowledge.of_kind(HardWord)
    explained = {_of(hard) for hard in words}
    said = " ".join(text for where, text in _texts(knowledge) if where not in explained).lower()
    for hard in words:
        for word in hard.words:
            if not re.search(rf"(?<![\w-]){re.escape(word.lower())}(?![\w-])", said):
                yield f"{_of(hard)}: the word '{word}' stands in no text; leave it out, or write it as it stands"


def _criteria(knowledge: Knowledge) -> Iterator[Criterion]:
    for rule in knowledge.rules.values():
        yield rule.criterion
    for question in knowledge.questions.values():
        yield question.enable_when


def reachable(knowledge: Knowledge, question: Question) -> bool:
    """Whether the answers of some person lead to the question."""
    return any(
        question.enable_when.holds(findings) and not _ended(knowledge, question, findings)
        for findings in _paths(knowledge, question.enable_when)
    )


def _paths(knowledge: Knowledge, *criteria: Criterion) -> Iterator[Mapping[str, str]]:
    """Every combination of answers that a person can give to what the criteria test and to what leads there.

    Answers that no criterion tells apart are tried once. Each question is asked exactly when its enable_when holds,
    and nothing is asked after an answer that ends the journey.
    """
    tested: dict[str, set[str]] = {}
    waiting = list(criteria)
    while waiting:
        for test in waiting.pop().tests():
            if test.finding not in tested:
                waiting.append(knowledge.asked_by[test.finding].enable_when)
            tested.setdefault(test.finding, set()).update(test.values)
    order = [finding for finding in knowledge.findings if finding in tested]
    yield from _answer(knowledge, tested, order, {})


def _answer(
    knowledge: Knowledge, tested: Mapping[str, set[str]], order: Sequence[str], given: dict[str, str]
) -> Iterator[Mapping[str, str]]:
    if len(given) == len(order):
        yield dict(given)
        return
    finding = order[len(given)]
    question = knowledge.asked_by[finding]
    values: Iterable[str] = (NOT_ASKED,)
    if question.enable_when.holds(given) and not _ended(knowledge, question, given):
        # Whoever is unsure about a list is unsure about everything they did not tick, so no "no" stands beside it.
        beside = {given[other] for other in question.findings if other in given} if question.type == "multi" else set()
        barred = {UNSURE} if NO in beside else {NO} if UNSURE in beside else set()
        can_be = [value for value in question.findings[finding] if value not in barred]
        others = [value for value in can_be if value not in tested[finding]]
        values = [*(value for value in can_be if value in tested[finding]), *others[:1]]
    for value in values:
        yield from _answer(knowledge, tested, order, {**given, finding: value})


def _ended(knowledge: Knowledge, question: Question, given: Mapping[str, str]) -> bool:
    for finding, value in given.items():
        asked = knowledge.asked_by[finding]
        ticked = {option.id for option in asked.options if option.stops} & {value}
        ticked |= {option.id for option in asked.options if option.stops and (option.finding, value) == (finding, YES)}
        if asked.page != question.page and ticked:
            return True
    return False


def _stops(knowledge: Knowledge) -> Iterator[str]:
    """An option that ends the journey is an emergency for everybody who is asked, whatever led them there."""
    flags = [rule for rule in knowledge.of_kind(RedFlag) if rule.urgency == Urgency.EMERGENCY]
    for question in knowledge.questions.values():
        for option in question.options:
            if not option.stops:
                continue
            finding, value = (option.finding, YES) if question.type == "multi" else (question.id, option.id)
            criteria = [flag.criterion for flag in flags if finding in _names(flag.criterion)]
            # A criterion that needs nothing but this finding, and the deposit that asked, fires for everybody.
            needed = (
                {finding, *_names(knowledge.deposits[question.deposit].criterion)} if question.deposit else {finding}
            )
            if any(_names(c) <= needed and c.holds({n: YES for n in needed} | {finding: value}) for c in criteria):
                continue
            paths = [path for path in _paths(knowledge, question.enable_when, *criteria) if path.get(finding) == value]
            if not criteria or not all(any(criterion.holds(path) for criterion in criteria) for path in paths):
                yield (
                    f"{_where(_bringers(knowledge), question, option)}: ends the journey (stops = true), "
                    f"but no emergency red flag fires on it alone"
                )


# -- categories --------------------------------------------------------------------------------------------------------


def _categories(knowledge: Knowledge) -> Iterator[str]:
    """For every deposit, exactly one category holds whatever is answered."""
    for deposit in knowledge.deposits.values():
        rules = [rule for rule in knowledge.of_kind(Reversibility) if rule.deposit == deposit.id]
        if not rules:
            continue
        criteria = [rule.criterion for rule in rules]
        size = prod(len(knowledge.findings[name]) for name in {t.finding for c in criteria for t in c.tests()})
        if size > MOST_COMBINATIONS:
            yield f"{deposit.file}: {deposit.id}: its categories test too many answers together ({size} combinations)"
            continue
        yield from _overlaps(knowledge, deposit, rules)


def _overlaps(knowledge: Knowledge, deposit: Deposit, rules: list[Reversibility]) -> Iterator[str]:
    here = deposit.criterion
    for findings in _paths(knowledge, here, *(rule.criterion for rule in rules)):
        if not here.holds(findings):
            continue
        holding = [rule.id for rule in rules if rule.criterion.holds(findings)]
        if len(holding) != 1:
            told = ", ".join(f"{name} = {value}" for name, value in findings.items() if name not in _names(here))
            what = f"both {' and '.join(holding)} hold" if holding else "no category holds"
            yield f"{deposit.file}: {deposit.id}: {what} for {told or 'any answers'}; exactly one must"
            return


def _names(criterion: Criterion) -> set[str]:
    return {test.finding for test in criterion.tests()}


# -- the engine, the cards, the dates ----------------------------------------------------------------------------------


def _engine_limits(knowledge: Knowledge) -> Iterator[str]:
    for file, terms in knowledge.terms.items():
        for term in terms:
            paths = term.criterion.paths()
            if paths > RULESET_PATHS:
                yield (
                    f"{file}: {term.name.removesuffix(POSSIBLY)}: its criterion has {paths} paths, too many for one "
                    f"ruleset ({RULESET_PATHS}); split it into two rules, or test fewer alternatives"
                )
            if any(isinstance(part, AllOf | AnyOf) and not part.parts for part in _parts(term.criterion)):
                yield f"{file}: {term.name}: has a criterion without tests"
    by_hash = {fnv1a(name): name for name in ENGINE_NAMES}
    for name, question in knowledge.asked_by.items():
        other = by_hash.setdefault(fnv1a(name), name)
        where = f"{question.file}: {question.id}: the finding '{name}'"
        if name in ENGINE_NAMES:
            yield f"{where} takes a name that the engine needs itself; rename it"
        elif other != name:
            yield f"{where} has the same hash in the engine as '{other}'; rename one of them"


def fnv1a(text: str) -> int:
    """The 32-bit hash by which durable-rules tells names apart; two names with one hash are one name to it."""
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def _parts(criterion: Criterion) -> Iterator[Criterion]:
    yield criterion
    if isinstance(criterion, AllOf | AnyOf):
        for part in criterion.parts:
            yield from _parts(part)


def _cards(knowledge: Knowledge) -> Iterator[str]:
    for card in knowledge.of_kind(NurseCard):
        for rule_id in card.about:
            if rule_id not in knowledge.rules:
                yield f"{_of(card)}: is about the rule '{rule_id}', which is not known" + meant(
                    rule_id, knowledge.rules
                )
        if not card.teach_back.startswith(
            ("What ", "How ", "Tell me ", "Show me ", "When ", "Which ", "Who ", "Where ")
        ):
            yield f"{_of(card)}: the teach-back question must be open: start it with What, How, Tell me or Show me"
    raised = {tag for step in knowledge.of_kind(StepUp) for tag in step.tags}
    for rule in knowledge.of_kind(RedFlag):
        unknown = sorted(set(rule.tags) - raised)
        if unknown:
            yield f"{_of(rule)}: has the tag {', '.join(unknown)}, which no step_up raises"


def _reviews(knowledge: Knowledge, today: date) -> Iterator[str]:
    things: Iterable[tuple[str, date]] = (
        ("edition.toml: edition", knowledge.due),
        *((_of(deposit), deposit.due) for deposit in knowledge.deposits.values()),
    )
    for where, due in things:
        if due < today:
            yield f"{where}: the review was due on {due.isoformat()}; review it and set a new date"


def unproven(knowledge: Knowledge) -> Iterator[str]:
    """Red flags, cautions and all that has a criterion of its own: what no case makes hold, or no case just misses.

    A category is pinned by the `reversibility` of the cases instead (`triage/cases.py`).
    """
    fired = {rule_id for case in knowledge.cases for rule_id in case.fires}
    missed = {rule_id for case in knowledge.cases for rule_id in case.near_miss}
    for rule in knowledge.rules.values():
        if isinstance(rule, Reversibility) or not (rule.conditional or isinstance(rule, RedFlag | Caution)):
            continue
        if rule.id not in fired:
            yield f'{_of(rule)}: no case makes it fire; add a [[case]] with fires = ["{rule.id}"]'
        if rule.id not in missed:
            yield f'{_of(rule)}: no case just misses it; add a [[case]] with near_miss = ["{rule.id}"]'
