"""Every kind of answer that the real stack gives, each once: all routes, refusals and failures, with every header."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from unittest.mock import patch

from tests.stack.conftest import Stack
from tests.stack.test_stack import refusals
from tests.web.conftest import Person
from triage.web import create_app

from .bench import Bench

_CLEARS = ("pages.clear", "pages.left", "pages.timed_out")


@dataclass(frozen=True, slots=True)
class Visit:
    """One answer: what was asked for, and what came back."""

    asked: str
    path: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for given, value in self.headers if given.lower() == name.lower()]

    @property
    def kind(self) -> str:
        """The type of what came back, or nothing."""
        return (self.all("Content-Type") or [""])[0].partition(";")[0]

    @property
    def kept(self) -> bool:
        """Whether a browser may keep it: it is the same for everybody."""
        return self.path.startswith("/static/") and self.status == 200


@lru_cache(maxsize=1)
def everything(bench: Bench) -> tuple[Visit, ...]:
    """The whole crawl; what it stopped runs again at the end."""
    stack = bench.stack
    person = stack.person(bench.knowledge)
    person.starts()
    person.answers(bench.routine)
    return (*_routes(bench, person), *_errors(bench, person), *_refused(stack), *_failures(bench))


def _visit(person: Person, method: str, path: str, data: object = None) -> Visit:
    response = person.client.open(path, method=method, data=data)
    return Visit(f"{method} {path}", path, response.status_code, tuple(response.headers), response.data)


def _routes(bench: Bench, person: Person) -> Iterator[Visit]:
    """Every route with every method; those that clear come last."""
    start = person.get("/").html
    look = [address.split("?")[0] for address in re.findall(r'"(/static/[^"]+)"', start)]
    values = {"deposit": next(iter(bench.knowledge.deposits)), "run_id": person.run, "number": "1", "digest": "0"}
    rules = sorted(bench.app.url_map.iter_rules(), key=lambda rule: (rule.endpoint in _CLEARS, str(rule)))
    for rule in rules:
        paths = [re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda name: values.get(name[1], name[1]), str(rule))]
        if rule.endpoint == "static":
            paths = sorted(set(look))
        for path in paths:
            for method in sorted(rule.methods or ()):
                yield _visit(person, method, path)
    yield _visit(person, "GET", "/safe/safe.html")
    yield _visit(person, "GET", "/safe/guide.css")


def _errors(bench: Bench, person: Person) -> Iterator[Visit]:
    """What a browser can bring about in the guide itself."""
    person.starts()
    first = person.url("1")
    fields = person.page.fields()
    yield _visit(person, "POST", first, fields)  # 422
    yield _visit(person, "POST", first, {**fields, "csrf_token": "forged"})  # 400
    yield _visit(person, "POST", "/open", {"code": "nonsense"})  # 422
    yield _visit(person, "POST", first, {"page": "x" * 9_000})  # 413 of the guide
    yield _visit(person, "GET", "/nowhere")  # 404
    yield _visit(person, "GET", "/start")  # 405
    yield _visit(person, "GET", person.url("print?size=none"))  # 404
    yield _visit(person, "GET", "/run/" + "A" * 16 + "/summary")  # 410
    sent = [(f"X-{number}", "x") for number in range(150)]
    yield Visit("150 headers", "/", *_asked(bench.stack, "GET", "/", sent))  # 431 of the guide
    # An error that nobody expected: in an application with the settings of the stack, as there it cannot be provoked.
    app = create_app(bench.stack.environ)
    for broken in ("triage.web.views.public.render_template", "triage.web.errors.render_template"):
        with (
            patch("triage.web.views.public.render_template", side_effect=RuntimeError),
            patch(broken, side_effect=RuntimeError),
            patch.object(app.logger, "disabled", True),  # every application of this process has the same one
        ):
            response = app.test_client().get("/", base_url=bench.stack.address)
        yield Visit(f"{broken} fails", "/", response.status_code, tuple(response.headers), response.data)


def _asked(stack: Stack, *asked: object) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    method, path, sent = asked
    status, headers, body = stack.request(str(method), str(path), headers=sent)  # type: ignore[arg-type]
    return status, tuple(headers), body


def _parsed(what: str, answer: bytes) -> Visit:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))
    return Visit(what, "", int(first.split()[1]), headers, body)


def _refused(stack: Stack) -> Iterator[Visit]:
    """What nginx refuses by itself."""
    for what, _, sent in refusals(stack):
        yield _parsed(what, stack.raw(sent.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)))


def _failures(bench: Bench) -> Iterator[Visit]:
    """A flood from one address, the guide withdrawn, and both instances dead."""
    stack = bench.stack
    if not bench.short:
        one = b"GET /healthz HTTP/1.1\r\nHost: guide.test\r\n"
        flood = stack.raw((one + b"\r\n") * 900 + one + b"Connection: close\r\n\r\n")
        refused = flood[flood.rfind(b"HTTP/1.1 429") :]
        if refused.startswith(b"HTTP/1.1 429"):
            yield _parsed("a flood", refused[: refused.index(b"</html>") + 7])
        time.sleep(2)
    closed = stack.folder / "safe/closed"
    closed.touch()
    try:
        yield Visit("GET / while withdrawn", "/", *_asked(stack, "GET", "/", ()))
    finally:
        closed.unlink()
    for instance in stack.instances:
        instance.kill()
    for method in ("GET", "POST"):
        yield Visit(f"{method} / with both instances dead", "/", *_asked(stack, method, "/", ()))
    assert bench.stack.ready() is None
