"""What a clinic's IT person relies on: readiness, logs without a person in them, figures, and the page for a proxy."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from triage.assessment import Assessor
from triage.knowledge import Urgency
from triage.web import create_app, proxy
from triage.web.logs import JsonLines

from .conftest import Person
from .test_pages import first_question, walked
from .test_settings import REAL

BEHIND = {**REAL, "TRIAGE_BEHIND_PROXY": "yes"}


@pytest.fixture(autouse=True)
def quick_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """These applications start without their self-check, which takes seconds and is tried elsewhere."""
    monkeypatch.setattr("triage.web.cases.run_all", lambda _: [])


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What the guide writes down while the test runs, read as what it is: JSON."""
    logger, text, read = logging.getLogger("triage"), io.StringIO(), list[dict[str, Any]]()
    handler, level = logging.StreamHandler(text), logger.level
    handler.setFormatter(JsonLines())
    handler.emit = lambda record: read.append(json.loads(handler.format(record)))  # type: ignore[method-assign]
    logger.addHandler(handler)
    yield read
    logger.removeHandler(handler)
    logger.setLevel(level)


# -- readiness -------------------------------------------------------------------------------------------------------


def test_readyz_is_200_only_while_cases_come_out_as_written(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = app.test_client()
    assert client.get("/readyz").status_code == 200
    engine = app.extensions["assessor"].engine
    monkeypatch.setattr(engine, "fired", lambda findings: frozenset())
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "engine-differed" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_cases_of_readyz_meet_every_urgency(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[Urgency] = []
    assess = Assessor.assess

    def watched(self: Assessor, findings: Any) -> Any:
        met.append((result := assess(self, findings)).urgency)
        return result

    monkeypatch.setattr(Assessor, "assess", watched)
    app.test_client().get("/readyz")
    assert len(met) == 20
    assert set(met) == set(Urgency)


def test_the_machine_itself_may_ask_how_it_is_and_nobody_else_by_another_name() -> None:
    client = create_app(REAL).test_client()
    assert client.get("/healthz", base_url="http://localhost").status_code == 200
    assert client.get("/healthz", base_url="http://127.0.0.1").status_code == 400


def test_a_proxy_is_believed_only_where_a_setting_says_so() -> None:
    for environ, scheme in ((REAL, "http"), (BEHIND, "https")):
        app = create_app(environ)
        seen: list[str] = []
        app.before_request(lambda seen=seen: seen.append(_scheme()))
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example"}
        assert (
            app.test_client().get("/healthz", base_url="http://guide.example.org", headers=headers).status_code == 200
        )
        assert seen == [f"{scheme} guide.example.org 127.0.0.1"]


def _scheme() -> str:
    from flask import request

    return f"{request.scheme} {request.host} {request.remote_addr}"


# -- what is written down --------------------------------------------------------------------------------------------


def test_each_request_is_one_line_without_anything_about_the_person(lines: list[dict[str, Any]]) -> None:
    app = create_app(REAL)
    client = app.test_client()
    for _ in range(2):
        client.get(
            "/nowhere-xyzzy?xyzzy=1",
            base_url="https://guide.example.org",
            headers={"User-Agent": "xyzzy", "Referer": "https://guide.example.org/xyzzy"},
        )
    first, second = lines
    assert first.keys() == {"time", "level", "logger", "event", "method", "status", "ms", "rules", "request", "route"}
    assert (first["status"], first["route"], first["method"]) == (404, "", "GET")
    assert first["rules"] == app.extensions["assessor"].knowledge.version
    assert first["request"] != second["request"]
    assert "xyzzy" not in str(lines)
    assert "127.0.0.1" not in str(lines)


def test_the_number_of_a_request_is_the_proxys_and_never_any_text(lines: list[dict[str, Any]]) -> None:
    client = create_app(REAL).test_client()
    for given in ("0123456789abcdef" * 2, "xyzzy" * 9):
        client.get("/healthz", base_url="http://localhost", headers={"X-Request-ID": given})
    assert lines[0]["request"] == "0123456789abcdef" * 2
    assert re.fullmatch("[0-9a-f]{32}", lines[1]["request"])


def test_an_exception_is_told_by_type_and_place_never_by_its_words(
    app: Flask, person: Person, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    walked(person, Urgency.ROUTINE)

    def fails(*_: object) -> None:
        answer = "xyzzy"
        try:
            {}[answer]
        except KeyError as error:
            raise RuntimeError(f"no {answer}") from error

    monkeypatch.setattr(Assessor, "assess", fails)
    person.get(person.url("summary"))
    (line,) = lines
    assert line["level"] == "error"
    assert line["route"] == "pages.summary"
    assert [told["type"] for told in line["exceptions"]] == ["RuntimeError", "KeyError"]
    assert any("test_operation.py" in place and place.endswith(" fails") for place in line["exceptions"][0]["at"])
    assert "xyzzy" not in str(lines)


def test_the_server_tells_no_address(lines: list[dict[str, Any]]) -> None:
    logger = logging.getLogger("triage.server")
    logger.warning("Invalid request from ip=203.0.113.9: Invalid header name: 'xyzzy'")
    logger.error("Error handling request %s %s", "GET", "/run/xyzzy?xyzzy")
    assert [line["event"] for line in lines] == ["Invalid request from", "Error handling request"]


# -- in front of it --------------------------------------------------------------------------------------------------


def test_the_page_for_a_proxy_names_the_emergency_number_and_the_clinic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TRIAGE_TESTS_NEED_ALL", raising=False)  # set where CI runs, and no setting of the guide
    for name, value in {**REAL, "TRIAGE_CLINIC_PHONE": "+44 20 7946 0123"}.items():
        monkeypatch.setenv(name, value)
    assert proxy.write(tmp_path / "safe") == 0
    page = (tmp_path / "safe/safe.html").read_text()
    assert 'href="tel:112"' in page
    assert "+44 20 7946 0123" in page
    assert 'href="tel:+442079460123"' in page
    look = re.findall(r'(?:href|src)="(/[^"]*)"', page)
    assert look == ["/safe/guide.css", "/"], "a page for when the guide is down must not need the guide"
    assert "<script" not in page and "style=" not in page
    given = dict(re.findall(r'add_header (\S+) "(.*)" always;\n', (tmp_path / "safe/headers.conf").read_text()))
    served = create_app().test_client().get("/about", base_url="https://guide.example.org").headers
    assert given == {name: served[name] for name in given}
    assert {"Content-Security-Policy", "Strict-Transport-Security", "Cache-Control"} <= given.keys()
    assert "safe.html" in capsys.readouterr().out


def test_too_many_headers_get_a_page_that_says_what_to_do(app: Flask) -> None:
    answer = app.test_client().get("/", headers={f"X-{number}": "x" for number in range(101)})
    assert answer.status_code == 431
    assert "chest pain" in answer.text


# -- figures ---------------------------------------------------------------------------------------------------------


def test_figures_count_results_and_nothing_else_and_survive_a_killed_worker(tmp_path: Path) -> None:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        port, figures = one.getsockname()[1], two.getsockname()[1]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    environ |= {"TRIAGE_METRICS_PORT": str(figures), "TRIAGE_WORKERS": "1"}
    command = [sys.executable, "-m", "triage", "serve", "--port", str(port)]
    folders = set(Path("/dev/shm").glob("triage-figures-*")) if Path("/dev/shm").is_dir() else set()  # noqa: S108 - looked at, not written
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environ) as server:
        try:
            for _ in range(600):
                try:
                    _asked(port, "/healthz")
                    break
                except OSError:
                    time.sleep(0.1)
            first = _asked(figures, "/metrics")
            assert 'triage_results_total{urgency="emergency"} 0.0' in first
            assert 'triage_careful_results_total{reason="engine-differed"} 0.0' in first
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
            os.kill(int(children[-1]), signal.SIGKILL)
            time.sleep(0.5)
            assert _posted_emergency(port) == 200
            last = _asked(figures, "/metrics")
            assert 'triage_results_total{urgency="emergency"} 1.0' in last
            assert 'route="pages.answer",status="2xx"' in last
            labels = set(re.findall(r"(\w+)=", last))
            assert labels == {"urgency", "reason", "route", "status", "le"}
        finally:
            server.terminate()
    if Path("/dev/shm").is_dir():  # noqa: S108 - looked at, not written
        assert set(Path("/dev/shm").glob("triage-figures-*")) <= folders  # noqa: S108 - looked at, not written


def _asked(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return str(answer.read().decode())


def _posted_emergency(port: int) -> int:
    from triage import resources
    from triage.knowledge import load

    knowledge = load(resources.folder("rules"))
    question = knowledge.page_questions[knowledge.pages[0].id][0]
    stops = next(option.id for option in question.options if option.stops)
    data = f"page={knowledge.pages[0].id}&{question.id}={stops}".encode()
    assert first_question(knowledge) is question
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/run/{'A' * 16}/1", data=data, timeout=10) as answer:
        return int(answer.status)
