"""json-logic 0.6.3: criteria as JSON, walked anew each time.

It is written for Python 2. Two things are mended before it is run: a dict's keys cannot be indexed, and `reduce` is no
longer built in.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import reduce
from typing import Any

import json_logic

from benchmarks.engines import criteria
from triage.knowledge import AllOf, AnyOf, Criterion, Findings, Knowledge, Test


def _mended() -> Callable[[Any, Findings], Any]:
    text = inspect.getsource(json_logic)
    made: dict[str, Any] = {"reduce": reduce}
    exec(text.replace("tests.keys()[0]", "next(iter(tests))"), made)  # noqa: S102 - an installed package's own text
    walk: Callable[[Any, Findings], Any] = made["jsonLogic"]
    return walk


def rule(criterion: Criterion) -> dict[str, Any]:
    """A criterion as JsonLogic."""
    match criterion:
        case Test(finding, (value,)):
            return {"==": [{"var": finding}, value]}
        case Test(finding, values):
            return {"in": [{"var": finding}, list(values)]}
        case AllOf(parts):
            return {"and": [rule(part) for part in parts]}
        case AnyOf(parts):
            return {"or": [rule(part) for part in parts]}


class JsonLogic:
    """All rules, walked one after the other."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._walk = _mended()
        self._rules = [(name, rule(criterion)) for name, criterion in criteria(knowledge).items()]

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold."""
        return frozenset([name for name, logic in self._rules if self._walk(logic, findings)])
