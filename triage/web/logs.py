"""What is written down about the traffic: one line of JSON for each request and for whatever goes wrong.

Never an answer, a code, free text, an address or a browser: a request is told by the name of its route, and an
exception by its type and its place, because its message or its local variables could hold what a person answered.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, has_request_context, request

_REQUEST_ID = re.compile(r"[0-9a-f]{32}\Z")
_SERVER_TELLS = ("Invalid request from", "Error handling request")
"""How messages of the server begin that go on with an address."""


_encode = json.JSONEncoder(ensure_ascii=False).encode


class JsonLines(logging.Formatter):
    """One line of JSON for each record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        said = record.getMessage()
        said = next((start for start in _SERVER_TELLS if said.startswith(start)), said)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": said,
            **getattr(record, "facts", {}),
        }
        if has_request_context():
            line["request"] = g.get("request_id", "")
            line["route"] = request.endpoint or ""
        if record.exc_info and record.exc_info[1]:
            line["exceptions"] = list(_told(record.exc_info[1]))
        return _encode(line)


def _told(error: BaseException | None) -> list[dict[str, Any]]:
    """The exception and what led to it: types and places."""
    told = []
    while error is not None:
        places = traceback.extract_tb(error.__traceback__)
        told.append({"type": type(error).__name__, "at": [f"{p.filename}:{p.lineno} {p.name}" for p in places]})
        error = error.__cause__ or error.__context__
    return told


def install(app: Flask, rules_version: str, every_request: bool) -> None:
    """Let the application and the rooms behind it write lines of JSON to standard error.

    With `every_request`, each request is a line; without, only what goes wrong is.
    """
    logger = logging.getLogger(app.name)
    if not any(isinstance(handler.formatter, JsonLines) for handler in logger.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        logger.addHandler(handler)
    logger.setLevel(logging.INFO if every_request else logging.WARNING)

    @app.before_request
    def began() -> None:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if _REQUEST_ID.match(given) else secrets.token_hex(16)
        g.began = time.monotonic()

    if every_request:

        @app.after_request
        def ended(response: Response) -> Response:
            facts = {
                "method": request.method,
                "status": response.status_code,
                "ms": round((time.monotonic() - g.began) * 1000, 1) if "began" in g else None,
                "rules": rules_version,
            }
            # Not by `info`, which looks for the line of code it was called from.
            if logger.isEnabledFor(logging.INFO):
                logger.handle(
                    logger.makeRecord(logger.name, logging.INFO, "", 0, "request", (), None, extra={"facts": facts})
                )
            return response
