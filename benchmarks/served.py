"""What the servers serve: the guide with the settings of a clinic, and "hello", the least that Flask can do.

Both are made by a function without arguments, so that a server can import it by name (`benchmarks.served:hello`).
"""

from __future__ import annotations

import logging
import os
import secrets
from functools import cache

from flask import Flask

from triage.web import create_app

HOST = "127.0.0.1"
HELLO = "hello"
"""What the floor answers."""


@cache
def settings() -> dict[str, str]:
    """The settings of a clinic, with keys that live as long as this run; the same for every server of the run.

    Nothing is switched off: cookies are `Secure`, and each request is a line in the log.
    """
    return {
        "TRIAGE_SECRET_KEY": secrets.token_hex(24),
        "TRIAGE_CSRF_KEY": secrets.token_hex(24),
        "TRIAGE_REGION": "gb",
        "TRIAGE_TRUSTED_HOSTS": HOST,
        "TRIAGE_CLINIC_NAME": "Hill Clinic",
        "TRIAGE_CLINIC_PHONE": "+44 20 7946 0123",
        "TRIAGE_OPENING_HOURS": "Monday to Friday, 8 to 18",
    }


def guide() -> Flask:
    """The guide, with the settings of the environment it is in."""
    return create_app()


def quiet_guide() -> Flask:
    """The guide in this process, with the settings of the run; its log is written, to where nobody reads it."""
    app = create_app(settings())
    nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    for handler in app.logger.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(nowhere)
    return app


def hello() -> Flask:
    """The floor: one address that answers one word."""
    app = Flask("hello")

    @app.get("/")
    def say() -> str:
        return HELLO

    return app
