"""What durable-rules does outside its small contract, hazard by hazard, and that `triage/engine.py` fences it off.

Each hazard is provoked for real, the deadly ones in a child process; then the same is asked of Engine and Assessor.
"""

import importlib.util
import itertools
import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from durable import engine as durable
from hypothesis import given, settings
from hypothesis import strategies as st

from triage import assessment, engine
from triage.assessment import ENGINE_DIFFERED, ENGINE_FAILED, Assessor, witness
from triage.engine import Engine, batches, condition
from triage.errors import EngineError
from triage.journey import with_usual
from triage.knowledge import NO, UNSURE, YES, AllOf, AnyOf, Urgency, check
from triage.knowledge import Test as Is
from triage.knowledge.criteria import ALWAYS
from triage.knowledge.model import POSSIBLY, RULESET_PATHS, RedFlag, Term

MOST_PENDING = 64  # firings that durable-rules can keep waiting on one fact
MOST_SESSIONS = 1024  # sessions that it can keep in one ruleset
MOST_PROPERTIES = 252  # properties that one fact can have beside `id` and `sid`
MOST_VALUES = 511  # values of one finding that it can tell apart; with one more it never answers


# -- durable-rules by itself, and processes that may die ---------------------------------------------------------------


class QuietHost(durable.Host):
    """A host without its two threads, so that a test can say what happens."""

    def _run(self):
        pass


class Raw:
    """durable-rules without our fences but for its threads; `fired` is what its actions noted."""

    def __init__(self, conditions, host=QuietHost):
        self.fired = []
        self.host = host()
        self.host.set_rulesets({"raw": {name: self.rule(name, {"m": test}) for name, test in conditions.items()}})

    def rule(self, name, *antecedents):
        def action(_):
            self.fired.append(name)

        return {"all": list(antecedents), "run": action}

    def add(self, rules):
        """Another ruleset, of rules as durable-rules knows them."""
        self.host.set_rulesets({"more": rules})

    def tell(self, ruleset="raw", **fact):
        """Assert one fact; what comes back is all that a caller learns."""
        return self.host.assert_fact(ruleset, {"id": "1", "sid": "s", **fact})


def alike(number):
    """Conditions of that many rules that all hold for one and the same fact."""
    return {f"rule {i}": {"x": YES} for i in range(number)}


@pytest.fixture
def untouched():
    """durable-rules' own engine a second time, with the clock it was shipped with."""
    spec = importlib.util.find_spec("durable.engine")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_a_child(function):
    """Run a function of this module in a process of its own, which may crash or hang."""
    root = Path(__file__).resolve().parents[1]
    program = (
        "import resource, signal, sys; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); "
        f"sys.path.insert(0, {str(root)!r}); from {__name__} import {function.__name__} as function; "
        f"signal.alarm(60); function()"
    )
    # New memory is full of rubbish, as in a process that has run for a while: what is not initialised shows.
    environment = {**os.environ, "MALLOC_PERTURB_": "1"}
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)


def printed(child):
    """What a child said that came to a good end."""
    assert child.returncode == 0, f"the child ended with {child.returncode}: {child.stderr[-2000:]}"
    return child.stdout.strip()


# -- terms and findings for an Engine ----------------------------------------------------------------------------------


def boxes(number):
    """Terms like the boxes of a page: each holds when its own box is ticked."""
    return tuple(Term(f"term {i}", Is(f"box_{i}", (YES,))) for i in range(number))


def all_at(value, terms):
    """Findings in which everything that the terms test has that value."""
    return {test.finding: value for term in terms for test in term.criterion.tests()}


def names(terms):
    return frozenset(term.name for term in terms)


def holding(terms, findings):
    return names(term for term in terms if term.criterion.holds(findings))


def works(compiled, terms):
    """Whether every box ticked gives every firing, and no box ticked gives none."""
    return compiled.fired(all_at(YES, terms)) == names(terms) and compiled.fired(all_at(NO, terms)) == frozenset()


class FailingOnce(list):
    """What the actions write into; the first that writes fails."""

    def __init__(self, failure):
        super().__init__()
        self.failure = failure

    def append(self, name):
        if self.failure:
            failure, self.failure = self.failure, None
            raise failure
        super().append(name)


class Leaping:
    """A clock that stands still, but for one leap of 11 seconds before the look of that number."""

    def __init__(self, leap):
        self.looks, self.leap = 0, leap

    def __call__(self):
        self.looks += 1
        return 11.0 if self.looks > self.leap else 0.0


