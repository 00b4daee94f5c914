"""Nothing is lost."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from unittest.mock import patch

from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests import codes
from tests.stack.conftest import Instance, Stack, start
from tests.stack.test_stack import Load
from tests.web.conftest import Page, Person
from triage.exports import code
from triage.exports.digits import DIGITS
from triage.journey import Answer, accept
from triage.knowledge import UNSURE, Urgency
from triage.knowledge.model import NO_ONE, Question
from triage.knowledge.telling import filled
from triage.web import state

from .bench import Bench, Promise, must
from .sequences import LOST, Sequences, drawn

CHECK = "Check your answers"
MOST_OF_A_COOKIE = 4096
"""Bytes of a name, a value and its attributes that every browser keeps."""

FORGED = "forged"

# -- the machinery falls over ------------------------------------------------------------------------------------------


def killed_workers(bench: Bench) -> str:
    """A worker killed before each step of a journey."""
    stack, journeys, kills, answers = bench.stack, bench.size(20, 1), 0, 0
    for _ in range(journeys):
        person = stack.person(bench.knowledge)
        person.starts()
        while person.page.questions():
            os.kill(stack.instances[kills % 2].workers[0], signal.SIGKILL)
            kills += 1
            answers += len(person.page.questions())
            page = person.sends(bench.routine)
            must(page.status == 200, f"{page.status} on {page.h1}")
        _all_there(bench, person)
    return f"0 of {answers} answers lost, {kills} kills, {journeys} journeys"


def _all_there(bench: Bench, person: Person) -> None:
    """Whoever answered like `routine` has a list of just these answers, and their result."""
    must(person.page.h1 == CHECK, person.page.h1)
    given = bench.knowledge.dispositions[Urgency.ROUTINE].heading
    must(given in person.get(person.url("summary")).h1, person.page.h1)


def _while_people_answer(bench: Bench, many: int, disturb: Callable[[Load], None]) -> int:
    """So many journeys are finished while something is done again and again; how many there were."""
    with Load(bench.stack, bench.knowledge, bench.routine, people=4) as load:
        while load.finished < many and not load.failures:
            disturb(load)
    must(not load.failures, "; ".join(load.failures[:3]))
    return load.finished


def one_instance_dies(bench: Bench) -> str:
    """One of two instances is killed in the middle of journeys and stays away."""
    stack, many, alone = bench.stack, bench.size(200, 4), 0

    def disturb(load: Load) -> None:
        nonlocal alone
        time.sleep(0.1)
        if not alone and load.finished >= many // 4:
            stack.instances[1].kill()
            alone = load.finished

    finished = _while_people_answer(bench, many, disturb)
    return f"0 failures in {finished} journeys by 4 people at once; the last {finished - alone} with one instance"


def recycled(bench: Bench) -> str:
    """Told to reload every 2 seconds; then with workers that end after a few requests."""
    stack, many, told = bench.stack, bench.size(200, 4), 0

    def reload(_: Load) -> None:
        nonlocal told
        instance = stack.instances[told % 2]
        assert instance.process is not None
        os.kill(instance.process.pid, signal.SIGHUP)
        told += 1
        time.sleep(2)

    finished = _while_people_answer(bench, many, reload)
    workers: set[int] = set()

    def watch(_: Load) -> None:
        workers.update(pid for instance in stack.instances for pid in instance.workers)
        time.sleep(0.1)

    try:
        for instance in stack.instances:
            _restart_recycling(stack, instance, requests=20)
        first = {pid for instance in stack.instances for pid in instance.workers}
        again = _while_people_answer(bench, bench.size(100, 3), watch)
        must(workers - first, "no worker was recycled")
    finally:
        for instance in stack.instances:
            instance.stop()
    return (
        f"0 failures in {finished} journeys with {told} reloads, and in {again} journeys while "
        f"{len(workers - first)} workers were replaced after 20 requests each"
    )


def _restart_recycling(stack: Stack, instance: Instance, requests: int) -> None:
    # The shipped server, with one number changed.
    few = (
        "import triage.web.server as s; o = s._options; "
        f"s._options = lambda *a: {{**o(*a), 'max_requests': {requests}, 'max_requests_jitter': 5}}; "
        f"s.serve({instance.bind!r})"
    )
    instance.stop()
    instance.process = start([sys.executable, "-c", few], instance.log, stack.environ)
    instance.ready()


def changed_keys(bench: Bench) -> str:
    """The key is changed, instance by instance, while a form is open at each step; then the old key is taken away."""
    stack, knowledge = bench.stack, bench.knowledge
    person, parked = stack.person(knowledge), stack.person(knowledge)
    for one in (person, parked):
        one.starts()
        one.sends(bench.routine)
    rotations = forms = 0
    while person.page.questions() and rotations < bench.size(99, 1):
        old = stack.environ["TRIAGE_SECRET_KEY"]
        new = old[1:] + old[:1]
        # As deploy/README.md says: every instance opens what the new key seals, before one seals with it.
        for changed in (
            {"TRIAGE_SECRET_KEY_FALLBACKS": new},
            {"TRIAGE_SECRET_KEY": new, "TRIAGE_SECRET_KEY_FALLBACKS": old},
        ):
            for instance in stack.instances:
                stack.restart(instance, **changed)
            if person.page.questions():
                forms += 1
                page = person.sends(bench.routine)
                must(page.status == 200, f"a form open during the change was answered with {page.status}")
        rotations += 1
    person.answers(bench.routine)
    for instance in stack.instances:
        stack.restart(instance, TRIAGE_SECRET_KEY_FALLBACKS="")
    _all_there(bench, person)
    lost = 0
    for name in ("check", "summary", "changes", "code", "print", "nurse", "2"):
        page = parked.get(parked.url(name))
        must((page.status, page.h1) == (410, LOST), f"{name} under a key that is gone: {page.status} {page.h1}")
        lost += 1
    return (
        f"{forms} of {forms} open forms taken, 0 answers lost in {rotations} changes of the key; "
        f"{lost} of {lost} pages of a run under a key that is gone say so"
    )


# -- what a person does ------------------------------------------------------------------------------------------------


def expired_forms(bench: Bench) -> str:
    """At each page of questions: a form whose token is wrong, empty or missing, and a browser that keeps no cookie."""
    pages = questions = alarms = 0
    for person, given in bench.pages():
        page, before = person.page, bench.kept(person).answers
        pages += 1
        questions += len(given)
        for token in (FORGED, "", []):
            back = person.sends(given, csrf_token=token)
            must(back.status == 400, f"{back.status} for the token {token!r} on '{page.h1}'")
            must(_chosen(back) == _as_sent(given), f"the answer is not on '{back.h1}' any more")
            must(bench.kept(person).answers == before, f"an expired form changed answers on '{page.h1}'")
        afresh = person.page
        for sent in _alarms(bench, given):
            alarms += 2
            person.page = afresh
            _emergency(bench, person.sends(sent, csrf_token=FORGED))
            must(bench.kept(person).answers == before, f"an expired form changed answers on '{page.h1}'")
            _emergency(bench, _without_cookies(bench, afresh, sent))
        shown = _without_cookies(bench, afresh, given)
        must(shown.status in (400, 410) and "emergency" in shown.html, f"{shown.status} without cookies")
        person.page = afresh
    return (
        f"{pages} pages with {questions} questions: each answer is still there, and one more press takes it; "
        f"{alarms} of {alarms} red flags in such forms, also without cookies, led to the emergency page"
    )


def _without_cookies(bench: Bench, page: Page, given: Mapping[str, Answer]) -> Page:
    hidden = {name: value for name, value in page.fields().items() if name not in page.questions()}
    sent = hidden | {name: list(value) for name, value in _as_sent(given).items()}
    return Page(bench.app.test_client().post(page.action(), data=sent))


def _alarms(bench: Bench, given: Mapping[str, Answer]) -> list[Mapping[str, Answer]]:
    """These answers with each of those that end the journey."""
    asked = [bench.knowledge.questions[name] for name in given]
    return [
        {**given, question.id: accept(question, [option] if question.type == "multi" else option)}
        for question in asked
        for option in sorted(question.stopping)
    ]


def _emergency(bench: Bench, page: Page) -> None:
    heading = bench.knowledge.dispositions[Urgency.EMERGENCY].heading.partition("{")[0]
    must(heading in page.h1, f"'{page.h1}' after an emergency was ticked")


def _as_sent(given: Mapping[str, Answer]) -> dict[str, tuple[str, ...]]:
    return {name: answer if isinstance(answer, tuple) else (answer,) for name, answer in given.items()}


def _chosen(page: Page) -> dict[str, tuple[str, ...]]:
    return {name: tuple(given) for name, given in page.fields().items() if name in page.questions()}


def sequences(bench: Bench) -> str:
    """Back, send again, second tab, change, clear, code, lost cookies, quick entry: random sequences beside a model."""

    class Tried(Sequences):
        app = bench.app
        begun = 0

        def __init__(self) -> None:
            super().__init__()
            Tried.begun += 1

    many, steps = bench.size(2_000, 5), bench.size(30, 15)
    how = settings(max_examples=many, stateful_step_count=steps, deadline=None, database=None, phases=[Phase.generate])
    run_state_machine_as_test(Tried, settings=how)  # type: ignore[no-untyped-call]
    return f"0 violations in {Tried.begun} sequences of at most {steps} steps, {Tried.checked} states looked at"


def largest_cookie(bench: Bench) -> str:
    """Somebody ticks everything everywhere and then changes every page; and an answer that would not fit."""
    person = bench.person()
    person.starts()
    person.answers({q.id: _most(q) for q in bench.knowledge.questions.values()})
    must(person.page.h1 == CHECK, person.page.h1)
    last = len(bench.kept(person).answers)
    for number in range(1, bench.size(200, 8)):
        page = person.get(f"{person.url(str(number))}?change=1")
        if not page.questions():
            break
        person.sends({name: _most(bench.knowledge.questions[name], other=True) for name in page.questions()})
        must(person.page.status == 200, f"{person.page.status} on '{page.h1}'")
        if person.page.questions():
            person.answers({q.id: _most(q) for q in bench.knowledge.questions.values()})
    cookies = [
        value
        for page in person.seen
        for response in (*page.response.history, page.response)
        for name, value in response.headers
        if name == "Set-Cookie"
    ]
    largest = max(map(len, cookies))
    must(largest < MOST_OF_A_COOKIE, f"a cookie of {largest} bytes")
    other = bench.person()
    other.starts()
    before = bench.kept(other)
    with patch.object(state, "MOST_BYTES", 100):
        page = other.sends({name: _most(bench.knowledge.questions[name]) for name in other.page.questions()})
    must("could not work out" in page.text, page.h1)
    must(bench.kept(other) == before, "an answer that did not fit was kept")
    return (
        f"{last} questions with every box ticked, then changed: the largest of {len(cookies)} cookies is {largest} of "
        f"{MOST_OF_A_COOKIE} bytes; an answer that does not fit gives the careful page"
    )


def _most(question: Question, other: bool = False) -> Answer:
    """The answer that takes most room without ending the journey, or another one."""
    words = [word for word in question.allowed if word not in question.stopping and word not in (NO_ONE, UNSURE)]
    if question.type != "multi":
        return sorted(words, key=len)[0 if other else -1]
    several = words[1:] if other and len(words) > 1 and question.options[0].group == "" else words
    return accept(question, several or [NO_ONE])


# -- codes, and what is told -------------------------------------------------------------------------------------------


def codes_come_back(bench: Bench) -> str:
    """Answers to a code and back; slips in codes; texts that are none."""
    knowledge, draw = bench.knowledge, drawn(20261122)
    people, slipped, texts = bench.size(codes.PEOPLE, 100), bench.size(codes.SLIPPED, 3), bench.size(codes.RANDOM, 1000)
    some, slips, missed = [], 0, 0
    for answers in codes.people(knowledge, people, draw):
        sheet = codes.sheet_of(knowledge, answers)
        typed = code.write(knowledge.numbering, sheet)
        must(code.read(knowledge.numbering, typed) == sheet, "a code came back as something else")
        if len(some) < slipped:
            some.append(typed)
    for typed in some:
        for slip in codes.slips(typed):
            slips += 1
            missed += codes.reads(knowledge, slip)
    must(not missed, f"{missed} of {slips} slips were not seen")
    taken = sum(
        codes.reads(knowledge, "".join(draw.choices(DIGITS, k=draw.choice((12, 16, 20, 24))))) for _ in range(texts)
    )
    must(taken <= texts / 1_000_000, f"{taken} of {texts} random texts were taken for a code")
    return f"{people} of {people} exact; {slips} of {slips} slips refused; {taken} of {texts} random texts taken"


def told_where(bench: Bench) -> str:
    """The pages that say where answers are and for how long, and the one that says that they are gone."""
    person = bench.person()
    knowledge, words = bench.knowledge, bench.app.extensions["settings"].words
    told = {role: filled(knowledge, knowledge.notices[role].text, words) for role in ("privacy", "cleared")}
    hours = f"{state.LIFETIME // 3600} hours"
    must(hours in told["privacy"], f"the notice does not say {hours}")
    places = 0
    for role, page in (
        ("privacy", lambda: person.get("/")),
        ("privacy", lambda: person.get("/about")),
        ("privacy", lambda: (person.starts(), person.answers(bench.routine), person.get(person.url("summary")))[-1]),
        ("cleared", lambda: person.post(person.url("clear"), {})),
    ):
        shown = page()
        must(told[role] in shown.text, f"'{shown.h1}' does not say it")
        places += 1
    return f"{places} of {places} pages: start, about, summary, cleared ({hours})"


PROMISES: tuple[Promise, ...] = (
    ("A1", "a worker killed at any step loses no answer", killed_workers),
    ("A2", "one of two instances can die unnoticed", one_instance_dies),
    ("A3", "restart, upgrade and recycling lose nothing", recycled),
    ("A4", "changed keys keep journeys and open forms", changed_keys),
    ("A5", "an expired form keeps the answer", expired_forms),
    ("A6", "back, refresh, two tabs never show an older verdict", sequences),
    ("A7", "answers are never silently stale", largest_cookie),
    ("A8", "a code brings back exactly the same answers", codes_come_back),
    ("A9", "a person is told where answers live", told_where),
)
