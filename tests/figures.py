"""Prints figures instead of asserting them: 20,000 random people through engine and witness.

Run with `make figures`. Exits 1 if engine and witness ever differ, so the figure cannot be quoted when it is not true.
"""

from __future__ import annotations

import gc
import platform
import random
import statistics
import sys
import time
from pathlib import Path

from triage import resources
from triage.assessment import Assessor
from triage.journey import Journey, follow
from triage.knowledge import Knowledge, load
from triage.verify.people import random_person

PEOPLE = 20_000
WARM_UP = 1_000


def random_journey(knowledge: Knowledge, draw: random.Random) -> Journey:
    """A complete journey with random answers."""
    return follow(knowledge, random_person(knowledge, draw))


def memory() -> float:
    """Resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main() -> int:
    """Print the figures; 1 when engine and witness differed."""
    knowledge = load(resources.folder("rules"))
    assessor = Assessor(knowledge)
    draw = random.Random(20261122)  # noqa: S311 - repeatable people, not secrets
    after_warm_up, times = 0.0, []
    urgencies: dict[str, int] = {}
    for number in range(PEOPLE):
        findings = random_journey(knowledge, draw).findings
        began = time.perf_counter()
        assessment = assessor.assess(findings)
        times.append((time.perf_counter() - began) * 1e3)
        urgencies[assessment.urgency.word] = urgencies.get(assessment.urgency.word, 0) + 1
        if number + 1 == WARM_UP:
            gc.collect()
            after_warm_up = memory()
    gc.collect()
    differed = assessor.counts.total() - assessor.counts["assessments"]
    print(f"Rules {knowledge.version} on Python {platform.python_version()}")
    print(f"{PEOPLE} random assessments ({', '.join(f'{n} {word}' for word, n in sorted(urgencies.items()))})")
    print(f"engine and witness differed, or the engine failed: {differed}")
    print(f"memory: {after_warm_up:.1f} MB after {WARM_UP}, {memory():.1f} MB after {PEOPLE}")
    print(f"time for one assessment, engine and witness: median {statistics.median(times):.2f} ms")
    return 1 if differed else 0


if __name__ == "__main__":
    sys.exit(main())
