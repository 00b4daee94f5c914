"""Single-point mutations of the rules: every wrong edit that one slip can make, and who notices it.

Works on the tables as they stand in the TOML files, so that the real loader reads each mutant as it would read the
edit. Comes in: files of rules. Goes out: mutants, and for each one what caught it, or that nothing did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from triage.knowledge.criteria import NOT_ASKED
from triage.knowledge.load import RULE_TABLES
from triage.knowledge.model import Knowledge, Urgency, finding_of

Files = Mapping[str, Mapping[str, Any]]
When = Mapping[str, Any]

KINDS = (
    "drop a red flag", "lower its urgency", "swap all and any", "drop a test", "negate an answer",
    "swap two categories",
)  # fmt: skip
"""The slips that are tried, in the order of the table they are reported in."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One wrong edit: which rule of which file, told in words, and the files as they stand after it."""

    kind: str
    file: str
    rule: str
    told: str
    files: Files


def mutants(files: Files, knowledge: Knowledge) -> Iterator[Mutant]:
    """Every single-point mutation of the rules and of when questions are asked, in the order of the files."""
    for file, raw in files.items():
        for kind, rows in raw.items():
            if not isinstance(rows, list) or kind not in (*RULE_TABLES, "question"):
                continue
            for index, row in enumerate(rows):
                for what, told, changed in _changes(kind, row, knowledge):
                    table = [*rows[:index], *([changed] if changed else []), *rows[index + 1 :]]
                    yield Mutant(what, file, row["id"], told, {**files, file: {**raw, kind: table}})
        yield from _swapped_categories(files, file, raw)


def _changes(kind: str, row: When, knowledge: Knowledge) -> Iterator[tuple[str, str, When | None]]:
    """The mutations of one table: what kind, told in words, and the table after it (None: it is gone)."""
    if kind == "red_flag":
        yield KINDS[0], f"the red flag '{row['id']}' is gone", None
        urgency = Urgency.of(row["urgency"])
        if urgency.lowered() != urgency:
            lower = urgency.lowered().word
            yield KINDS[1], f"'{row['id']}' is {lower} instead of {urgency.word}", {**row, "urgency": lower}
    key = "enable_when" if kind == "question" else "when"
    when = row.get(key)
    if when is None and "ask" in row:
        when = {finding_of(row["id"]): "yes"}
    if not when:
        return
    for what, told, changed in _criteria(when, knowledge):
        after = {**row, key: changed} if changed else {name: value for name, value in row.items() if name != key}
        if after != row:
            yield what, f"'{row['id']}': {told}", after


def _criteria(when: When, knowledge: Knowledge) -> Iterator[tuple[str, str, When]]:
    """The mutations of one criterion: any for all, all for any, a test less, a test's answer negated."""
    tests = {name: value for name, value in when.items() if name != "any"}
    branches: list[When] = list(when.get("any", []))
    if len(tests) + bool(branches) > 1:
        parts = [{name: value} for name, value in tests.items()]
        yield KINDS[2], "any of its tests is enough", {"any": [*parts, *branches]}
    if branches and (merged := _merged(tests, branches)):
        yield KINDS[2], "all of its alternatives are needed", merged
    for index, branch in enumerate(branches):
        if len(branch) > 1:
            split = [{name: value} for name, value in branch.items()]
            yield (
                KINDS[2],
                f"any test of {_told(branch)} is enough",
                _with_branches(tests, [*branches[:index], *split, *branches[index + 1 :]]),
            )
    for name, value in tests.items():
        yield KINDS[3], f"no longer tests {name}", {key: kept for key, kept in when.items() if key != name}
        if others := _negated(name, value, knowledge):
            yield KINDS[4], f"{name} = {_word(others)} instead of {_word(value)}", {**when, name: others}
    for index, branch in enumerate(branches):
        for name, value in branch.items():
            less = {key: kept for key, kept in branch.items() if key != name}
            rest = [*branches[:index], *([less] if less else []), *branches[index + 1 :]]
            yield KINDS[3], f"no longer tests {name} in {_told(branch)}", _with_branches(tests, rest)
            if others := _negated(name, value, knowledge):
                changed = [*branches[:index], {**branch, name: others}, *branches[index + 1 :]]
                told = f"{name} = {_word(others)} instead of {_word(value)} in {_told(branch)}"
                yield KINDS[4], told, _with_branches(tests, changed)


def _with_branches(tests: When, branches: list[When]) -> When:
    """A criterion with these alternatives; a single alternative is written without `any`."""
    if len(branches) > 1:
        return {**tests, "any": branches}
    return {**tests, **branches[0]}


def _merged(tests: When, branches: list[When]) -> When | None:
    """All alternatives at once; None where two of them test the same finding, which nobody can write."""
    merged = dict(tests)
    for branch in branches:
        if merged.keys() & branch.keys():
            return None
        merged.update(branch)
    return merged


def _negated(finding: str, value: object, knowledge: Knowledge) -> list[str] | str | None:
    """Every other answer to the same question; "yes" and "no" change places."""
    if value in ("yes", "no"):
        return "no" if value == "yes" else "yes"
    known = [word for word in knowledge.findings[finding] if word != NOT_ASKED]
    others = [word for word in known if word not in _values(finding, value, knowledge)]
    return others or None


def _values(finding: str, value: object, knowledge: Knowledge) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        raise TypeError(f"{finding}: {value!r} is no test")
    ids = [option.id for option in knowledge.questions[finding].options]
    ((operator, word),) = value.items()
    if operator == "is_not":
        return [other for other in knowledge.questions[finding].allowed if other != word]
    place = ids.index(word)
    return ids[place:] if operator == "at_least" else ids[: place + 1]


def _word(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key.replace('_', ' ')} {word}" for key, word in value.items())
    return " or ".join(value) if isinstance(value, list) else str(value)


def _told(branch: When) -> str:
    return "{" + ", ".join(f"{name} = {_word(value)}" for name, value in branch.items()) + "}"


def _swapped_categories(files: Files, file: str, raw: Mapping[str, Any]) -> Iterator[Mutant]:
    rows = raw.get("reversibility", [])
    for first in range(len(rows)):
        for second in range(first + 1, len(rows)):
            one, other = rows[first], rows[second]
            if one["category"] == other["category"]:
                continue
            table = list(rows)
            table[first] = {**one, "category": other["category"]}
            table[second] = {**other, "category": one["category"]}
            told = f"'{one['id']}' ({one['category']}) and '{other['id']}' ({other['category']}) change places"
            yield Mutant(KINDS[5], file, one["id"], told, {**files, file: {**raw, "reversibility": table}})
