"""The real stack: nginx with a certificate of its own -> two gunicorn instances with the same keys, on loopback.

It runs the shipped nginx configuration with only places and ports replaced. All files are in a temporary folder; every
process ends with the test run, also when that is killed. Without nginx these tests are skipped with one loud line;
where TRIAGE_TESTS_NEED_ALL is set, that is an error.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from tests.web.conftest import Person
from triage import cases
from triage.assessment import Assessor
from triage.journey import Answer
from triage.knowledge import Knowledge, Urgency

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
OPENSSL = shutil.which("openssl")
ROOT = Path(__file__).resolve().parents[2]
HOST = "guide.test"
CLINIC = {"TRIAGE_CLINIC_NAME": "Hill Clinic", "TRIAGE_CLINIC_PHONE": "+44 20 7946 0123"}
PATIENCE = 60
"""Seconds in which a part of the stack must have started, on a machine that is busy."""


def or_skip(tool: str | None, package: str) -> None:
    """Without the tool, skip with one loud line; where TRIAGE_TESTS_NEED_ALL is set, fail."""
    if tool is None:
        if os.environ.get("TRIAGE_TESTS_NEED_ALL"):
            raise RuntimeError(f"{package} is missing: install it (Debian/Ubuntu: apt install {package})")
        pytest.skip(f"NO {package.upper()}: THE REAL STACK WAS NOT TRIED (apt install {package})")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _ends_with_us() -> None:
    # A test run that is killed leaves no process behind: the kernel tells this one to end.
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def start(command: list[str], output: Path, environ: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a part of the stack; what it says goes to the end of a file."""
    with output.open("ab") as file:
        return subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=file, stderr=file, preexec_fn=_ends_with_us, start_new_session=True
        )


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"after {PATIENCE} s still not: {what}"
        time.sleep(0.05)