@pytest.fixture
def asserted(monkeypatch):
    """Every fact that any engine of ours gives to durable-rules."""
    facts = []
    real = engine.durable.assert_fact

    def assert_fact(handle, fact):
        facts.append(json.loads(fact))
        return real(handle, fact)

    monkeypatch.setattr(engine.durable, "assert_fact", assert_fact)
    return facts


CALLS = ("assert_fact", "start_action_for_state", "complete_and_start_action", "retract_fact")
"""What an evaluation asks of the C module, in this order."""


@contextmanager
def failing(call, failure):
    """durable-rules in which one call fails whenever it is made."""

    def fails(*_):
        raise failure

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(engine.durable, call, fails)
        yield


@contextmanager
def ending_early():
    """durable-rules that says after the first firing that there are no more."""
    complete = engine.durable.complete_and_start_action
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(engine.durable, "complete_and_start_action", lambda *given: complete(*given) and None)
        yield


# -- threads and processes ---------------------------------------------------------------------------------------------


def count_new_threads():
    before = threading.active_count()
    Engine({"file": boxes(3)})
    ours = threading.active_count() - before
    durable.Host()
    print(ours, threading.active_count() - before - ours)


def test_the_ordinary_host_starts_two_threads_and_our_engine_none():
    assert printed(in_a_child(count_new_threads)) == "0 2"


def test_a_dispatcher_thread_takes_the_firings_that_the_caller_waits_for():
    raw = Raw(alike(7))
    ruleset = raw.host.get_ruleset("raw")
    asserted = ruleset.assert_fact({"id": "1", "sid": "s", "x": YES})
    ruleset.dispatch()  # what that thread does at any moment
    raw.fired.clear()
    answer = []
    ruleset.do_actions(asserted, lambda error, state: answer.append((error, state)))
    assert (raw.fired, answer) == ([], [(None, None)])


def ask_from_eight_threads():
    terms = boxes(8)
    shared = Engine({"file": terms})
    wrong = []

    def ask(seed):
        dice = random.Random(seed)  # noqa: S311 - nothing secret
        for _ in range(2500):
            findings = {finding: dice.choice((YES, NO)) for finding in all_at(NO, terms)}
            try:
                fired = shared.fired(findings)
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


def test_eight_threads_that_share_an_engine_never_get_a_wrong_answer():
    assert printed(in_a_child(ask_from_eight_threads)) == "0 []"


def fork_after_compiling():
    terms = boxes(100)
    compiled = Engine({"file": terms})
    children = []
    for _ in range(2):
        child = os.fork()
        if not child:
            os._exit(0 if all(works(compiled, terms) for _ in range(50)) else 1)
        children.append(child)
    print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children], works(compiled, terms))


def test_an_engine_compiled_before_a_fork_works_in_every_child_and_in_the_parent():
    assert printed(in_a_child(fork_after_compiling)) == "[0, 0] True"


# -- sessions and memory -----------------------------------------------------------------------------------------------


def delete_a_session_in_which_nothing_fired():
    raw = Raw(alike(1))
    with pytest.raises(durable.MessageNotHandledException):
        raw.tell(x=NO)
    print("now", flush=True)
    raw.host.delete_state("raw", "s")
    print("survived", flush=True)


def test_deleting_a_session_in_which_nothing_fired_kills_the_process():
    child = in_a_child(delete_a_session_in_which_nothing_fired)
    assert child.stdout == "now\n"
    assert child.returncode in (-signal.SIGSEGV, -signal.SIGABRT)


def ask_where_nothing_fires():
    terms = boxes(200)
    print({Engine({"a": terms[:90], "b": terms[90:]}).fired(all_at(NO, terms)) for _ in range(20)})


def test_answers_for_which_nothing_fires_are_an_ordinary_result():
    assert printed(in_a_child(ask_where_nothing_fires)) == "{frozenset()}"


def keep_every_session():
    raw = Raw(alike(1))
    for number in range(2 * MOST_SESSIONS):
        try:
            raw.tell(x=YES, sid=f"s{number}")
        except MemoryError:
            return print(number)


def test_sessions_that_nobody_deletes_fill_a_table():
    assert printed(in_a_child(keep_every_session)) == str(MOST_SESSIONS)


