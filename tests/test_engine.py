"""What durable-rules does to us outside its small contract, hazard by hazard, and that `triage/engine.py` fences it.

Each hazard is provoked for real, the deadly ones in a child process; then the same is asked of the Engine and Assessor.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import random
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import durable_rules_engine
import pytest
from durable import engine as durable
from hypothesis import given, settings
from hypothesis import strategies as st

import triage
from triage import assessment, engine, journey, resources
from triage.assessment import ENGINE_DIFFERED, ENGINE_FAILED, Assessor, witness
from triage.engine import Engine, QuietHost, batches, condition
from triage.errors import EngineError
from triage.knowledge import NO, UNSURE, YES, AllOf, AnyOf, Criterion, Findings, Knowledge, Test, Urgency, check, load
from triage.knowledge.model import POSSIBLY, RULESET_PATHS, RedFlag, Term

MOST_PENDING = 64
"""How many firings durable-rules can keep waiting on one fact."""

MOST_SESSIONS = 1024
"""How many sessions it can keep open in one ruleset."""

MOST_PROPERTIES = 252
"""How many properties one fact can have beside its `id` and `sid`."""

MOST_TESTS = 510
"""How many different values of one finding it can compile."""


# -- durable-rules by itself ---------------------------------------------------------------------------------------------


class Raw:
    """durable-rules without our fences, but for the dispatcher threads; `fired` is what its actions noted."""

    def __init__(self, conditions: Mapping[str, Any], host: durable.Host | None = None) -> None:
        self.fired: list[str] = []
        self.host = host or QuietHost()
        self.host.set_rulesets({"raw": {name: self.rule({"m": test}, name) for name, test in conditions.items()}})

    def rule(self, *antecedents_and_name: Any) -> dict[str, Any]:
        """A rule that notes its name; the name comes last."""
        *antecedents, name = antecedents_and_name

        def action(_: object) -> None:
            self.fired.append(name)

        return {"all": antecedents, "run": action}

    def tell(self, **fact: object) -> object:
        """Assert one fact in a session of its own name; what comes back is what a caller would see."""
        return self.host.assert_fact("raw", {"id": "1", "sid": "s", **fact})


def same_test(number: int) -> dict[str, Any]:
    """That many rules that all fire on the same fact."""
    return {f"rule {i}": {"x": "yes"} for i in range(number)}


@pytest.fixture
def untouched() -> ModuleType:
    """A second copy of durable-rules' own engine, with the clock it was shipped with."""
    spec = importlib.util.find_spec("durable.engine")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_a_child(function: Callable[[], None], seconds: int = 60) -> subprocess.CompletedProcess[str]:
    """Run a function of this file in a process of its own, which may crash or hang without taking the tests along."""
    here = Path(__file__).resolve()
    program = (
        f"import sys; sys.path[:0] = {[str(here.parent), str(Path(triage.__file__).parents[1])]!r}; "
        f"import resource, signal; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); "
        f"import {here.stem} as tests; signal.alarm({seconds}); tests.{function.__name__}()"
    )
    # With MALLOC_PERTURB_ memory is never as dirty as in a real process, and the crashes hide.
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_PERTURB_"}
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=seconds + 30
    )


def survived(child: subprocess.CompletedProcess[str]) -> str:
    """What the child printed; it must have come to a good end."""
    assert child.returncode == 0, f"ended with {child.returncode}: {child.stderr[-2000:]}"
    return child.stdout.strip()


# -- the engine --------------------------------------------------------------------------------------------------------------


def ticks(number: int) -> tuple[Term, ...]:
    """Terms like the boxes of a page: each holds when its own box is ticked."""
    return tuple(Term(f"term {i}", Test(f"box_{i}", (YES,))) for i in range(number))


def every(terms: Iterable[Term], value: str) -> dict[str, str]:
    """Findings in which everything that the terms test has this value."""
    return {test.finding: value for term in terms for test in term.criterion.tests()}


def names(terms: Iterable[Term]) -> frozenset[str]:
    return frozenset(term.name for term in terms)


def holding(terms: Iterable[Term], findings: Findings) -> frozenset[str]:
    return names(term for term in terms if term.criterion.holds(findings))


def unusable(findings: Findings) -> dict[str, Any]:
    """Findings that durable-rules itself refuses when they are asserted."""
    return {finding: float("inf") for finding in findings}


def still_works(subject: Engine, terms: Sequence[Term]) -> bool:
    """Whether the engine gives every firing for every box ticked, and none for none."""
    return subject.fired(every(terms, YES)) == names(terms) and subject.fired(every(terms, NO)) == frozenset()


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load(resources.folder("rules"))


# -- threads -------------------------------------------------------------------------------------------------------------------


def count_threads() -> None:
    before = threading.active_count()
    Engine({"file": ticks(3)})
    ours = threading.active_count() - before
    durable.Host()
    print(ours, threading.active_count() - before - ours)


def test_the_ordinary_host_starts_two_threads_and_our_engine_none() -> None:
    assert survived(in_a_child(count_threads)) == "0 2"