class Instance:
    """One instance of the guide, at a unix socket or at a port."""

    def __init__(self, folder: Path, number: int) -> None:
        self.log = folder / f"guide-{number}.log"
        # One of each kind, so that both are tried.
        self.socket = folder / f"{number}.sock" if number == 1 else None
        self.port = 0 if self.socket else free_port()
        self.bind = f"unix:{self.socket}" if self.socket else f"127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, environ: Mapping[str, str]) -> None:
        """Start it; `ready` waits until it answers."""
        self.process = start([sys.executable, "-m", "triage", "serve", "--bind", self.bind], self.log, environ)

    def answers(self) -> bool:
        """Whether it says that it is ready."""
        with (
            contextlib.suppress(OSError, http.client.HTTPException),
            socket.socket(socket.AF_UNIX if self.socket else socket.AF_INET) as wire,
        ):
            wire.settimeout(10)
            wire.connect(str(self.socket) if self.socket else ("127.0.0.1", self.port))
            wire.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return wire.recv(99).startswith(b"HTTP/1.1 200")
        return False

    def ready(self) -> None:
        """Wait until it answers."""
        until(self.answers, f"{self.bind} is ready: {self.log.read_text()[-2000:] if self.log.exists() else ''}")

    @property
    def workers(self) -> list[int]:
        """The processes that answer."""
        assert self.process is not None
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def hang(self) -> None:
        """It takes requests and does not answer."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)

    def kill(self) -> None:
        """The whole instance at once, as when its machine loses power."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, and wait for that."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()

    def requests(self) -> list[dict[str, Any]]:
        """The requests that it wrote down."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in map(json.loads, lines) if line["event"] == "request"]


class Stack:
    """nginx and two instances."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.plain_port = free_port(), free_port()
        self.address = f"https://{HOST}:{self.port}"
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")} | {
            "TRIAGE_SECRET_KEY": secrets.token_hex(24),
            "TRIAGE_CSRF_KEY": secrets.token_hex(24),
            "TRIAGE_EMERGENCY_NUMBER": "112",
            "TRIAGE_TRUSTED_HOSTS": HOST,
            "TRIAGE_BEHIND_PROXY": "yes",
            "TMPDIR": str(folder / "tmp"),
            **CLINIC,
        }
        self.instances = [Instance(folder, 1), Instance(folder, 2)]
        self.nginx: subprocess.Popen[bytes] | None = None
        self.trust = ssl.create_default_context()

    def start(self) -> None:
        """Start everything and wait until it answers."""
        (self.folder / "tmp").mkdir()
        for instance in self.instances:
            instance.start(self.environ)
        self._make_certificate()
        safe = self.folder / "safe"
        command = [sys.executable, "-m", "triage", "proxy", str(safe)]
        subprocess.run(command, cwd=ROOT, env=self.environ, check=True, stdout=subprocess.DEVNULL)
        self._configure(safe)
        self.nginx = start([str(NGINX), "-c", str(self.folder / "nginx.conf")], self.folder / "nginx.log")
        self.ready()

    def ready(self) -> None:
        """Wait until every part answers."""
        for instance in self.instances:
            instance.ready()
        until(lambda: self._status("/healthz") == 200, f"nginx: {(self.folder / 'nginx.log').read_text()[-2000:]}")

    def _status(self, path: str) -> int:
        with contextlib.suppress(OSError):
            return self.request("GET", path)[0]
        return 0

    def _make_certificate(self) -> None:
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        command = [str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", f"/CN={HOST}"]
        command += ["-addext", f"subjectAltName=DNS:{HOST}"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        self.trust.load_verify_locations(certificate)

    def _configure(self, safe: Path) -> None:
        """The shipped configuration; only places, ports and names are replaced."""
        shipped = (ROOT / "deploy/nginx/triage.conf").read_text(encoding="utf-8")
        servers = [instance.bind if instance.socket else f"127.0.0.1:{instance.port}" for instance in self.instances]
        for old, new in {
            r"listen \[::\]:\d+[^;]*;": "",
            r"listen 80 ": f"listen 127.0.0.1:{self.plain_port} ",
            r"listen 443 ": f"listen 127.0.0.1:{self.port} ",
            r"unix:/run/triage-1/guide.sock": servers[0],
            r"unix:/run/triage-2/guide.sock": servers[1],
            r"https://guide\.example\.org\$": f"{self.address}$",
            r"/etc/letsencrypt/live/guide\.example\.org/fullchain\.pem": str(self.folder / "certificate.pem"),
            r"/etc/letsencrypt/live/guide\.example\.org/privkey\.pem": str(self.folder / "key.pem"),
            r"/etc/nginx/triage": str(safe),
            r"/var/log/nginx/": f"{self.folder}/nginx-",
            r"/var/www/letsencrypt": str(self.folder),
        }.items():
            shipped, found = re.subn(old, new, shipped)
            assert found, f"'{old}' does not stand in the shipped nginx configuration any more"
        (self.folder / "guide.conf").write_text(shipped, encoding="utf-8")
        (self.folder / "temp").mkdir()
        temp = "".join(
            f"{kind}_temp_path {self.folder}/temp/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # As on Debian, but for where things are.
        (self.folder / "nginx.conf").write_text(
            f"{'user root;' if os.geteuid() == 0 else ''}\nworker_processes 1;\ndaemon off;\n"
            f"pid {self.folder}/nginx.pid;\nerror_log {self.folder}/nginx.log;\n"
            f"events {{ worker_connections 768; }}\n"
            f"http {{\ntypes {{ text/html html; text/css css; }}\ndefault_type application/octet-stream;\n{temp}"
            f"include {self.folder}/guide.conf;\n}}\n",
            encoding="utf-8",
        )

    def stop(self) -> None:
        """End everything; nothing is left running."""
        if self.nginx and self.nginx.poll() is None:
            self.nginx.terminate()
            self.nginx.wait(PATIENCE)
        for instance in self.instances:
            instance.stop()

    def restart(self, instance: Instance, **changed: str) -> None:
        """Stop one instance and start it again, with settings changed; for upgrades and keys."""
        self.environ |= changed
        instance.stop()
        instance.start(self.environ)
        instance.ready()

    # -- people in front of it ----------------------------------------------------------------------------------------

    def connect(self, timeout: float = 30, source: str = "") -> ssl.SSLSocket:
        """A connection of a browser, with the certificate checked; from any address that begins with 127."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout, (source, 0) if source else None)
        return self.trust.wrap_socket(plain, server_hostname=HOST)

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Iterable[tuple[str, str]] = (), source: str = ""
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """One request: its status, its headers, its body."""
        connection = http.client.HTTPSConnection(HOST, self.port, timeout=30)
        connection.sock = self.connect(source=source)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": f"{HOST}:{self.port}", "Content-Length": str(len(body))}.items():
                connection.putheader(name, value)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def raw(self, text: bytes) -> bytes:
        """What comes back for bytes that no browser would send."""
        with self.connect() as wire:
            wire.sendall(text)
            answer = b""
            with contextlib.suppress(OSError):
                while more := wire.recv(65536):
                    answer += more
            return answer

    def test_client(self, source: str = "") -> Client:
        """What an application offers its tests, but over TLS and through nginx."""
        return _OverTheWire(self, source)

    def person(self, knowledge: Knowledge) -> Person:
        """Somebody on the start page."""
        return Person(self, knowledge)  # type: ignore[arg-type]


class _OverTheWire(Client):
    def __init__(self, stack: Stack, source: str) -> None:
        def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            path = environ["PATH_INFO"] + (f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else "")
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            given = {"Cookie": environ.get("HTTP_COOKIE"), "Content-Type": environ.get("CONTENT_TYPE")}
            sent = [(name, value) for name, value in given.items() if value]
            status, headers, content = stack.request(environ["REQUEST_METHOD"], path, body, sent, source)
            start_response(f"{status} {http.client.responses.get(status, '')}", headers)
            return [content]

        super().__init__(application, TestResponse)
        self.stack = stack

    def open(self, *args: Any, **given: Any) -> TestResponse:
        """A request to the stack."""
        if args and isinstance(args[0], str):
            given.setdefault("base_url", self.stack.address)
        return super().open(*args, **given)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack, started once. What a test did to it is mended by `stack`."""
    or_skip(NGINX, "nginx")
    or_skip(OPENSSL, "openssl")
    stack = Stack(tmp_path_factory.mktemp("stack"))
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def stack(running: Stack) -> Iterator[Stack]:
    """The stack, whole at the beginning of each test."""
    for instance in running.instances:
        if instance.process is None or instance.process.poll() is not None:
            instance.start(running.environ)
    running.ready()
    yield running


def answers_of(assessor: Assessor, urgency: Urgency) -> Mapping[str, Answer]:
    """The answers of somebody whose result is of that urgency and who was asked everything."""
    for case in assessor.knowledge.cases:
        result = cases.run(assessor, case)
        if case.urgency == urgency and result.journey and not result.journey.stopped:
            return result.journey.answers
    raise AssertionError(f"no case is {urgency.word}")
