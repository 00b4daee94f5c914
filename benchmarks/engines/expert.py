"""experta 1.9.4, a Rete engine in Python: one fact with all findings, one rule for each way to meet a criterion.

Its package frozendict looks for `collections.Mapping`, which Python 3.10 took away; it is put back before the import.
"""

from __future__ import annotations

import collections
import collections.abc
from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_

collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined]

from experta import Fact, KnowledgeEngine, L, Rule  # noqa: E402 - needs the line above

from benchmarks.engines import criteria, disjuncts  # noqa: E402
from triage.knowledge import Findings, Knowledge  # noqa: E402


class Person(Fact):  # type: ignore[misc]
    """Somebody's findings."""


class Noting(KnowledgeEngine):  # type: ignore[misc]
    """Notes which rules fire; the rules are its methods."""

    found: list[str]


class Experta:
    """All rules in one engine, begun anew for each person."""

    def __init__(self, knowledge: Knowledge) -> None:
        rules = {
            f"r{place}_{number}": _rule(name, way)
            for place, (name, criterion) in enumerate(criteria(knowledge).items())
            for number, way in enumerate(disjuncts(criterion))
        }
        self._engine = type("TheseRules", (Noting,), rules)()

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold."""
        self._engine.reset()
        self._engine.found = []
        self._engine.declare(Person(**findings))
        self._engine.run()
        return frozenset(self._engine.found)


def _rule(name: str, way: Mapping[str, tuple[str, ...]]) -> Callable[[Noting], None]:
    def note(self: Noting) -> None:
        self.found.append(name)

    pattern = {finding: reduce(or_, map(L, values)) for finding, values in way.items()}
    rule: Callable[[Noting], None] = Rule(Person(**pattern))(note)
    return rule
