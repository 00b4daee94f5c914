"""How long the guide takes from nothing to its first page, and how much memory it needs, then and much later.

Beside it stands "hello" with the same gunicorn options. Each start is a fresh process, which finds the .pyc files of an
earlier one. Memory is PSS, what a process has for itself and its part of what it shares, and RSS, all that it sees.

For the memory after much work, two fresh processes take every case of the rules in turn. One works out results: it
follows the answers, asks both engines and makes the sheet, without any page. The other goes through the whole guide by
its WSGI interface: every page of questions asked for and answered, the answers read back, and the summary. There it is
RSS alone, because others on the machine cannot change that.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from pathlib import Path

from benchmarks.journeys import Walk, whole
from benchmarks.measuring import Table, in_turns, resident
from benchmarks.served import quiet_guide
from benchmarks.servers import FLOOR, GUIDE, ROOT, SYNC, children, ends_with_us, environment, server
from triage.journey import follow
from triage.sheet import make_sheet

STARTS = 5
RESULTS, WALKS = 100_000, 500
TENTHS = 10
LOOK_AGAIN = 0.002
"""Seconds between two looks whether the first page comes."""
_ONLY = {
    "import": ("import triage.web.server", "import flask, gunicorn.app.base"),
    "import, and make the application": (
        "from triage.web import create_app; create_app()",
        "import gunicorn.app.base; from benchmarks.served import hello; hello()",
    ),
}


def tables(short: bool) -> Iterator[Table]:
    """The time of a start, the memory after it, and the memory after much work."""
    yield _time(1 if short else STARTS)
    yield _memory()
    yield _growth(*((500, 10) if short else (RESULTS, WALKS)))


# -- time --------------------------------------------------------------------------------------------------------------


def _time(starts: int) -> Table:
    contestants = {"python itself": _ended("pass")}
    for name, (of_guide, of_hello) in _ONLY.items():
        contestants |= {f"guide: {name}": _ended(of_guide), f"hello: {name}": _ended(of_hello)}
    first = "until the first page is answered"
    contestants |= {f"guide: {first}": _first_page(GUIDE), f"hello: {first}": _first_page(FLOOR)}
    took = in_turns(contestants, starts)
    rows: list[dict[str, object]] = [{"what": "python itself", "guide": took["python itself"].p50 * 1e3}]
    for name in (*_ONLY, first):
        guide, hello = took[f"guide: {name}"].p50, took[f"hello: {name}"].p50
        rows.append({"what": name, "guide": guide * 1e3, "hello": hello * 1e3, "times": guide / hello})
    columns = {"what": "a fresh process", "guide": "guide ms", "hello": "hello ms", "times": "x hello"}
    note = f"Medians of {starts} starts, python itself included. The guide runs all its cases before it serves."
    return Table("start", "From nothing to the first page", columns, rows, [note])


def _ended(code: str) -> Callable[[], Iterable[float]]:
    """How long a process takes that does this and ends."""

    def run() -> Iterable[float]:
        began = time.perf_counter()
        command = [sys.executable, "-c", code]
        subprocess.run(command, cwd=ROOT, env=environment(), check=True, stderr=subprocess.DEVNULL)  # noqa: S603
        yield time.perf_counter() - began

    return run


def _first_page(what: str) -> Callable[[], Iterable[float]]:
    """How long it takes from the command to the first page."""

    def run() -> Iterable[float]:
        began = time.perf_counter()
        with server(SYNC, what) as started:
            started.ready(LOOK_AGAIN)
            yield time.perf_counter() - began

    return run


# -- memory ------------------------------------------------------------------------------------------------------------


def _memory() -> Table:
    rows = []
    with server(SYNC, GUIDE) as guide, server(SYNC, FLOOR) as hello:
        for one in (guide, hello):
            one.ready()
        for name, measure in {"PSS": resident, "RSS": _rss}.items():
            guide_workers, hello_workers = ([measure(pid) for pid in children(one.pid)] for one in (guide, hello))
            ours, floor = (sum(workers) / len(workers) for workers in (guide_workers, hello_workers))
            rows.append({"what": f"a worker, {name}", "guide": ours, "hello": floor, "times": ours / floor})
        ours, floor = (sum(map(resident, [one.pid, *children(one.pid)])) for one in (guide, hello))
        rows.append({"what": "all of it with 2 workers, PSS", "guide": ours, "hello": floor, "times": ours / floor})
    columns = {"what": "after the first page", "guide": "guide MB", "hello": "hello MB", "times": "x hello"}
    return Table("memory", "Memory after the start", columns, rows)


def _rss(pid: int | str = "self") -> float:
    """The megabytes of memory that this process sees, also those that it shares."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024


def _growth(results: int, walks: int) -> Table:
    # Nothing is timed here, so both may run at once.
    both = {"results": _worked("results", results), "walks": _worked("walks", walks)}
    seen = {
        name: [json.loads(line) for line in process.communicate()[0].splitlines()] for name, process in both.items()
    }
    for name, process in both.items():
        if process.returncode:
            raise RuntimeError(f"the process that works out {name} ended with {process.returncode}")
    rows = [
        {
            "results": done, "results_rss": rss, "results_grown": rss - seen["results"][0][1],
            "walks": walked, "walks_rss": walked_rss, "walks_grown": walked_rss - seen["walks"][0][1],
        }
        for (done, rss), (walked, walked_rss) in zip(seen["results"], seen["walks"], strict=True)
    ]  # fmt: skip
    columns = {
        "results": "results worked out", "results_rss": "RSS MB", "results_grown": "grown by MB",
        "walks": "whole journeys, page by page", "walks_rss": "RSS MB", "walks_grown": "grown by MB",
    }  # fmt: skip
    note = "Every case of the rules in turn, in one fresh process for each of the two."
    return Table("growth-of-memory", "Memory after much work", columns, rows, [note])


def _worked(what: str, times: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.start", what, str(times)]
    return subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, preexec_fn=ends_with_us
    )


def work(what: str, times: int) -> Iterator[tuple[int, float]]:
    """Do it so often; after each tenth of that, how often it was done, and the megabytes of this process (RSS)."""
    app = quiet_guide()
    assessor = app.extensions["assessor"]
    people = cycle([journey.answers for journey, _ in whole(assessor)])

    def result() -> None:
        path = follow(assessor.knowledge, next(people))
        make_sheet(assessor.knowledge, assessor.assess(path.findings), path, {})

    def walk() -> None:
        Walk(app, next(people)).get("summary")

    once = {"results": result, "walks": walk}[what]
    once()
    for tenth in range(TENTHS + 1):
        for _ in range(times // TENTHS if tenth else 0):
            once()
        gc.collect()
        yield tenth * times // TENTHS, _rss()


if __name__ == "__main__":
    for line in work(sys.argv[1], int(sys.argv[2])):
        print(json.dumps(line), flush=True)
