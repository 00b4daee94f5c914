"""Bad input changes nothing."""

from __future__ import annotations

import logging
import secrets
import socket
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random
from unittest.mock import patch
from urllib.parse import quote, urlencode

from cryptography.fernet import Fernet
from werkzeug.datastructures import MultiDict
from werkzeug.formparser import parse_form_data
from werkzeug.test import EnvironBuilder, TestResponse

from tests.conftest import TinyRules
from tests.stack.conftest import HOST
from tests.web.conftest import Page, Person
from tests.web.test_settings import HOSTILE, OTHERS, REAL, TEXTS, about, read
from triage.errors import AnswerError, SettingsError
from triage.journey import Answer, accept, chosen
from triage.knowledge import Urgency
from triage.knowledge.model import Question
from triage.web import create_app, state
from triage.web.state import Run, SealedCookies

from .bench import Bench, Promise, must
from .nasty import NASTY
from .sequences import LOST, drawn

Fields = list[tuple[str, str]]
"""What a form sends, in order; a name can stand there more than once."""

PROBES = (
    "<script>alert(1)</script>",
    "onerror=alert(1)>",
    "<svg/onload",
    "<iframe src",
    "</textarea><b>",
    "<base href",
)
"""Parts of the nasty texts that must never stand in a page as they were sent."""


# -- fuzzed submissions ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """One spoilt submission: where it goes, and the body with its type."""

    path: str
    body: bytes
    type: str = "application/x-www-form-urlencoded"


def fuzzed(bench: Bench) -> str:
    """Spoilt forms at every page of questions and at every other form."""
    many, draw = bench.size(10_000, 300), drawn(20261122)
    standing = list(_standing(bench))
    refused = accepted = alarms = 0
    for number in range(many):
        person, given = standing[number % len(standing)]
        before = bench.kept(person).answers
        sent = _spoilt(bench, person, given, draw)
        answered = person.client.post(sent.path, data=sent.body, content_type=sent.type)
        what = f"{answered.status_code} for {sent.body[:200]!r} ({sent.type}) to {sent.path}"
        _proper(answered, what)
        after = bench.kept(person).answers
        allowed = _accepted(bench, person.page, sent)
        if answered.status_code == 200 and _is_emergency(bench, answered):
            alarms += 1
        if after == before:
            refused += 1
            continue
        must(allowed is not None and after == {**before, **allowed}, f"{what} changed the answers")
        accepted += 1
        # As if it had not been sent, for the next one.
        _put_back(bench, person, before)
    return (
        f"{many} submissions to {len(standing)} pages: 5xx 0, accepted although invalid 0; {refused} changed nothing, "
        f"{accepted} were valid beside what was spoilt, {alarms} ticked an emergency and were told so"
    )


def _standing(bench: Bench) -> Iterator[tuple[Person, Mapping[str, Answer]]]:
    """A person of its own before each page of questions."""
    for person, given in bench.pages():
        one = bench.person()
        one.run, one.page = person.run, person.page
        name, path = f"run-{person.run}", f"/run/{person.run}"
        cookie = person.client.get_cookie(name, path=path)
        assert cookie is not None
        one.client.set_cookie(name, cookie.value, path=path)
        yield one, given


def _put_back(bench: Bench, person: Person, answers: Mapping[str, Answer]) -> None:
    token = bench.kept(person)["csrf_token"]
    sealed = _sealed(bench).seal(Run(person.run, {"answers": dict(answers), "csrf_token": token}, found=True))
    person.client.set_cookie(f"run-{person.run}", sealed, path=f"/run/{person.run}")


def _sealed(bench: Bench) -> SealedCookies:
    interface = bench.app.session_interface
    assert isinstance(interface, SealedCookies)
    return interface


