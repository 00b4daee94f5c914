"""What a change costs: instructions of the hot paths beside those recorded: python -m benchmarks.guard [--record]

Time on a busy machine says nothing about 5 %; instructions do. callgrind counts them while Python goes the hot paths
(hot.py) again and again, start-up apart. The order of hashes is fixed and the collector sleeps, so two runs of the same
code differ by 0.1 to 0.2 %, however busy the machine is; from another folder, a single path by nearly 1 %. Other rules,
Python or C libraries give other counts. No number fails: whoever changes something reads them.

Without valgrind, the same paths are timed beside their floors, which shows only large changes, and one line says so.
Where TRIAGE_TESTS_NEED_ALL is set, that is an error.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.hot import NOTHING, hot_paths
from benchmarks.measuring import NotHere, Table, each, in_turns, machine, recorded
from triage import resources
from triage.knowledge import load

NAME = "guard"
COLUMNS = {
    "path": "path",
    "thousands": "instructions, thousands",
    "times": "times its floor",
    "floor": "floor",
}
BESIDE = {"before": "recorded, thousands", "change": "change"}
SAME = "The same code differs by 0.1 to 0.2 %, from another folder by up to 1 %."
TIMED = {"path": "path", "microseconds": "p50, µs", "times": "times its floor", "floor": "floor"}
_SOURCE = Path(__file__).with_name("counting.c")
_COMPILERS = ("cc", "gcc", "clang")
_ROUNDS = 5
_BEGINS, _COSTS = "desc: Trigger: Client Request: ", "summary: "
"""How callgrind's file names what comes, and says what it cost."""


@dataclass(frozen=True)
class Cost:
    """What one call on a path costs, in instructions or in seconds."""

    path: str
    floor: str
    cost: float


def main(words: Sequence[str]) -> int:
    """Count and compare, and record with `--record`; 1 where that could not be had and is needed."""
    record = "--record" in words
    try:
        counted = count()
    except NotHere as why:
        print(f"INSTRUCTIONS WERE NOT COUNTED: {why}", file=sys.stderr, flush=True)
        if record or os.environ.get("TRIAGE_TESTS_NEED_ALL"):
            return 1
        print(timed().markdown())
        return 0
    table = of_instructions(counted, load(resources.folder("rules")).version)
    print(f"\n## {table.title}\n\n{beside_recorded(table).markdown()}")
    if record:
        table.record(short=False)
    return 0


# -- counting ----------------------------------------------------------------------------------------------------------


