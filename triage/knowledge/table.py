"""One TOML table being read: typed access to its keys, and a problem noted for everything that is not as it should be.

What the tables mean is known in `load.py`; here are only texts, flags, dates, words and ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from triage.knowledge.criteria import NO, NOT_ASKED, UNSURE, YES
from triage.knowledge.model import NO_ONE, Urgency

KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
CHOICE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
_NEVER_IDS = {YES, NO, UNSURE, NOT_ASKED, NO_ONE}
_PLACEHOLDERS = re.compile(r"\{([^}]*)\}")
PLACEHOLDERS = ("emergency_number", "clinic", "urgent_line", "emergency_department")
"""What a text may leave open for the settings of the place where the guide runs."""
LOCAL_WORDS = PLACEHOLDERS[1:]
"""The placeholders that a region has a word for; its number it has anyway."""
EMERGENCY_NUMBER = re.compile(r"[0-9]{2,6}\Z")
BY_DATE = "by_date"
"""What the dated safety net leaves open for the day that it names."""


def meant(word: str, known: Iterable[str]) -> str:
    """A hint at what a misspelt word was probably meant to be, ready to be added to a message."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


class Table:
    """One TOML table being read: typed access, and a problem for everything missing, mistyped or left over."""

    def __init__(self, raw: object, file: str, kind: str, problems: list[str], index: int = 0) -> None:
        self.file, self.kind, self.problems = file, kind, problems
        self.raw: dict[str, Any] = dict(raw) if isinstance(raw, dict) else {}
        self.used: set[str] = set()
        given = self.raw.get("id")
        self.name = given if isinstance(given, str) else f"{kind} {index + 1}"
        if not isinstance(raw, dict):
            self.problem(f"'{kind}' must be a table")

    def problem(self, what: str) -> None:
        """Note a fault of this table."""
        self.problems.append(f"{self.file}: {self.name}: {what}")

    def take(self, key: str, kind: type | tuple[type, ...], said: str, default: Any, required: bool) -> Any:
        """The value of a key if it has the right type, else its default, with a fault noted."""
        self.used.add(key)
        if key not in self.raw:
            if required:
                self.problem(f"the key '{key}' is missing")
            return default
        value = self.raw[key]
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            self.problem(f"'{key}' must be {said}, not {value!r}")
            return default
        return value

    def text(self, key: str, required: bool = True, blanks: Sequence[str] = PLACEHOLDERS) -> str:
        """A plain text: no HTML, no placeholder that nobody fills."""
        value = self._plain(key, str(self.take(key, str, "a text in quotes", "", required)), blanks)
        if required and key in self.raw and not value:
            self.problem(f"'{key}' is empty")
        return value

    def _plain(self, key: str, text: str, blanks: Sequence[str] = PLACEHOLDERS) -> str:
        text = " ".join(text.split())
        if re.search(r"<[a-z/]", text):
            self.problem(f"'{key}' contains HTML; write plain text")
        for name in _PLACEHOLDERS.findall(text):
            if name not in blanks:
                self.problem(f"'{key}' uses the placeholder '{{{name}}}'" + meant(name, blanks))
        return text

    def texts(self, key: str, required: bool = True) -> tuple[str, ...]:
        """A list of texts."""
        value = self.take(key, list, "a list of texts", [], required)
        if not all(isinstance(item, str) and item.strip() for item in value):
            self.problem(f"'{key}' must be a list of texts")
            return ()
        return tuple(self._plain(key, item) for item in value)

    def flag(self, key: str) -> bool:
        """true or false; false when absent."""
        return bool(self.take(key, bool, "true or false", False, False))

    def number(self, key: str) -> int:
        """A whole number."""
        return int(self.take(key, int, "a whole number", 0, True))

    def day(self, key: str) -> date:
        """A date, written 2026-11-22 without quotes."""
        said = "a date such as 2026-11-22, without quotes"
        value: date = self.take(key, date, said, date.min, True)
        if isinstance(value, datetime):
            self.problem(f"'{key}' must be {said} and without a time")
            return date.min
        return value

    def one_of(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        """One of a few words."""
        value = str(self.take(key, str, f"one of {', '.join(allowed)}", default or allowed[0], default is None))
        if value not in allowed:
            self.problem(f"'{key}' is '{value}', but must be one of {', '.join(allowed)}" + meant(value, allowed))
            return default or allowed[0]
        return value

    def urgency(self, key: str, required: bool = True) -> Urgency:
        """One of the urgency words."""
        words = [urgency.word for urgency in Urgency]
        return Urgency.of(self.one_of(key, words, None if required else words[0]))

    def id(self, pattern: re.Pattern[str], said: str) -> str:
        """The table's id, in the spelling its kind asks for."""
        value = str(self.take("id", str, "a text in quotes", "", True))
        if value in _NEVER_IDS:
            self.problem(f"'{value}' is an answer word and cannot be an id")
        elif value and not pattern.match(value):
            self.problem(f"the id '{value}' must be {said}")
        return value

    def tables(self, key: str, required: bool = False) -> list[Table]:
        """A list of tables inside this one."""
        value = self.take(key, list, "a list of tables", [], required)
        return [Table(item, self.file, f"{self.name}: {key}", self.problems, i) for i, item in enumerate(value)]

    def done(self) -> None:
        """Every key must have been asked for by now."""
        for key in [key for key in self.raw if key not in self.used]:
            self.problem(f"the key '{key}' is not known here" + meant(key, self.used))


def kebab(table: Table) -> str:
    """The id of a thing with a page or a file."""
    return table.id(KEBAB, "lower-case words joined by hyphens, such as 'hot-swollen-joint'")


def snake(table: Table) -> str:
    """The id of a finding."""
    return table.id(SNAKE, "lower-case words joined by underscores, such as 'joint_hot'")