def _spoilt(bench: Bench, person: Person, given: Mapping[str, Answer], draw: Random) -> Sent:
    """A form as a browser would send it, spoilt in one way."""
    page = person.page
    fields: Fields = [(n, v) for n, vs in page.fields().items() if n not in page.questions() for v in vs]
    fields += [(name, word) for name, answer in given.items() for word in chosen(answer)]
    name, nasty = draw.choice(sorted(given)), draw.choice(NASTY)
    asked = bench.knowledge.questions[name]
    way = draw.randrange(14)
    without = [(n, v) for n, v in fields if n != name]
    if way == 0:
        fields = [*without, (name, nasty)]
    elif way == 1:
        fields.append((name, nasty))
    elif way == 2:
        fields = [*without, *((name, word) for word in draw.sample(asked.allowed, min(2, len(asked.allowed))))]
    elif way == 3:
        fields.append(draw.choice(fields))
    elif way == 4:
        other = draw.choice(list(bench.knowledge.questions.values()))
        fields.append((other.id, draw.choice(other.allowed)))
    elif way == 5:
        unknown = draw.choice(("answers", "changed_from", "opened", "format", "run", "run_id", "found", nasty[:99]))
        fields.append((unknown, nasty))
    elif way == 6:
        hidden = draw.choice(("page", "csrf_token", "back_to_check"))
        fields = [*((n, v) for n, v in fields if n != hidden), (hidden, nasty)]
    elif way == 7:
        fields = without
    elif way == 8:
        return Sent(page.action(), draw.randbytes(draw.choice((1, 30, 3_000, 15_000))))
    elif way == 9:
        types = ("application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=x", "\xff", "")
        return Sent(page.action(), urlencode(fields, errors="replace").encode(), draw.choice(types))
    elif way == 10:
        number = draw.choice(("0", "99", "1", "999999999999"))
        return Sent(f"/run/{person.run}/{number}", _body(fields, draw))
    elif way == 11:
        return Sent(f"{page.action()}?{urlencode({name: nasty})}", _body([*without, (name, nasty)], draw))
    elif way == 12:
        return _elsewhere(person, nasty, fields, draw)
    else:
        fields = [*without, *((name, draw.choice(NASTY)) for _ in range(draw.randrange(1, 40)))]
    return Sent(page.action(), _body(fields, draw))


def _elsewhere(person: Person, nasty: str, fields: Fields, draw: Random) -> Sent:
    """A form that is not a question."""
    run = f"/run/{person.run}"
    path, names = draw.choice(
        (
            ("/open", ("code", "sealed")),
            ("/start", ("anything",)),
            ("/words", ("letter",)),
            ("/quick", ("anything",)),
            (f"{run}/1/words", ("letter", "page")),
            (f"{run}/1/back", ("page",)),
            (f"{run}/otherwise", ("urgency", "reason", "download")),
            (f"{run}/quick/1", ("page",)),
            (f"{run}/check", ("anything",)),
            ("/blank", ("anything",)),
        )
    )
    return Sent(path, _body([*(fields if draw.random() < 0.5 else []), (draw.choice(names), nasty)], draw))


def _body(fields: Fields, draw: Random) -> bytes:
    """Encoded as browsers do it, or as one that does not know how."""
    text = urlencode(fields, errors="surrogatepass")
    return text.replace("%", "%%", 1).encode() if draw.random() < 0.05 else text.encode()


def _proper(answered: TestResponse, what: str) -> None:
    """No failure, no reflected markup, and on every page what to do in an emergency."""
    must(answered.status_code < 500, what)
    if answered.mimetype == "text/html" and answered.status_code not in (301, 302, 303, 308):
        must("emergency" in answered.text, f"{what}: no emergency line")
        must(not [probe for probe in PROBES if probe in answered.text], f"{what}: markup came back as it was sent")
    location = answered.headers.get("Location", "/").removeprefix("http://localhost")
    must(location.startswith("/") and not location.startswith("//"), f"{what}: leads to {location}")


def _accepted(bench: Bench, page: Page, sent: Sent) -> dict[str, Answer] | None:
    """What of this may be kept: the answers to the questions of the page, if each of them is one."""
    builder = EnvironBuilder(path="/", method="POST", data=sent.body, content_type=sent.type)
    form: MultiDict[str, str] = parse_form_data(builder.get_environ())[1]
    posted = form.get("page", "").split()
    asked = [bench.knowledge.questions[name] for name in sorted(page.questions())]
    if "/quick/" in sent.path:
        asked = [question for question in asked if question.id in posted]
    answers: dict[str, Answer] = {}
    for question in asked:
        given = form.getlist(question.id)
        if not _is_answer(question, given):
            return None
        answers[question.id] = accept(question, given if question.type == "multi" else given[0])
    return answers


