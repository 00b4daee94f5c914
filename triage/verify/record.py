"""The record of the last proof, as `rules/proof.json` holds it: read for the page, and written by nobody here.

Needs no solver. A record that cannot be read in full is no record: half a proof must never look like a whole one.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from triage.errors import GuideError
from triage.knowledge import Knowledge

FILE = "proof.json"

log = logging.getLogger(__name__)


class RecordError(GuideError):
    """The record is there and cannot be read; it says where, and what stands there."""


@dataclass(frozen=True, slots=True)
class Property:
    """One promise, how many cases of it were looked at, and what became of it."""

    id: str
    title: str
    says: str
    checked: int
    unit: str
    seconds: float
    holds: bool
    counterexample: str | None

    @property
    def proved(self) -> bool:
        """Whether it holds, and not only because nothing was looked at."""
        return self.holds and self.checked > 0


@dataclass(frozen=True, slots=True)
class Translation:
    """How the solver's reading of the rules compared with the guide itself, person by person."""

    people: int
    boundary: int
    differences: int
    seconds: float
    decided: str
    """The fingerprint of what the rules decided (`diff.py`): cases and words may change, and the comparison holds."""

    @property
    def agrees(self) -> bool:
        """Whether there were people, and no difference."""
        return self.people > 0 and self.differences == 0


@dataclass(frozen=True, slots=True)
class Mutation:
    """One kind of wrong edit: how often it was made, and how often something noticed it."""

    kind: str
    made: int
    caught: int

    @property
    def missed(self) -> int:
        """How often nothing noticed it."""
        return max(self.made - self.caught, 0)


@dataclass(frozen=True, slots=True)
class Survivor:
    """A wrong edit that nothing noticed, and why that is accepted."""

    rule: str
    told: str
    because: str


@dataclass(frozen=True, slots=True)
class Record:
    """What was proved, of which rules, when and with what."""

    rules_version: str
    recorded: date
    solver: str
    seconds: float
    properties: tuple[Property, ...]
    translation: Translation | None
    mutations: tuple[Mutation, ...]
    survivors: tuple[Survivor, ...]
    mutated: str
    """The fingerprint of what notices a wrong edit (`diff.py`): while it is the same, other words change nothing."""

    def stale(self, knowledge: Knowledge) -> bool:
        """Whether it is about other rules than these."""
        return self.rules_version != knowledge.version

    def proved(self, knowledge: Knowledge) -> frozenset[str]:
        """The ids of the properties that are proved for these very rules."""
        return frozenset() if self.stale(knowledge) else frozenset(prop.id for prop in self.properties if prop.proved)

    @property
    def by_id(self) -> Mapping[str, Property]:
        """The properties by their ids."""
        return {prop.id: prop for prop in self.properties}

    @property
    def unexplained(self) -> int:
        """How many wrong edits nothing noticed and nobody gave a reason for."""
        explained = sum(bool(survivor.because) for survivor in self.survivors)
        return max(sum(mutation.missed for mutation in self.mutations) - explained, 0)

    @property
    def holds(self) -> bool:
        """Whether everything that was checked came out as it must."""
        translated = self.translation is None or self.translation.agrees
        return all(prop.proved for prop in self.properties) and translated and not self.unexplained


def read(folder: Path) -> Record | None:
    """The record in a folder of rules; None where there is none, or none that can be read."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        record: Record = _as(Record, json.loads(path.read_text(encoding="utf-8")), FILE)
        if not record.properties or len(record.by_id) != len(record.properties):
            raise RecordError(f"{FILE}: there must be properties, each with an id of its own")
    except (OSError, ValueError, RecursionError, RecordError) as error:
        log.error("The record of the proof cannot be read, so none is shown: %s", error)
        return None
    return record


def _as(hint: Any, value: Any, where: str) -> Any:
    """A value out of JSON as what belongs at its place; every key there, and none that nobody knows.

    Raises:
        RecordError: something else stands there.
    """
    wanted = get_args(hint)
    if get_origin(hint) is tuple and isinstance(value, list):
        return tuple(_as(wanted[0], item, f"{where}, {number}") for number, item in enumerate(value, 1))
    if NoneType in wanted:
        return None if value is None else _as(wanted[0], value, where)
    if is_dataclass(hint) and isinstance(value, dict):
        hints = get_type_hints(hint)
        if value.keys() != {field.name for field in fields(hint)}:
            raise RecordError(f"{where}: missing or unknown: {', '.join(sorted(value.keys() ^ hints.keys()))}")
        made: Any = hint
        return made(**{name: _as(hints[name], value[name], f"{where}, {name}") for name in value})
    if hint is date and isinstance(value, str):
        return date.fromisoformat(value)
    if hint is float and type(value) is int:
        return float(value)
    # By its very type: a text "false" would count as true, and true is a number to Python.
    if type(value) is not hint:
        raise RecordError(f"{where}: {value!r} does not belong there")
    return value
