"""What can fail between a person's answers and the page they see, one fault at a time, and what that page then says.

Faults are put in where the guide calls something: each call of the engine, each function on the way to a page, each
template, each sentence of the guide about itself, the clock. The measure is the witness on sound rules: no page that
comes of a fault may say less than it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from html import unescape
from typing import Any
from unittest.mock import patch

from flask import Flask
from flask.testing import FlaskClient

from triage import cases, engine
from triage.assessment import Assessor, without_engine
from triage.errors import EngineError, ExportError
from triage.journey import Answers
from triage.knowledge import Knowledge, Urgency
from triage.knowledge.telling import filled
from triage.web.state import Run, SealedCookies

from .bench import must

RUN = "Faulty-Faulty-16"
RESULTS = ("summary", "changes", "print", "sheet.pdf", "nurse", "otherwise")
"""The pages that say how urgent it is."""

CALLS = (
    "create_ruleset", "assert_fact", "start_action_for_state", "complete_and_start_action", "retract_fact",
    "delete_state", "delete_ruleset",
)  # fmt: skip
FAILURES = (RuntimeError("out of order"), MemoryError(), EngineError("out of order"))
WRONG = (None, 7, "x", (1, 2), b"", [], frozenset({"nobody-knows-this"}))
"""What a call may give back instead of what it should."""

ON_THE_WAY = (
    "triage.engine.Engine.fired", "triage.engine.Ruleset.fired",
    "triage.assessment.Assessor.assess", "triage.assessment.witness", "triage.assessment.conclude",
    "triage.web.views.handover.assess", "triage.web.views.handover.reopened", "triage.web.views.handover.changed_part",
    "triage.web.views.handover.code.write", "triage.web.views.handover.code.handed",
    "triage.web.views.handover.qr.seal", "triage.web.views.handover.qr.svg", "triage.web.views.handover.open_address",
    "triage.web.views.results.make_sheet", "triage.web.views.results.frame", "triage.web.views.results.for_patient",
    "triage.web.views.results.make_pdf", "triage.web.views.results.available", "triage.web.views.results.notice",
    "triage.web.views.results.not_worked_out", "triage.web.views.nurse.make_talk", "triage.web.views.nurse.make_sheet",
    "triage.web.views.nurse.everything", "triage.web.views.nurse.advice_form", "triage.web.views.context.now",
    "triage.whatif.suppose", )  # fmt: skip
"""The functions that a page about a result goes through."""
FRAMEWORK = (
    "triage.sheet.filled",
    "triage.web.components.Markup",
    "triage.web.glossary.said",
    "triage.web.addresses.flask.url_for",
)
"""What the templates and the application call; here nothing looks at what they give."""
ON_TAKING = (
    "triage.web.views.answering.journey.follow", "triage.web.views.answering.journey.suppose",
    "triage.web.views.answering.journey.stops", "triage.web.views.answering.page_form",
    "triage.web.views.answering.posted_step", "triage.web.views.answering.take",
    "triage.web.views.answering.emergency_page", "triage.web.views.answering._fits", "triage.web.forms.accept",
    "triage.web.forms.PageForm.validate_on_submit", "triage.web.forms.PageForm.answers", "triage.web.state.Run.answer",
    "triage.web.state.SealedCookies.open_session", "triage.web.state.SealedCookies.save_session",
    "triage.web.state.SealedCookies.seal", "triage.web.state.zlib.compress", "triage.web.state.zlib.decompress",
    "triage.web.state.json.loads", "triage.web.state.json.dumps", "triage.web.views.results.assessor",
    "triage.assessment.Assessor.assess", "triage.assessment.Assessor.not_worked_out",
    "triage.web.views.results.make_sheet", "flask_wtf.csrf.validate_csrf", "triage.web.views.context.this_run",
)  # fmt: skip
"""The functions that an answer goes through before a page is made of it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that fails: `put` makes it fail as long as its context lasts."""

    name: str
    put: Callable[[Flask], Any]


@contextmanager
def _several(*patches: Any) -> Iterator[None]:
    with ExitStack() as stack:
        for one in patches:
            stack.enter_context(one)
        yield


def _raising(target: str, failure: Exception) -> Fault:
    return Fault(f"{target} raises {type(failure).__name__}", lambda _: patch(target, side_effect=failure))


def _giving(target: str, wrong: object) -> Fault:
    return Fault(f"{target} gives {wrong!r}", lambda _: patch(target, return_value=wrong))


def _works_but_gives(wrong: object, real: Callable[..., object], *given: object) -> object:
    real(*given)
    return wrong


def of_the_engine() -> Iterator[Fault]:
    """Each call into durable-rules fails, alone or with what would mend it, or gives something of a wrong type."""
    for call in CALLS:
        target = f"triage.engine.durable.{call}"
        for failure in FAILURES:
            yield _raising(target, failure)
            # Asking fails, and then this.
            asked = patch.object(engine.Ruleset, "_ask", side_effect=failure)
            yield Fault(
                f"asking fails, then {call} raises {type(failure).__name__}",
                lambda _, a=asked, t=target, f=failure: _several(a, patch(t, side_effect=f)),
            )
        for wrong in WRONG if call.startswith(("assert", "start", "complete", "retract")) else ():
            # It does its work: memory of C that was left in the middle of it would be no fault of ours.
            worked = partial(_works_but_gives, wrong, getattr(engine.durable, call))
            yield Fault(f"{target} gives {wrong!r}", lambda _, t=target, w=worked: patch(t, w))
    for wrong in (*WRONG, frozenset()):
        yield _giving("triage.engine.Engine.fired", wrong)


def of_the_way() -> Iterator[Fault]:
    """Each function on the way to a page about a result raises, or gives something of a wrong type."""
    for target in (*ON_THE_WAY, *FRAMEWORK):
        for failure in (*FAILURES, ExportError("out of order"), KeyError("x")):
            yield _raising(target, failure)
        if target in FRAMEWORK:
            continue
        for wrong in (None, "x"):
            yield _giving(target, wrong)


def of_templates(app: Flask) -> Iterator[Fault]:
    """Each template has a mistake."""
    for name in app.jinja_env.list_templates(["html"]):

        def broken(app: Flask, name: str = name) -> Any:
            real = app.jinja_env._load_template

            def load(asked: str, given: Any) -> Any:
                if asked == name:
                    raise RuntimeError("a template has a mistake")
                return real(asked, given)

            return patch.object(app.jinja_env, "_load_template", load)

        yield Fault(f"{name} has a mistake", broken)


def of_texts(knowledge: Knowledge) -> Iterator[Fault]:
    """Each sentence of the guide about itself, each word, each urgency's advice is missing."""
    for kind in ("notices", "words", "dispositions"):
        whole: Mapping[Any, Any] = getattr(knowledge, kind)
        for missing in whole:
            without = {name: value for name, value in whole.items() if name != missing}
            yield Fault(f"{kind}: {missing} is missing", lambda _, k=kind, w=without: _instead(knowledge, k, w))


