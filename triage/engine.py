"""The engine room: the only importer of durable-rules, and everything that keeps it inside its small contract.

In: findings (words) and the terms to evaluate. Out: the set of names that fired, or an EngineError. Nothing about
what the names mean is known here. Why each line is as it is stands in tests/test_engine.py, hazard by hazard.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from triage.errors import EngineError
from triage.knowledge import AllOf, AnyOf, Criterion, Findings, Test
from triage.knowledge.model import RULESET_PATHS, Term

try:
    import durable_rules_engine
    from durable import engine as durable
except ImportError as error:  # pragma: no cover - needs a broken installation
    raise EngineError(
        f"durable-rules cannot be imported ({error}). On Python 3.13 and later it must be built with "
        "CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject; 'make run' does that."
    ) from error

# durable-rules drops the remaining firings when its wall clock jumps by more than 10 s in the middle of an evaluation.
durable._unix_now = time.monotonic

_SENTINEL = "opened"
_PROPERTIES = 200
"""The most findings one fact may carry: durable-rules fails above 252 (error 302)."""
_LAST = 60_000
"""Priority of the sentinel: durable-rules fires low numbers first, so it proves that every other rule had its turn."""


class QuietHost(durable.Host):
    """A host without the two dispatcher threads, which take actions from the same C structures as the caller."""

    def _run(self) -> None:
        pass


def condition(criterion: Criterion) -> dict[str, Any]:
    """A criterion in the engine's own notation: equality of words, and / or, no negation."""
    match criterion:
        case Test(finding, (value,)):
            return {finding: value}
        case Test(finding, values):
            return {"$or": [{finding: value} for value in values]}
        case AllOf(parts) if len(parts) > 1:
            return {"$and": [condition(part) for part in parts]}
        case AnyOf(parts) if len(parts) > 1:
            return {"$or": [condition(part) for part in parts]}
        case AllOf((part,)) | AnyOf((part,)):
            return condition(part)
    raise EngineError(f"a criterion without tests cannot be given to the engine: {criterion!r}")


def common_tests(terms: Sequence[Term]) -> tuple[Test, ...]:
    """The tests that every one of the terms demands: where one of them fails, none of the terms can fire."""
    shared: set[Test] | None = None
    for term in terms:
        parts = term.criterion.parts if isinstance(term.criterion, AllOf) else (term.criterion,)
        demanded = {part for part in parts if isinstance(part, Test)}
        shared = demanded if shared is None else shared & demanded
    return tuple(shared or ())


def batches(terms: Sequence[Term]) -> Iterator[tuple[Term, ...]]:
    """The terms in order, cut so that the paths of each batch stay within what one ruleset can bear."""
    batch: list[Term] = []
    paths = 0
    tested: set[str] = set()
    for term in terms:
        cost = term.criterion.paths()
        own = {test.finding for test in term.criterion.tests()}
        if cost > RULESET_PATHS or len(own) > _PROPERTIES:
            raise EngineError(f"{term.name}: {cost} paths over {len(own)} findings are too many for one ruleset")
        if batch and (paths + cost > RULESET_PATHS or len(tested | own) > _PROPERTIES):
            yield tuple(batch)
            batch, paths, tested = [], 0, set()
        batch.append(term)
        paths += cost
        tested |= own
    if batch:
        yield tuple(batch)


class Engine:
    """durable-rules with one ruleset for each batch of terms. Safe to share between threads, one evaluation a time."""

    def __init__(self, terms: Mapping[str, Sequence[Term]]) -> None:
        """Compile the terms, given by rules file.

        Raises:
            EngineError: durable-rules refused a ruleset.
        """
        self._batches = {
            f"rules{number}": batch
            for number, batch in enumerate(itertools.chain.from_iterable(map(batches, terms.values())))
        }
        self._needs = {
            name: tuple(dict.fromkeys(test.finding for term in batch for test in term.criterion.tests()))
            for name, batch in self._batches.items()
        }
        self._common = {name: common_tests(batch) for name, batch in self._batches.items()}
        self._lock = threading.Lock()
        self._sids = itertools.count()
        self._fired: list[str] = []
        self._host = self._compile()

    def _compile(self) -> QuietHost:
        host = QuietHost()
        for name, batch in self._batches.items():
            rules: dict[str, Any] = {
                f"r{number}": {"all": [{"m": condition(term.criterion)}], "run": self._note(term.name)}
                for number, term in enumerate(batch)
            }
            rules[_SENTINEL] = {"all": [{"m": {_SENTINEL: "yes"}}], "run": self._note(_SENTINEL), "pri": _LAST}
            try:
                host.set_rulesets({name: rules})
            except Exception as error:
                raise EngineError(
                    f"durable-rules refused the rules {[term.name for term in batch]}: {error}"
                ) from error
        return host

    def _note(self, name: str) -> Callable[[object], None]:
        # Exactly one parameter: with two, durable-rules takes an action for asynchronous and drops the rest.
        def action(_: object) -> None:
            self._fired.append(name)

        return action

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold for these findings.

        Raises:
            EngineError: durable-rules failed, or did not finish; nothing may be concluded from its silence.
        """
        with self._lock:
            try:
                return frozenset(
                    itertools.chain.from_iterable(self._evaluate(name, findings) for name in self._batches)
                )
            except Exception as error:
                # The failed session is still inside the C structures and poisons the host: begin with a new one.
                spoiled, self._host = self._host, self._compile()
                for ruleset in spoiled._ruleset_list:
                    durable_rules_engine.delete_ruleset(ruleset._handle)
                if isinstance(error, EngineError):
                    raise
                raise EngineError(f"durable-rules failed: {error!r}") from error

    def _evaluate(self, name: str, findings: Findings) -> list[str]:
        fact = {finding: findings[finding] for finding in self._needs[name]}
        if not all(test.holds(fact) for test in self._common[name]):
            return []  # the batch of a deposit that was not named
        sid = f"s{next(self._sids)}"
        self._fired.clear()
        state = self._host.assert_fact(name, {"id": "1", "sid": sid, _SENTINEL: "yes", **fact})
        fired = list(self._fired)
        if fired:
            # Not in a `finally`: deleting the state of a session in which nothing fired crashes the process.
            self._host.delete_state(name, sid)
        if not isinstance(state, dict) or "exception" in state:
            raise EngineError(f"durable-rules stopped half-way in {name}: {state!r}")
        if not fired or fired[-1] != _SENTINEL:
            raise EngineError(f"durable-rules did not finish {name}: the last rule never fired")
        return fired[:-1]
