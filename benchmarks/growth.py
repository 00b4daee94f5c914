"""What becomes of the engines when there is more of something: rules, firings, deposits in one run, deposits at all.

Four questions. `growth-rules` and `growth-cost`: rules drawn at random, ten to ten thousand, of which ten hold for the
person (five of ten). `growth-firings`: 150 such rules, of which more and more hold. `growth-deposits`: people who name
one to eight deposits of this guide. `growth-knowledge`: this guide with each deposit copied up to ten times, while
people answer what they answered before; there, an assessment should take less than 1.5 times as long as now.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import Any

from benchmarks.answers import asked, case_journeys, who_name
from benchmarks.engines import CLOSURES, ENGINES, Contestant, criteria
from benchmarks.engines.cost import cost
from benchmarks.measuring import Table, each, in_turns
from benchmarks.rulebooks import copied, drawn, drawn_rules, own_rules
from benchmarks.rules import agree, built
from triage.assessment import witness
from triage.journey import follow

OURS = ("engine", "witness", "both")
DRAWN_CONTESTANTS = ("floor", "nested", CLOSURES, *OURS, "zen", "clips", "business-rules")
"""Ours, the floor, the reference, and the three peers that are the fastest on the guide's own rules."""
SIZES, SHORT_SIZES = (10, 100, 1_000, 10_000), (10, 100, 1_000)
FIRING = 10
FIRINGS, SHORT_FIRINGS = (1, 3, 10, 30, 100), (1, 10, 100)
RULES_FOR_FIRINGS = 150
DEPOSITS, SHORT_DEPOSITS = (1, 2, 3, 4, 5, 6, 7, 8), (1, 4, 8)
COPIES, SHORT_COPIES = (1, 2, 5, 10), (1, 10)
ROUND = 0.05
"""The seconds that a contestant calls one input for, in each round."""


def tables(short: bool) -> Iterable[Table]:
    """The tables of growth."""
    rounds = 1 if short else 5
    yield by_rules(SHORT_SIZES if short else SIZES, rounds)
    yield by_cost(SHORT_SIZES[1:] if short else SIZES[1:])
    yield by_firings(SHORT_FIRINGS if short else FIRINGS, rounds)
    yield by_deposits(SHORT_DEPOSITS if short else DEPOSITS, 20 if short else 100, rounds)
    yield by_knowledge(SHORT_COPIES if short else COPIES, 20 if short else 100, rounds)


# -- rules drawn at random ---------------------------------------------------------------------------------------------


