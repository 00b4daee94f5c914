"""Where somebody stands on the way: the part of the journey, not a percentage.

How many pages a part has depends on the answers, so pages are not counted: what cannot be known is not claimed.
"""

from __future__ import annotations

from dataclasses import dataclass

from triage.knowledge import Knowledge
from triage.knowledge.model import Page


@dataclass(frozen=True, slots=True)
class Part:
    """The part that a page belongs to: its number from 1, its title, and the titles of all parts in order."""

    number: int
    title: str
    all: tuple[str, ...]

    @property
    def done(self) -> tuple[str, ...]:
        """The parts before it."""
        return self.all[: self.number - 1]


def part_of(knowledge: Knowledge, page: Page) -> Part:
    """Where this page stands. Raises ValueError for a page of other rules."""
    parts = knowledge.parts
    return Part(parts.index(page.part) + 1, page.part, parts)
