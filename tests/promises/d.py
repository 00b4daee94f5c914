"""Privacy."""

from __future__ import annotations

import base64
import os
import re
import time
import zlib
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from tests.stack.conftest import Stack
from tests.web.conftest import Page, Person
from triage.web.state import LIFETIME

from . import crawl, faults
from .bench import Bench, NotHere, Promise, must
from .chromium import journey

MARK = "xyzzyplugh"
"""What no page and no log of ours says by itself."""
IN_A_RUN = (
    "check", "summary", "changes", "code", "print", "sheet.pdf", "nurse", "otherwise", "quick", "1/words", "99",
    "nowhere",
)  # fmt: skip
TYPED = {"code": "the code of a sheet", "letter": "words of a letter", "reason": "why a nurse would advise otherwise"}
"""Every field in which something can be typed, and what it is for."""


def _whole(bench: Bench) -> Person:
    """Somebody who has answered everything and looked at every page."""
    person = bench.stack.person(bench.knowledge)
    person.starts()
    person.answers(bench.routine)
    for name in IN_A_RUN:
        response = person.client.get(person.url(name))
        if response.mimetype == "text/html":
            person.seen.append(Page(response))
    return person


# -- nothing is stored -------------------------------------------------------------------------------------------------


def stores_nothing(bench: Bench) -> str:
    """Whole journeys, then whatever was written since: by time, and by what the processes hold open."""
    stack, journeys = bench.stack, bench.size(100, 2)
    began = time.time()
    for _ in range(journeys):
        _whole(bench)
    places = [stack.folder, Path("/dev/shm")]  # noqa: S108 - looked at, not written to
    new = {path for place in places for path in place.rglob("*") if _changed(path) >= began}
    logs = {path for path in new if path.name.endswith(".log")}
    open_files = {path for path in _written(stack) if path.suffix != ".log"}
    # An instance's heartbeat, and whose turn it is to set a PDF: empty files without a name, in memory.
    empty = ("wgunicorn-", "memfd:turn")
    held = {path for path in open_files if not path.name.startswith(empty) and path.name != "null"}
    theirs = {path for path in new - logs if place_of(path, stack)}
    must(not theirs and not held, f"written: {sorted(map(str, theirs | held))}")
    return f"{journeys} journeys: 0 files written or held open beside {len(logs)} logs"


def place_of(path: Path, stack: Stack) -> bool:
    """Whether it belongs to the stack; others may use shared memory at the same time."""
    return stack.folder in path.parents


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0


def _written(stack: Stack) -> set[Path]:
    """Every file that a process of the stack holds open for writing."""
    found = set()
    mains = [instance.process for instance in stack.instances if instance.process]
    for pid in (*(main.pid for main in mains), *(w for i in stack.instances for w in i.workers)):
        for file in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = os.readlink(file)
                flags = int(re.search(r"flags:\s+(\d+)", Path(f"/proc/{pid}/fdinfo/{file.name}").read_text())[1], 8)  # type: ignore[index]
            except OSError:
                continue
            if target.startswith("/") and flags & (os.O_WRONLY | os.O_RDWR):
                found.add(Path(target.removesuffix(" (deleted)")))
    return found


# -- no trace ----------------------------------------------------------------------------------------------------------


def no_trace(bench: Bench) -> str:
    """Marked words in every field that takes words, and every answer, looked for wherever something could remain."""
    stack, journeys = bench.stack, bench.size(25, 1)
    told: list[str] = []
    looked = 0
    words = {word for given in bench.routine.values() for word in (given if isinstance(given, tuple) else (given,))}
    secret = {word for word in words if len(word) > 5}
    for _ in range(journeys):
        person = _whole(bench)
        first = person.get(person.url("1"))
        sent = {**first.fields(), **dict.fromkeys(first.questions(), MARK)}
        tries: list[tuple[str, dict[str, object]]] = [
            (person.url("1"), sent),
            (person.url("1"), {**sent, "csrf_token": MARK}),
            (person.url("quick/1"), sent),
            (person.url("otherwise"), {"urgency": "soon", "reason": MARK}),
            (person.url("1/words"), {"letter": MARK, "page": MARK}),
            ("/words", {"letter": MARK}),
            ("/open", {"code": MARK}),
            ("/open", {"sealed": MARK}),
            ("/start", {MARK: MARK}),
            (f"/{MARK}?{MARK}={MARK}", {}),
        ]
        for path, data in tries:
            response = person.client.post(path, data=data, headers={"Referer": f"{stack.address}/{MARK}"})
            person.seen.append(Page(response))
        person.post(person.url("clear"), {})
        for page in person.seen:
            for response in (*page.response.history, page.response):
                looked += 1
                headers = "\n".join(f"{name}: {value}" for name, value in response.headers)
                must(MARK not in headers and not _any(secret, headers), f"a header of {response.request.path}")
                address = "" if MARK in response.request.path else response.request.url
                must(not _any(secret, address), f"the address {address}")
            must(MARK not in page.title and not _any(secret, page.title), f"the title '{page.title}'")
        told.append(person.run)
    stack.raw(f"GET /{MARK} HTTP/1.1\r\nHost: {MARK}\r\nConnection: close\r\n\r\n".encode())
    logs = [path.read_text() for path in stack.folder.glob("*.log")]
    lines = [line for line in "\n".join(logs).splitlines() if "is at http" not in line and "Listening at" not in line]
    found = [line for line in lines if _any({MARK, "127.0.0.1", *secret, *told}, line)]
    must(not found, f"a log: {found[:1]}")
    return f"0 answers and marked words in {len(lines)} lines of logs, {looked} answers' headers, addresses and titles"


