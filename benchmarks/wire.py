"""What each page costs a cheap phone on a slow line: requests, bytes, and seconds until something can be read.

Everything goes through nginx with the configuration that is shipped, two instances behind it, over HTTPS, as in the
tests of the real stack; only the certificate is of its own making, and the browser is told to take it for a good one,
since it would keep nothing otherwise. Chromium is slowed down fourfold, as Lighthouse slows it down for a phone. The
floor is a page of one word, served by the same nginx to the same browser.

- Bytes are those that came over the wire, compressed, with their headers, without those of TLS.
- "Nothing kept" is for a browser that was never here; "on the way" for somebody who has come through the
  pages before; "again" for somebody who was at this page before.
- "First paint" is the first contentful paint, with each request delayed by 400 ms and 400 kbit/s (slow 3G) by Chromium
  itself. It delays requests and not packets, so a new connection costs nothing there.
- "With the connection" is the same over `slow_line`, where TCP and TLS wait for their round trips too. Only the first
  page of a visit pays for that, and one that comes after nginx has closed a connection that was not used.
- "Blocked" is the total blocking time: what long tasks take beyond 50 ms each after the first paint, until nothing has
  been loaded for half a second.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import statistics
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from benchmarks.measuring import NotHere, Table
from benchmarks.slow_line import RATE, ROUND_TRIP, slow_line
from tests.stack.conftest import HOST, NGINX, OPENSSL, Stack
from tests.web.conftest import CHROMIUM, FLAGS, asked, fill, press
from triage import resources
from triage.journey import with_usual
from triage.knowledge import Knowledge, load

ROUNDS = 5
FLOOR = "hello, the floor"
START = "start"
SLOWER = 4
"""Times that the processor is slowed down: Lighthouse's figure for a phone."""
MOST_REQUESTS, MOST_OF_START, MOST_OF_A_PAGE, LATEST = 3, 20.0, 25.0, 1.5
"""Aims: requests, kilobytes of the start page and of any other page on the way, seconds to the first paint."""

_WATCH = """
window.long = [];
new PerformanceObserver(list => long.push(...list.getEntries().map(task => [task.startTime, task.duration])))
    .observe({type: "longtask", buffered: true});
"""


@dataclass(frozen=True)
class Opened:
    """A page that was opened once."""

    requests: int
    kilobytes: float
    paint: float
    """Seconds to the first contentful paint."""
    blocked: float
    """Milliseconds."""


@dataclass(frozen=True)
class Visit:
    """The pages to open, and what a browser needs to open them."""

    pages: Mapping[str, tuple[str, str]]
    """The address of each and the title it must have."""
    state: Any
    """The cookies of a run that is answered to its end."""


def tables(short: bool) -> Iterable[Table]:
    """The table of all pages."""
    for tool, package in ((CHROMIUM, "chromium"), (NGINX, "nginx"), (OPENSSL, "openssl")):
        if tool is None:
            raise NotHere(f"install {package} (Debian/Ubuntu: apt install {package})")
    with _running() as stack, _chromium(stack) as browser, slow_line(stack.port) as slow_port:
        visit = _walked(browser, stack)
        seen = _Seen(list(visit.pages))
        for _ in range(1 if short else ROUNDS):
            for name, page in visit.pages.items():
                with _phone(browser, visit) as phone:
                    seen.first[name].append(opened(phone, *page))
            with _phone(browser, visit) as phone:
                for name, page in visit.pages.items():
                    seen.on_the_way[name].append(opened(phone, *page))
                for name, page in visit.pages.items():
                    # What comes is the same in every round.
                    seen.again[name] = seen.again[name] or [opened(phone, *page, emulated=False)]
            for name in (FLOOR, START):
                address, title = visit.pages[name]
                address = address.replace(f":{stack.port}", f":{slow_port}")
                with _phone(browser, visit) as phone:
                    seen.connecting[name].append(opened(phone, address, title, emulated=False))
    rows = [seen.row(name) for name in visit.pages]
    yield Table(
        "wire",
        "What a page costs a cheap phone on a slow line",
        {
            "page": "page",
            "requests": "requests, nothing kept",
            "kilobytes": "kB, nothing kept",
            "paint": "first paint, nothing kept, s",
            "ratio": "× hello",
            "way_requests": "requests on the way",
            "way_kilobytes": "kB on the way",
            "way_paint": "first paint on the way, s",
            "way_ratio": "× hello",
            "again_requests": "requests again",
            "again_kilobytes": "kB again",
            "line_paint": "first paint with the connection, s",
            "line_ratio": "× hello",
            "blocked": "blocked, ms",
        },
        rows,
        (
            f"Processor slowed down {SLOWER} times, {ROUND_TRIP * 1000:.0f} ms and {RATE * 8 / 1000:.0f} kbit/s.",
            f"Aims: at most {MOST_REQUESTS} requests and {MOST_OF_A_PAGE:.0f} kB on the way, for the start page "
            f"{MOST_OF_START:.0f} kB; first paint within {LATEST} s with nothing kept. {_verdict(rows)}",
        ),
    )


