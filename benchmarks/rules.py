"""The rule engines, side by side on the guide's own rules and the same people. The table: rules.

Each contestant gets the same criteria, every rule of `rules/` under its own name, and the same findings, all of them;
each gives the names of the rules that hold. All names are compared before anything is timed. What is measured is one
person, from findings to names: what an assessment of the guide waits for.

The reference for ratios is every criterion as a Python closure; the floor is Python written for exactly these rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.answers import ANSWER_SETS, answer_sets, asked, largest
from benchmarks.engines import CLOSURES, ENGINES, Contestant, criteria
from benchmarks.engines.cost import cost
from benchmarks.measuring import NotHere, Table, Times, each, in_turns
from benchmarks.rulebooks import own_rules
from triage.assessment import witness
from triage.knowledge import Findings, Knowledge

COLUMNS = {
    "contestant": "contestant",
    "p50": "p50, µs",
    "p99": "p99, µs",
    "ratio": "× closures",
    "largest": "largest journey, µs",
    "largest_ratio": "× closures there",
    "compile": "compile, ms",
    "memory": "memory, MB",
    "ids": "gives rule ids",
    "timed": "people timed",
    "note": "note",
}
ENOUGH_FOR_P99 = 100


def tables(short: bool) -> Iterable[Table]:
    """The table of all engines."""
    knowledge = own_rules()
    people = answer_sets(knowledge, 100 if short else ANSWER_SETS)
    here, missing = built(knowledge, ENGINES)
    agree(here, people, [witness(knowledge, findings) for findings in people])
    samples = {name: people[:: ENGINES[name].every] for name in here}
    most = largest(people)
    rounds = 1 if short else 5
    times = in_turns({name: each(one.fired, samples[name]) for name, one in here.items()}, rounds)
    at_most = in_turns({name: each(one.fired, [most] * repeats(name)) for name, one in here.items()}, rounds)
    rows = [_row(name, times, at_most, people, 1 if short else 3) for name in here]
    rows.sort(key=lambda row: row["p50"])
    yield Table(
        "rules",
        f"Rule engines on the {len(criteria(knowledge)):,} criteria of this guide",
        COLUMNS,
        [*rows, *missing],
        notes(knowledge, people),
    )


def built(knowledge: Knowledge, entries: Iterable[str]) -> tuple[dict[str, Contestant], list[dict[str, Any]]]:
    """The contestants that are installed, and a row for each that is not."""
    here: dict[str, Contestant] = {}
    missing = []
    for name in entries:
        try:
            here[name] = ENGINES[name].load()(knowledge)
        except NotHere as why:
            missing.append({"contestant": ENGINES[name].title, "note": f"not measured here: {why}"})
    return here, missing


def agree(here: dict[str, Contestant], people: Sequence[Findings], expected: Sequence[frozenset[str]]) -> None:
    """Compare the names that all give.

    Raises:
        RuntimeError: one gives others, so that its time would mean nothing.
    """
    for name, contestant in here.items():
        step = 1 if ENGINES[name].all_checked else ENGINES[name].every
        for number, findings in list(enumerate(people))[::step]:
            found = contestant.fired(findings)
            if found != expected[number]:
                raise RuntimeError(f"{name} differs for person {number} on {sorted(found ^ expected[number])}")


def repeats(name: str) -> int:
    """How often one input is given to a contestant in a round: less often where it is slow."""
    return 50 // ENGINES[name].every


def _row(
    name: str, times: dict[str, Times], at_most: dict[str, Times], people: Sequence[Findings], processes: int
) -> dict[str, Any]:
    entry = ENGINES[name]
    sample = people[:: entry.every]
    reference = Times([one[:: entry.every] for one in times[CLOSURES].rounds])
    needs = cost(name, own_rules, sample[:ENOUGH_FOR_P99], processes)
    return {
        "contestant": entry.title,
        "p50": times[name].p50 * 1e6,
        "p99": times[name].p99 * 1e6 if len(sample) >= ENOUGH_FOR_P99 else None,
        "ratio": times[name].p50 / reference.p50,
        "largest": at_most[name].p50 * 1e6,
        "largest_ratio": at_most[name].p50 / at_most[CLOSURES].p50,
        "compile": needs.seconds * 1e3,
        "memory": needs.megabytes,
        "ids": entry.ids,
        "package": entry.package,
        "timed": len(sample),
        "note": entry.note,
    }


def notes(knowledge: Knowledge, people: Sequence[Findings]) -> list[str]:
    """What a reader of the table must know."""
    most = largest(people)
    fired = sorted(len(witness(knowledge, findings)) for findings in people)
    return [
        f"{len(people)} people, half of them cases of the rules, half random. The median one has "
        f"{fired[len(fired) // 2]} rules that hold; the largest journey, with {asked(most)} findings asked, has "
        f"{len(witness(knowledge, most))}. All contestants gave the same names, json-logic and experta for those "
        "people whom they were timed on.",
        "p50 and p99 are of single people, the median of some rounds in turns; a ratio is taken over the same people. "
        "Compile is from the rules to the first answer, memory what a fresh process grew by from before the package "
        "was imported until all were answered; less than about a megabyte does not show.",
        "Ours and the nested statements look first at what the rules of a deposit have in common; the others were "
        "given the rules one by one, as one would.",
    ]