def count() -> list[Cost]:
    """Every hot path in instructions.

    Raises:
        NotHere: a tool is missing.
        CalledProcessError: the paths could not be gone; why stands in the output.
        ValueError: callgrind wrote something else than expected.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise NotHere("install valgrind (Debian, Ubuntu: apt install valgrind; Fedora: dnf install valgrind-devel)")
    with tempfile.TemporaryDirectory(prefix="guard-") as folder:
        library, told, log = Path(folder, "counting.so"), Path(folder, "callgrind"), Path(folder, "log")
        _compile(library)
        command = [
            valgrind, "--tool=callgrind", "--instr-atstart=no", "--combine-dumps=yes", "--dump-line=no",
            f"--callgrind-out-file={told}", f"--log-file={log}", sys.executable, "-m", "benchmarks.hot", str(library),
        ]  # fmt: skip
        environ = {**os.environ, "PYTHONHASHSEED": "0", "TZ": "UTC"}
        try:
            ran = subprocess.run(command, env=environ, stdout=subprocess.PIPE, check=True)  # noqa: S603 - as above
        except subprocess.CalledProcessError:
            print(log.read_text("utf-8", "replace"), file=sys.stderr)
            raise
        with told.open(encoding="utf-8", errors="replace") as lines:
            return per_call(json.loads(ran.stdout), parse(lines))


def _compile(library: Path) -> None:
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        raise NotHere("install a C compiler (Debian, Ubuntu: apt install gcc)")
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(_SOURCE)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - as above
    if ran.returncode:
        raise NotHere(f"{_SOURCE.name} does not compile; are valgrind's headers there? {ran.stderr.strip()}")


def parse(lines: Iterable[str]) -> dict[str, list[int]]:
    """What callgrind counted, by the name under which it was written down, round by round."""
    counts: dict[str, list[int]] = {}
    name = ""
    for line in lines:
        if line.startswith("desc: Trigger: "):
            name = line.removeprefix(_BEGINS).strip() if line.startswith(_BEGINS) else ""
        elif name and line.startswith(_COSTS):
            counts.setdefault(name, []).append(int(line.removeprefix(_COSTS)))
    return counts


def per_call(paths: Iterable[tuple[str, str, int]], counts: Mapping[str, Sequence[int]]) -> list[Cost]:
    """The instructions of one call on each path, without those it takes to call nothing; `paths` as hot.py tells them.

    Raises:
        ValueError: nothing was counted for a path.
    """
    medians = {path: statistics.median(counts[path]) for path, _, _ in paths if path in counts}
    if missing := [path for path, _, _ in paths if path not in medians]:
        raise ValueError(f"callgrind wrote nothing down for {', '.join(missing)}")
    nothing = medians[NOTHING]
    return [Cost(path, floor, (medians[path] - nothing) / calls) for path, floor, calls in paths if path != NOTHING]


# -- telling -----------------------------------------------------------------------------------------------------------


def of_instructions(counted: Sequence[Cost], rules_version: str) -> Table:
    """The table that is recorded."""
    rows = [{**row, "thousands": round(row["cost"] / 1e3, 2)} for row in _rows(counted)]
    kept = [{key: row[key] for key in COLUMNS} for row in rows]
    return Table(NAME, "What the hot paths cost, in instructions", COLUMNS, kept, [f"Rules {rules_version}."])


def beside_recorded(now: Table) -> Table:
    """The same beside what was recorded last, with the change of each path."""
    try:
        before, told = recorded(NAME)
    except FileNotFoundError:
        return replace(now, notes=[*now.notes, "Nothing was recorded before (--record)."])
    costs = {row["path"]: row["thousands"] for row in before.rows}
    rows = []
    for row in now.rows:
        was = costs.pop(row["path"], None)
        rows.append({**row, "before": was, "change": "new" if was is None else _change(was, row["thousands"])})
    notes = [*now.notes, f"Recorded on {told['day']}. {SAME}"]
    if (told["machine"], before.notes) != (machine(), now.notes):
        where = " ".join([told["machine"] + ".", *before.notes])
        notes.append(f"Part of a change can come from elsewhere. It was recorded on {where}")
    if costs:
        notes.append(f"No longer there: {', '.join(costs)}.")
    return replace(now, columns={**COLUMNS, **BESIDE}, rows=rows, notes=notes)


def _change(before: float, now: float) -> str:
    """How much more it is now; what is the same is never "-0.0"."""
    return f"{round((now / before - 1) * 100, 1) + 0:+.1f} %"


def timed() -> Table:
    """The same paths in this process by the clock, beside their floors."""
    paths = [path for path in hot_paths() if path.name != NOTHING]
    taken = in_turns({path.name: each(lambda call: call(), path.calls) for path in paths}, _ROUNDS)
    rows = _rows([Cost(path.name, path.floor, taken[path.name].p50) for path in paths])
    return Table(
        "guard-times",
        "What the hot paths cost, in time",
        TIMED,
        [{**row, "microseconds": row["cost"] * 1e6} for row in rows],
        ["By the clock, which shows only large changes."],
    )


def _rows(costs: Sequence[Cost]) -> list[dict[str, Any]]:
    by_path = {one.path: one.cost for one in costs}
    return [
        {"path": one.path, "cost": one.cost, "times": round(one.cost / by_path[one.floor], 3), "floor": one.floor}
        for one in costs
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
