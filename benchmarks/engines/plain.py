"""Plain Python, without any engine: closures (the reference) and generated if-statements (the floor).

Nothing that reads rules while it runs can be much faster than statements that were written for exactly these rules; so
they are the floor. The nested ones ask what many rules demand first, such as that a deposit was named, only once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.engines import criteria
from triage.knowledge import AllOf, AnyOf, Criterion, Findings, Knowledge, Test

Closure = Callable[[Findings], bool]


def closure(criterion: Criterion) -> Closure:
    """A criterion as a function of the findings."""
    match criterion:
        case Test(finding, (value,)):
            return lambda findings: findings[finding] == value
        case Test(finding, values):
            return lambda findings: findings[finding] in values
        case AllOf(parts):
            demanded = [closure(part) for part in parts]

            def all_hold(findings: Findings) -> bool:
                for holds in demanded:  # noqa: SIM110 - twice as fast as all()
                    if not holds(findings):
                        return False
                return True

            return all_hold
        case AnyOf(parts):
            allowed = [closure(part) for part in parts]

            def one_holds(findings: Findings) -> bool:
                for holds in allowed:  # noqa: SIM110 - twice as fast as any()
                    if holds(findings):
                        return True
                return False

            return one_holds


class Closures:
    """Every criterion as a function; all are called."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._closures = [(name, closure(criterion)) for name, criterion in criteria(knowledge).items()]

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold."""
        return frozenset([name for name, holds in self._closures if holds(findings)])


def expression(criterion: Criterion) -> str:
    """A criterion as a Python expression over `f`, the findings."""
    match criterion:
        case Test(finding, (value,)):
            return f"f[{finding!r}] == {value!r}"
        case Test(finding, values):
            return f"f[{finding!r}] in {values!r}"
        case AllOf(parts):
            return "(" + (" and ".join(map(expression, parts)) or "True") + ")"
        case AnyOf(parts):
            return "(" + " or ".join(map(expression, parts)) + ")"


def function(lines: Sequence[str]) -> Callable[[Findings], frozenset[str]]:
    """The function whose body are these lines; they `add` what fires."""
    text = "\n ".join(("def fired(f):", "found = set()", "add = found.add", *lines, "return frozenset(found)"))
    made: dict[str, Any] = {}
    exec(text, made)  # noqa: S102 - written above from our own rules, and only to be measured
    fired: Callable[[Findings], frozenset[str]] = made["fired"]
    return fired


class Generated:
    """One if-statement for each criterion."""

    def __init__(self, knowledge: Knowledge) -> None:
        found = criteria(knowledge).items()
        self.fired = function([f"if {expression(criterion)}: add({name!r})" for name, criterion in found])


class Nested:
    """The same, those that begin alike inside one if-statement."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.fired = function(list(_nested(criteria(knowledge))))


def _nested(by_name: Mapping[str, Criterion]) -> list[str]:
    begun: dict[Criterion, list[tuple[str, Criterion]]] = {}
    for name, criterion in by_name.items():
        parts = criterion.parts if isinstance(criterion, AllOf) else (criterion,)
        begun.setdefault(parts[0], []).append((name, AllOf(parts[1:])))
    lines: list[str] = []
    for start, rest in begun.items():
        lines.append(f"if {expression(start)}:")
        lines += [f"  if {expression(criterion)}: add({name!r})" for name, criterion in rest]
    return lines
