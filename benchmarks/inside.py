"""Where the time of a page goes: its parts, timed in this process while the application answers one request.

The functions behind each part are replaced by ones that look at the clock, wherever a module of the guide knows them. A
part within a part counts as the outer one: what a template asks for is the template's. What no part explains is Flask
itself: finding the page, making request and answer.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from pkgutil import resolve_name
from typing import Any
from unittest.mock import patch

from flask import Flask
from werkzeug.test import run_wsgi_app

from benchmarks.journeys import GREETING, Request
from benchmarks.measuring import Table
from benchmarks.served import hello

PARTS: Mapping[str, Sequence[str]] = {
    "session": ("triage.web.state:SealedCookies.seal",),
    "path": ("triage.journey:follow", "triage.journey:suppose"),
    "form": ("triage.web.forms:page_form", "flask_wtf:FlaskForm.validate_on_submit"),
    "rules": ("triage.assessment:Assessor.assess",),
    "outlook": ("triage.whatif:for_patient",),
    "sheet": ("triage.sheet:make_sheet",),
    "code": ("triage.web.views.handover:code_part",),
    "template": ("flask:render_template", "jinja2:Template.render"),
    "pdf": ("triage.exports.typesetting:typeset",),
}
"""The functions of each part, besides what Flask itself knows: the session, and what is done after each request."""
AFTER = {"triage.web.headers": "headers", "triage.web.logs": "log"}
"""The part of what a module does after each request."""
COLUMNS = {
    "page": "page", "whole": "whole µs", "times": "x hello", "session": "cookie", "path": "path", "form": "form",
    "rules": "rules", "outlook": "what would change", "sheet": "sheet", "code": "code", "template": "template",
    "pdf": "typst", "headers": "headers", "log": "log", "rest": "the rest",
}  # fmt: skip
NOTE = "Microseconds in one process, without server and network. A part within a part counts as the outer one."


class Clock:
    """How long each part of what is going on has taken so far, in seconds."""

    def __init__(self) -> None:
        self.taken: defaultdict[str, float] = defaultdict(float)
        self._within = False

    def timed(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, which adds to this part."""

        @wraps(call)
        def measured(*args: Any, **given: Any) -> Any:
            if self._within:
                return call(*args, **given)
            self._within = True
            began = time.perf_counter()
            try:
                return call(*args, **given)
            finally:
                self.taken[part] += time.perf_counter() - began
                self._within = False

        return measured


@contextmanager
def _watched(app: Flask, clock: Clock) -> Iterator[None]:
    """While this lasts, the parts of the application run by the clock."""
    with ExitStack() as undone:
        for part, name in _names():
            call = _function(name)
            if call is None:
                continue
            for holder, known_as in _holders(name, call):
                undone.enter_context(patch.object(holder, known_as, clock.timed(part, call)))
        for known_as in ("open_session", "save_session"):
            call = getattr(app.session_interface, known_as)
            undone.enter_context(patch.object(app.session_interface, known_as, clock.timed("session", call)))
        after = [clock.timed(AFTER.get(call.__module__, "rest"), call) for call in app.after_request_funcs[None]]
        undone.enter_context(patch.dict(app.after_request_funcs, {None: after}))
        yield


def _names() -> Iterator[tuple[str, str]]:
    return ((part, name) for part, names in PARTS.items() for name in names)


def _function(name: str) -> Callable[..., Any] | None:
    """The function of that name, if it is still there."""
    try:
        found: Callable[..., Any] = resolve_name(name)
    except (AttributeError, ImportError):
        return None
    return found


def _holders(name: str, call: object) -> Iterator[tuple[Any, str]]:
    """Where a function is known, and as what: in its class, or in each module of the guide that uses it."""
    holder, _, known_as = name.replace(":", ".").rpartition(".")
    if name.partition(":")[2] != known_as:
        yield resolve_name(holder), known_as
        return
    for module in [module for name, module in sys.modules.items() if name.partition(".")[0] == "triage"]:
        for known_as, value in list(vars(module).items()):
            if value is call:
                yield module, known_as


def _once(app: Flask, request: Request) -> float:
    """The seconds in which the application answers."""
    environ = request.environ()
    began = time.perf_counter()
    _, status, _ = run_wsgi_app(app, environ, buffered=True)
    took = time.perf_counter() - began
    if not status.startswith(str(request.status)):
        raise RuntimeError(f"{request.method} {request.path} was answered with {status}")
    return took


def table(app: Flask, asked: Mapping[str, Sequence[Request]], short: bool) -> Table:
    """The parts of each of these pages, beside the floor in this process; all of them in turn, medians."""
    floor = hello()
    greeted: list[float] = []
    seen: dict[str, list[Mapping[str, float]]] = {name: [] for name in asked}
    clock = Clock()
    with _watched(app, clock):
        for number in range(5 if short else 100):
            greeted.append(_once(floor, GREETING))
            for name, requests in asked.items():
                clock.taken.clear()
                took = _once(app, requests[number % len(requests)])
                seen[name].append({**clock.taken, "rest": took - sum(clock.taken.values()), "whole": took})
    hello_took = statistics.median(greeted)
    gone = [name for _, name in _names() if _function(name) is None]
    rows = [_row(name, rounds, hello_took) for name, rounds in seen.items()]
    return Table(
        "inside",
        "Where the time of a page goes",
        COLUMNS,
        [{"page": "hello", "whole": hello_took * 1e6, "times": 1.0, "rest": hello_took * 1e6}, *rows],
        [NOTE + f" Not timed, because it is not there any more: {', '.join(gone)}." * bool(gone)],
    )


def _row(name: str, rounds: Sequence[Mapping[str, float]], hello_took: float) -> dict[str, object]:
    parts = {part for one in rounds for part in one}
    median = {part: statistics.median(one.get(part, 0.0) for one in rounds) for part in parts}
    return {"page": name, "times": median["whole"] / hello_took, **{p: took * 1e6 for p, took in median.items()}}
