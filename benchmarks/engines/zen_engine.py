"""zen-engine (Rust): all criteria as one compiled expression, and as the rows of a decision table.

The expression gives one truth value for each rule, and their places tell the names: faster by a quarter than an array
of names in which those that do not hold are null. The table has one column of conditions; a column for each finding
takes almost twice as long, because a row then has hundreds of empty cells.
"""

from __future__ import annotations

import json
from itertools import compress
from typing import Any

import zen

from benchmarks.engines import criteria
from triage.knowledge import AllOf, AnyOf, Criterion, Findings, Knowledge, Test


def expression(criterion: Criterion) -> str:
    """A criterion in zen's expression language."""
    match criterion:
        case Test(finding, (value,)):
            return f"{finding} == '{value}'"
        case Test(finding, values):
            return f"{finding} in [" + ", ".join(f"'{value}'" for value in values) + "]"
        case AllOf(parts):
            return "(" + " and ".join(map(expression, parts)) + ")"
        case AnyOf(parts):
            return "(" + " or ".join(map(expression, parts)) + ")"


class Expression:
    """One array of truth values, compiled."""

    def __init__(self, knowledge: Knowledge) -> None:
        found = criteria(knowledge)
        self._names = tuple(found)
        self._compiled = zen.compile_expression("[" + ", ".join(map(expression, found.values())) + "]")

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold."""
        return frozenset(compress(self._names, self._compiled.evaluate(findings)))


class DecisionTable:
    """One row for each criterion; every row that holds gives its name."""

    def __init__(self, knowledge: Knowledge) -> None:
        rows = [
            {"_id": name, "holds": expression(criterion), "name": f"'{name}'"}
            for name, criterion in criteria(knowledge).items()
        ]
        table = {
            "hitPolicy": "collect",
            "inputs": [{"id": "holds", "name": "holds"}],
            "outputs": [{"id": "name", "name": "name", "field": "name"}],
            "rules": rows,
        }
        self._decision = zen.ZenEngine().create_decision(json.dumps(_graph(table)))

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold."""
        return frozenset([row["name"] for row in self._decision.evaluate(findings)["result"]])


def _graph(table: dict[str, Any]) -> dict[str, Any]:
    """Findings go in, through the table, and what it collects comes out."""
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": table},
            {"id": "out", "name": "out", "type": "outputNode"},
        ],
        "edges": [
            {"id": "first", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "second", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }
