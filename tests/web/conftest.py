"""A person in front of the guide: goes through its pages over HTTP, and looks at every page that comes back."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from html import unescape
from typing import IO, Any

import html5lib
import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.test import TestResponse

from triage.journey import Answer
from triage.knowledge import Knowledge
from triage.web import create_app

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


class Page:
    """One page that came back, with what a visitor sees on it. Parsed only when somebody looks."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.html = response.text
        self.status = response.status_code

    @cached_property
    def soup(self) -> BeautifulSoup:
        """The page as a tree."""
        return BeautifulSoup(self.html, "html.parser")

    @cached_property
    def title(self) -> str:
        """The page's title."""
        return self.soup.title.get_text() if self.soup.title else ""

    @cached_property
    def h1(self) -> str:
        """The main heading, hidden words included."""
        return self.soup.h1.get_text(" ", strip=True) if self.soup.h1 else ""

    @cached_property
    def text(self) -> str:
        """Everything in the main part, as running text; a hard word is read over, and its meaning stays closed."""
        main = copy(self.soup.main)
        if main is None:
            return ""
        for meaning in main.select(".means"):
            meaning.decompose()
        for word in main.select(".term"):
            word.unwrap()
        main.smooth()
        return re.sub(r"\s+", " ", main.get_text(" ", strip=True))

    @cached_property
    def inputs(self) -> list[dict[str, str]]:
        """The inputs of the main form, each with its attributes."""
        main = self.html.partition("<main")[2]
        return [
            {name: unescape(value) for name, value in re.findall(r'([a-z-]+)(?:="([^"]*)")?', tag)}
            for tag in re.findall(r"<input ([^>]*)>", main)
        ]

    def fields(self) -> dict[str, list[str]]:
        """The form's own values: what a browser would send if nothing were touched."""
        values: dict[str, list[str]] = {}
        for box in self.inputs:
            if box["type"] == "hidden" or "checked" in box:
                values.setdefault(box["name"], []).append(box["value"])
        return values

    def action(self) -> str:
        """Where the page's main form goes."""
        found = re.search(r'<form [^>]*action="([^"]+)"', self.html.partition("<main")[2])
        assert found, f"there is no form on '{self.h1}'"
        return unescape(found.group(1))

    def questions(self) -> set[str]:
        """The ids of the questions asked here."""
        return {box["name"] for box in self.inputs if box["type"] != "hidden" and "name" in box}


def audit(page: Page) -> None:
    """What is true of every page, whatever it shows. Each failure says the fix."""
    where = f"on '{page.h1 or page.title}'"
    assert len(page.soup.find_all("h1")) == 1, f"{where}: give the page exactly one h1"
    assert page.h1 and page.title.removeprefix("Error: ").startswith(_plain(page.soup.h1)), f"{where}: title <- h1"
    ids = [str(tag["id"]) for tag in page.soup.find_all(id=True)]
    assert len(ids) == len(set(ids)), f"{where}: ids stand there twice: {sorted(i for i in ids if ids.count(i) > 1)}"
    for box in page.soup.select("input:not([type=hidden])"):
        assert page.soup.select_one(f'label[for="{box["id"]}"]'), f"{where}: give the input {box['id']} a label"
    for tag in page.soup.find_all(True):
        assert not tag.has_attr("style"), f"{where}: move the style of <{tag.name}> to the stylesheet (CSP)"
        assert not [name for name in tag.attrs if name.startswith("on")], f"{where}: no inline script on <{tag.name}>"
        for target in str(tag.get("aria-describedby", "")).split():
            assert target in ids, f"{where}: aria-describedby leads to '{target}', which is not there"
    for form in page.soup.find_all("form"):
        assert form.get("action") and form.get("method") == "post", f"{where}: give the form a method and an action"
    for link in page.soup.select('a[href^="#"]'):
        assert str(link["href"])[1:] in ids, f"{where}: the link {link['href']} leads nowhere"
    assert not re.search(r"\{[a-z_]+\}", page.text), f"{where}: a placeholder was not filled"
    assert "emergency" in page.soup.get_text().lower(), f"{where}: say what to do in an emergency"
    html5lib.HTMLParser(strict=True).parse(page.html)
    headers = page.response.headers
    assert "'unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def _plain(heading: Tag | None) -> str:
    assert heading is not None
    hidden = " ".join(tag.get_text(" ", strip=True) for tag in heading.select(".nhsuk-u-visually-hidden"))
    return heading.get_text(" ", strip=True).removeprefix(hidden).strip()


