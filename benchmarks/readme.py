"""Writes the recorded tables where people read them: python -m benchmarks.readme

The README shows a few columns of some tables, between marks; `benchmarks/results/README.md` shows all of them in full,
with what a reader must know. Nobody types a figure, and a test compares both with what was recorded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import measuring, targets

README = Path(__file__).parents[1] / "README.md"
_MARKED = re.compile(r"<!-- figures: (?P<name>[a-z-]+) -->\n.*?<!-- end -->", re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """What the README shows of a table."""

    measured_by: str
    """The name for `python -m benchmarks`."""
    columns: Sequence[str] = ()
    """Their keys; without any, all are shown."""
    only: Mapping[str, str] = field(default_factory=dict)
    """The rows that have this in a column."""


SHOWN: Mapping[str, Shown] = {
    "rules": Shown("rules", ("contestant", "p50", "p99", "ratio", "compile", "memory", "note")),
    "pages": Shown("pages", ("page", "rate", "share", "p50", "p99", "cpu"), {"server": "gunicorn sync"}),
}
MADE: Mapping[str, Callable[[], str]] = {
    "targets": lambda: targets.table().markdown(),
    "sizing": targets.sizing,
}
"""What is made of several recorded tables."""


def figures(name: str) -> str:
    """What stands in the README for a table: some of it, then what measured it, when and on what.

    Raises:
        FileNotFoundError: it was never recorded.
        KeyError: it lacks a column that is to be shown, or nothing is to be shown of it.
    """
    if name in MADE:
        return MADE[name]()
    shown = SHOWN[name]
    table, kept = measuring.recorded(name)
    columns = {key: table.columns[key] for key in shown.columns or table.columns}
    rows = [row for row in table.rows if all(row[key] == value for key, value in shown.only.items())]
    said = f"`python -m benchmarks {shown.measured_by}`, {kept['day']}, {kept['machine']}."
    return f"{replace(table, columns=columns, rows=rows, notes=()).markdown()}\n{said}\n"


def filled(text: str) -> str:
    """The README with every table as it was recorded last; one that never was stays as it is."""

    def table(marked: re.Match[str]) -> str:
        try:
            return f"<!-- figures: {marked['name']} -->\n{figures(marked['name'])}<!-- end -->"
        except FileNotFoundError:
            return marked[0]

    return _MARKED.sub(table, text)


def in_full() -> str:
    """Every recorded table with all its columns and notes."""
    about = "Written by `python -m benchmarks --record`. Each module of `benchmarks/` says what it compares with what."
    parts = [f"# What was measured\n\n{about}\n"]
    for path in sorted(measuring.RESULTS.glob("*.json")):
        table, kept = measuring.recorded(path.stem)
        parts.append(f"## {table.title}\n\n{table.markdown()}\n`{path.name}`, {kept['day']}, {kept['machine']}.\n")
    return "\n".join(parts)


def write() -> None:
    """Write both anew."""
    README.write_text(filled(README.read_text("utf-8")), "utf-8")
    measuring.RESULTS.mkdir(exist_ok=True)
    (measuring.RESULTS / "README.md").write_text(in_full(), "utf-8")


if __name__ == "__main__":
    write()