def _is_answer(question: Question, given: list[str]) -> bool:
    """Told without the application: which lists of texts answer a question."""
    if question.type != "multi":
        return len(given) == 1 and given[0] in question.allowed
    alone = "none" in given and len(given) > 1 and not question.tick_wins
    return bool(given) and set(given) <= set(question.allowed) and len(set(given)) == len(given) and not alone


def _is_emergency(bench: Bench, answered: TestResponse) -> bool:
    return bench.knowledge.dispositions[Urgency.EMERGENCY].heading.partition("{")[0] in Page(answered).h1


# -- one thing at a time -----------------------------------------------------------------------------------------------


def two_values(bench: Bench) -> str:
    """Two answers to a question that takes one, for every such question and every pair, in both orders."""
    tried = questions = alarms = 0
    for person, given in bench.pages():
        page, before = person.page, bench.kept(person).answers
        for name in sorted(given):
            asked = bench.knowledge.questions[name]
            if asked.type == "multi":
                continue
            questions += 1
            ends = (asked.allowed[0], asked.allowed[-1])
            for pair in product(ends if bench.short else asked.allowed, repeat=2):
                person.page = page
                back = person.sends({**given, name: pair})
                tried += 1
                if asked.stopping & set(pair):
                    alarms += 1
                    must(_is_emergency(bench, back.response), f"{name}={pair}: '{back.h1}'")
                else:
                    must(back.status == 422, f"{name}={pair}: {back.status}")
                    must(back.soup.find(id=f"{name}-error") is not None, f"{name}={pair}: no error at the question")
                must(bench.kept(person).answers == before, f"{name}={pair} changed the answers")
        person.page = page
    return (
        f"{tried} of {tried} pairs refused at {questions} questions, {tried - alarms} with an error at the question; "
        f"{alarms} held an emergency, which was shown and not kept"
    )


def unknown_options(bench: Bench) -> str:
    """Random texts and lists of them for every question: what the journey accepts is on the question's list."""
    many, draw, refused, taken = bench.size(100_000, 3_000), drawn(20261122), 0, 0
    questions = list(bench.knowledge.questions.values())
    for _ in range(many):
        asked = draw.choice(questions)
        given: object = _some_answer(asked, draw)
        try:
            answer = accept(asked, given)
        except AnswerError:
            refused += 1
            continue
        taken += 1
        must(set(chosen(answer)) <= set(asked.allowed), f"{asked.id} took {given!r}")
        expected = [given] if isinstance(given, str) else given
        must(isinstance(expected, list | tuple) and _is_answer(asked, list(expected)), f"{asked.id} took {given!r}")
    must(taken, "no answer was taken at all")
    return f"0 unknown options taken in {many} answers; {refused} refused, {taken} valid ones taken"


def _some_answer(asked: Question, draw: Random) -> object:
    word, nasty = draw.choice(asked.allowed), draw.choice(NASTY)
    almost = draw.choice(
        (word + " ", word.upper(), word[:-1], " " + word, word + "\x00", word.replace("-", "_") + "\u200b")
    )
    several = draw.sample(asked.allowed, draw.randint(1, min(3, len(asked.allowed))))
    return draw.choice(
        (word, nasty, almost, [word], several, [*several, nasty], [*several, word], [], None, 1, True, {})
    )