AUDITED: set[tuple[int, frozenset[str], frozenset[str]]] = set()


class Person:
    """Somebody who answers. Every page is audited on the way."""

    def __init__(self, app: Flask, knowledge: Knowledge) -> None:
        self.client = app.test_client()
        self.knowledge = knowledge
        self.page = self.get("/")
        self.run = ""
        self.seen: list[Page] = []

    def get(self, url: str) -> Page:
        """Open an address, follow where it leads, and look at the page."""
        return self._look(self.client.get(url, follow_redirects=True))

    def post(self, url: str, data: Mapping[str, object]) -> Page:
        """Send a form, follow where it leads, and look at the page."""
        return self._look(self.client.post(url, data=data, follow_redirects=True))

    def _look(self, response: TestResponse) -> Page:
        page = Page(response)
        # A question page differs from the last one of its kind only in its token; it is audited once.
        kind = (page.status, frozenset(page.fields().get("page", ())), frozenset(page.questions()))
        if not page.questions() or kind not in AUDITED:
            audit(page)
            AUDITED.add(kind)
        self.page = page
        if hasattr(self, "seen"):
            self.seen.append(page)
        return page

    def starts(self) -> Page:
        """Press "Start now"."""
        page = self.post("/start", {})
        self.run = str(page.response.request.path).split("/")[2]
        return page

    def url(self, name: str) -> str:
        """An address of this person's run."""
        return f"/run/{self.run}/{name}"

    def sends(self, answers: Mapping[str, str | tuple[str, ...]], **changed: object) -> Page:
        """Answer the questions of the page in front of them and press Continue."""
        data: dict[str, object] = {**self.page.fields(), **changed}
        for question in self.page.questions():
            data.pop(question, None)
            if question in answers:
                given = answers[question]
                data[question] = list(given) if isinstance(given, tuple) else given
        return self.post(self.page.action(), data)

    def answers(self, answers: Mapping[str, str | tuple[str, ...]]) -> Page:
        """Go on until no question is left: to the check page, or to the emergency page."""
        for _ in range(len(self.knowledge.pages) + 1):
            before = self.page.response.request.path
            if not self.page.questions():
                return self.page
            self.sends(answers)
            assert self.page.response.request.path != before or not self.page.questions(), (
                f"stays on '{self.page.h1}': {self.page.text[:300]}"
            )
        raise AssertionError("the questions do not end")


@pytest.fixture(scope="session")
def app() -> Flask:
    """The application as a demonstration, with the real rules."""
    app = create_app({})
    app.testing = False
    return app


@pytest.fixture
def person(app: Flask) -> Iterator[Person]:
    """Somebody on the start page."""
    yield Person(app, app.extensions["assessor"].knowledge)


