"""What the measurements work on: the real application, the real stack, and how much to measure."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from flask import Flask
from werkzeug.test import EnvironBuilder

from tests.stack.conftest import Stack, answers_of
from tests.web.conftest import Person
from triage.assessment import Assessor
from triage.journey import Answer, with_usual
from triage.knowledge import Knowledge, Urgency
from triage.web import create_app
from triage.web.state import Run

LATER = "its long run is not written yet"


class Broken(Exception):
    """A promise does not hold; the text says what was seen instead."""


class NotHere(Exception):
    """This cannot be measured on this machine or in this time; the text says why, or what measures it instead."""


def must(holds: object, seen: str) -> None:
    """Broken, unless it holds."""
    if not holds:
        raise Broken(seen)


class Bench:
    """What the measurements work on, each part made when it is first needed; `short` for a size that suits a test."""

    def __init__(self, short: bool = False, stack: Stack | None = None) -> None:
        """Without a `stack` that runs already, one is started when it is first needed."""
        self._open = ExitStack()
        self._stack = stack
        self.short = short

    def size(self, full: int, short: int) -> int:
        """How many to try: all that the promise speaks of, or as many as a test has time for."""
        return short if self.short else full

    @cached_property
    def app(self) -> Flask:
        """The application as a demonstration, with the real rules, in this process."""
        app = create_app({})
        app.testing = False
        return app

    @property
    def assessor(self) -> Assessor:
        """The engine and the witness of that application."""
        assessor: Assessor = self.app.extensions["assessor"]
        return assessor

    @property
    def knowledge(self) -> Knowledge:
        """The real rules."""
        return self.assessor.knowledge

    @property
    def routine(self) -> Mapping[str, Answer]:
        """The answers of somebody with a calm result."""
        return answers_of(self.assessor, Urgency.ROUTINE)

    @cached_property
    def journeys(self) -> tuple[Mapping[str, Answer], ...]:
        """Answers of cases that together are asked every question; of them a few, where it must be short."""
        paths = [with_usual(self.knowledge, case.answers).answers for case in self.knowledge.cases]
        chosen: list[Mapping[str, Answer]] = []
        missing = set(self.knowledge.questions)
        while new := max(paths, key=lambda answers: len(missing & answers.keys())).keys() & missing:
            chosen.append(max(paths, key=lambda answers: len(missing & answers.keys())))
            missing -= new
        must(not missing, f"no case is asked {', '.join(sorted(missing))}")
        return tuple(chosen[: self.size(len(chosen), 2)])

    def pages(self) -> Iterator[tuple[Person, Mapping[str, Answer]]]:
        """Somebody before each page of questions, with the answers they would give; they go on with those."""
        met: set[frozenset[str]] = set()
        for answers in self.journeys:
            person = self.person()
            person.starts()
            while person.page.questions():
                before = person.page
                if not person.page.questions() <= set().union(*met):
                    met.add(frozenset(person.page.questions()))
                    yield person, {name: answers[name] for name in before.questions()}
                    person.page = before if not person.page.questions() else person.page
                person.sends(answers)
                must(person.page.status == 200, f"'{before.h1}' was answered with {person.page.status}")

    def kept(self, person: Person) -> Run:
        """What the browser of this person holds for their run."""
        name, path = f"run-{person.run}", f"/run/{person.run}"
        cookie = person.client.get_cookie(name, path=path)
        headers = {"Cookie": f"{name}={cookie.value}"} if cookie else {}
        request = EnvironBuilder(path=path, headers=headers).get_request(self.app.request_class)
        run = self.app.session_interface.open_session(self.app, request)
        assert isinstance(run, Run)
        return run

    def person(self) -> Person:
        """Somebody on the start page of the application in this process."""
        return Person(self.app, self.knowledge)

    @property
    def stack(self) -> Stack:
        """nginx and two instances, all of them running."""
        if self._stack is None:
            folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="guide-")))
            self._stack = Stack(folder)
            self._open.callback(self._stack.stop)
            self._stack.start()
        for instance in self._stack.instances:
            if instance.process is None or instance.process.poll() is not None:
                instance.start(self._stack.environ)
        self._stack.ready()
        return self._stack

    def close(self) -> None:
        """End everything that was started."""
        self._open.close()


Measure = Callable[[Bench], str]
"""Gives the figure of a promise, or raises Broken."""

Promise = tuple[str, str, Measure | str]
"""The name of a promise, what is promised, and its measurement or why it is not measured here."""