def spoilt_cookies(bench: Bench) -> str:
    """Every byte of a cookie changed; one too old, of another key, of another run, huge, a bomb; and texts."""
    person = bench.person()
    person.starts()
    person.answers(bench.routine)
    name, path = f"run-{person.run}", f"/run/{person.run}"
    cookie = person.client.get_cookie(name, path=path)
    assert cookie is not None
    whole = cookie.value
    run, sealed = bench.kept(person), _sealed(bench)
    tried: dict[str, str] = {}
    every = bench.size(1, 23)
    for place in range(0, len(whole), every):
        tried[f"byte {place}"] = whole[:place] + ("A" if whole[place] != "A" else "B") + whole[place + 1 :]
    with patch("cryptography.fernet.time.time", return_value=time.time() - state.LIFETIME - 60):
        tried["too old"] = sealed.seal(run)
    tried["of another key"] = SealedCookies((secrets.token_hex(24),), secure=False).seal(run)
    tried["of another run"] = sealed.seal(Run("B" * 16, dict(run), found=True))
    tried["20 kB"] = "A" * 20_000
    bomb = zlib.compress(b"0" * 50_000_000, 9)
    tried["a bomb that nobody sealed"] = Fernet(Fernet.generate_key()).encrypt(bomb).decode()
    tried |= {f"text {text[:20]!r}": text for text in NASTY[:: bench.size(1, 20)] if not {"\r", "\n"} & set(text)}
    longest = 0.0
    as_it_is = _summary_with(bench, path, f"{name}={whole}")
    must(as_it_is.status_code == 200, "the whole cookie is not opened")
    for what, value in tried.items():
        began = time.monotonic()
        answered = _summary_with(bench, path, f"{name}={value}")
        longest = max(longest, time.monotonic() - began)
        page = Page(answered)
        must((page.status, page.h1) == (410, LOST), f"{what}: {page.status} {page.h1}")
        must("emergency" in page.text, f"{what}: no emergency line")
    return (
        f"{len(tried)} of {len(tried)} spoilt cookies ({len(range(0, len(whole), every))} with one byte changed) give "
        f"the page for lost answers; the slowest took {longest * 1000:.0f} ms"
    )


def _summary_with(bench: Bench, path: str, cookie: str) -> TestResponse:
    # Not by the client's own cookies, which would leave this header out.
    header = cookie.encode("utf-8", "replace").decode("latin-1")
    return bench.app.test_client(use_cookies=False).get(f"{path}/summary", headers=[("Cookie", header)])


# -- the whole stack ---------------------------------------------------------------------------------------------------


def limits(bench: Bench) -> str:
    """Too much of everything, again and again; the page that says so, and the memory of the workers."""
    stack = bench.stack
    person = stack.person(bench.knowledge)
    path = person.starts().action()
    form = ("Content-Type", "application/x-www-form-urlencoded")
    multipart = ("Content-Type", "multipart/form-data; boundary=x")
    part = b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n1\r\n'
    much = (
        ("17 kB body", 413, "POST", path, b"a=" + b"x" * 17_000, [form]),
        ("201 parts", 413, "POST", path, part * 201 + b"--x--\r\n", [multipart]),
        ("9 kB part", 413, "POST", path, part.replace(b"1", b"x" * 9_216) + b"--x--\r\n", [multipart]),
        ("150 headers", 431, "GET", "/", b"", [(f"X-{number}", "x") for number in range(150)]),
        ("9 kB address", 414, "GET", "/" + "x" * 9_000, b"", []),
    )
    before, attempts = _memory(bench), 0
    for number in range(bench.size(1_000, 10)):
        what, status, method, where, body, given = much[number % len(much)]
        code, _, content = stack.request(method, where, body, given)
        attempts += 1
        must(code == status, f"{what}: {code}")
        must(b"Call 112 now" in content, f"{what}: no emergency line")
    grown = _memory(bench) - before
    must(grown < 10_000, f"the workers grew by {grown} kB")
    kinds = ", ".join(f"{what} {status}" for what, status, *_ in much)
    return f"{attempts} of {attempts} refused ({kinds}); each worker grew by at most {max(grown, 0)} kB"


def _memory(bench: Bench) -> int:
    """kB that the largest worker holds."""
    return max(
        int(line.split()[1])
        for instance in bench.stack.instances
        for pid in instance.workers
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )


def refused_requests(bench: Bench) -> str:
    """Requests that no browser makes, to nginx and to an instance itself."""
    host = f"Host: {HOST}\r\n".encode()
    close = b"Connection: close\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n"
    asked = {
        "another host": (b"GET / HTTP/1.1\r\nHost: evil.example\r\n" + close + b"\r\n", {400, 421}),
        "no host": (b"GET / HTTP/1.1\r\n" + close + b"\r\n", {400}),
        "a length and chunks": (
            b"POST /start HTTP/1.1\r\n" + host + close + b"Content-Length: 3\r\n" + chunked + b"\r\n0\r\n\r\n",
            {400},
        ),
        "two lengths": (
            b"POST /start HTTP/1.1\r\n" + host + close + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            {400},
        ),
        "an unknown coding": (
            b"POST /start HTTP/1.1\r\n" + host + close + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            {400, 501},
        ),
        "TRACE": (b"TRACE / HTTP/1.1\r\n" + host + close + b"\r\n", {405}),
    }
    seen = []
    for what, (sent, statuses) in asked.items():
        answer = bench.stack.raw(sent)
        status = int(answer.split()[1])
        must(status in statuses, f"{what}: {status}")
        must(b"Call 112 now" in answer, f"{what}: no emergency line")
        seen.append(f"{what} {status}")
    behind = 0
    for what, (sent, statuses) in asked.items():
        status = _straight(bench, sent)
        must(status in statuses, f"{what}, to the instance itself: {status}")
        behind += 1
    return f"{', '.join(seen)}; {behind} of {behind} refused by an instance without nginx"