@contextmanager
def served(log: int | IO[bytes] = subprocess.DEVNULL, **settings: str) -> Iterator[str]:
    """The address of the real server, started as a user starts it, with these settings; it writes to `log`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "triage", "serve", "--port", str(port)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    with subprocess.Popen(command, stdout=log, stderr=log, env={**environ, **settings}) as server:
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)
                    break
                except OSError:
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The guide as it is on a person's own device."""
    with served() as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium. Without it these tests are skipped with a loud line; where TRIAGE_TESTS_NEED_ALL is set, they fail."""
    if CHROMIUM is None:
        if os.environ.get("TRIAGE_TESTS_NEED_ALL"):
            raise RuntimeError("Chromium is missing: install it (Debian/Ubuntu: apt install chromium)")
        pytest.skip("NO CHROMIUM: THE BROWSER TESTS DID NOT RUN (apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


# -- in a browser ------------------------------------------------------------------------------------------------------


def press(page: Any, name: str) -> None:
    """Press a button and wait for the page that it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def asked(page: Any, inside: str = "main form") -> list[str]:
    """The ids of the questions on the page, in its order."""
    names: list[str] = page.eval_on_selector_all(
        f"{inside} input:not([type=hidden])", "boxes => [...new Set(boxes.map(box => box.name))]"
    )
    return names


def fill(page: Any, answers: Mapping[str, Answer]) -> None:
    """Answer the questions of the page, and press nothing yet."""
    for name in asked(page):
        given = answers[name]
        for value in given if isinstance(given, tuple) else (given,):
            page.check(f'input[name="{name}"][value="{value}"]')


def walk(page: Any, address: str, answers: Mapping[str, Answer]) -> None:
    """From the start page to the summary, or to the emergency page."""
    page.goto(address)
    press(page, "Start now")
    while asked(page):
        fill(page, answers)
        press(page, "Continue")
    if page.get_by_role("button", name="See what to do next").count():
        press(page, "See what to do next")


def faults(page: Any, tags: tuple[str, ...] = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")) -> list[str]:
    """What axe finds wrong with the page: by itself, against WCAG 2.2 AA."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": list(tags)}}).response["violations"]
    return [f"{page.url}: {one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"][:2]]


def too_small(page: Any) -> list[str]:
    """What can be pressed and is smaller than 24 CSS pixels; links within a sentence may be."""
    small: list[str] = page.eval_on_selector_all(
        "input:not([type=hidden]), button:not([aria-hidden]), summary, nav a, .nhsuk-button, .body__figure a",
        """all => all.filter(one => one.checkVisibility()).map(one => [one, one.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.height < 24 || box.width < 24))
            .map(([one, box]) => `${one.outerHTML.slice(0, 120)} ${box.width}x${box.height}`)""",
    )
    return small


class Keys:
    """Somebody who has a keyboard and nothing else."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def here(self) -> dict[str, str]:
        """What has the focus."""
        found: dict[str, str] = self.page.evaluate(
            """() => { const e = document.activeElement; return {
                name: e.name || "", value: e.value || "", tag: e.tagName, text: e.textContent.trim(),
                href: e.getAttribute("href") || ""}; }"""
        )
        return found

    def to(self, wanted: Callable[[dict[str, str]], bool]) -> None:
        """Press Tab until it has the focus."""
        for _ in range(200):
            self.page.keyboard.press("Tab")
            if wanted(self.here()):
                return
        raise AssertionError("Tab does not lead there")

    def enter(self) -> None:
        """Press Enter, and wait for the page that comes."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def answer(self, knowledge: Knowledge, question_id: str, given: Answer) -> None:
        """Answer one question."""
        question = knowledge.questions[question_id]
        if question.type == "multi":
            jump = f"#{question_id}-none"
            if given == ("none",) and self.page.locator(f'a[href="{jump}"]').count():
                self.to(lambda at: at["href"] == jump)
                self.page.keyboard.press("Enter")
                assert self.here()["value"] == "none", "the link leads to the end of the list"
                self.page.keyboard.press("Space")
                return
            for value in given:
                self.to(lambda at, value=value: (at["name"], at["value"]) == (question_id, value))
                self.page.keyboard.press("Space")
            return
        self.to(lambda at: at["name"] == question_id)
        steps = question.allowed.index(str(given))
        self.page.keyboard.press("Space")
        for _ in range(steps):
            self.page.keyboard.press("ArrowDown")
