"""It fails to the safe side."""

from __future__ import annotations

from triage import cases

from .bench import LATER, Bench, Promise, must


def cases_as_written(bench: Bench) -> str:
    """Every written case through journey, witness and engine."""
    results = cases.run_all(bench.assessor)
    wrong = list(cases.failures(results))
    must(not wrong, "; ".join(wrong[:3]))
    bound = 300 / len(results)
    return f"0 of {len(results)} cases, written by us, come out otherwise (rule of three: at most {bound:.2f}%)"


def engine_and_witness(bench: Bench) -> str:
    """The engine beside the witness."""
    before = sum(count for name, count in bench.assessor.counts.items() if name != "assessments")
    results = cases.run_all(bench.assessor)
    differed = sum(count for name, count in bench.assessor.counts.items() if name != "assessments") - before
    must(not differed, f"they differed {differed} times")
    return f"0 differences in {len(results)} cases; `make figures` has 20,000 random people, /proof a comparison"


PROMISES: tuple[Promise, ...] = (
    ("C1", "no red flag ends below its level", "python -m triage verify proves it for all answer sets"),
    ("C2", "cases are never under-triaged", cases_as_written),
    ("C3", "engine and witness agree", engine_and_witness),
    (
        "C4",
        "if anything fails, urgency never falls",
        "tests/web/test_pages.py, tests/test_engine.py; all faults: " + LATER,
    ),
    ("C5", "more danger never lowers the urgency", "python -m triage verify proves it for all answer sets"),
    ("C6", "not sure is never no", "python -m triage verify proves it for all answer sets"),
    ("C7", "nothing soothes beside an alarm", "python -m triage verify proves it for all answer sets"),
    ("C8", "emergency advice is on every page", "tests/web, tests/stack; the whole crawl: " + LATER),
    ("C9", "the first emergency answer ends the questions", "tests/web/test_pages.py"),
    ("C10", "content says when it is overdue", LATER),
    ("C11", "the same answers give the same result everywhere", LATER),
)