def _any(words: set[str], text: str) -> bool:
    return any(word in text for word in words)


def no_other_host(bench: Bench) -> str:
    """What Chromium asks for on a whole journey, with the sheet, its print view and its PDF."""
    if bench.short:
        raise NotHere("tests/web/test_browser.py")
    seen = journey(bench)
    must(seen.hosts == {"guide.test"}, f"asked: {seen.hosts}")
    must(not seen.said, f"the console says {seen.said[:2]}")
    return f"{seen.requests} requests of Chromium over a journey, print view and PDF: 0 to another host"


# -- caching, cookies, exports, identity -------------------------------------------------------------------------------


def never_cached(bench: Bench) -> str:
    """Every answer of the crawl."""
    visits = crawl.everything(bench)
    for visit in visits:
        wanted = ["public, max-age=31536000, immutable"] if visit.kept else ["no-store"]
        must(visit.all("Cache-Control") == wanted, f"{visit.asked}: {visit.all('Cache-Control')}")
    kinds = sorted({visit.kind for visit in visits if not visit.kept and visit.kind})
    kept = sum(visit.kept for visit in visits)
    return f"{len(visits) - kept} answers ({', '.join(kinds)}) no-store, {kept} under /static kept"


def sealed_and_short(bench: Bench) -> str:
    """What can be read in the cookie, and when it is refused."""
    screen = faults.Screen(bench.app)
    browser = screen.with_run(bench.routine)
    cookie = browser.get_cookie(f"run-{faults.RUN}", path=f"/run/{faults.RUN}")
    must(cookie, "there is no cookie")
    assert cookie
    raw = base64.urlsafe_b64decode(cookie.value + "=" * (-len(cookie.value) % 4))
    texts = [cookie.value.encode(), raw]
    for start in range(len(raw)):
        try:
            texts.append(zlib.decompress(raw[start:]))
        except zlib.error:
            continue
    names = {*bench.routine, *(word for word in map(str, bench.routine.values()) if len(word) > 4)}
    must(not [name for name in names if any(name.encode() in text for text in texts)], "an answer can be read")
    seen = {}
    for seconds in (LIFETIME - 60, LIFETIME + 60):
        with patch("triage.web.state.time", SimpleNamespace(time=lambda s=seconds: time.time() + s)):
            seen[seconds] = browser.get(f"/run/{faults.RUN}/summary").status_code
    must(list(seen.values()) == [200, 410], f"statuses {seen}")
    return f"no answer readable in {len(raw)} bytes (base64, zlib at every place); refused after {LIFETIME // 3600} h"


def only_to_the_person(bench: Bench) -> str:
    """Every answer of the crawl that is a file, and what somebody without the cookie gets."""
    screen = faults.Screen(bench.app)
    browser, stranger = screen.with_run(bench.routine), bench.app.test_client()
    form = browser.get(f"/run/{faults.RUN}/otherwise").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    assert token
    data = {"urgency": "soon", "reason": "Because.", "download": "yes", "csrf_token": token[1]}
    files = [browser.get(f"/run/{faults.RUN}/sheet.pdf"), browser.post(f"/run/{faults.RUN}/otherwise", data=data)]
    named = []
    for file in files:
        named.append(file.headers.get("Content-Disposition", ""))
        must(
            re.fullmatch(r'(inline|attachment); filename="[a-z-]+\.(pdf|toml)"', named[-1]),
            f"{file.status}: {named[-1]}",
        )
        must(file.headers["Cache-Control"] == "no-store", "an export is cached")
    for name in ("sheet.pdf", "otherwise", "print", "nurse"):
        must(stranger.get(f"/run/{faults.RUN}/{name}").status_code == 410, f"{name} is shown without the cookie")
    return f"2 exports with fixed names ({'; '.join(named)}), 4 pages refused without the cookie"


def nothing_identifies(bench: Bench) -> str:
    """Every field of every page: what can be chosen comes from the rules, and three fields take words."""
    person = _whole(bench)
    pages = [*person.seen]
    pages += [
        person.get(path) for path in ("/open", "/words", "/quick", person.url("quick/1"), person.url("otherwise"))
    ]
    pages += [Page(person.client.get(path)) for path in ("/", "/about", "/proof", "/flow", "/paper")]
    chosen, typed = set(), set()
    for page in pages:
        for field in page.soup.select("input, textarea, select"):
            kind = str(field.get("type", field.name))
            if kind in ("radio", "checkbox", "select"):
                chosen.add(str(field.get("name", "")))
            elif kind not in ("hidden", "submit"):
                typed.add(str(field["name"]))
    must(typed == set(TYPED), f"fields that take words: {sorted(typed)}")
    unknown = {
        name
        for name in chosen
        if name not in bench.knowledge.questions and not name.startswith(("urgency", "category_"))
    }
    must(not unknown - {""}, f"fields that no rule knows: {sorted(unknown)}")
    return f"{len(chosen)} fields to choose in, {len(typed)} to type in ({'; '.join(TYPED.values())}): 0 ask who it is"


PROMISES: tuple[Promise, ...] = (
    ("D1", "the server stores nothing about patients", stores_nothing),
    ("D2", "no answer in any address or log", no_trace),
    ("D3", "no other host is asked", no_other_host),
    ("D4", "nothing of a person is cached", never_cached),
    (
        "D5",
        "clearing really clears",
        "Chromium in tests/web/test_browser.py and test_browser_shared.py; Firefox is not on this machine",
    ),
    ("D6", "the cookie is unreadable and short-lived", sealed_and_short),
    ("D7", "exports go only to the person", only_to_the_person),
    ("D8", "nothing that identifies a person is asked", nothing_identifies),
)
