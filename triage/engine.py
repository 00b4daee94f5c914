"""The engine room: the only importer of durable-rules, and everything that keeps it inside its small contract.

In: findings (words) and the terms to evaluate. Out: the set of names that fired, or an EngineError. Nothing about
what the names mean is known here. Why each line is as it is stands in tests/test_engine.py, hazard by hazard.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from triage.errors import EngineError
from triage.knowledge import AllOf, AnyOf, Criterion, Findings, Test
from triage.knowledge.criteria import ByStart, demanded
from triage.knowledge.model import RULESET_PATHS, Term, alike

try:
    import durable_rules_engine as durable
except ImportError as error:  # pragma: no cover - needs a broken installation
    raise EngineError(
        f"durable-rules cannot be imported ({error}). On Python 3.13 and later it must be built with "
        "CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject; 'make run' does that."
    ) from error

_SENTINEL = "opened"
_SESSION = "1"
_END = "end"
"""The rule that fires last, in every ruleset and for everybody."""
_NAME = slice(2, 2 + len(_END))
"""Where the name of a rule stands in what the C module says: {"r12": ..."""
_PROPERTIES = 200
"""The most findings one fact may carry: durable-rules fails above 252 (error 302)."""
_LAST = 60_000
"""Priority of the sentinel: durable-rules fires low numbers first, so it proves that every other rule had its turn."""


def _told(finding: str, value: str) -> str:
    """A finding as a part of a fact, which is written as JSON."""
    return f"{json.dumps(finding, ensure_ascii=False)}:{json.dumps(value, ensure_ascii=False)}"


_ALWAYS_TOLD = (_told("id", "1"), _told("sid", _SESSION), _told(_SENTINEL, "yes"))


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


def batches(terms: Iterable[Term]) -> Iterator[tuple[Term, ...]]:
    """The terms, alike ones together, cut so that the paths of each batch are no more than a ruleset bears."""
    batch: list[Term] = []
    paths = 0
    tested: set[str] = set()
    for criterion, same in alike(terms).items():
        cost = criterion.paths()
        own = {test.finding for test in criterion.tests()}
        if cost > RULESET_PATHS or len(own) > _PROPERTIES:
            raise EngineError(f"{same[0].name}: {cost} paths over {len(own)} findings are too many for one ruleset")
        if batch and (paths + cost > RULESET_PATHS or len(tested | own) > _PROPERTIES):
            yield tuple(batch)
            batch, paths, tested = [], 0, set()
        batch += same
        paths += cost
        tested |= own
    if batch:
        yield tuple(batch)


class Ruleset:
    """One batch of terms as durable-rules has compiled it.

    We call its C module and not its Python `Host`: that one starts two threads which take firings from the caller,
    looks at the wall clock, swallows what actions raise, and leaks a session table. Here no rule has an action; the
    names are read from what the C module says. One session serves for ever: the fact is taken back each time.
    """

    def __init__(self, terms: Sequence[Term]) -> None:
        """Compile the terms.

        Raises:
            EngineError: durable-rules refused them.
        """
        rules = alike(terms)
        # Each name is as long as the sentinel's, so that all are read alike.
        self._names = {f"r{number:02}": [term.name for term in same] for number, same in enumerate(rules.values())}
        self._definition = {
            name: {"all": [{"m": condition(criterion)}]} for name, criterion in zip(self._names, rules, strict=True)
        } | {_END: {"all": [{"m": {_SENTINEL: "yes"}}], "pri": _LAST}}
        needs: dict[str, dict[str, str]] = {}
        for test in itertools.chain.from_iterable(criterion.tests() for criterion in rules):
            needs.setdefault(test.finding, {}).update({value: _told(test.finding, value) for value in test.values})
        self._needs = tuple(needs.items())
        self._handle: int | None = self._compile()

    def _compile(self) -> int:
        self._opened = False
        try:
            handle: int = durable.create_ruleset("rules", json.dumps(self._definition, ensure_ascii=False))
        except Exception as error:
            names = [*itertools.chain.from_iterable(self._names.values())]
            raise EngineError(f"durable-rules refused the rules {names}: {error}") from error
        return handle

    def fired(self, findings: Findings) -> Iterator[str]:
        """The names of the terms that hold, perhaps more than once.

        Raises:
            EngineError: durable-rules failed or did not finish; the ruleset has been compiled anew.
        """
        # Only what a term waits for can make it fire, as there are no negations.
        told = [values[findings[finding]] for finding, values in self._needs if findings[finding] in values]
        if not told:
            return iter(())
        if self._handle is None:
            self._handle = self._compile()
        try:
            fired = self._ask("{" + ",".join([*_ALWAYS_TOLD, *told]) + "}")
        except BaseException as error:
            self._begin_anew()
            if isinstance(error, EngineError) or not isinstance(error, Exception):
                raise
            raise EngineError(f"durable-rules failed: {error!r}") from error
        return itertools.chain.from_iterable(map(self._names.__getitem__, fired))

    def _begin_anew(self) -> None:
        """What broke off is still inside the C structures and poisons the session: begin with a new one."""
        # If one of these fails as well, the next question compiles it.
        poisoned, self._handle = self._handle, None
        if self._opened:  # deleting a session in which nothing ever fired crashes the process
            self._opened = False
            durable.delete_state(poisoned, _SESSION)
        durable.delete_ruleset(poisoned)
        self._handle = self._compile()

    def _ask(self, fact: str) -> list[str]:
        code, session = durable.assert_fact(self._handle, fact)
        if code != 0:
            raise EngineError(f"durable-rules did not take the fact (code {code})")
        answers: list[str] = []
        started = durable.start_action_for_state(self._handle, session)
        answer = started and started[1]
        while answer:
            self._opened = True
            answers.append(answer)
            answer = durable.complete_and_start_action(self._handle, session)
        # {"r12": {"m": {the whole fact}}}: only the name is of interest.
        fired = [answer[_NAME] for answer in answers]
        if not fired or fired.pop() != _END:
            raise EngineError("durable-rules did not finish: the last rule never fired")
        durable.retract_fact(self._handle, fact)
        return fired


class Engine:
    """durable-rules with one ruleset for each batch of terms. Safe to share between threads, one evaluation a time."""

    def __init__(self, terms: Mapping[str, Sequence[Term]]) -> None:
        """Compile the terms, given by rules file.

        Raises:
            EngineError: durable-rules refused a ruleset.
        """
        self._always: list[Ruleset] = []
        self._by_start = ByStart[Ruleset]()
        for batch in itertools.chain.from_iterable(map(batches, terms.values())):
            ruleset = Ruleset(batch)
            # For instance that a deposit was named: without it, none of the terms can fire.
            shared = demanded(term.criterion for term in batch)
            if shared:
                self._by_start.add(shared, ruleset)
            else:
                self._always.append(ruleset)
        self._lock = threading.Lock()

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold for these findings.

        Raises:
            EngineError: durable-rules failed or did not finish, or a finding is missing altogether; nothing may be
                concluded from its silence.
        """
        try:
            with self._lock:
                asked = itertools.chain(self._always, self._by_start.touched(findings))
                return frozenset(itertools.chain.from_iterable(ruleset.fired(findings) for ruleset in asked))
        except KeyError as error:
            raise EngineError(f"the finding {error} is missing") from error
