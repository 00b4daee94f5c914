"""Which promises of the guide are measured: python -m tests.promises [--short] [--record] [NAME ...]

NAME is a promise (A2) or a letter (A). One line for each promise: what is promised, and what was just measured, or why
it is not measured here. Exits 1 if a measured promise is broken. `--short` tries as much as a test has time for.
`--record` keeps what was measured in `deploy/PROMISES.md`, so that nothing is typed there by hand.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.stack.conftest import NGINX, OPENSSL

from . import a, b, c, d, e, f, g
from .bench import Bench, Broken, Measure, NotHere

RECORD = Path(__file__).parents[2] / "deploy" / "PROMISES.md"
_HEAD = """# What the guide promises, and what was measured

Written by `python -m tests.promises --record`, on the real stack: nginx with TLS before two instances. "Short" is as
much as a test has time for. What could not be measured where this was written says why.

| promise | what we promise | measured | when |
|---|---|---|---|
"""

PROMISES = (*a.PROMISES, *b.PROMISES, *c.PROMISES, *d.PROMISES, *e.PROMISES, *f.PROMISES, *g.PROMISES)


def figure(bench: Bench, measure: Measure | str) -> tuple[str, str]:
    """What was seen, and the date."""
    if isinstance(measure, str):
        return f"not measured here: {measure}", ""
    today = datetime.now(UTC).date().isoformat()
    try:
        return measure(bench), today
    except NotHere as why:
        return f"not measured here: {why}", ""
    except (Broken, AssertionError) as error:
        return f"BROKEN: {error}", today


def record(rows: dict[str, str]) -> None:
    """Put these rows into the table, and keep the others."""
    lines = RECORD.read_text(encoding="utf-8").splitlines() if RECORD.is_file() else []
    kept = {line.split("|")[1].strip(): line for line in lines if line.startswith("| ")} | rows
    RECORD.write_text(_HEAD + "".join(f"{kept[name]}\n" for name, _, _ in PROMISES if name in kept), encoding="utf-8")


def main(names: list[str]) -> int:
    """Measure these promises, or all; 1 when one is broken, 2 when it cannot be measured."""
    short = "--short" in names
    bench = Bench(short=short)
    wanted = {name for name in names if not name.startswith("--")}
    unknown = wanted - {name for name, _, _ in PROMISES} - {name[0] for name, _, _ in PROMISES}
    if unknown or not (NGINX and OPENSSL):
        problem = f"There is no promise {', '.join(sorted(unknown))}." if unknown else "apt install nginx openssl"
        print(problem, file=sys.stderr)
        return 2
    broken = False
    rows = {}
    try:
        for name, text, measure in PROMISES:
            if not wanted or wanted & {name, name[0]}:
                seen, date = figure(bench, measure)
                broken = broken or seen.startswith("BROKEN")
                print("\t".join((name, text, seen, date)).rstrip(), flush=True)
                figures = f"{seen} (short)" if short and date else seen
                rows[name] = f"| {name} | {text} | {figures.replace('|', '/')} | {date} |"
    finally:
        bench.close()
    if "--record" in names:
        record(rows)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
