"""Which promises of the guide are measured here, with today's figure: python -m tests.promises [NAME ...]

One line for each promise: what is promised, and what was just measured, or why it is not measured here. Exits 1 if a
measured promise is broken. Nothing is typed into a document by hand: a figure stands in the output or nowhere.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tests.stack.conftest import NGINX, OPENSSL, Stack, answers_of
from triage import cases, resources
from triage.assessment import Assessor
from triage.journey import Answer
from triage.knowledge import Knowledge, Urgency, load
from triage.web import headers


class Broken(Exception):
    """A promise does not hold; the text says what was seen instead."""


def must(holds: object, seen: str) -> None:
    """Broken, unless it holds."""
    if not holds:
        raise Broken(seen)


class Bench:
    """What the measurements work on, each part made when it is first needed."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self.assessor = Assessor(load(resources.folder("rules")))
        self._stack: Stack | None = None

    @property
    def knowledge(self) -> Knowledge:
        """The real rules."""
        return self.assessor.knowledge

    @property
    def routine(self) -> Mapping[str, Answer]:
        """The answers of somebody with a calm result."""
        return answers_of(self.assessor, Urgency.ROUTINE)

    @property
    def stack(self) -> Stack:
        """nginx and two instances, all of them running."""
        if self._stack is None:
            folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="guide-")))
            self._stack = Stack(folder)
            self._open.callback(self._stack.stop)
            self._stack.start()
        for instance in self._stack.instances:
            if instance.process is None or instance.process.poll() is not None:
                instance.start(self._stack.environ)
        self._stack.ready()
        return self._stack

    def close(self) -> None:
        """End everything that was started."""
        self._open.close()


Measure = Callable[[Bench], str]


# -- the measurements: each gives its figure, or raises Broken ---------------------------------------------------------


def killed_workers(bench: Bench) -> str:
    """A worker killed before each step of a journey."""
    stack, journeys, kills, answers = bench.stack, 3, 0, 0
    for _ in range(journeys):
        person = stack.person(bench.knowledge)
        person.starts()
        while person.page.questions():
            os.kill(stack.instances[kills % 2].workers[0], signal.SIGKILL)
            kills += 1
            answers += len(person.page.questions())
            page = person.sends(bench.routine)
            must(page.status == 200, f"{page.status} on {page.h1}")
        must(person.page.h1 == "Check your answers", person.page.h1)
        given = bench.knowledge.dispositions[Urgency.ROUTINE].heading
        must(given in person.get(person.url("summary")).h1, person.page.h1)
    return f"0 of {answers} answers lost, {kills} kills, {journeys} journeys"


def nothing_answers(bench: Bench) -> str:
    """Both instances are gone."""
    stack, asked = bench.stack, 0
    for instance in stack.instances:
        instance.kill()
    for method in ("GET", "POST"):
        for path in ("/", "/start", "/about", "/run/" + "A" * 16 + "/1", "/nowhere"):
            status, given, body = stack.request(method, path)
            asked += 1
            must(status == 502 and b"Call 112 now" in body, f"{method} {path}: {status}")
            must(headers.always(secure=True).items() <= dict(given).items(), f"{method} {path}: headers are missing")
    return f"{asked} of {asked} requests got the emergency line, the clinic and every header"


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


# -- every promise --------------------------------------------------------------------------------------------------

