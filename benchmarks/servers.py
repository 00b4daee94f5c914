"""Servers to be measured, each on free loopback ports and gone afterwards: gunicorn in two ways, granian, nginx.

"gunicorn sync" is what people run: `python -m triage serve`, with the settings of a clinic. Beside it stand two other
ways to serve the same application. The floor is served in each way with the same options.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from benchmarks.measuring import NotHere
from benchmarks.served import HOST, settings

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60
"""Seconds in which a server must have started, or ended, on a machine that is busy."""
SYNC, GTHREAD, GRANIAN = "gunicorn sync", "gunicorn gthread", "granian"
WAYS = (SYNC, GTHREAD, GRANIAN)
GUIDE, FLOOR = "guide", "hello"
"""The names of the two applications in `benchmarks.served`."""
_TICKS = os.sysconf("SC_CLK_TCK")
_AS_THE_GUIDE = (
    "--worker-class=sync", "--preload", "--max-requests=20000", "--max-requests-jitter=2000",
    "--worker-tmp-dir=/dev/shm", "--no-control-socket",
)  # fmt: skip
"""What triage/web/server.py tells gunicorn, as far as it can be felt."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


def needed(tool: str, package: str) -> str:
    """Where a tool is. Raises NotHere where it is not."""
    found = shutil.which(tool) or shutil.which(tool, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise NotHere(f"{tool} is missing: install it (Debian/Ubuntu: apt install {package})")
    return found


def environment(**more: str) -> dict[str, str]:
    """What a server is started with: the settings of the run, and .pyc files as in real use."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TRIAGE_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return ours | settings() | more


def children(pid: int) -> list[int]:
    """The processes that this one started and that still live; none where it has ended itself."""
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text("ascii").split())
    return found


def cpu(pid: int) -> float:
    """The seconds of processor time that this process and all it ever started have used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    # Its own time in and under the system, and that of those it started and that have ended.
    return sum(map(int, fields[11:15])) / _TICKS + sum(map(cpu, children(pid)))


def ends_with_us() -> None:
    """For a process that is being started: whoever kills the run leaves it not behind, the kernel tells it to end."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Server:
    """One server, from `__enter__`, which does not wait until it answers, to `__exit__`, after which it is gone."""

    def __init__(self, command: Sequence[str], bind: str, environ: Mapping[str, str]) -> None:
        self.command, self.bind, self._environ = command, bind, environ
        self.address = f"http://{bind}"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # The log of the guide, a line for each request, is written to where it costs least.
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            self.command, cwd=ROOT, env=self._environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=ends_with_us, start_new_session=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def pid(self) -> int:
        """The process that started the workers."""
        if self.process is None:
            raise ValueError("the server has not been started")
        return self.process.pid

    def cpu(self) -> float:
        """The seconds of processor time that all of it has used."""
        return cpu(self.pid)

    def answers(self) -> bool:
        """Whether the first page comes."""
        unix = self.bind.startswith("unix:")
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as wire,
        ):
            wire.settimeout(PATIENCE)
            host, _, port = self.bind.partition(":")
            wire.connect(port if unix else (host, int(port)))
            wire.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
            return wire.recv(99).split()[1:2] == [b"200"]
        return False

    def ready(self, look_again: float = 0.05) -> None:
        """Wait until it answers, looking again after so many seconds. Raises RuntimeError where it does not."""
        end = time.monotonic() + PATIENCE
        while not self.answers():
            if time.monotonic() > end or (self.process and self.process.poll() is not None):
                raise RuntimeError(f"does not serve: {' '.join(self.command)}")
            time.sleep(look_again)

    def settle(self) -> None:
        """Wait until it has done what it was asked, also for those who have gone meanwhile."""
        before, now = -1.0, self.cpu()
        while now - before > 1 / _TICKS:
            time.sleep(0.05)
            before, now = now, self.cpu()


def server(way: str, what: str, workers: int = 2, bind: str = "", **environ: str) -> Server:
    """The guide or the floor, served in one of the `WAYS`; at a free port, or at "unix:/path"."""
    bind = bind or f"{HOST}:{free_port()}"
    host, _, port = bind.partition(":")
    factory, number = f"benchmarks.served:{what}", str(workers)
    gunicorn = [sys.executable, "-m", "gunicorn", f"--bind={bind}", f"--workers={number}", f"{factory}()"]
    command = {
        (SYNC, GUIDE): [sys.executable, "-m", "triage", "serve"]
        + ([f"--bind={bind}"] if host == "unix" else [f"--port={port}"]),
        (SYNC, FLOOR): [*gunicorn, *_AS_THE_GUIDE],
    }.get((way, what))
    if way == GTHREAD:
        command = [*gunicorn, "--worker-class=gthread", "--threads=4", "--reuse-port", "--preload"]
        command.append("--no-control-socket")
    elif way == GRANIAN:
        if find_spec("granian") is None:
            raise NotHere("granian is missing: pip install granian")
        command = [sys.executable, "-m", "granian", "--interface=wsgi", "--no-ws", "--factory", f"--host={host}"]
        command += [f"--port={port}", f"--workers={number}", "--blocking-threads=1", factory]
    if command is None:
        raise ValueError(f"{way}: {what}")
    return Server(command, bind, environment(TRIAGE_WORKERS=number, **environ))


class Nginx(Server):
    """The shipped nginx configuration in front of instances of the guide or of the floor, with TLS as in real use.

    Only places, ports and names are replaced, and the limit of requests for each address is raised, because all load
    comes from one address here.
    """

    def __init__(self, folder: Path, what: str, instances: int) -> None:
        """Everything is kept in `folder`, which must be empty."""
        self._folder, self._what = folder, what
        self._instances = [
            server(SYNC, what, bind=f"unix:{folder}/{number}.sock", TRIAGE_BEHIND_PROXY="yes")
            for number in range(instances)
        ]
        super().__init__(
            [needed("nginx", "nginx"), "-c", str(folder / "nginx.conf")], f"{HOST}:{free_port()}", environment()
        )
        self.address = f"https://{self.bind}"

    def __enter__(self) -> Self:
        self._make_certificate()
        self._configure(self._write_safe_page())
        try:
            for instance in self._instances:
                instance.__enter__()
            return super().__enter__()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        for instance in self._instances:
            instance.__exit__()

    def cpu(self) -> float:
        """The seconds of processor time of nginx and of all instances."""
        return super().cpu() + sum(instance.cpu() for instance in self._instances)

    def answers(self) -> bool:
        """Whether each instance gives its first page, and nginx listens."""
        if not all(instance.answers() for instance in self._instances):
            return False
        host, _, port = self.bind.partition(":")
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), PATIENCE):
            return True
        return False

    def _make_certificate(self) -> None:
        command = [needed("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt"]
        command += ["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
        command += ["-keyout", str(self._folder / "key.pem"), "-out", str(self._folder / "certificate.pem")]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - our own command

    def _write_safe_page(self) -> Path:
        safe = self._folder / "safe"
        command = [sys.executable, "-m", "triage", "proxy", str(safe)]
        environ = environment(TRIAGE_BEHIND_PROXY="yes")
        subprocess.run(command, cwd=ROOT, env=environ, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        return safe

    def _configure(self, safe: Path) -> None:
        shipped = (ROOT / "deploy/nginx/triage.conf").read_text("utf-8")
        upstream = "".join(f"server {instance.bind} max_fails=0;" for instance in self._instances)
        shipped = _replaced(
            shipped,
            {
                r"(?s)(?<=upstream triage \{).*?(?=\n\})": upstream,
                r"listen \[::\]:\d+[^;]*;": "",
                r"listen 80 ": f"listen {HOST}:{free_port()} ",
                r"listen 443 ": f"listen {self.bind} ",
                r"/etc/letsencrypt/live/guide\.example\.org/fullchain\.pem": f"{self._folder}/certificate.pem",
                r"/etc/letsencrypt/live/guide\.example\.org/privkey\.pem": f"{self._folder}/key.pem",
                r"/etc/nginx/triage": str(safe),
                r"/var/log/nginx/": f"{self._folder}/nginx-",
                r"/var/www/letsencrypt": str(self._folder),
                r"rate=50r/s": "rate=1000000r/s",
            }.items(),
        )
        (self._folder / "guide.conf").write_text(shipped, "utf-8")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {self._folder}/{kind};\n" for kind in kinds)
        # As on Debian, but for where things are.
        (self._folder / "nginx.conf").write_text(
            f"{'user root;' if os.geteuid() == 0 else ''}\nworker_processes auto;\ndaemon off;\n"
            f"pid {self._folder}/nginx.pid;\nerror_log {self._folder}/nginx.log;\n"
            f"events {{ worker_connections 768; }}\n"
            f"http {{\ntypes {{ text/html html; text/css css; }}\ndefault_type application/octet-stream;\n{temporary}"
            f"include {self._folder}/guide.conf;\n}}\n",
            "utf-8",
        )


def _replaced(text: str, changes: Iterable[tuple[str, str]]) -> str:
    for old, new in changes:
        text, found = re.subn(old, new, text)
        if not found:
            raise ValueError(f"'{old}' does not stand in the shipped nginx configuration any more")
    return text
