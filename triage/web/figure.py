"""The figure of a body beside the list of places: its numbers lead into the list, its spots show what is ticked.

The list stays the control; the figure only leads there, so whoever cannot see it misses nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from triage.knowledge import Knowledge
from triage.knowledge.model import BodyMark, BodySpot, Question


@dataclass(frozen=True, slots=True)
class Group:
    """A group of places: its number in the list, where its mark stands (None: not on the figure), and its ticks."""

    number: int
    title: str
    mark: BodyMark | None
    target: str
    """The id of its part of the list."""
    ticked: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """What the figure shows for one question and its ticks."""

    groups: tuple[Group, ...]
    spots: tuple[BodySpot, ...]
    lit: frozenset[str]
    """The ids of the spots that belong to something ticked."""


def group_id(question: Question, number: int) -> str:
    """The id of one group of the options of a question, counted from 1."""
    return f"{question.id}-group-{number}"


def figure_of(knowledge: Knowledge, question: Question, chosen: Collection[str]) -> Figure | None:
    """The figure for the question about places; None for every other, and where the rules draw none."""
    if question.id != knowledge.place_question or not knowledge.body_marks:
        return None
    ticked = [option for option in question.options if option.id in chosen]
    marks = {mark.group: mark for mark in knowledge.body_marks}
    return Figure(
        tuple(
            Group(number, title, marks.get(title), group_id(question, number), title in {o.group for o in ticked})
            for number, title in enumerate(question.groups, 1)
        ),
        knowledge.body_spots,
        frozenset(name for option in ticked for name in option.body),
    )
