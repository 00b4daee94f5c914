"""People who go through the guide in this process, so that what they asked can be asked of a server again and again.

The guide keeps nothing, so a request with the cookie of its moment is answered alike each time, by every server with
the same keys. Each is kept with the answer that must come: its status, and its page without what is new each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from statistics import median_low
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from werkzeug.test import EnvironBuilder, TestResponse

from benchmarks.served import HELLO, HOST
from triage import cases
from triage.assessment import Assessment, Assessor
from triage.journey import Answer, Journey
from triage.knowledge import Urgency
from triage.sheet import make_sheet

FORM = "application/x-www-form-urlencoded"
_NEW_EACH_TIME = re.compile(rb"<input[^>]*csrf_token[^>]*>|<svg.*?</svg>|\d\d:\d\d|/run/[A-Za-z0-9_-]{16}", re.DOTALL)
"""The token of a form; the square of a sheet, which is sealed; the address of a run, which begins anywhere."""


@dataclass(frozen=True)
class Request:
    """One request, and the answer that must come."""

    method: str
    path: str
    status: int
    page: bytes
    """What comes back, without what is new each time."""
    size: int
    """The bytes of what comes back, without headers."""
    cookie: str = ""
    body: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What is sent with it. The host is named without a port, because a sheet names it as it was asked for."""
        headers = {"Host": HOST}
        if self.cookie:
            headers["Cookie"] = self.cookie
        if self.method == "POST":
            headers |= {"Content-Type": FORM, "Content-Length": str(len(self.body))}
        return headers

    def environ(self) -> dict[str, Any]:
        """The request as a server hands it to an application, once: the body is there to be read."""
        return EnvironBuilder(
            self.path,
            f"https://{HOST}",
            method=self.method,
            headers=[*self.headers.items()],
            data=self.body or None,
        ).get_environ()

    def wire(self) -> bytes:
        """The request as it is sent."""
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\r\n".join([*lines, "", self.body]).encode("ascii")


GREETING = Request("GET", "/", 200, HELLO.encode(), len(HELLO))
"""What the floor is asked."""


def plain(page: bytes) -> bytes:
    """A page without what is new each time. Of a PDF, which holds a sealed square, only that it is one."""
    return page[:5] if page.startswith(b"%PDF-") else _NEW_EACH_TIME.sub(b"", page)


class _Form(HTMLParser):
    """The form of a question page: where it goes, its hidden fields, and the questions it asks."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.hidden: list[tuple[str, str]] = []
        self.questions: dict[str, None] = {}
        self.feed(page.partition("<main")[2].partition("</main>")[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what a browser would send."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = self.action or given["action"]
        elif tag == "input" and given["type"] == "hidden":
            self.hidden.append((given["name"], given["value"]))
        elif tag == "input":
            self.questions[given["name"]] = None


class Walk:
    """One person from the start page to the list of their answers; every request on the way is kept."""

    def __init__(self, app: Flask, answers: Mapping[str, Answer]) -> None:
        """Walk there. Raises AssertionError when a page is not the one that these answers lead to."""
        self.requests: list[Request] = []
        self._client = app.test_client()
        self._asked("GET", "/")
        place = self._asked("POST", "/start").location
        self.run = place.rpartition("/")[0]
        while form := self._form(self._asked("GET", place).text):
            chosen = [(name, answers[name]) for name in form.questions]
            pairs = [*form.hidden, *((n, a) for n, given in chosen for a in _listed(given))]
            place = self._asked("POST", form.action, urlencode(pairs)).location

    @property
    def steps(self) -> int:
        """How many pages of questions there were."""
        return (len(self.requests) - 3) // 2

    def question(self, number: int) -> Request:
        """The page of questions with that number, counted from 1, as it was asked for on the way forward."""
        return self.requests[2 * number]

    @property
    def usual_page(self) -> int:
        """The number of the page of questions that is neither small nor large, the first one apart."""
        numbers = sorted(range(2, self.steps + 1), key=lambda number: self.question(number).size)
        return numbers[len(numbers) // 2]

    def answer(self, number: int) -> Request:
        """The answers to the page with that number, as they were sent."""
        return self.requests[2 * number + 1]

    def get(self, page: str) -> Request:
        """Ask for a page of the finished run, such as "summary"; it is kept as well."""
        self._asked("GET", f"{self.run}/{page}")
        return self.requests[-1]

    def _asked(self, method: str, path: str, body: str = "") -> TestResponse:
        response = self._client.open(
            path,
            method=method,
            data=body,
            base_url=f"https://{HOST}",
            content_type=FORM if method == "POST" else None,
        )
        wanted = 303 if method == "POST" else 200
        if response.status_code != wanted:
            raise AssertionError(f"{method} {path} was answered with {response.status_code} instead of {wanted}")
        cookie = response.request.environ.get("HTTP_COOKIE", "")
        page = response.data
        self.requests.append(Request(method, path, wanted, plain(page), len(page), cookie, body))
        return response

    @staticmethod
    def _form(page: str) -> _Form | None:
        form = _Form(page)
        return form if form.questions else None


def _listed(given: Answer) -> Sequence[str]:
    return (given,) if isinstance(given, str) else given


def whole(assessor: Assessor) -> Iterator[tuple[Journey, Assessment]]:
    """Everybody of the cases whose answers lead to a summary, not to the emergency page."""
    for case in assessor.knowledge.cases:
        result = cases.run(assessor, case)
        journey, assessment = result.journey, result.assessment
        if journey and assessment and not journey.stopped and assessment.urgency != Urgency.EMERGENCY:
            yield journey, assessment


def typical(assessor: Assessor) -> Journey:
    """Somebody with one deposit, who is asked and told as much as most such people."""
    one = [(journey, result) for journey, result in whole(assessor) if len(result.deposits) == 1]
    usual = median_low(len(journey.questions) for journey, _ in one)
    alike = sorted((pair for pair in one if len(pair[0].questions) == usual), key=lambda pair: told(assessor, *pair))
    return alike[len(alike) // 2][0]


def largest(assessor: Assessor) -> Journey:
    """Whoever is told the most."""
    return max(whole(assessor), key=lambda pair: told(assessor, *pair))[0]


def told(assessor: Assessor, journey: Journey, result: Assessment) -> int:
    """How many characters the sheet of these answers says, apart from what would change it."""
    return sum(len(sentence.text) for sentence in make_sheet(assessor.knowledge, result, journey, {}).said)
