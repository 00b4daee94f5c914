"""The production server, started with the same command everywhere: gunicorn with sync workers.

Processes, not threads: the rule engine's C calls hold the interpreter lock and want one evaluation at a time.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from triage.web import create_app


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


def serve(host: str, port: int) -> int:
    """Serve until told to stop; returns the exit code.

    Raises:
        GuideError: settings or rules are unusable; nothing is served then.
    """
    app = create_app()
    settings = app.extensions["settings"]
    print(f"The calcium deposit guide is at http://{host}:{port}", file=sys.stderr)
    if settings.demonstration:
        print(
            "THIS IS A DEMONSTRATION: a random key that ends with this process, no clinic, no emergency number of a "
            "country. For real use set TRIAGE_SECRET_KEY and the settings in README.md.",
            file=sys.stderr,
        )
    options = {
        "bind": f"{host}:{port}",
        "workers": settings.workers,
        "worker_class": "sync",
        "timeout": 30,
        "graceful_timeout": 30,
        "max_requests": 20_000,
        "max_requests_jitter": 2_000,
        "limit_request_line": 1024,
        "limit_request_fields": 64,
        "control_socket_disable": True,
        # The path without its query, no address, no referrer, no browser: nothing about a person is logged.
        "access_log_format": "%(t)s %(m)s %(s)s %(b)s %(D)s",
        "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,  # noqa: S108 - heartbeat in memory
    }
    Server(app, options).run()
    return 0
