"""What a visitor notices of the machinery in front of the guide: nothing, whatever falls over behind it."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping

import pytest

from tests.promises.g import locked_in
from triage.assessment import Assessor
from triage.journey import Answer
from triage.knowledge import Knowledge, Urgency
from triage.web import headers

from .conftest import CLINIC, HOST, Stack, answers_of, until
from .crowd import MADE, REFUSED, Load, SlowConnections, Visitor, pdfs_at_once, summary_heading


@pytest.fixture(scope="module")
def routine(assessor: Assessor) -> Mapping[str, Answer]:
    """The answers of somebody with a calm result."""
    return answers_of(assessor, Urgency.ROUTINE)


def served(stack: Stack) -> list[int]:
    """How many requests each instance has answered so far."""
    return [len(instance.requests()) for instance in stack.instances]


# -- journeys ----------------------------------------------------------------------------------------------------------


def test_a_journey_over_https_alternates_between_the_instances(
    stack: Stack, knowledge: Knowledge, routine: Mapping[str, Answer]
) -> None:
    before = served(stack)
    person = stack.person(knowledge)
    person.starts()
    person.answers(routine)
    assert summary_heading(knowledge) in person.get(person.url("summary")).h1
    assert all(after - earlier >= 5 for earlier, after in zip(before, served(stack), strict=True))
    cookies = [
        v
        for page in person.seen
        for r in (*page.response.history, page.response)
        for n, v in r.headers
        if n == "Set-Cookie"
    ]
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Secure-run-")
        assert {"Secure", "HttpOnly", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}


def test_a_worker_killed_at_each_step_loses_no_answer(
    stack: Stack, knowledge: Knowledge, routine: Mapping[str, Answer]
) -> None:
    person = stack.person(knowledge)
    person.starts()
    kills = 0
    while person.page.questions():
        os.kill(stack.instances[kills % 2].workers[0], signal.SIGKILL)
        kills += 1
        page = person.sends(routine)
        assert page.status == 200
    assert kills > 5
    assert person.page.h1 == "Check your answers"
    whole = person.page.text
    untouched = stack.person(knowledge)
    untouched.starts()
    assert untouched.answers(routine).text == whole
    assert summary_heading(knowledge) in person.get(person.url("summary")).h1


def test_a_whole_instance_killed_under_load_is_not_noticed(
    stack: Stack, knowledge: Knowledge, routine: Mapping[str, Answer]
) -> None:
    with Load(stack, knowledge, routine) as load:
        until(lambda: load.finished >= 1, "somebody finished")
        stack.instances[1].kill()
        alone = load.finished
        until(lambda: load.finished >= alone + 3, "people finish with one instance")
    assert not load.failures


def test_a_form_sent_to_an_instance_that_dies_before_answering_is_answered_by_the_other(
    stack: Stack, knowledge: Knowledge, routine: Mapping[str, Answer]
) -> None:
    people = [stack.person(knowledge) for _ in stack.instances]
    for person in people:
        person.starts()
    before = [person.page.questions() for person in people]
    stack.instances[0].hang()
    # The instances take turns: one of these two forms is on its way to the one that hangs.
    sending = [threading.Thread(target=person.sends, args=(routine,)) for person in people]
    try:
        for thread in sending:
            thread.start()
        time.sleep(1)
        assert any(thread.is_alive() for thread in sending)
    finally:
        stack.instances[0].kill()
    for thread in sending:
        thread.join()
    assert all(person.page.status == 200 for person in people)
    assert all(person.page.questions() != asked for person, asked in zip(people, before, strict=True))


def test_instances_restarted_one_by_one_with_new_keys_lose_no_journey_and_no_open_form(
    stack: Stack, knowledge: Knowledge, routine: Mapping[str, Answer]
) -> None:
    person = stack.person(knowledge)
    person.starts()
    person.sends(routine)
    old = stack.environ["TRIAGE_SECRET_KEY"]
    new = "".join(reversed(old))
    # As deploy/README.md says: first every instance can open what the new key seals, then every instance seals with it.
    with Load(stack, knowledge, routine, people=1) as load:
        for changed in (
            {"TRIAGE_SECRET_KEY_FALLBACKS": new},
            {"TRIAGE_SECRET_KEY": new, "TRIAGE_SECRET_KEY_FALLBACKS": old},
        ):
            for instance in stack.instances:
                assert person.page.questions()
                stack.restart(instance, **changed)
                # This form was open while the key changed.
                assert person.sends(routine).status == 200
    assert not load.failures
    assert person.answers(routine).h1 == "Check your answers"
    stack.environ["TRIAGE_SECRET_KEY_FALLBACKS"] = ""
    for instance in stack.instances:
        instance.stop()
        instance.start(stack.environ)
    stack.ready()
    # Sealed again by every answer, the run already lives under the new key.
    assert summary_heading(knowledge) in person.get(person.url("summary")).h1


# -- when nothing answers ----------------------------------------------------------------------------------------------


def safe(stack: Stack, answer: tuple[int, list[tuple[str, str]], bytes], status: int) -> None:
    """It is the page that says what to do, with every header, under the status that tells programs what happened."""
    code, given, body = answer
    text = body.decode()
    assert code == status
    assert "Call 112 now if you have chest pain" in text
    assert CLINIC["TRIAGE_CLINIC_PHONE"] in text
    complete(given)


def complete(given: list[tuple[str, str]], kept: bool = False) -> None:
    """Every header that a response must have, each once; `kept` where a browser may keep it."""
    names = [name for name, _ in given]
    expected = headers.always(secure=True)
    for name, value in expected.items():
        assert [v for n, v in given if n == name] == [value], name
    assert names.count("Cache-Control") == 1
    assert ("no-store" in dict(given)["Cache-Control"]) != kept


def test_with_both_instances_down_there_is_still_the_emergency_line_and_the_clinic(
    stack: Stack, knowledge: Knowledge, routine: Mapping[str, Answer]
) -> None:
    person = stack.person(knowledge)
    person.starts()
    person.sends(routine)
    path = person.page.action()
    for instance in stack.instances:
        instance.kill()
    for method, where in (("GET", "/"), ("GET", path), ("POST", path), ("POST", "/start")):
        safe(stack, stack.request(method, where), 502)
    status, _given, look = stack.request("GET", "/safe/guide.css")
    assert (status, look) == (200, (stack.folder / "safe/guide.css").read_bytes())
    for instance in stack.instances:
        instance.start(stack.environ)
    stack.ready()
    assert person.answers(routine).h1 == "Check your answers"


def test_the_guide_can_be_withdrawn_at_once_and_opened_again(stack: Stack) -> None:
    closed = stack.folder / "safe/closed"
    closed.touch()
    try:
        for where in ("/", "/about", "/run/" + "A" * 16 + "/1"):
            safe(stack, stack.request("GET", where), 503)
    finally:
        closed.unlink()
    assert stack.request("GET", "/")[0] == 200


def refusals(stack: Stack) -> Iterator[tuple[str, int, bytes]]:
    """What a browser never sends, and what nginx must answer."""
    host = f"Host: {HOST}\r\n".encode()
    long = b"x" * 9000
    yield "a request that is none", 400, b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"
    yield "no host", 400, b"GET / HTTP/1.1\r\n\r\n"
    yield "two lengths", 400, b"POST /start HTTP/1.1\r\n" + host + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n"
    yield (
        "a length and chunks",
        400,
        (b"POST /start HTTP/1.1\r\n" + host + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    )
    yield "unknown transfer", 501, b"POST /start HTTP/1.1\r\n" + host + b"Transfer-Encoding: gzipped\r\n\r\n"
    yield "TRACE", 405, b"TRACE / HTTP/1.1\r\n" + host + b"\r\n"
    yield "too large a form", 413, b"POST /start HTTP/1.1\r\n" + host + b"Content-Length: 18000\r\n\r\n" + long * 2
    yield "too long an address", 414, b"GET /" + long + b" HTTP/1.1\r\n" + host + b"\r\n"
    yield "too large a header", 431, b"GET / HTTP/1.1\r\n" + host + b"X-Much: " + long + b"\r\n\r\n"


def test_what_nginx_refuses_is_refused_with_the_safe_page_and_every_header(stack: Stack) -> None:
    for what, status, sent in refusals(stack):
        answer = stack.raw(sent.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        given = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        assert first.split()[1:2] == [str(status)], (what, first)
        safe(stack, (status, given, body), status)


def test_every_kind_of_answer_has_every_header_once(stack: Stack, knowledge: Knowledge) -> None:
    person = stack.person(knowledge)
    person.starts()
    asked = [
        ("GET", "/", 200, ()),
        ("GET", "/readyz", 200, ()),
        ("GET", "/nowhere", 404, ()),
        ("GET", "/start", 405, ()),
        ("OPTIONS", "/", 200, ()),
        ("POST", "/start", 303, ()),
        ("GET", person.url("summary"), 410, ()),
        ("POST", person.url("1"), 410, ()),
        ("GET", "/", 431, [(f"X-{n}", "x") for n in range(150)]),
        ("GET", "/safe/safe.html", 200, ()),
    ]
    for method, path, status, sent in asked:
        code, given, _ = stack.request(method, path, headers=sent)
        assert code == status, (method, path)
        complete(given)
    address = re.search(r'href="(/static/[^"]+css[^"]*)"', person.page.html)
    assert address
    status, given, _ = stack.request("GET", address[1])
    assert status == 200
    complete(given, kept=True)


def test_plain_http_leads_to_https_whatever_name_was_asked_for(stack: Stack) -> None:
    for host in (HOST, "evil.example"):
        with socket.create_connection(("127.0.0.1", stack.plain_port), timeout=10) as wire:
            wire.sendall(f"GET /about HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            assert f"Location: {stack.address}/about\r\n".encode() in wire.recv(4096)


# -- slow and greedy clients -------------------------------------------------------------------------------------------


def test_thirty_slow_connections_do_not_stop_anybody(
    stack: Stack, knowledge: Knowledge, routine: Mapping[str, Answer]
) -> None:
    with SlowConnections(stack, 30):
        person = stack.person(knowledge)
        person.starts()
        assert person.answers(routine).h1 == "Check your answers"


def test_pdfs_asked_for_all_at_once_are_made_or_say_to_print_the_page(
    stack: Stack, knowledge: Knowledge, routine: Mapping[str, Answer]
) -> None:
    person = Visitor(stack, knowledge)
    person.arrives()
    person.starts()
    person.answers(routine)
    with Load(stack, knowledge, routine) as load:
        answers = pdfs_at_once(person, 12)
        until(lambda: load.finished >= 1, "somebody finishes beside it")
    assert not load.failures
    assert answers.keys() == {MADE, REFUSED}


def test_a_waiting_room_behind_one_address_is_never_refused(stack: Stack) -> None:
    # 60 people who press a button five times in the same moment; one connection is the fastest way to ask.
    one = f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\n".encode()
    answer = stack.raw((one + b"\r\n") * 299 + one + b"Connection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 300


# -- what is left behind -----------------------------------------------------------------------------------------------


def test_nothing_about_a_person_is_written_down(
    stack: Stack, knowledge: Knowledge, routine: Mapping[str, Answer]
) -> None:
    person = stack.person(knowledge)
    person.starts()
    person.answers(routine)
    for page in ("summary", "print", "sheet.pdf", "nurse", "otherwise", "99"):
        person.client.get(person.url(page))
    question = person.knowledge.page_questions[person.knowledge.pages[0].id][0]
    marker = "xyzzy-secret-words"
    stack.request(
        "POST",
        person.url("1"),
        f"{question.id}={marker}".encode(),
        [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("User-Agent", f"{marker}/1"),
            ("Referer", f"https://{HOST}/{marker}"),
            ("X-Forwarded-For", "203.0.113.9"),
        ],
    )
    stack.request("GET", f"/{marker}?{marker}=1")
    stack.request("GET", f"/about?{marker}=1")
    stack.raw(f"GET /{marker} HTTP/1.1\r\nHost: {marker} \r\nConnection: close\r\n\r\n".encode())
    words = {word for given in routine.values() for word in (given if isinstance(given, tuple) else (given,))}
    forbidden = {marker, "203.0.113.9", "127.0.0.1", person.run, *(word for word in words if len(word) > 4)}
    logs = [path for path in stack.folder.glob("*.log")]
    written = "\n".join(path.read_text() for path in logs)
    assert '"route": "pages.question"' in written
    assert "GET /run/-/1 200" in written
    # The line at the start of an instance says where it is.
    written = "\n".join(
        line for line in written.splitlines() if "is at http" not in line and "Listening at" not in line
    )
    assert not [line for line in written.splitlines() if any(word in line for word in forbidden)]


def test_no_answer_touches_the_disk(stack: Stack, knowledge: Knowledge, routine: Mapping[str, Answer]) -> None:
    began = time.time()
    person = stack.person(knowledge)
    person.starts()
    person.answers(routine)
    for page in ("summary", "print", "sheet.pdf"):
        assert person.client.get(person.url(page)).status_code == 200
    large = f"page=x&a={'x' * 12000}".encode()
    stack.request("POST", person.url("1"), large, [("Content-Type", "application/x-www-form-urlencoded")])
    # A folder counts as well: it remembers a file that came and went.
    written = {path.name for path in stack.folder.rglob("*") if path.stat().st_mtime >= began}
    assert written <= {"guide-1.log", "guide-2.log", "nginx-triage.log"}


def test_it_runs_with_a_read_only_system_no_network_and_no_privileges(
    stack: Stack, knowledge: Knowledge, routine: Mapping[str, Answer]
) -> None:
    said = locked_in(stack, knowledge, routine)
    if said.startswith("NOT MEASURED"):
        pytest.skip(said)
    assert "and a PDF" in said
