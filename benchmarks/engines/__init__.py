"""The contestants: rule engines that read the same criteria and give the names of those that hold.

One small module for each: it translates `Test`, `AllOf` and `AnyOf` into what its engine understands, gives it a
person's findings and gathers the names. What an engine is spared (findings that were not asked) and what had to be
mended in it stands in its module. None is imported before it is built, so one that is not installed can be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from typing import Protocol

from benchmarks.measuring import NotHere
from triage.knowledge import AllOf, AnyOf, Criterion, Findings, Knowledge, Test


class Contestant(Protocol):
    """An engine that has read the rules."""

    def __init__(self, knowledge: Knowledge) -> None: ...

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold for these findings."""


@dataclass(frozen=True)
class Entry:
    """A contestant by name: where it lives, what it needs, and what a reader must know of it."""

    title: str
    module: str
    maker: str
    ids: str = "yes"
    """Whether the engine itself says which rules hold."""
    package: str = ""
    """What to install for it; empty for what the guide has anyway."""
    every: int = 1
    """It is timed on every so many of the answer sets: the slow ones on fewer."""
    all_checked: bool = True
    """Whether its answers are compared on all answer sets, or only on those it is timed on."""
    note: str = ""

    def load(self) -> type[Contestant]:
        """The class, imported.

        Raises:
            NotHere: its package is not installed.
        """
        try:
            module = import_module(f"{__name__}.{self.module}")
        except ModuleNotFoundError as error:
            raise NotHere(f"{self.title} needs the package {self.package or error.name}") from error
        maker: type[Contestant] = getattr(module, self.maker)
        return maker


CLOSURES = "closures"
"""The contestant that ratios refer to."""

ENGINES: Mapping[str, Entry] = {
    "floor": Entry("if-statements, generated", "plain", "Generated", note="floor: one statement for each rule"),
    "nested": Entry(
        "if-statements, generated and nested", "plain", "Nested", note="floor: what many rules demand is looked at once"
    ),
    CLOSURES: Entry("plain closures", "plain", "Closures", note="reference"),
    "engine": Entry("**our engine**", "ours", "OurEngine", note="durable-rules behind `Engine.fired`"),
    "witness": Entry("**our witness**", "ours", "OurWitness", note="the plain evaluation beside the engine"),
    "both": Entry("**our engine and witness**", "ours", "Both", note="what an assessment asks"),
    "assess": Entry(
        "**a whole assessment**", "ours", "Assessing", note="engine, witness and all policies: urgency, order, texts"
    ),
    "library": Entry(
        "durable-rules by its own library",
        "library",
        "Library",
        every=5,
        note="its `Host` without the threads, an action for each rule, chunks as ours",
    ),
    "zen": Entry(
        "zen-engine, one expression",
        "zen_engine",
        "Expression",
        ids="by place",
        package="zen-engine",
        note="an array of truth values, compiled",
    ),
    "zen-table": Entry(
        "zen-engine, decision table",
        "zen_engine",
        "DecisionTable",
        package="zen-engine",
        every=5,
        note="hit policy 'collect', one condition in each row",
    ),
    "clips": Entry(
        "CLIPS (clipspy)",
        "clipspy",
        "Clips",
        package="clipspy",
        note="one template fact; facts are released by hand, or it leaks and slows down",
    ),
    "business-rules": Entry("business-rules", "business", "BusinessRules", package="business-rules", every=5),
    "rule-engine": Entry("rule-engine", "ruleengine", "RuleEngine", package="rule-engine", every=5),
    "json-logic": Entry(
        "json-logic",
        "jsonlogic",
        "JsonLogic",
        package="json-logic",
        every=10,
        all_checked=False,
        note="mended for Python 3",
    ),
    "experta": Entry(
        "experta", "expert", "Experta", package="experta", every=50, all_checked=False, note="mended for Python 3.10"
    ),
}


def criteria(knowledge: Knowledge) -> dict[str, Criterion]:
    """Every criterion by the name of its term, in the order of the files."""
    return {term.name: term.criterion for terms in knowledge.terms.values() for term in terms}


def disjuncts(criterion: Criterion) -> list[dict[str, tuple[str, ...]]]:
    """A criterion as ways to meet it, each a set of values for each finding: for engines that match one pattern."""
    match criterion:
        case Test(finding, values):
            return [{finding: values}]
        case AnyOf(parts):
            return [way for part in parts for way in disjuncts(part)]
        case AllOf(parts):
            together = map(_together, product(*map(disjuncts, parts)))
            return [way for way in together if all(way.values())]


def _together(ways: tuple[dict[str, tuple[str, ...]], ...]) -> dict[str, tuple[str, ...]]:
    met: dict[str, tuple[str, ...]] = {}
    for way in ways:
        for finding, values in way.items():
            met[finding] = tuple(value for value in met.get(finding, values) if value in values)
    return met
