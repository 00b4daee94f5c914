"""Measure and tell: python -m benchmarks [--short] [--record] [NAME ...]

NAME is a table; without one, all are measured. `--short` takes few rounds, to see that everything works; its figures
mean little. `--record` keeps the tables in `benchmarks/results/`, writes those of the README anew and draws its picture
where the rules were measured.
"""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

from benchmarks import plot, readme
from benchmarks.measuring import NotHere, machine

TABLES = ("rules", "growth", "pages", "wire", "start", "scale")
"""Each a module of this package with `tables(short)`, which gives one Table or more."""


def main(words: list[str]) -> int:
    """Measure these tables; 1 where one could not be measured, 2 where one is not known."""
    short, record = "--short" in words, "--record" in words
    names = [word for word in words if not word.startswith("--")] or list(TABLES)
    unknown = set(names) - set(TABLES)
    if unknown:
        print(f"There is no table {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}.", file=sys.stderr)
        return 2
    if len(names) > 1:
        # Each in a process of its own: what one brings along, as a peer that sets up logging, must not cost another.
        flags = [word for word in words if word.startswith("--")]
        command = [sys.executable, "-m", "benchmarks", *flags]
        return max(subprocess.run([*command, name], check=False).returncode for name in names)  # noqa: S603 - ourselves
    return _measured(names[0], short, record)


def _measured(name: str, short: bool, record: bool) -> int:
    print(f"On {machine()}.")
    try:
        for table in import_module(f"benchmarks.{name}").tables(short):
            print(f"\n## {table.title}\n\n{table.markdown()}", flush=True)
            if record:
                table.record(short)
    except NotHere as why:
        print(f"\n## {name}: not measured here: {why}", flush=True)
        return 1
    if record:
        readme.write()
        if name == "rules":
            plot.write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