def test_a_dispatcher_thread_takes_the_firings_that_the_caller_waits_for() -> None:
    raw = Raw(same_test(7))
    ruleset = raw.host.get_ruleset("raw")
    asserted = ruleset.assert_fact({"id": "1", "sid": "s", "x": "yes"})
    ruleset.dispatch()  # what the thread does at any moment
    left = len(raw.fired)
    ruleset.do_actions(asserted, lambda error, state: raw.fired.append(f"caller: {error} {state}"))
    assert raw.fired[left:] == ["caller: None None"]


def ask_from_eight_threads() -> None:
    terms = ticks(8)
    shared = Engine({"file": terms})
    wrong: list[object] = []

    def ask(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311
        for _ in range(3000):
            findings = {finding: dice.choice((YES, NO)) for finding in every(terms, NO)}
            try:
                fired: object = shared.fired(findings)
            except Exception as error:
                fired = error
            if fired != holding(terms, findings):
                wrong.append(fired)

    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(wrong), wrong[:3])


def test_eight_threads_that_share_one_engine_never_get_a_wrong_answer() -> None:
    assert survived(in_a_child(ask_from_eight_threads)) == "0 []"


def fork_after_compiling() -> None:
    terms = ticks(100)
    compiled = Engine({"file": terms})
    children = []
    for _ in range(2):
        child = os.fork()
        if not child:
            os._exit(0 if all(still_works(compiled, terms) for _ in range(100)) else 1)
        children.append(child)
    print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children], still_works(compiled, terms))


def test_an_engine_compiled_before_a_fork_works_in_every_child_and_in_the_parent() -> None:
    assert survived(in_a_child(fork_after_compiling)) == "[0, 0] True"


# -- sessions ------------------------------------------------------------------------------------------------------------------


def delete_a_session_in_which_nothing_fired() -> None:
    raw = Raw(same_test(1))
    with pytest.raises(durable.MessageNotHandledException):
        raw.tell(x="no")
    print("about to delete", flush=True)
    raw.host.delete_state("raw", "s")
    print("deleted")


def test_deleting_a_session_in_which_nothing_fired_kills_the_process() -> None:
    child = in_a_child(delete_a_session_in_which_nothing_fired)
    assert (child.stdout.split("\n")[0], child.returncode) == ("about to delete", -signal.SIGSEGV)


def ask_where_nothing_fires() -> None:
    terms = ticks(200)
    print({Engine({"a": terms[:100], "b": terms[100:]}).fired(every(terms, NO)) for _ in range(20)})


def test_answers_for_which_nothing_fires_are_an_ordinary_result() -> None:
    assert survived(in_a_child(ask_where_nothing_fires)) == "{frozenset()}"


def test_every_ruleset_has_a_rule_that_always_fires_and_fires_last() -> None:
    terms = ticks(RULESET_PATHS * 3)
    compiled = Engine({"a": terms[:1], "b": terms[1:]})
    rulesets = compiled._host._ruleset_list
    assert len(rulesets) > 3
    for ruleset in rulesets:
        definition = ruleset.get_definition()
        assert max(definition, key=lambda name: definition[name].get("pri", 0)) == engine._SENTINEL


def keep_every_session() -> None:
    raw = Raw(same_test(1))
    for number in itertools.count():
        try:
            raw.tell(x="yes", sid=f"s{number}")
        except MemoryError:
            print(number)
            return


def test_sessions_that_are_kept_fill_a_table_and_then_nothing_works_any_more() -> None:
    assert survived(in_a_child(keep_every_session)) == str(MOST_SESSIONS)


def peak() -> int:
    """The most memory this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def ask_thousands_of_times() -> None:
    terms = ticks(100)
    compiled = Engine({"file": terms})
    works = [still_works(compiled, terms) for _ in range(MOST_SESSIONS)]
    before = peak()
    works += [still_works(compiled, terms) for _ in range(MOST_SESSIONS)]
    print(set(works), peak() < before * 1.02)


def test_thousands_of_evaluations_neither_fail_nor_need_more_memory() -> None:
    assert survived(in_a_child(ask_thousands_of_times)) == "{True} True"


def fail_hundreds_of_times() -> None:
    terms = ticks(300)
    compiled = Engine({"file": terms})
    before = peak()
    for _ in range(200):
        with pytest.raises(EngineError):
            compiled.fired(unusable(every(terms, YES)))
    print(still_works(compiled, terms), peak() < before * 1.5)


def test_hundreds_of_failures_neither_spoil_the_engine_nor_fill_the_memory() -> None:
    assert survived(in_a_child(fail_hundreds_of_times)) == "True True"


def test_the_same_session_twice_is_refused() -> None:
    raw = Raw(same_test(1))
    raw.tell(x="yes")
    with pytest.raises(durable.MessageObservedException):
        raw.tell(x="yes")


def test_the_engine_opens_a_short_session_of_its_own_each_time_even_after_a_failure(asserted: list[Any]) -> None:
    terms = ticks(1)
    compiled = Engine({"file": terms})
    for findings in (every(terms, YES), every(terms, YES), unusable(every(terms, YES)), every(terms, YES)) * 3:
        with pytest.raises(EngineError) if findings == unusable(findings) else contextlib_nothing():
            compiled.fired(findings)
    sessions = [fact["sid"] for fact in asserted]
    assert len(sessions) == 12
    assert len(set(sessions)) == len(sessions)
    assert all(session.isalnum() and len(session) < 20 for session in sessions)