class _Seen:
    """Every time a page was opened, round by round."""

    def __init__(self, names: Iterable[str]) -> None:
        self.first: dict[str, list[Opened]] = {name: [] for name in names}
        """With nothing kept."""
        self.on_the_way: dict[str, list[Opened]] = {name: [] for name in names}
        """After those before it."""
        self.again: dict[str, list[Opened]] = {name: [] for name in names}
        """After all, over a fast line."""
        self.connecting: dict[str, list[Opened]] = {FLOOR: [], START: []}
        """With nothing kept and no connection open, over a line that delays bytes."""

    def row(self, name: str) -> dict[str, Any]:
        """The medians of a page, and the most requests."""
        row: dict[str, Any] = {"page": name}
        for prefix, all_pages in (("", self.first), ("way_", self.on_the_way), ("again_", self.again)):
            row[f"{prefix}requests"] = max(one.requests for one in all_pages[name])
            row[f"{prefix}kilobytes"] = statistics.median(one.kilobytes for one in all_pages[name])
        row["blocked"] = statistics.median(one.blocked for one in self.first[name])
        for prefix, all_pages in (("", self.first), ("way_", self.on_the_way), ("line_", self.connecting)):
            if name in all_pages:
                paint, floor = (statistics.median(one.paint for one in all_pages[of]) for of in (name, FLOOR))
                row |= {f"{prefix}paint": paint, f"{prefix}ratio": paint / floor}
        return row


def _verdict(rows: Sequence[Mapping[str, Any]]) -> str:
    """Which aims are missed."""
    missed = []
    for row in rows:
        most = MOST_OF_START if row["page"] == START else MOST_OF_A_PAGE
        if row["way_requests"] > MOST_REQUESTS:
            missed.append(f"{row['page']} ({row['way_requests']} requests)")
        if row["way_kilobytes"] > most:
            missed.append(f"{row['page']} ({row['way_kilobytes']:.1f} kB)")
        if row["paint"] > LATEST:
            missed.append(f"{row['page']} ({row['paint']:.2f} s)")
    return f"Missed: {', '.join(missed)}." if missed else "All are met."


# -- the stack and the browser -----------------------------------------------------------------------------------------


@contextmanager
def _running() -> Iterator[Stack]:
    """nginx and two instances, and the page of one word beside the page for when the guide is down."""
    folder = Path(tempfile.mkdtemp(prefix="wire-"))
    stack = Stack(folder)
    try:
        stack.start()
        (folder / "safe/hello.html").write_text(
            '<!doctype html><html lang=en><title>Hello</title><link rel=icon href="data:,"><p>Hello</p></html>'
        )
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(folder)


@contextmanager
def _chromium(stack: Stack) -> Iterator[Any]:
    """Chromium, which finds the stack under its name and takes its certificate for a good one."""
    from playwright.sync_api import sync_playwright

    certificate = x509.load_pem_x509_certificate((stack.folder / "certificate.pem").read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = base64.b64encode(hashlib.sha256(key).digest()).decode()
    flags = [*FLAGS, f"--host-resolver-rules=MAP {HOST} 127.0.0.1", f"--ignore-certificate-errors-spki-list={digest}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def _phone(browser: Any, visit: Visit) -> Iterator[Any]:
    """A browser of a phone's size that has kept nothing but the cookies."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, storage_state=visit.state)
    context.add_init_script(_WATCH)
    yield context
    context.close()


def _walked(browser: Any, stack: Stack) -> Visit:
    """Once through the guide, as the tests walk: which page is at which address."""
    knowledge: Knowledge = load(resources.folder("rules"))
    answers = with_usual(knowledge, {knowledge.place_question: (next(iter(knowledge.deposits)),)}).answers
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{stack.address}/")
    start = page.url, page.title()
    press(page, "Start now")
    questions: list[tuple[str, str]] = []
    place = 0
    while names := asked(page):
        if knowledge.place_question in names:
            place = len(questions)
        questions.append((page.url, page.title()))
        fill(page, answers)
        press(page, "Continue")
    check = page.url, page.title()
    press(page, "See what to do next")
    pages = {
        FLOOR: (f"{stack.address}/safe/hello.html", "Hello"),
        START: start,
        "first question": questions[0],
        "where it is": questions[place],
        "a question halfway": questions[(place + len(questions)) // 2],
        "check": check,
        "summary": (page.url, page.title()),
    }
    state = context.storage_state()
    context.close()
    return Visit(pages, state)


def opened(phone: Any, address: str, title: str, emulated: bool = True) -> Opened:
    """Open a page; `emulated` for a slow line as Chromium imitates it.

    Raises:
        RuntimeError: it is not that page.
    """
    page = phone.new_page()
    devtools = phone.new_cdp_session(page)
    received: list[float] = []
    devtools.on("Network.loadingFinished", lambda told: received.append(told["encodedDataLength"]))
    devtools.send("Network.enable")
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    if emulated:
        line = {"latency": ROUND_TRIP * 1000, "downloadThroughput": RATE, "uploadThroughput": RATE}
        devtools.send("Network.emulateNetworkConditions", {"offline": False, **line})
    answer = page.goto(address, wait_until="networkidle")
    if answer.status != 200 or page.title() != title:
        raise RuntimeError(f"in place of '{title}' there came {answer.status}, '{page.title()}'")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    tasks = page.evaluate("long")
    page.close()
    over_the_wire = [size for size in received if size]  # 0 for what was kept
    return Opened(len(over_the_wire), sum(over_the_wire) / 1000, paint / 1000, blocked(tasks, paint))


def blocked(tasks: Iterable[tuple[float, float]], paint: float) -> float:
    """What tasks, each a start and a duration, take beyond 50 each, as far as they come after the paint."""
    return sum(max(0.0, min(duration, began + duration - paint) - 50) for began, duration in tasks)