def most_memory():
    """The most memory that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def ask_thousands_of_times():
    terms = boxes(10)
    compiled = Engine({"file": terms})
    good = [works(compiled, terms) for _ in range(MOST_SESSIONS)]
    before = most_memory()
    good += [works(compiled, terms) for _ in range(MOST_SESSIONS)]
    print(all(good), most_memory() < before * 1.02)


def test_thousands_of_evaluations_all_succeed_and_need_no_more_memory_than_the_first():
    assert printed(in_a_child(ask_thousands_of_times)) == "True True"


def fail_more_than_a_thousand_times():
    terms = boxes(5)
    compiled = Engine({"file": terms})
    before = most_memory()
    for _ in range(MOST_SESSIONS + 1):
        for call in CALLS[:3:2]:
            with failing(call, RuntimeError()), pytest.raises(EngineError):
                compiled.fired(all_at(YES, terms))
    print(works(compiled, terms), most_memory() < before * 1.5)


def test_more_than_a_thousand_failures_neither_spoil_the_engine_nor_fill_the_memory():
    assert printed(in_a_child(fail_more_than_a_thousand_times)) == "True True"


def break_off_more_than_a_thousand_times():
    engine.RULESET_PATHS = 10 * MOST_PENDING
    terms = (Term("term", AnyOf(tuple(Is(f"box_{i}", (YES,)) for i in range(MOST_PENDING + 1)))),)
    compiled = Engine({"file": terms})
    for _ in range(MOST_SESSIONS + 1):
        with pytest.raises(EngineError, match="error code: 303"):
            compiled.fired(all_at(YES, terms))
    print(compiled.fired(all_at(NO, terms) | {"box_1": YES}))


def test_sessions_that_broke_off_do_not_fill_the_table_either():
    assert printed(in_a_child(break_off_more_than_a_thousand_times)) == "frozenset({'term'})"


def test_one_session_does_not_serve_twice():
    raw = Raw(alike(1))
    raw.tell(x=YES)
    with pytest.raises(durable.MessageObservedException):
        raw.tell(x=YES)


def test_one_short_session_serves_for_ever_as_the_fact_is_taken_back_also_after_a_failure(asserted):
    terms = boxes(2)
    compiled = Engine({"file": terms})
    for call in CALLS:
        assert works(compiled, terms)
        with failing(call, RuntimeError()), pytest.raises(EngineError):
            compiled.fired(all_at(YES, terms))
    assert works(compiled, terms)
    assert {fact["sid"] for fact in asserted} == {"1"}


# -- how much a ruleset can bear ---------------------------------------------------------------------------------------


def test_more_than_64_firings_on_one_fact_break_a_ruleset():
    ticked = {f"box_{i}": YES for i in range(MOST_PENDING + 1)}
    conditions = {box: {box: YES} for box in ticked}
    broken = Raw(conditions)
    with pytest.raises(Exception, match="error code: 303"):
        broken.tell(**ticked)
    assert broken.fired == []
    conditions.popitem()
    bearable = Raw(conditions)
    bearable.tell(**ticked)
    assert len(bearable.fired) == MOST_PENDING


def test_every_box_ticked_gives_every_firing_however_many_there_are():
    terms = boxes(5 * MOST_PENDING)
    assert works(Engine({"file": terms}), terms)


def test_every_way_to_reach_a_term_counts_not_only_the_terms():
    ways = AllOf((AnyOf(tuple(Is(f"a{i}", (YES,)) for i in range(4))), AnyOf((Is("b", (YES,)), Is("c", (YES,))))))
    terms = tuple(Term(f"term {i}", ways) for i in range(MOST_PENDING))
    assert works(Engine({"file": terms}), terms)


def test_a_ruleset_is_filled_to_its_limit_and_then_the_next_begins():
    terms = boxes(RULESET_PATHS)
    assert [len(batch) for batch in batches(terms)] == [RULESET_PATHS]
    assert works(Engine({"file": terms}), terms)
    assert [len(batch) for batch in batches(boxes(RULESET_PATHS + 1))] == [RULESET_PATHS, 1]


def test_terms_that_are_alike_are_one_rule_for_the_engine_and_all_are_named():
    terms = tuple(replace(term, name=f"{term.name}, {twin}") for twin in range(3) for term in boxes(RULESET_PATHS))
    assert [len(batch) for batch in batches(terms)] == [len(terms)]
    compiled = Engine({"file": terms})
    assert compiled.fired(all_at(YES, terms)) == {term.name for term in terms}
    assert compiled.fired(all_at(NO, terms) | {"box_7": YES}) == {"term 7, 0", "term 7, 1", "term 7, 2"}


def test_one_batch_for_all_of_them_would_fail_and_say_so(monkeypatch):
    terms = boxes(MOST_PENDING + 1)
    monkeypatch.setattr(engine, "RULESET_PATHS", 10 * MOST_PENDING)
    compiled = Engine({"file": terms})
    with pytest.raises(EngineError, match="error code: 303"):
        compiled.fired(all_at(YES, terms))
    assert compiled.fired(all_at(NO, terms) | {"box_7": YES}) == {"term 7"}


@given(st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=3), max_size=80))
@settings(max_examples=60, deadline=None)
def test_batches_leave_out_nothing_and_never_exceed_what_a_ruleset_can_bear(sizes):
    terms = tuple(
        Term(str(i), AllOf(tuple(Is(f"f{j}", tuple("abc"[:size])) for j, size in enumerate(sizes_of_one))))
        for i, sizes_of_one in enumerate(sizes)
    )
    cut = list(batches(terms))
    assert sorted(itertools.chain.from_iterable(cut), key=terms.index) == [*terms]
    paths = [sum(criterion.paths() for criterion in {term.criterion for term in batch}) for batch in cut]
    assert all(0 < taken <= RULESET_PATHS for taken in paths)
    # As few as can be: what follows would not have fitted. Terms that are alike stand together, and count once.
    assert all(
        taken + following[0].criterion.paths() > RULESET_PATHS for taken, following in zip(paths, cut[1:], strict=False)
    )
    criteria = [term.criterion for batch in cut for term in batch]
    assert len(list(itertools.groupby(criteria))) == len(set(criteria))


def test_more_than_252_properties_break_a_fact():
    raw = Raw(alike(1))
    with pytest.raises(Exception, match="error code: 302"):
        raw.tell(x=YES, **{f"other_{i}": NO for i in range(MOST_PROPERTIES)})


def test_a_ruleset_is_told_only_the_findings_that_its_own_rules_test(asserted):
    terms = boxes(2 * MOST_PROPERTIES)
    assert works(Engine({"file": terms}), terms)
    assert all(len(fact) <= RULESET_PATHS + 3 for fact in asserted)


def test_rules_that_test_many_findings_each_do_not_overfill_the_fact():
    terms = tuple(
        Term(f"term {i}", AllOf(tuple(Is(f"box_{i}_{j}", (YES,)) for j in range(6)))) for i in range(RULESET_PATHS)
    )
    assert works(Engine({"file": terms}), terms)


def alternatives(number):
    return tuple(f"value {i}" for i in range(number))


def ask_with_too_many_alternatives():
    for number in (MOST_VALUES, MOST_VALUES + 1):
        raw = Raw({"rule": {"$or": [{"x": value} for value in alternatives(number)]}})
        signal.alarm(2)
        raw.tell(x="value 3")
        print(raw.fired, flush=True)


def test_too_many_alternatives_hang_durable_rules():
    child = in_a_child(ask_with_too_many_alternatives)
    assert (child.stdout, child.returncode) == ("['rule']\n", -signal.SIGALRM)


def compile_too_many_alternatives():
    signal.alarm(2)
    with pytest.raises(EngineError, match="wide term"):
        Engine({"file": (Term("wide term", Is("x", alternatives(MOST_VALUES + 1))),)})


def test_a_term_too_wide_for_any_ruleset_is_refused_by_name_instead_of_hanging():
    printed(in_a_child(compile_too_many_alternatives))


# -- one fact, and every rule that it meets ----------------------------------------------------------------------------


def test_two_antecedents_an_event_and_a_batch_all_lose_firings():
    raw = Raw(alike(2))
    raw.add({"both": raw.rule("both", {"m": {"x": YES}}, {"n": {"y": YES}}), "x": raw.rule("x", {"m": {"x": YES}})})
    raw.tell("more", x=YES, y=YES)
    assert raw.fired == ["x"]  # one fact never satisfies two antecedents

    raw = Raw(alike(2))
    raw.host.post("raw", {"id": "1", "sid": "s", "x": YES})
    assert raw.fired == ["rule 0"]  # the first rule takes an event away from the second

    raw = Raw(alike(2))
    with pytest.raises(durable.MessageNotHandledException):
        raw.host.assert_facts("raw", [{"id": "1", "sid": "s", "x": YES}, {"id": "2", "sid": "s", "y": YES}])
    assert raw.fired == []  # one fact that nobody asked for silences the others


def test_one_fact_reaches_every_rule_that_it_meets_with_all_it_says(asserted):
    both = AllOf((Is("x", (YES,)), Is("y", (YES,))))
    terms = (Term("both", both), Term("again", both), Term("x", Is("x", (YES,))), Term("y", Is("y", (YES,))))
    compiled = Engine({"file": terms})
    assert works(compiled, terms)
    assert compiled.fired({"x": YES, "y": NO}) == {"x"}
    assert len(asserted) == 2  # where every box is unticked there is nothing to ask
    assert all(isinstance(fact, dict) for fact in asserted)


def test_what_no_answer_can_fire_is_not_even_asked(asserted):
    named = Is("named", (YES,))
    terms = tuple(Term(f"rule-{box}", AllOf((named, Is(box, (YES,))))) for box in ("x", "y"))
    compiled = Engine({"file": terms})
    assert compiled.fired({"named": NO, "x": YES, "y": YES}) == frozenset()
    assert not asserted
    assert compiled.fired({"named": YES, "x": YES, "y": NO}) == {"rule-x"}
    assert len(asserted) == 1


def ask_with_a_negation_alone():
    firings = itertools.count(1)

    def action(_):
        if next(firings) == 1000:
            os._exit(0)

    raw = Raw(alike(1))
    raw.add({"rule": {"all": [{"m": {"$nex": {"x": 1}}}], "run": action}})
    raw.tell("more", y=YES)
    os._exit(1)


def test_a_rule_that_is_only_a_negation_fires_without_end():
    printed(in_a_child(ask_with_a_negation_alone))


WORDS = st.sampled_from((YES, NO, UNSURE))
TESTS = st.builds(
    Is,
    st.sampled_from([f"f{i}" for i in range(6)]),
    st.lists(WORDS, min_size=1, max_size=2, unique=True).map(tuple),
)
PARTS = st.lists(TESTS, min_size=1, max_size=3).map(tuple)
BRANCHES = st.lists(TESTS | PARTS.map(AllOf), min_size=1, max_size=3).map(tuple)
CRITERIA = TESTS | PARTS.map(AllOf) | BRANCHES.map(AnyOf) | st.tuples(TESTS, BRANCHES.map(AnyOf)).map(AllOf)
FINDINGS = st.fixed_dictionaries({f"f{i}": WORDS for i in range(6)})


def operators(notation):
    for key, value in notation.items():
        if isinstance(value, list):
            yield key
            for part in value:
                yield from operators(part)
        else:
            assert isinstance(value, str)
            yield from [key] * key.startswith("$")


@given(CRITERIA)
def test_no_criterion_becomes_a_negation_or_anything_but_and_and_or_of_equal_words(criterion):
    assert set(operators(condition(criterion))) <= {"$and", "$or"}


@given(st.lists(CRITERIA, min_size=1, max_size=12), st.lists(FINDINGS, min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_engine_and_witness_agree_on_any_criteria_and_findings(criteria, people):
    terms = [Term(f"term {i}", criterion) for i, criterion in enumerate(criteria)]
    compiled = Engine({"file": terms})
    for findings in people:
        assert compiled.fired(findings) == holding(terms, findings)


def test_engine_and_witness_agree_on_the_real_rules(knowledge):
    compiled = Engine(knowledge.terms)
    dice = random.Random(1)  # noqa: S311 - nothing secret
    people = [{name: dice.choice(values) for name, values in knowledge.findings.items()} for _ in range(200)]
    for value in (YES, NO, UNSURE):  # every box ticked, none, not sure of any
        people.append({name: value if value in values else values[0] for name, values in knowledge.findings.items()})
    for findings in people:
        assert compiled.fired(findings) == witness(knowledge, findings)


def test_a_rule_with_two_true_alternatives_fires_twice_raw_and_counts_once_here():
    raw = Raw({"rule": {"$or": [{"x": YES}, {"y": YES}]}})
    raw.tell(x=YES, y=YES)
    assert raw.fired == ["rule", "rule"]
    terms = (Term("rule", AnyOf((Is("x", (YES,)), Is("y", (YES,))))),)
    assert Engine({"file": terms}).fired({"x": YES, "y": YES}) == frozenset({"rule"})


# -- actions -----------------------------------------------------------------------------------------------------------

FAILURES = [RuntimeError("broken"), MemoryError(), SystemExit(1), KeyboardInterrupt()]


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
def test_a_failing_action_goes_unnoticed_raw(failure):
    raw = Raw(alike(3))
    raw.fired = FailingOnce(failure)
    state = raw.tell(x=YES)
    assert raw.fired == ["rule 1", "rule 2"]
    assert "exception" in state  # nothing was raised: one has to look


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
@pytest.mark.parametrize("call", CALLS)
def test_whatever_call_fails_is_heard_and_the_next_evaluation_is_whole(call, failure):
    terms = boxes(3)
    compiled = Engine({"file": terms})
    expected = EngineError if isinstance(failure, Exception) else type(failure)
    with failing(call, failure), pytest.raises(expected):
        compiled.fired(all_at(YES, terms))
    assert works(compiled, terms)


@pytest.mark.parametrize("mending", ["create_ruleset", "delete_state", "delete_ruleset"])
def test_what_could_not_be_mended_is_mended_with_the_next_evaluation(mending):
    terms = boxes(3)
    compiled = Engine({"file": terms})
    compiled.fired(all_at(YES, terms))
    with (
        failing("assert_fact", MemoryError()),
        failing(mending, MemoryError()),
        pytest.raises((EngineError, MemoryError)),
    ):
        compiled.fired(all_at(YES, terms))
    assert works(compiled, terms)


def test_an_action_with_two_parameters_loses_the_rest_so_our_rules_have_none(monkeypatch):
    raw = Raw(alike(1))
    raw.add({f"rule {i}": raw.rule(i, {"m": {"x": YES}}) | {"run": lambda c, i=i: raw.fired.append(i)} for i in "123"})
    assert raw.tell("more", x=YES) == 0  # taken for asynchronous, so it is waited for and never comes
    assert len(raw.fired) == 1

    compiled = []
    real = engine.durable.create_ruleset
    monkeypatch.setattr(
        engine.durable, "create_ruleset", lambda name, text: compiled.append(json.loads(text)) or real(name, text)
    )
    terms = boxes(2 * RULESET_PATHS)
    Engine({"a": terms[:1], "b": terms[1:]})
    rules = [rule for ruleset in compiled for rule in ruleset.values()]
    assert len(rules) > len(terms)
    assert not any("run" in rule for rule in rules)


def test_an_answer_without_the_last_rule_is_an_error():
    terms = boxes(3)
    compiled = Engine({"file": terms})
    with ending_early(), pytest.raises(EngineError, match="did not finish"):
        compiled.fired(all_at(YES, terms))
    assert works(compiled, terms)


# -- the clock ---------------------------------------------------------------------------------------------------------


def pause_in_the_middle():
    terms = boxes(3)
    compiled = Engine({"file": terms})
    pauses = iter([11.0])
    real = engine.durable.complete_and_start_action

    def after_a_pause(*given):
        time.sleep(next(pauses, 0.0))
        return real(*given)

    engine.durable.complete_and_start_action = after_a_pause
    print(compiled.fired(all_at(YES, terms)) == names(terms), works(compiled, terms))


def test_a_pause_of_11_seconds_in_the_middle_loses_nothing():
    assert printed(in_a_child(pause_in_the_middle)) == "True True"


def test_the_part_of_durable_rules_that_looks_at_the_clock_is_not_even_loaded():
    program = "import sys, triage.engine; print('durable.engine' in sys.modules)"
    root = Path(__file__).resolve().parents[1]
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root)
    assert printed(child) == "False"


def test_without_our_fences_a_pause_passes_for_an_answer(monkeypatch):
    raw = Raw(alike(5))
    monkeypatch.setattr(durable, "_unix_now", Leaping(3))
    raw.tell(x=YES)
    assert raw.fired == ["rule 0", "rule 1"]  # nothing was raised


class WallClock(datetime):
    """A wall clock that somebody sets one hour forward at every look."""

    looks = itertools.count()

    @classmethod
    def now(cls, tz=None):
        return datetime(2026, 1, 1, tzinfo=tz) + timedelta(hours=next(cls.looks))


def test_setting_the_clock_of_the_machine_loses_firings_raw(monkeypatch, untouched):
    class Host(untouched.Host):
        def _run(self):
            pass

    stepping = SimpleNamespace(datetime=WallClock)
    monkeypatch.setattr(untouched, "datetime", stepping)
    raw = Raw(alike(5), Host)
    raw.tell(x=YES)
    assert raw.fired == ["rule 0"]


# -- names and values --------------------------------------------------------------------------------------------------

TWINS = ("costarring", "liquid")  # the classic pair of words with one 32-bit FNV-1a hash


def with_findings(knowledge, *new):
    """The knowledge with more questions, one for each of these findings."""
    one = next(question for question in knowledge.questions.values() if question.type == "yes-no")
    return replace(knowledge, questions={**knowledge.questions, **{name: replace(one, id=name) for name in new}})


def test_two_names_with_one_hash_are_one_name_raw_and_a_problem_of_the_knowledge(knowledge):
    raw = Raw({"rule": {TWINS[0]: YES}})
    raw.tell(**{TWINS[1]: YES})
    assert raw.fired == ["rule"]
    assert check.fnv1a(TWINS[0]) == check.fnv1a(TWINS[1])
    assert check.fnv1a(TWINS[0]) != check.fnv1a(TWINS[0] + "s")

    def hash_problems(*findings):
        found = check.problems(with_findings(knowledge, *findings), date.min)
        return [line for line in found if all(f"'{name}'" in line for name in TWINS)]

    assert hash_problems(TWINS[0]) == hash_problems(TWINS[1]) == []
    assert len(hash_problems(*TWINS)) == 1


def test_a_finding_may_not_take_a_name_that_the_engine_needs_itself(knowledge, asserted):
    terms = boxes(1)
    Engine({"file": terms}).fired(all_at(YES, terms))
    own = asserted[0].keys() - all_at(YES, terms).keys()
    assert {"id", "sid"} < own
    for name in own:
        assert any(
            f"'{name}'" in problem and "engine" in problem
            for problem in check.problems(with_findings(knowledge, name), date.min)
        ), name


def test_a_missing_finding_matches_nothing_raw_and_is_an_error_here():
    raw = Raw({"rule": {"joint": NO}, "other": {"x": YES}})
    raw.tell(x=YES)
    assert raw.fired == ["other"]  # neither yes nor no, and nothing was raised

    terms = (Term("rule", Is("joint", (NO,))),)
    compiled = Engine({"file": terms})
    for findings in ({}, {"jiont": NO}):
        with pytest.raises(EngineError, match="'joint'"):
            compiled.fired(findings)
    assert compiled.fired({"joint": NO}) == {"rule"}


def test_durable_rules_takes_other_types_and_very_long_texts_for_equal():
    for expected, given_value in (("true", True), (1, True), ("5", 5), (YES, YES + " " * 2**16)):
        raw = Raw({"rule": {"x": expected}})
        raw.tell(x=given_value)
        assert raw.fired == ["rule"], (expected, given_value)


def test_only_short_words_can_reach_the_engine(knowledge):
    words = [*knowledge.findings, *itertools.chain.from_iterable(knowledge.findings.values())]
    assert all(isinstance(word, str) and 0 < len(word) < 200 for word in words)


def test_words_that_look_alike_are_told_apart():
    words = (
        "yes",
        "Yes",
        "ye",
        "yess",
        "yes ",
        "true",
        "1",
        "01",
        "1.0",
        "40",
        "40-49",
        "é",
        "e\u0301",
        "'",
        '"',
        "\\n",
    )
    terms = [Term(word, Is("x", (word,))) for word in words]
    compiled = Engine({"file": terms})
    for word in words:
        assert compiled.fired({"x": word}) == {word}


# -- compiling ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", [ALWAYS, AnyOf(()), AllOf((AnyOf(()), Is("x", (YES,))))], ids=repr)
def test_a_criterion_that_tests_nothing_is_refused(criterion):
    with pytest.raises(EngineError):
        Engine({"file": (Term("rule", criterion),)})


def test_what_durable_rules_cannot_compile_is_refused_by_name():
    with pytest.raises(EngineError, match="odd term"):
        Engine({"file": (Term("odd term", Is("x", ("\ud800",))),)})


def test_an_installation_without_durable_rules_says_what_to_do():
    program = "import sys; sys.modules['durable_rules_engine'] = None; import triage.engine"
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=Path(__file__).resolve().parents[1]
    )
    assert child.returncode != 0
    last = child.stderr.strip().splitlines()[-1]
    assert "EngineError" in last
    assert "CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject" in last


# -- the Assessor: whatever the engine does, the careful one wins ------------------------------------------------------


def never_started(assessor, monkeypatch):
    def refuse(_):
        raise EngineError("refused")

    monkeypatch.setattr(assessment, "Engine", refuse)
    return Assessor(assessor.knowledge), ENGINE_FAILED


def ending(assessor, monkeypatch):
    monkeypatch.setattr(engine.durable, "complete_and_start_action", lambda *_: None)
    return Assessor(assessor.knowledge), ENGINE_FAILED


def refusing(assessor, monkeypatch):
    def refuse(*_):
        raise Exception("error code: 202")

    monkeypatch.setattr(engine.durable, "assert_fact", refuse)
    return Assessor(assessor.knowledge), ENGINE_FAILED


def blind(assessor, monkeypatch):
    """An engine that sees nothing at all."""
    careful = Assessor(assessor.knowledge)
    careful.engine = Engine({})
    return careful, ENGINE_DIFFERED


@pytest.mark.parametrize("breaking", [never_started, ending, refusing, blind])
def test_whatever_happens_to_the_engine_the_witness_decides_and_help_today_is_the_least(
    breaking, assessor, monkeypatch, caplog
):
    some = assessor.knowledge.cases[:: 1 + len(assessor.knowledge.cases) // 25]
    people = [with_usual(assessor.knowledge, case.answers).findings for case in some]
    people = [findings for findings in people if witness(assessor.knowledge, findings)]
    expected = [assessor.assess(findings) for findings in people]
    assert not any(result.fail_safe for result in expected)
    assert any(result.urgency < Urgency.SAME_DAY for result in expected)

    careful, reason = breaking(assessor, monkeypatch)
    for findings, normal in zip(people, expected, strict=True):
        result = careful.assess(findings)
        assert result.fail_safe == reason
        assert result.urgency == max(normal.urgency, Urgency.SAME_DAY)
        assert (result.held, result.firings) == (normal.held, normal.firings)
        assert all(part.withheld for part in result.deposits)
        assert not (result.treatments or result.myths or result.next_steps)
    assert careful.counts == {"assessments": len(people), reason: len(people)}
    assert "engine" in caplog.text.lower()


@pytest.mark.parametrize("certain", [True, False])
def test_a_firing_that_only_the_engine_saw_counts(certain, assessor, caplog):
    knowledge = assessor.knowledge
    people = (with_usual(knowledge, case.answers).findings for case in knowledge.cases)
    findings = next(findings for findings in people if assessor.assess(findings).urgency < Urgency.SAME_DAY)
    flag = next(rule for rule in knowledge.of_kind(RedFlag) if rule.urgency == Urgency.EMERGENCY and not rule.tags)
    seen = flag.id if certain else flag.id + POSSIBLY
    assert seen not in witness(knowledge, findings)
    finding = next(iter(findings))

    careful = Assessor(knowledge)
    others = {file: [term for term in terms if term.name != seen] for file, terms in knowledge.terms.items()}
    careful.engine = Engine({**others, "wrong": [Term(seen, Is(finding, (findings[finding],)))]})
    result = careful.assess(findings)
    assert result.urgency == (Urgency.EMERGENCY if certain else Urgency.SAME_DAY)
    assert (result.firings[0].rule.id, result.firings[0].certain) == (flag.id, certain)
    assert (result.fail_safe, careful.counts[ENGINE_DIFFERED]) == (ENGINE_DIFFERED, 1)
    assert seen in caplog.text


def test_an_engine_that_agrees_is_counted_and_nothing_else(knowledge):
    calm = Assessor(knowledge)
    results = [calm.assess(with_usual(knowledge, case.answers).findings) for case in knowledge.cases[:5]]
    assert [result.fail_safe for result in results] == [""] * len(results)
    assert calm.counts == {"assessments": len(results)}


def test_after_a_failure_the_same_assessor_computes_again(assessor):
    findings = with_usual(assessor.knowledge, assessor.knowledge.cases[0].answers).findings
    recovering = Assessor(assessor.knowledge)
    with ending_early():
        assert recovering.assess(findings).fail_safe == ENGINE_FAILED
    assert recovering.assess(findings) == assessor.assess(findings)
    assert recovering.counts == {"assessments": 2, ENGINE_FAILED: 1}