def _straight(bench: Bench, sent: bytes) -> int:
    with socket.create_connection(("127.0.0.1", bench.stack.instances[1].port), timeout=30) as wire:
        wire.sendall(sent)
        return int(wire.recv(4096).split()[1])


def hostile_settings(bench: Bench) -> str:
    """Every setting with every hostile value: refused by its name, or shown as text and nothing else."""
    refused = shown = 0
    logging.disable()  # an application with settings says each request
    with tempfile.TemporaryDirectory() as folder:
        rules = TinyRules(Path(folder)).folder
        for name in (*TEXTS, *OTHERS):
            for value in list(HOSTILE.values())[:: bench.size(1, 3)]:
                environ = {**REAL, "TRIAGE_CLINIC_NAME": "Hill Clinic", "TRIAGE_URGENT_LINE": "the night service"}
                environ[f"TRIAGE_{name}"] = value
                try:
                    read(environ)
                except SettingsError as error:
                    must(all(problem.startswith(f"TRIAGE_{name}:") for problem in error.problems), f"{name}: {value}")
                    refused += 1
                    continue
                page = about(create_app(environ, rules))
                must(value in page.soup.get_text(), f"{name} is not shown as it was written: {value!r}")
                must(not page.soup.select('[href^="javascript" i], script:not([src])'), f"{name}: {value!r} is live")
                must(not [tag for tag in page.soup.find_all(True) if any(a[:2] == "on" for a in tag.attrs)], name)
                shown += 1
    logging.disable(logging.NOTSET)
    return f"{refused} refused at start by the name of the setting, {shown} shown as plain text, 0 live"


def addresses(bench: Bench) -> str:
    """Nasty texts in every part of an address that varies."""
    person = bench.person()
    person.starts()
    person.answers(bench.routine)
    run, tried = person.run, 0
    for text in NASTY[:: bench.size(1, 10)]:
        part = quote(text[:2_000], safe="", errors="surrogatepass")
        raw = quote(text[:2_000], safe="<>'\"(){}$;:/@&=+,!*", errors="surrogatepass")
        for path in (
            f"/{part}",
            f"/{raw}",
            f"/run/{part}/1",
            f"/run/{run}/{part}",
            f"/run/{run}/quick/{part}",
            f"/run/{run}/print?size={part}",
            f"/run/{run}/sheet.pdf?paper={part}",
            f"/run/{run}/1?change={part}",
            f"/flow/{part}",
            f"/static/{part}",
            f"/static/logo/{part}.png",
            f"/open?code={part}",
            f"/blank/{part}",
        ):
            answered = person.client.get(path)
            tried += 1
            _proper(answered, f"{answered.status_code} for {path[:200]}")
    return f"{tried} addresses with {len(NASTY[:: bench.size(1, 10)])} texts: 5xx 0, markup that came back 0"


PROMISES: tuple[Promise, ...] = (
    ("B1", "10,000 fuzzed submissions change nothing", fuzzed),
    ("B2", "two values for one answer are refused", two_values),
    ("B3", "an unknown option never reaches the engine", unknown_options),
    ("B4", "a spoilt cookie never gives a result", spoilt_cookies),
    ("B5", "size limits hold", limits),
    ("B6", "wrong host, smuggling and TRACE are refused", refused_requests),
    (
        "B7",
        "the exports hold their schema",
        "no JSON is served over HTTP; what the commands print is pinned field by field in tests/test_cli.py",
    ),
    ("B8", "a clinic's settings cannot inject or mislead", hostile_settings),
    ("B9", "no address can inject", addresses),
)
