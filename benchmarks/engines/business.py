"""business-rules: conditions as nested dicts, findings as methods of a class, an action that notes the rule's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from business_rules import run_all
from business_rules.actions import BaseActions, rule_action
from business_rules.fields import FIELD_TEXT
from business_rules.variables import BaseVariables, string_rule_variable

from benchmarks.engines import criteria
from triage.knowledge import AllOf, AnyOf, Criterion, Findings, Knowledge, Test


def condition(criterion: Criterion) -> dict[str, Any]:
    """A criterion as business-rules reads it; it has no "one of these" for texts."""
    match criterion:
        case Test(finding, (value,)):
            return {"name": finding, "operator": "equal_to", "value": value}
        case Test(finding, values):
            return {"any": [condition(Test(finding, (value,))) for value in values]}
        case AllOf(parts):
            return {"all": [condition(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [condition(part) for part in parts]}


class Person(BaseVariables):  # type: ignore[misc]
    """Somebody's findings; each finding becomes a method."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings


class Noting(BaseActions):  # type: ignore[misc]
    """Notes which rules fire."""

    def __init__(self) -> None:
        self.found: list[str] = []

    @rule_action(params={"name": FIELD_TEXT})  # type: ignore[untyped-decorator]
    def note(self, name: str) -> None:
        """Note one."""
        self.found.append(name)


class BusinessRules:
    """A list of rules, run one after the other."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._rules = [
            {"conditions": condition(criterion), "actions": [{"name": "note", "params": {"name": name}}]}
            for name, criterion in criteria(knowledge).items()
        ]
        self._person = type("ThisPerson", (Person,), {finding: _variable(finding) for finding in knowledge.findings})

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold."""
        noting = Noting()
        run_all(self._rules, self._person(findings), noting)
        return frozenset(noting.found)


def _variable(finding: str) -> Callable[[Person], str]:
    def value(self: Person) -> str:
        return self.findings[finding]

    value.__name__ = finding
    variable: Callable[[Person], str] = string_rule_variable()(value)
    return variable
