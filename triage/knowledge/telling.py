"""The knowledge told in words: what a criterion asks for, as the person saw it, and texts with their blanks filled.

For every room that has to show a reader what a rule rests on, without ids and without TOML.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from triage.knowledge.criteria import NO, NOT_ASKED, UNSURE, YES, AllOf, AnyOf, Criterion, Test
from triage.knowledge.model import Knowledge
from triage.knowledge.table import BY_DATE, PLACEHOLDERS

NOT_ASKED_WORD = "not asked"
"""What stands for the answer to a question that was not asked: nobody ever saw a word for it."""


def told(knowledge: Knowledge, criterion: Criterion) -> str:
    """A criterion in the words the person saw, such as `Where? “Toe” AND (Pain? “Quick” OR For long? “Yes”)`.

    Every test is told. Neighbours that ask the same of one question share its text; "or" in small letters stands
    between the values of one test. One person's findings are told in the same way, as a `Test` of one value for each.
    """
    return " ".join(told_in_lines(knowledge, criterion))


def told_in_lines(knowledge: Knowledge, criterion: Criterion) -> tuple[str, ...]:
    """The same in lines: each but the first begins with the AND or OR that joins it to those before."""
    match criterion:
        case Test():
            return (_group(knowledge, (criterion,), ""),)
        case AllOf(parts):
            return tuple(_joined(_phrases(knowledge, parts, " AND ", "each "), "AND ")) or ("Always",)
        case AnyOf(parts):
            return tuple(_joined(_phrases(knowledge, parts, " OR ", "one is "), "OR ")) or ("Never",)


def _joined(phrases: Iterator[str], joint: str) -> Iterator[str]:
    for place, phrase in enumerate(phrases):
        yield f"{joint if place else ''}{phrase}"


def _phrases(knowledge: Knowledge, parts: tuple[Criterion, ...], between: str, of_many: str) -> Iterator[str]:
    def asks(part: Criterion) -> tuple[str, tuple[str, ...]] | None:
        return (knowledge.asked_by[part.finding].id, part.values) if isinstance(part, Test) else None

    for _, neighbours in groupby(parts, key=asks):
        group = tuple(neighbours)
        tests = tuple(part for part in group if isinstance(part, Test))
        if tests:
            yield _group(knowledge, tests, between, of_many)
        else:
            yield from (f"({told(knowledge, part)})" for part in group)


def _group(knowledge: Knowledge, tests: tuple[Test, ...], between: str, of_many: str = "") -> str:
    """Tests that ask the same of one question: its text once, then the answers that meet them."""
    question = knowledge.asked_by[tests[0].finding]
    values = tests[0].values
    if question.type != "multi":
        words = (NOT_ASKED_WORD if value == NOT_ASKED else f"“{question.words(value)}”" for value in values)
        return f"{question.text} {_either(words)}"
    options = {option.finding: option.text for option in question.options}
    said = f"{question.text} {between.join(f'“{options[test.finding]}”' for test in tests)}"
    if values == (YES,):
        return said
    each = {YES: knowledge.words[YES], NO: knowledge.words[NO], UNSURE: question.unsure, NOT_ASKED: NOT_ASKED_WORD}
    return f"{said}: {of_many if len(tests) > 1 else ''}{_either(each[value] for value in values)}"


def _either(said: Iterable[str]) -> str:
    *others, last = said
    return f"{', '.join(others)} or {last}" if others else last


def filled(knowledge: Knowledge, text: str, wording: Mapping[str, str]) -> str:
    """A text of the rules with its placeholders filled: by `wording`, or else by the knowledge's own words."""
    if "{" not in text:
        return text
    for name in (*PLACEHOLDERS, BY_DATE):
        text = text.replace("{" + name + "}", wording.get(name, knowledge.words[name]))
    return text