@contextmanager
def _instead(knowledge: Knowledge, kind: str, what: object) -> Iterator[None]:
    before = getattr(knowledge, kind)
    object.__setattr__(knowledge, kind, what)  # frozen for everybody but a fault
    try:
        yield
    finally:
        object.__setattr__(knowledge, kind, before)


def of_the_clock() -> Iterator[Fault]:
    """The clock stands an hour or ten years away, jumps at each look, or cannot be read."""
    for days in (-3650, -1 / 24, 1 / 24, 3650):
        then = datetime.now(UTC) + timedelta(days)
        yield Fault(f"the clock is {days:+.2f} days away", lambda app, t=then: _clock(app, lambda: t))
    jumps = iter(range(10**9))
    leaping = lambda: datetime.now(UTC) + timedelta(seconds=3600 * (-1) ** next(jumps))  # noqa: E731
    yield Fault("the clock jumps an hour at each look", lambda app: _clock(app, leaping))
    yield Fault("the clock cannot be read", lambda app: _clock(app, lambda: 1 // 0))
    for seconds in (-3600, 11, 3600):
        yield Fault(
            f"the time of the machine steps {seconds:+d} s",
            lambda _, s=seconds: patch("time.time", lambda: datetime.now(UTC).timestamp() + s),
        )


def _clock(app: Flask, read: Callable[[], object]) -> Any:
    return patch.dict(app.extensions, clock=read)


def of_taking() -> Iterator[Fault]:
    """Each function that an answer goes through raises, or the answers do not fit."""
    for target in ON_TAKING:
        for failure in (RuntimeError("out of order"), MemoryError()):
            yield _raising(target, failure)
    yield Fault("the answers do not fit", lambda _: patch("triage.web.state.MOST_BYTES", 100))


# -- people and what they are shown ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Somebody:
    """Complete answers, and how urgent the witness finds them on sound rules."""

    answers: Answers
    urgency: Urgency
    stopped: bool


def people(assessor: Assessor) -> tuple[Somebody, ...]:
    """One for each urgency, and for an emergency one by a tick and one that only the rules find."""
    found: dict[tuple[Urgency, bool], Somebody] = {}
    for case in assessor.knowledge.cases:
        path = cases.run(assessor, case).journey
        if path is None or not path.complete:
            continue
        urgency = without_engine(assessor.knowledge, path.findings).urgency
        found.setdefault((urgency, path.stopped), Somebody(path.answers, urgency, path.stopped))
    assert {urgency for urgency, _ in found} == set(Urgency)
    assert {(Urgency.EMERGENCY, True), (Urgency.EMERGENCY, False)} <= set(found)
    return tuple(found.values())


class Screen:
    """What one browser shows of an application in which something may fail."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        settings = app.extensions["settings"]
        self.knowledge: Knowledge = app.extensions["assessor"].knowledge
        self.headings = {
            filled(self.knowledge, d.heading, settings.words): u for u, d in self.knowledge.dispositions.items()
        }
        self.labels = {d.label: u for u, d in self.knowledge.dispositions.items()}
        self.call = filled(self.knowledge, "call {emergency_number}", settings.words)

    def with_run(self, answers: Answers) -> FlaskClient:
        """A browser that holds a run with these answers."""
        client = self.app.test_client()
        stored = {name: list(a) if isinstance(a, tuple) else a for name, a in answers.items()}
        sealing = self.app.session_interface
        assert isinstance(sealing, SealedCookies)
        content = {"answers": stored, "csrf_token": "a" * 40}
        client.set_cookie(f"run-{RUN}", sealing.seal(Run(RUN, content, found=True)), path=f"/run/{RUN}")
        return client

    def says(self, html: str) -> Urgency | None:
        """How urgent the page says it is, a nurse's in its text; None where it says nothing about that."""
        heading = re.search(r"<h1.*?</h1>", html, re.DOTALL)
        main = html.partition("<main")[2]
        said = [urgency for text, urgency in self.headings.items() if heading and text in _words(heading[0])]
        said += [] if said else [urgency for text, urgency in self.labels.items() if text in _words(main)]
        return max(said, default=None)

    def judge(self, what: str, response: Any, at_least: Urgency) -> None:
        """Broken, where the page is blank, hides the emergency line, or is calmer than it may be."""
        if response.mimetype == "application/pdf":
            must(response.data.startswith(b"%PDF"), f"{what}: an empty PDF")
            return
        html = response.text
        text = _words(html)
        must(len(text.split()) > 15 and "<h1" in html, f"{what}: a blank page")
        must(self.call in text.lower(), f"{what}: no emergency line")
        shown = self.says(html)
        instead = "nothing of urgency" if shown is None else shown.word
        # Somebody calm may be told to print the page, or to begin again, without a word of urgency.
        calm = shown is None and at_least < Urgency.SAME_DAY
        must(calm or (shown is not None and shown >= at_least), f"{what}: {instead} instead of {at_least.word}")


def _words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
