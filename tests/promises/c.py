"""It fails to the safe side."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import chain
from unittest.mock import patch

from flask import Flask

from tests.stack.conftest import HOST, Instance, answers_of
from tests.web.conftest import Page
from triage import cases, resources
from triage.assessment import Assessor
from triage.journey import follow
from triage.knowledge import Urgency, load
from triage.knowledge.check import problems
from triage.sheet import make_sheet
from triage.verify.people import random_person
from triage.web import create_app

from . import crawl, faults
from .bench import Bench, Promise, must


def cases_as_written(bench: Bench) -> str:
    """Every written case through journey, witness and engine."""
    results = cases.run_all(bench.assessor)
    wrong = list(cases.failures(results))
    must(not wrong, "; ".join(wrong[:3]))
    bound = 300 / len(results)
    return f"0 of {len(results)} cases, written by us, come out otherwise (rule of three: at most {bound:.2f}%)"


def engine_and_witness(bench: Bench) -> str:
    """The engine beside the witness."""
    before = sum(count for name, count in bench.assessor.counts.items() if name != "assessments")
    results = cases.run_all(bench.assessor)
    differed = sum(count for name, count in bench.assessor.counts.items() if name != "assessments") - before
    must(not differed, f"they differed {differed} times")
    return f"0 differences in {len(results)} cases; `make figures` has 20,000 random people, /proof a comparison"


# -- faults ------------------------------------------------------------------------------------------------------------


def every_fault(bench: Bench) -> str:
    """Faults on the way to a result, faults while an emergency is sent, and workers that crash or stop."""
    app = create_app({})
    # What fails is written down in full, thousands of times: that it is, other tests see.
    logging.disable(logging.CRITICAL)
    try:
        kinds, shown = _on_the_way(bench, app)
        sent, ticked = _while_sending(bench, app)
    finally:
        logging.disable(logging.NOTSET)
    said = (
        f"{kinds} faults on the way to {shown} pages and {sent} while {ticked} emergencies were sent: 0 pages blank, "
    )
    said += "calmer than the witness or without the emergency line"
    return said if bench.short else f"{said}; {_crashes(bench)}; {_stopped(bench)}"


def _on_the_way(bench: Bench, app: Flask) -> tuple[int, int]:
    screen, shown = faults.Screen(app), 0
    everybody = [one for one in faults.people(bench.assessor) if not bench.short or one.urgency >= Urgency.SAME_DAY]
    browsers = [(one, screen.with_run(one.answers)) for one in everybody]
    every = chain(
        faults.of_the_engine(),
        faults.of_the_way(),
        faults.of_templates(app),
        faults.of_texts(screen.knowledge),
        faults.of_the_clock(),
    )
    chosen = list(every)[:: bench.size(1, 4)]
    for number, fault in enumerate(chosen):
        for one, browser in browsers:
            # A nurse's pages and the sheet for paper take turns, to be done in minutes.
            for page in ("summary", faults.RESULTS[number % len(faults.RESULTS)])[: bench.size(2, 1)]:
                with fault.put(app):
                    response = browser.get(f"/run/{faults.RUN}/{page}")
                screen.judge(f"{fault.name}, {page}", response, one.urgency)
                shown += 1
    return len(chosen), shown


def _while_sending(bench: Bench, app: Flask) -> tuple[int, int]:
    """Each answer that is an emergency by itself, on the first page of the questions and on later ones."""
    screen, sent = faults.Screen(app), 0
    knowledge = screen.knowledge
    asked = [(q, option.id) for q in knowledge.questions.values() for option in q.options if option.stops]
    chosen = list(faults.of_taking())
    for number, fault in enumerate(chosen):
        for question, option in asked[number :: len(chosen) if bench.short else 5]:
            page = next(page.id for page in knowledge.pages if question in knowledge.page_questions[page.id])
            form = {"page": page, question.id: option, "csrf_token": "forged", "back_to_check": ""}
            browser = screen.with_run({})
            for address in ("1", "quick/1"):
                data = form if address == "1" else {**form, "page": question.id}
                with fault.put(app):
                    response = browser.post(f"/run/{faults.RUN}/{address}", data=data)
                screen.judge(f"{fault.name}, {question.id} sent to {address}", response, Urgency.EMERGENCY)
                sent += 1
    return len(chosen), sent


def _crashes(bench: Bench) -> str:
    """Workers that crash while they work out a result: another worker, the other instance or the proxy answers."""
    stack, crashes, refused = bench.stack, 40, 0
    heading = bench.knowledge.dispositions[Urgency.SAME_DAY].heading
    person = stack.person(bench.knowledge)
    person.starts()
    person.answers(answers_of(bench.assessor, Urgency.SAME_DAY))
    for number in range(crashes):
        pages: list[Page] = []
        asking = threading.Thread(target=lambda seen=pages: seen.append(Page(person.client.get(person.url("summary")))))
        asking.start()
        time.sleep(number % 20 / 1000)
        for worker in stack.instances[number % 2].workers:
            os.kill(worker, signal.SIGSEGV)
        asking.join()
        (page,) = pages
        must("Call 112 now" in page.html or heading in page.h1, f"{page.status} on {page.h1}")
        must(page.status in (200, 502, 504), f"{page.status} on {page.h1}")
        refused += heading not in page.h1
        stack.ready()
    return f"{crashes} times all workers of an instance crashed (SIGSEGV), {refused} times the proxy's safe page came"


def _stopped(bench: Bench) -> str:
    """Everything stands still for 11 seconds, the time after which durable-rules drops what it had begun."""
    stack = bench.stack
    person = stack.person(bench.knowledge)
    person.starts()
    person.answers(answers_of(bench.assessor, Urgency.SAME_DAY))
    heading = bench.knowledge.dispositions[Urgency.SAME_DAY].heading
    name, path = f"__Secure-run-{person.run}", f"/run/{person.run}"
    cookie = person.client.get_cookie(name, domain=HOST, path=path)
    assert cookie
    pages: list[str] = []

    def ask() -> None:
        for _ in range(20):
            answer = stack.request("GET", person.url("summary"), headers=[("Cookie", f"{name}={cookie.value}")])
            pages.append(answer[2].decode())

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for one in asking:
        one.start()
    time.sleep(0.2)
    for instance in stack.instances:
        _signal(instance, signal.SIGSTOP)
    time.sleep(11)
    for instance in stack.instances:
        _signal(instance, signal.SIGCONT)
    for one in asking:
        one.join()
    wrong = [page for page in pages if heading not in page]
    must(not wrong and len(pages) == 80, f"{len(pages)} pages, {len(wrong)} of them: {wrong[:1]}")
    return f"stopped for 11 s, {len(pages)} of {len(pages)} results came as urgent as before"


def _signal(instance: Instance, what: int) -> None:
    for worker in instance.workers:
        os.kill(worker, what)


# -- pages -------------------------------------------------------------------------------------------------------------


def emergency_advice(bench: Bench) -> str:
    """Every page of every route and failure."""
    pages = [
        visit
        for visit in crawl.everything(bench)
        if visit.kind == "text/html"
        and visit.status not in REDIRECTS
        and not visit.asked.startswith(("HEAD", "OPTIONS"))
    ]
    for page in pages:
        must("call 112" in page.body.decode().lower(), f"{page.asked}: {page.status} does not say what to do")
    statuses = sorted({page.status for page in pages})
    return f"{len(pages)} pages, statuses {' '.join(map(str, statuses))}: all say what to do in an emergency"


REDIRECTS = (301, 302, 303, 308)


def ends_the_questions(bench: Bench) -> str:
    """Each emergency of the first page, and each later one, sent where it is asked."""
    screen, knowledge = faults.Screen(bench.app), bench.knowledge
    tried, first = 0, knowledge.page_questions[knowledge.pages[0].id]
    for question in knowledge.questions.values():
        for option in question.options:
            if not option.stops or (bench.short and tried % 9):
                tried += option.stops
                continue
            tried += 1
            page = next(page.id for page in knowledge.pages if question in knowledge.page_questions[page.id])
            form = {"page": page, question.id: option.id}
            answer = Page(screen.with_run({}).post(f"/run/{faults.RUN}/1", data=form))
            must(screen.says(answer.html) == Urgency.EMERGENCY, f"{question.id}: {option.id} leads to {answer.h1}")
            must(not answer.questions(), f"{question.id}: {option.id}: something is asked on")
    general = sum(option.stops for question in first for option in question.options)
    return (
        f"{tried} answers that are emergencies ({general} of them on the first page): 0 pages to the call, none asks on"
    )


def overdue(bench: Bench) -> str:
    """The clock set past the day on which the review is due, and 30 days before it."""
    knowledge = bench.knowledge
    notice = knowledge.notices["overdue"].text
    person = bench.person()
    person.starts()
    person.answers(bench.routine)
    paths = ["/", "/about", "/nowhere", "/open", "/words", *(person.url(name) for name in SHEETS)]
    for days in (0, 1):
        then = datetime.combine(knowledge.due + timedelta(days), datetime.min.time(), UTC) + timedelta(hours=12)
        with patch.dict(bench.app.extensions, clock=lambda then=then: then):
            said = [path for path in paths if notice in unescape(person.client.get(path).text)]
        must(said == (paths if days else []), f"{days} days after it was due: {said} say so, of {paths}")
    must(_overdue(bench, 1) and not _overdue(bench, 0), "`triage check` does not say that a review is overdue")
    return f"{len(paths)} of {len(paths)} pages and papers say it from the day after, and `triage check` fails"


SHEETS = ("check", "summary", "changes", "code", "print", "nurse")


def _overdue(bench: Bench, days: int) -> list[str]:
    said = problems(bench.knowledge, bench.knowledge.due + timedelta(days))
    return [problem for problem in said if "edition" in problem and "the review was due" in problem]


# -- the same everywhere -----------------------------------------------------------------------------------------------

SHEETS_OF = "from tests.promises.c import sheets_of; print(sheets_of({people}))"


def sheets_of(people: int) -> str:
    """One digest of the whole sheets of so many random people."""
    assessor, draw = Assessor(load(resources.folder("rules"))), random.Random(11)  # noqa: S311 - repeatable people
    digest = hashlib.sha256()
    for _ in range(people):
        path = follow(assessor.knowledge, random_person(assessor.knowledge, draw))
        sheet = make_sheet(assessor.knowledge, assessor.assess(path.findings), path, {})
        digest.update(repr(sheet).encode())
    return digest.hexdigest()


def same_everywhere(bench: Bench) -> str:
    """Two processes that share nothing but the rules, and put every set of words into another order."""
    people = bench.size(10_000, 100)
    command = [sys.executable, "-c", SHEETS_OF.format(people=people)]
    made = [
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True)
        for seed in ("1", "2")
    ]
    must(made[0].stdout == made[1].stdout, "two processes made different sheets")
    said = f"0 of {people} sheets differ between two processes on Python {platform.python_version()}"
    return said + "; no other Python is on this machine"


PROMISES: tuple[Promise, ...] = (
    (
        "C1",
        "no red flag ends below its level",
        "property urgency-complete: python -m triage verify proves it for all answer sets",
    ),
    ("C2", "cases are never under-triaged", cases_as_written),
    ("C3", "engine and witness agree", engine_and_witness),
    ("C4", "if anything fails, urgency never falls", every_fault),
    (
        "C5",
        "more danger never lowers the urgency",
        "property monotone: python -m triage verify proves it for all answer sets",
    ),
    (
        "C6",
        "not sure is never no",
        "property not-sure-is-not-no: python -m triage verify proves it for all answer sets",
    ),
    (
        "C7",
        "nothing soothes beside an alarm",
        "property suppression: python -m triage verify proves it for all answer sets; the words: tests/test_wording.py",
    ),
    ("C8", "emergency advice is on every page", emergency_advice),
    ("C9", "the first emergency answer ends the questions", ends_the_questions),
    ("C10", "content says when it is overdue", overdue),
    ("C11", "the same answers give the same result everywhere", same_everywhere),
)
