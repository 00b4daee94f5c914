"""A whole journey in Chromium over HTTPS on the real stack, and what the browser asked for and complained about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.stack.conftest import HOST
from tests.stack.test_browser import without_referrer
from tests.web.conftest import CHROMIUM, FLAGS
from tests.web.test_browser import press, walk

from .bench import Bench, must


@dataclass
class Seen:
    """What a browser did on the way."""

    requests: int = 0
    hosts: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    """What stood in the console: violations of the policy, errors."""


@contextmanager
def browser(bench: Bench, **context: Any) -> Iterator[tuple[Any, Seen]]:
    """A page of Chromium that finds the stack under its name, and what it does."""
    must(CHROMIUM, "Chromium is not installed")
    from playwright.sync_api import sync_playwright

    seen = Seen()

    def asked(request: Any) -> None:
        if not request.url.startswith(("chrome", "blob:", "data:", "about:")):
            seen.requests += 1
            seen.hosts.add(str(urlsplit(request.url).hostname))

    def said(message: Any) -> None:
        # For a PDF Chromium asks for a picture at an address of its own making.
        if not message.location.get("url", "").endswith("/favicon.ico"):
            seen.said.append(message.text)

    flags = [*FLAGS, f"--host-resolver-rules=MAP {HOST} 127.0.0.1"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        opened = chromium.new_context(ignore_https_errors=True, **context)
        opened.on("request", asked)
        page = opened.new_page()
        page.on("console", said)
        page.on("pageerror", lambda error: seen.said.append(str(error)))
        yield page, seen
        chromium.close()


def journey(bench: Bench, javascript: bool = True, referrer: bool = True) -> Seen:
    """Start to summary, its sheet and PDF, the nurse's view, and the sheet opened again by its code."""
    from playwright.sync_api import Error

    stack, answers = bench.stack, bench.routine
    with browser(bench, java_script_enabled=javascript, accept_downloads=True) as (page, seen):
        if not referrer:
            page.route("**/*", without_referrer)
        walk(page, stack.address, answers)
        must(page.url.endswith("/summary"), f"the journey ends at {page.url}")
        heading = page.inner_text("h1")
        run = page.url.removesuffix("summary")
        with page.expect_response(run + "sheet.pdf") as pdf, suppress(Error):
            page.goto(run + "sheet.pdf")  # where Chromium does not show it but keeps it, going there ends
        must(pdf.value.header_value("content-type") == "application/pdf", "no PDF")
        page.goto(run + "code")
        code = "-".join(page.locator(".code__groups").first.locator("span").all_text_contents())
        for name in ("summary", "changes", "print", "nurse", "otherwise", "check"):
            page.goto(run + name)
        page.goto(stack.address + "/open")
        page.fill("#code", code)
        press(page, "Show my answers")
        must(page.inner_text("h1") == "Check your answers", f"the code leads to {page.inner_text('h1')}")
        press(page, "See what to do next")
        must(page.inner_text("h1") == heading, f"the code leads to {page.inner_text('h1')}")
    return seen
