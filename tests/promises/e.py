"""Browser and transport."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

from triage.web import headers

from . import crawl
from .bench import Bench, NotHere, Promise, must
from .chromium import browser, journey

JUDGES = ("@mdn/mdn-http-observatory", "csp_evaluator")
POLICY = "Content-Security-Policy"


@lru_cache(maxsize=1)
def judged(bench: Bench) -> Any:
    """What the Observatory and the CSP Evaluator make of the crawl's headers; see tests/observatory.mjs."""
    folder = Path(os.environ.get("NODE_FOLDER", "."))
    node = shutil.which("node")
    if not node or not all((folder / "node_modules" / judge).is_dir() for judge in JUDGES):
        raise NotHere(f"needs node and, in NODE_FOLDER, {' and '.join(JUDGES)}: see tests/observatory.mjs")
    visits = [
        {
            "asked": f"{visit.asked} {visit.status}",
            "headers": {name: value for name, value in visit.headers if name != "Set-Cookie"},
            "cookies": visit.all("Set-Cookie"),
            "body": visit.body.decode() if visit.kind.startswith("text/") else "",
        }
        for visit in crawl.everything(bench)
    ]
    command = [node, str(Path(__file__).parents[1] / "observatory.mjs"), str(folder)]
    run = subprocess.run(command, input=json.dumps(visits), capture_output=True, text=True, check=False)
    must(run.returncode == 0, f"the judges did not run: {run.stderr[-300:]}")
    return json.loads(run.stdout)


def header_grade(bench: Bench) -> str:
    """The grade of each answer."""
    given = judged(bench)
    grades = Counter(f"{one['grade']} {one['score']}" for one in given["grades"])
    # A PDF has a policy of its own, or Chromium shows an empty page; it can hold no script.
    worse = [
        one
        for one in given["grades"]
        if one["grade"] != "A+" and ".pdf" not in one["asked"] and "/paper/" not in one["asked"]
    ]
    must(not worse, f"{worse[:2]}")
    told = ", ".join(f"{grade} ({count})" for grade, count in sorted(grades.items()))
    return f"{told}: grade, points and how many answers (algorithm {given['algorithm']})"


def policy(bench: Bench) -> str:
    """Each policy that is sent, before the CSP Evaluator; and nothing that it would stop on any page."""
    told = []
    for one in judged(bench)["policies"]:
        serious = [f for f in one["findings"] if f["severity"] <= 40]
        pdf = "default-src" not in one["policy"]
        must(pdf or not serious, f"{one['asked'][0]}: {serious[:2]}")
        notes = ", ".join(sorted({f"{f['directive']}: {f['description'][:40]}" for f in one["findings"]}))
        told.append(f"{len(one['asked'])} answers{' (PDF)' if pdf else ''}: {notes or 'nothing'}")
    return "; ".join(told)


def locked_cookies(bench: Bench) -> str:
    """Every cookie of the crawl."""
    cookies = [cookie for visit in crawl.everything(bench) for cookie in visit.all("Set-Cookie")]
    must(cookies, "the crawl met no cookie")
    for cookie in cookies:
        name, *parts = (part.strip() for part in cookie.split(";"))
        run = re.match(r"__Secure-run-([A-Za-z0-9_-]{16})=", name)
        must(run, f"the cookie {name.partition('=')[0]}")
        assert run
        must({"Secure", "HttpOnly", "SameSite=Lax", f"Path=/run/{run[1]}"} <= set(parts), cookie.partition(";")[2])
        must(not [part for part in parts if part.startswith("Domain")], "a cookie with a domain")
    return (
        f"{len(cookies)} cookies, all __Secure-, Secure, HttpOnly, SameSite=Lax and sent to their own run only; "
        "__Host- would need Path=/ and mix the runs of two people"
    )


def on_errors_too(bench: Bench) -> str:
    """Every header of every answer of the crawl, each once."""
    visits = crawl.everything(bench)
    for visit in visits:
        for name, value in headers.always(secure=True).items():
            if name == POLICY and visit.kind == "application/pdf":
                value = "frame-ancestors 'none'"
            must(visit.all(name) == [value], f"{visit.asked}: {visit.status}: {name}: {visit.all(name)}")
        server = visit.all("Server")
        must(not any(re.search(r"\d", name) for name in server), f"{visit.asked}: the server says {server}")
    errors = [visit for visit in visits if visit.status >= 400]
    return (
        f"{len(visits)} answers, {len(errors)} of them errors: {len(headers.always(secure=True))} headers on each, once"
    )


def over_https(bench: Bench) -> str:
    """Whole journeys in Chromium over TLS, with a referrer and with it stripped."""
    if bench.short:
        raise NotHere("tests/stack/test_browser.py")
    seen = [journey(bench, referrer=referrer) for referrer in (True, False)]
    must(not any(one.said for one in seen), f"the console says {[one.said[:1] for one in seen]}")
    return "2 of 2 journeys with their code opened again: with a referrer and without; the console stayed empty"


def without_javascript(bench: Bench) -> str:
    """A whole journey in Chromium with JavaScript off, the typed code included."""
    if bench.short:
        raise NotHere("tests/web/test_browser.py, tests/web/test_handover.py")
    seen = journey(bench, javascript=False)
    must(not seen.said, f"the console says {seen.said[:2]}")
    return "1 of 1 journey to the summary, its sheet, its PDF and its code opened again"


def not_framed(bench: Bench) -> str:
    """Pages in a frame of another site, in Chromium; and the headers against framing and reading."""
    if bench.short:
        raise NotHere("its headers are in E4; in Chromium without --short")
    visits = crawl.everything(bench)
    guarded = {
        "X-Frame-Options": "DENY",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    for visit in visits:
        must(all(visit.all(name) == [value] for name, value in guarded.items()), visit.asked)
        must(not visit.all("Access-Control-Allow-Origin"), f"{visit.asked}: others may read it")
    stack, paths = bench.stack, ("/", "/open", "/paper", "/safe/safe.html", "/static/icon.svg")
    with browser(bench) as (page, _):
        page.goto("data:text/html,<h1>Another site</h1>")
        for path in paths:
            page.evaluate(
                "src => { const f = document.createElement('iframe'); f.src = src; document.body.append(f) }",
                stack.address + path,
            )
        page.wait_for_timeout(1500)
        shown = [frame.url for frame in page.frames[1:] if not frame.url.startswith("chrome-error:")]
        must(not shown, f"framed: {shown}")
        read = page.evaluate("url => fetch(url).then(() => 'read', () => 'refused')", stack.address + "/about")
        must(read == "refused", "another site could read a page")
    refused = f"{len(paths)} of {len(paths)} pages refused in a frame, and one that another site reads"
    return f"{len(visits)} answers with their headers; {refused}"


PROMISES: tuple[Promise, ...] = (
    ("E1", "header grade", header_grade),
    ("E2", "no inline script or style", policy),
    ("E3", "cookies are locked to HTTPS", locked_cookies),
    ("E4", "headers are on errors as well", on_errors_too),
    ("E5", "forms work over HTTPS, with and without a referrer", over_https),
    ("E6", "it works without JavaScript", without_javascript),
    ("E7", "framing and cross-origin reads are refused", not_framed),
)
