"""The production server, started with the same command everywhere: gunicorn with sync workers.

Processes, not threads: the rule engine's C calls hold the interpreter lock and want one evaluation at a time. All that
gunicorn is told stands in `_options`; there is no second configuration file.
"""

from __future__ import annotations

import gc
import shutil
import sys
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from triage.exports import typesetting
from triage.web import create_app, metrics
from triage.web.logs import JsonLines
from triage.web.settings import Settings


class Server(BaseApplication):
    """gunicorn around an application that is loaded before the workers are forked, so all share its keys."""

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self.app, self.options = app, options
        super().__init__()

    def load_config(self) -> None:
        """Hand the options to gunicorn."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application."""
        return self.app


class ServerLog(Logger):
    """What gunicorn itself has to say, in the form of everything else. Requests are told by the application."""

    def setup(self, cfg: Any) -> None:
        """Set up as usual, then write lines of JSON."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLines())


def serve(bind: str) -> int:
    """Serve at "host:port" or "unix:/path" until told to stop; returns the exit code.

    Raises:
        GuideError: settings or rules are unusable; nothing is served then.
    """
    app = create_app()
    settings: Settings = app.extensions["settings"]
    where = bind if bind.startswith("unix:") else f"http://{bind}"
    print(f"The calcium deposit guide is at {where}", file=sys.stderr)
    if settings.demonstration:
        print(
            "THIS IS A DEMONSTRATION: a random key that ends with this process, no clinic, no emergency number of a "
            "country. For real use set TRIAGE_SECRET_KEY and the settings in README.md.",
            file=sys.stderr,
        )
    typesetting.share_turns()
    options = _options(bind, settings)
    if settings.metrics_port:
        host = "127.0.0.1" if bind.startswith("unix:") else bind.rpartition(":")[0]
        folder = metrics.install(app, host, settings.metrics_port)
        # Not in a `finally`: a worker that ends comes by there as well.
        options["on_exit"] = lambda _: shutil.rmtree(folder, ignore_errors=True)
    # The rules live as long as the process: no worker looks through them for garbage, which would also copy them.
    gc.collect()
    gc.freeze()
    Server(app, options).run()
    return 0


def _options(bind: str, settings: Settings) -> dict[str, Any]:
    return {
        "bind": bind,
        "workers": settings.workers,
        "worker_class": "sync",
        "logger_class": ServerLog,
        # Seconds: for an answer, after which its worker is replaced; and to end what was begun, when told to stop.
        "timeout": 30,
        "graceful_timeout": 30,
        "max_requests": 20_000,
        "max_requests_jitter": 2_000,
        # Larger than what the proxy and the application allow: they refuse with a page that says what to do.
        "limit_request_line": 8190,
        "limit_request_fields": 1000,
        "control_socket_disable": True,
        # Whether a request came over HTTPS is for the application to say (TRIAGE_BEHIND_PROXY).
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "worker_tmp_dir": metrics.IN_MEMORY,  # heartbeat
    }