LATER = "its long run is not written yet"
PROMISES: tuple[tuple[str, str, Measure | str], ...] = (
    ("A1", "a worker killed at any step loses no answer", killed_workers),
    ("A2", "one of two instances can die unnoticed", "short form in tests/stack; " + LATER),
    ("A3", "restart, upgrade and recycling lose nothing", "short form in tests/stack; " + LATER),
    ("A4", "changed keys keep journeys and open forms", "short form in tests/stack; " + LATER),
    ("A5", "an expired form keeps the answer", "tests/web/test_pages.py; at every question: " + LATER),
    ("A6", "back, refresh, two tabs never show an older verdict", LATER),
    ("A7", "answers are never silently stale", "tests/web/test_pages.py; " + LATER),
    ("A8", "a code brings back exactly the same answers", LATER),
    ("A9", "a person is told where answers live", "tests/web/test_pages.py"),
    ("B1", "10,000 fuzzed submissions change nothing", LATER),
    ("B2", "two values for one answer are refused", "tests/web/test_pages.py; for every question: " + LATER),
    ("B3", "an unknown option never reaches the engine", LATER),
    ("B4", "a spoilt cookie never gives a result", "tests/web/test_pages.py; " + LATER),
    ("B5", "size limits hold", "tests/stack; memory over 1,000 attempts: " + LATER),
    ("B6", "wrong host, smuggling and TRACE are refused", "tests/stack"),
    ("B7", "the exports hold their schema", LATER),
    ("B8", "a clinic's settings cannot inject or mislead", "tests/web/test_settings.py; in Chromium: " + LATER),
    ("B9", "no address can inject", LATER),
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
    ("D1", "the server stores nothing about patients", "short form in tests/stack; " + LATER),
    ("D2", "no answer in any address or log", "short form in tests/stack; " + LATER),
    ("D3", "no other host is asked", "tests/web/test_browser.py"),
    ("D4", "nothing of a person is cached", "tests/web, tests/stack"),
    ("D5", "clearing really clears", "Chromium in tests/web/test_browser.py; Firefox is not on this machine"),
    ("D6", "the cookie is unreadable and short-lived", "tests/web/test_pages.py; after 4 hours: " + LATER),
    ("D7", "exports go only to the person", LATER),
    ("D8", "nothing that identifies a person is asked", LATER),
    ("E1", "header grade", "Mozilla's scorer is a Node package; not installed here"),
    ("E2", "no inline script or style", "tests/web; the evaluator is a Node package, not installed here"),
    ("E3", "cookies are locked to HTTPS", "tests/stack"),
    ("E4", "headers are on errors as well", "tests/stack"),
    ("E5", "forms work over HTTPS, with and without a referrer", "tests/stack/test_browser.py"),
    ("E6", "it works without JavaScript", "tests/web/test_browser.py"),
    ("E7", "framing and cross-origin reads are refused", LATER),
    ("F1", "100 people at once on 2 cores", LATER),
    ("F2", "slow connections stop nobody", "30 of them in tests/stack; 300: " + LATER),
    ("F3", "the PDF cannot starve the form", LATER),
    ("F4", "a waiting room is never refused", "tests/stack; 60 people: " + LATER),
    ("F5", "an hour under load without growth", LATER),
    ("F6", "down is still safe", nothing_answers),
    ("G1", "dependencies are pinned with hashes", LATER),
    ("G2", "dependencies are audited", "no source of current advisories is reachable here: NOT AUDITED"),
    ("G3", "durable-rules is contained", "tests/test_engine.py"),
    ("G4", "static checks", "ruff with its security rules in make test; bandit: " + LATER),
    ("G5", "the hazard log is live", "the end of make test says it"),
    ("G6", "it runs locked in", "no container engine and no running systemd here; see deploy/README.md"),
)


def figure(bench: Bench, measure: Measure | str) -> tuple[str, str]:
    """What was seen, and the date."""
    if isinstance(measure, str):
        return f"not measured here: {measure}", ""
    today = datetime.now(UTC).date().isoformat()
    try:
        return measure(bench), today
    except (Broken, AssertionError) as error:
        return f"BROKEN: {error}", today


def main(names: list[str]) -> int:
    """Measure these promises, or all; 1 when one is broken, 2 when it cannot be measured."""
    unknown = set(names) - {name for name, _, _ in PROMISES}
    if unknown or not (NGINX and OPENSSL):
        problem = f"There is no promise {', '.join(sorted(unknown))}." if unknown else "apt install nginx openssl"
        print(problem, file=sys.stderr)
        return 2
    bench, broken = Bench(), False
    try:
        for name, text, measure in PROMISES:
            if not names or name in names:
                seen, date = figure(bench, measure)
                broken = broken or seen.startswith("BROKEN")
                print("\t".join((name, text, seen, date)).rstrip(), flush=True)
    finally:
        bench.close()
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
