"""Criteria: what must be true of a person's findings for a rule to hold. Two levels, no negation.

This is also the witness: `holds` is the plain evaluation that stands beside the rule engine on every assessment.
A finding is always present and always a word (`yes`, `no`, `unsure`, `not-asked`, or an option's id), so a missing
value can never pass for a "no".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Generic, TypeVar

T = TypeVar("T")

YES = "yes"
NO = "no"
UNSURE = "unsure"
NOT_ASKED = "not-asked"
NOT_ANSWERED = "not-answered"
"""Asked, but nobody has answered yet. No rule tests it, so nothing holds because of it (`journey.suppose`)."""

Findings = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Test:
    """One finding has one of these values."""

    finding: str
    values: tuple[str, ...]

    def holds(self, findings: Findings) -> bool:
        """Whether the finding has one of the values. Raises KeyError when the finding is missing altogether."""
        return findings[self.finding] in self.values

    def tests(self) -> Iterator[Test]:
        """Every test in this criterion."""
        yield self

    def paths(self) -> int:
        """How many ways the engine has to reach this criterion."""
        return len(self.values)

    def possible(self, can_be_unsure: frozenset[str]) -> Test:
        """The same test, met also by "I'm not sure"."""
        if self.finding in can_be_unsure and UNSURE not in self.values:
            return Test(self.finding, (*self.values, UNSURE))
        return self


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Criterion, ...]

    def holds(self, findings: Findings) -> bool:
        """Whether at least one part holds."""
        for part in self.parts:  # noqa: SIM110 - twice as fast as any(), and the witness does little else
            if part.holds(findings):
                return True
        return False

    def tests(self) -> Iterator[Test]:
        """Every test in this criterion."""
        for part in self.parts:
            yield from part.tests()

    def paths(self) -> int:
        """How many ways the engine has to reach this criterion."""
        return sum(part.paths() for part in self.parts)

    def possible(self, can_be_unsure: frozenset[str]) -> AnyOf:
        """The same criterion, met also by "I'm not sure"."""
        return AnyOf(tuple(part.possible(can_be_unsure) for part in self.parts))


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; with no parts, always."""

    parts: tuple[Criterion, ...]

    def holds(self, findings: Findings) -> bool:
        """Whether every part holds."""
        for part in self.parts:  # noqa: SIM110 - twice as fast as all()
            if not part.holds(findings):
                return False
        return True

    def tests(self) -> Iterator[Test]:
        """Every test in this criterion."""
        for part in self.parts:
            yield from part.tests()

    def paths(self) -> int:
        """How many ways the engine has to reach this criterion."""
        return prod(part.paths() for part in self.parts)

    def possible(self, can_be_unsure: frozenset[str]) -> AllOf:
        """The same criterion, met also by "I'm not sure"."""
        return AllOf(tuple(part.possible(can_be_unsure) for part in self.parts))


Criterion = Test | AllOf | AnyOf

ALWAYS = AllOf(())


def both(first: Criterion, second: Criterion) -> Criterion:
    """A criterion that holds when both do, kept flat so that two levels stay two levels."""
    parts: list[Criterion] = []
    for criterion in (first, second):
        parts.extend(criterion.parts if isinstance(criterion, AllOf) else (criterion,))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def demanded(criteria: Iterable[Criterion]) -> Test | None:
    """A test without which none of the criteria holds: the first that all demand; None where they share none."""
    shared: dict[Test, None] | None = None
    for criterion in criteria:
        parts = criterion.parts if isinstance(criterion, AllOf) else (criterion,)
        own = {part: None for part in parts if isinstance(part, Test)}
        shared = own if shared is None else {test: None for test in shared if test in own}
    return next(iter(shared or ()), None)


def starts(criterion: Criterion) -> frozenset[tuple[str, str]]:
    """Findings with a value, of which a person must have one for the criterion to hold.

    Raises:
        ValueError: it can hold whatever a person has.
    """
    match criterion:
        case Test(finding, values):
            return frozenset((finding, value) for value in values)
        case AnyOf(parts):
            return frozenset[tuple[str, str]]().union(*map(starts, parts))
        case AllOf(parts) if parts:
            return starts(parts[0])
    raise ValueError(f"nothing is demanded by {criterion!r}")


class ByStart(Generic[T]):
    """Things that can only matter to somebody who has one of their starts: what nobody touches, nobody looks at."""

    def __init__(self) -> None:
        self._things: dict[tuple[str, str], list[T]] = {}
        self._findings: set[str] = set()

    def add(self, criterion: Criterion, thing: T) -> None:
        """Put it under the starts of this criterion."""
        for start in starts(criterion):
            self._things.setdefault(start, []).append(thing)
            self._findings.add(start[0])

    def touched(self, findings: Findings) -> Iterator[T]:
        """Those of which this person has a start, perhaps more than once.

        Raises:
            KeyError: a finding that is a start of something is missing.
        """
        if not findings.keys() >= self._findings:
            raise KeyError(min(self._findings - findings.keys()))
        for start in self._things.keys() & findings.items():
            yield from self._things[start]
