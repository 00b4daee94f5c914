"""How figures are taken and kept: contestants turn by turn, medians of rounds, tables as Markdown and as JSON."""

from __future__ import annotations

import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
"""One JSON file for each table, as it was recorded last."""


class NotHere(Exception):
    """Something this machine lacks, with what to install. The table says so in place of a figure."""


@dataclass(frozen=True)
class Table:
    """One table: what it is called, its columns in order, its rows, and what a reader must know to read it."""

    name: str
    title: str
    columns: Mapping[str, str]
    """The key of each column and its heading."""
    rows: Sequence[Mapping[str, Any]]
    notes: Sequence[str] = ()

    def markdown(self) -> str:
        """The table as Markdown, without its title."""
        heads = list(self.columns.values())
        lines = [heads, ["---"] * len(heads), *([_shown(row.get(key)) for key in self.columns] for row in self.rows)]
        table = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
        return table + "".join(f"\n\n{note}" for note in self.notes) + "\n"

    def record(self, short: bool) -> None:
        """Keep the table, with the machine and the day."""
        RESULTS.mkdir(exist_ok=True)
        content = {
            "title": self.title,
            "machine": machine(),
            "day": datetime.now(UTC).date().isoformat(),
            "short": short,
            "columns": dict(self.columns),
            "rows": [dict(row) for row in self.rows],
            "notes": list(self.notes),
        }
        (RESULTS / f"{self.name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def recorded(name: str) -> tuple[Table, dict[str, Any]]:
    """A table as it was recorded last, and all that was kept with it. Raises FileNotFoundError where it never was."""
    content = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    return Table(name, content["title"], content["columns"], content["rows"], content["notes"]), content


def _shown(value: object) -> str:
    """A figure with three digits that count; everything else as it is."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).replace("|", "/")
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def machine() -> str:
    """What the figures were taken on, without anything that names whose machine it is."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} × {cpu}, {memory:.0f} GiB, {platform.system()} {platform.release().split('-')[0]}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


@dataclass(frozen=True)
class Times:
    """Seconds that single calls took, round by round."""

    rounds: Sequence[Sequence[float]]

    @property
    def p50(self) -> float:
        """The median of the rounds' medians."""
        return statistics.median(statistics.median(one) for one in self.rounds)

    @property
    def p99(self) -> float:
        """The median of what 99 of 100 calls stayed below, round by round."""
        return statistics.median(percentile(one, 99) for one in self.rounds)


def percentile(values: Iterable[float], per_cent: float) -> float:
    """The value below which so many of 100 lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * per_cent / 100))]


def in_turns(contestants: Mapping[str, Callable[[], Iterable[float]]], rounds: int) -> dict[str, Times]:
    """Each contestant once in each round, one after the other, so that a slow minute of the machine hits all alike.

    A contestant gives the seconds of its calls. It is asked once before, unmeasured, to warm up.
    """
    taken: dict[str, list[list[float]]] = {name: [] for name in contestants}
    gc.collect()
    gc.freeze()  # what was built for them is not looked through for garbage again and again
    try:
        for measured in range(-1, rounds):
            for name, run in contestants.items():
                gc.collect()
                seconds = list(run())
                if measured >= 0:
                    taken[name].append(seconds)
    finally:
        gc.unfreeze()
    return {name: Times(times) for name, times in taken.items()}


def each(call: Callable[[Any], object], inputs: Sequence[Any]) -> Callable[[], Iterable[float]]:
    """A contestant for `in_turns`: one call for each input, timed by itself."""

    def run() -> Iterable[float]:
        clock = time.perf_counter
        for given in inputs:
            began = clock()
            call(given)
            yield clock() - began

    return run


def resident(pid: int | str = "self") -> float:
    """The megabytes of memory that only this process holds or shares its part of (PSS)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8")
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