def by_rules(sizes: Sequence[int], rounds: int) -> Table:
    """The same few firings among ever more rules."""
    times = {rules: on_drawn(rules, min(FIRING, rules // 2), DRAWN_CONTESTANTS, rounds) for rules in sizes}
    ratio = f"× closures at {sizes[-1]:,}"
    rows = []
    for name in times[sizes[-1]]:
        row: dict[str, Any] = {str(rules): times[rules][name] * 1e6 for rules in sizes}
        rows.append(
            {"contestant": ENGINES[name].title, **row, "ratio": times[sizes[-1]][name] / times[sizes[-1]][CLOSURES]}
        )
    columns = {"contestant": "contestant", **{str(rules): f"{rules:,} rules, µs" for rules in sizes}, "ratio": ratio}
    notes = [f"{FIRING} rules hold ({FIRING // 2} of the first {sizes[0]}), and all have the same 60 findings to test."]
    return Table("growth-rules", "Ever more rules, always the same few of them holding", columns, rows, notes)


def by_cost(sizes: Sequence[int]) -> Table:
    """Time to compile and memory of ever more rules."""
    columns = {"contestant": "contestant"}
    for rules in sizes:
        columns |= {f"compile-{rules}": f"{rules:,} rules: compile, ms", f"memory-{rules}": "memory, MB"}
    person = {rules: drawn(rules, FIRING).findings for rules in sizes}
    rows = []
    for name in built(drawn_rules(sizes[0], FIRING), DRAWN_CONTESTANTS)[0]:
        row: dict[str, Any] = {"contestant": ENGINES[name].title}
        for rules in sizes:
            needs = cost(name, partial(drawn_rules, rules, FIRING), [person[rules]] * 10)
            row |= {f"compile-{rules}": needs.seconds * 1e3, f"memory-{rules}": needs.megabytes}
        rows.append(row)
    notes = ["From the rules to the first answer, and what a fresh process grew by; its package is part of the memory."]
    return Table("growth-cost", "What ever more rules cost before the first person comes", columns, rows, notes)


def by_firings(firings: Sequence[int], rounds: int) -> Table:
    """The same number of rules, ever more of them holding."""
    contestants = (*DRAWN_CONTESTANTS, "library")
    times = {firing: on_drawn(RULES_FOR_FIRINGS, firing, contestants, rounds) for firing in firings}
    few, many = firings[0], firings[-1]
    columns = {
        "contestant": "contestant",
        **{str(firing): f"{firing} firing, µs" for firing in firings},
        "each": "each further firing, µs",
    }
    rows = []
    for name in times[many]:
        row: dict[str, Any] = {str(firing): times[firing][name] * 1e6 for firing in firings}
        more = (times[many][name] - times[few][name]) / (many - few) * 1e6
        rows.append({"contestant": ENGINES[name].title, **row, "each": more})
    return Table("growth-firings", f"Ever more of {RULES_FOR_FIRINGS} rules holding", columns, rows)


def on_drawn(rules: int, firing: int, names: Iterable[str], rounds: int) -> dict[str, float]:
    """The seconds each contestant takes for the one person of rules drawn at random."""
    given = drawn(rules, firing)
    here, _ = built(given.knowledge, names)
    agree(here, [given.findings], [witness(given.knowledge, given.findings)])
    runs = {name: each(one.fired, [given.findings] * calls(one, given.findings)) for name, one in here.items()}
    return {name: times.p50 for name, times in in_turns(runs, rounds).items()}


def calls(contestant: Contestant, findings: Mapping[str, str]) -> int:
    """How many calls fill a round: at least three, at most a thousand."""
    began = time.perf_counter()
    contestant.fired(findings)
    return int(max(3, min(1_000, ROUND / (time.perf_counter() - began))))


# -- the guide's own rules ---------------------------------------------------------------------------------------------


def by_deposits(deposits: Sequence[int], people: int, rounds: int) -> Table:
    """People who name ever more deposits."""
    knowledge = own_rules()
    names = (*OURS, "assess", CLOSURES)
    here, _ = built(knowledge, names)
    who = {number: who_name(knowledge, number, people) for number in deposits}
    runs: dict[str, Callable[[], Iterable[float]]] = {}
    for number, given in who.items():
        agree(here, given, [witness(knowledge, findings) for findings in given])
        runs |= {f"{number} {name}": each(one.fired, given) for name, one in here.items()}
    times = in_turns(runs, rounds)
    rows = [
        {
            "deposits": number,
            "asked": fmean(map(asked, given)),
            "holding": fmean(len(witness(knowledge, findings)) for findings in given),
            **{name: times[f"{number} {name}"].p50 * 1e6 for name in names},
            "p99": times[f"{number} assess"].p99 * 1e6,
            "ratio": times[f"{number} assess"].p50 / times[f"{deposits[0]} assess"].p50,
        }
        for number, given in who.items()
    ]
    columns = {
        "deposits": "deposits named",
        "asked": "findings asked",
        "holding": "rules that hold",
        "engine": "engine, µs",
        "witness": "witness, µs",
        "both": "both, µs",
        "assess": "a whole assessment, µs",
        "p99": "its p99, µs",
        "ratio": "× one deposit",
        CLOSURES: "closures, µs",
    }
    notes = [f"{people} random people for each number of deposits, none of whom an emergency stops before the end."]
    return Table("growth-deposits", "Ever more deposits in one run", columns, rows, notes)


def by_knowledge(copies: Sequence[int], people: int, rounds: int) -> Table:
    """The guide with ever more deposits that this person does not have."""
    journeys = case_journeys(own_rules(), people)
    expected = [witness(own_rules(), journey.findings) for journey in journeys]
    names = (*OURS, "assess", CLOSURES)
    runs: dict[str, Callable[[], Iterable[float]]] = {}
    rows: dict[int, dict[str, Any]] = {}
    for times in copies:
        knowledge = copied(times)
        given = [follow(knowledge, journey.answers).findings for journey in journeys]
        here, _ = built(knowledge, names)
        agree(here, given, expected)
        runs |= {f"{times} {name}": each(one.fired, given) for name, one in here.items()}
        runs[f"{times} follow"] = each(partial(follow, knowledge), [journey.answers for journey in journeys])
        needs = cost("assess", partial(copied, times), given)
        rows[times] = {
            "copies": times,
            "deposits": len(knowledge.deposits),
            "criteria": len(criteria(knowledge)),
            "findings": len(knowledge.findings),
            "start": needs.seconds * 1e3,
            "memory": needs.megabytes,
        }
    taken = in_turns(runs, rounds)
    for times, row in rows.items():
        for name in (*names, "follow"):
            now, before = taken[f"{times} {name}"].p50, taken[f"{copies[0]} {name}"].p50
            row |= {name: now * 1e6, f"{name}-ratio": now / before}
    columns = {"copies": "× deposits", "deposits": "deposits", "criteria": "criteria", "findings": "findings"}
    heads = {"engine": "engine", "witness": "witness", "both": "both", "assess": "a whole assessment",
             "follow": "answers to findings", CLOSURES: "closures"}  # fmt: skip
    for name, head in heads.items():
        columns |= {name: f"{head}, µs", f"{name}-ratio": "× now"}
    columns |= {"start": "compile, ms", "memory": "memory, MB"}
    notes = [
        f"{people} cases. Each copy of a deposit is its whole file under new names: its pages, questions and rules. "
        "A person answers the same and gets the same, so what grows is what the guide spends on deposits nobody named.",
        "Compile and memory are those of everything that assesses, in a fresh process.",
    ]
    return Table(
        "growth-knowledge", "Ever more deposits that a person does not have", columns, list(rows.values()), notes
    )
