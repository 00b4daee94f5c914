"""Which promises of the guide are measured here, with today's figure: python -m tests.promises [--short] [NAME ...]

NAME is a promise (A2) or a letter (A). One line for each promise: what is promised, and what was just measured, or why
it is not measured here. Exits 1 if a measured promise is broken. `--short` tries as much as a test has time for.
Nothing is typed into a document by hand: a figure stands in the output or nowhere.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from tests.stack.conftest import NGINX, OPENSSL

from . import a, b, c, d, e, f, g
from .bench import Bench, Broken, Measure, NotHere

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


def main(names: list[str]) -> int:
    """Measure these promises, or all; 1 when one is broken, 2 when it cannot be measured."""
    bench = Bench(short="--short" in names)
    wanted = {name for name in names if name != "--short"}
    unknown = wanted - {name for name, _, _ in PROMISES} - {name[0] for name, _, _ in PROMISES}
    if unknown or not (NGINX and OPENSSL):
        problem = f"There is no promise {', '.join(sorted(unknown))}." if unknown else "apt install nginx openssl"
        print(problem, file=sys.stderr)
        return 2
    broken = False
    try:
        for name, text, measure in PROMISES:
            if not wanted or wanted & {name, name[0]}:
                seen, date = figure(bench, measure)
                broken = broken or seen.startswith("BROKEN")
                print("\t".join((name, text, seen, date)).rstrip(), flush=True)
    finally:
        bench.close()
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
