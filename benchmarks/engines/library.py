"""durable-rules the way its documentation shows it: `Host`, and an action for each rule. Why the guide does not use it.

Without the two threads that `Host` starts (they take firings from the caller), cut into the same chunks as ours (one
ruleset of all rules fails with error 303), with one rule that always fires (deleting a session in which nothing fired
ends the process), and a new session each time, deleted afterwards.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from durable import engine as durable

from triage.engine import batches, condition
from triage.knowledge import Findings, Knowledge
from triage.knowledge.model import Term

ALWAYS = "opened"


class QuietHost(durable.Host):  # type: ignore[misc]
    """A host without its threads."""

    def _run(self) -> None:
        """Start nothing."""


class Library:
    """One ruleset for each batch of terms; each firing is an action in Python."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._found: list[str] = []
        self._sessions = itertools.count(1)
        self._host = QuietHost()
        cut = itertools.chain.from_iterable(map(batches, knowledge.terms.values()))
        self._needs = {f"rules {number}": self._add(f"rules {number}", batch) for number, batch in enumerate(cut)}

    def _add(self, name: str, batch: Sequence[Term]) -> list[str]:
        rules = {
            f"r{number}": {"all": [{"m": condition(term.criterion)}], "run": self._note(term.name)}
            for number, term in enumerate(batch)
        }
        always = {"all": [{"m": {ALWAYS: "yes"}}], "run": lambda _: None}
        self._host.set_rulesets({name: {**rules, ALWAYS: always}})
        return list({test.finding: None for term in batch for test in term.criterion.tests()})

    def _note(self, name: str) -> Callable[[Any], None]:
        def action(_: Any) -> None:
            self._found.append(name)

        return action

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold."""
        self._found.clear()
        session = str(next(self._sessions))
        for name, needs in self._needs.items():
            fact = {"id": "1", "sid": session, ALWAYS: "yes", **{finding: findings[finding] for finding in needs}}
            self._host.assert_fact(name, fact)
            self._host.delete_state(name, session)
        return frozenset(self._found)
