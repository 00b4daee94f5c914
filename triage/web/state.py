"""Where answers live: sealed in one cookie per run, and nowhere else.

A run has a random id in its address, and its cookie is sent to that address only, so two people in two tabs never
mix and any instance can serve any request. The cookie is encrypted and authenticated (Fernet), ends with the browser,
and is refused after `LIFETIME`. It can be too large for a browser to keep, which would leave older answers standing;
therefore it is measured, and refused before it is sent.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
import zlib
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin

from triage.errors import CodeError, GuideError
from triage.exports import code
from triage.journey import Answer, Answers
from triage.knowledge.model import Numbering

LIFETIME = 4 * 60 * 60
"""Seconds after which a run is no longer opened."""
MOST_BYTES = 3500
"""Chromium silently keeps the *old* value of a cookie over 4,096 bytes; names and attributes count too."""
_FORMAT = 1
_RUN = re.compile(r"/run/([A-Za-z0-9_-]{16})(?=/|\Z)")


class StateTooLarge(GuideError):
    """The sealed answers would not fit into a cookie that every browser keeps."""


class Run(dict[str, Any], SessionMixin):
    """The session of one request. `found` is False when the run's cookie was missing, expired or tampered with."""

    def __init__(self, run_id: str = "", content: Mapping[str, Any] | None = None, found: bool = False) -> None:
        super().__init__(content or {})
        self.run_id = run_id
        self.found = found
        # What is in it is replaced and never changed in place, so a copy of the outermost is one of all.
        self.before = dict(self)
        self.ended = False
        self.sealed: tuple[dict[str, Any], str] = ({}, "")
        """What was sealed last, and the text that came of it."""

    def start(self) -> str:
        """Begin a new, empty run and give its id."""
        self.clear()
        self.run_id = secrets.token_urlsafe(12)
        self.found = True
        return self.run_id

    def restore(self) -> None:
        """Back to what the request came with."""
        self.clear()
        self.update(self.before)

    def end(self) -> None:
        """Forget this run: its cookie is removed with the response."""
        self.clear()
        self.ended = True

    @property
    def answers(self) -> Answers:
        """The answers given so far, also those off the path."""
        return _tuples(self._stored("answers"))

    @property
    def changed_from(self) -> Mapping[str, Answer | None] | None:
        """What the answers given since `begin_change` were before it; None where no change has begun."""
        return _tuples(self._stored("changed_from")) if "changed_from" in self else None

    def begin_change(self) -> None:
        """From here on, remember what the answers were."""
        self["changed_from"] = {}

    def forget_change(self) -> None:
        """Keep the answers, and no longer what they were before."""
        self.pop("changed_from", None)

    def answer(self, given: Mapping[str, Answer]) -> None:
        """Keep these answers beside the earlier ones."""
        stored = self._stored("answers")
        new = {name: list(answer) if isinstance(answer, tuple) else answer for name, answer in given.items()}
        if "changed_from" in self:
            changed = {name: stored.get(name) for name, answer in new.items() if stored.get(name) != answer}
            self["changed_from"] = {**changed, **self._stored("changed_from")}
        self["answers"] = {**stored, **new}

    def _stored(self, key: str) -> dict[str, Any]:
        stored = self.get(key, {})
        return dict(stored) if isinstance(stored, dict) else {}


def _tuples(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}


def _fernet(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(blake2b(key.encode(), digest_size=32, person=b"triage-run").digest()))


def _sealed_at(sealed: str) -> int:
    """When a token of Fernet's was made, in seconds: it begins with a version of one byte and the time in eight."""
    return int.from_bytes(base64.urlsafe_b64decode(sealed[:12])[1:], "big")


class SealedCookies(SessionInterface):
    """Opens and seals runs. The first key seals; all of them open, so keys can be changed while people answer."""

    def __init__(self, keys: tuple[str, ...], secure: bool, numbering: Numbering | None = None) -> None:
        """With the numbering, answers that would otherwise not fit are kept by their permanent numbers."""
        self._box = MultiFernet([_fernet(key) for key in keys])
        self._secure = secure
        self._numbering = numbering or Numbering()

    def _name(self, run_id: str) -> str:
        return f"{'__Secure-' * self._secure}run-{run_id}"

    def open_session(self, app: Flask, request: Request) -> Run:
        """The run that this address belongs to; an empty one, not found, where nothing can be opened."""
        match = _RUN.match(request.path)
        if not match:
            return Run()
        run_id = match.group(1)
        sealed = request.cookies.get(self._name(run_id), "")
        if not sealed:
            return Run(run_id)
        try:
            # Bounded: only what we sealed ourselves gets as far as being unpacked.
            packed = self._box.decrypt(sealed.encode())
            # By itself Fernet also refuses what was sealed under a clock more than a minute ahead of this one.
            if time.time() - _sealed_at(sealed) > LIFETIME:
                return Run(run_id)
            content = self._unpacked(json.loads(zlib.decompress(packed)))
        except (InvalidToken, zlib.error, ValueError, UnicodeEncodeError, CodeError):
            return Run(run_id)
        if (
            not isinstance(content, dict)
            or content.pop("format", None) != _FORMAT
            or content.pop("run", None) != run_id
        ):
            return Run(run_id)
        return Run(run_id, content, found=True)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the run back, sealed, when it changed.

        Raises:
            StateTooLarge: the browser could drop the new answers and keep the old ones.
        """
        assert isinstance(session, Run)  # noqa: S101 - open_session makes nothing else
        if not session.run_id:
            return
        name, path = self._name(session.run_id), f"/run/{session.run_id}"
        if session.ended:
            response.delete_cookie(name, path=path, secure=self._secure, httponly=True, samesite="Lax")
            return
        if session == session.before:
            return
        content, sealed = session.sealed
        if not sealed or session != content:
            sealed = self.seal(session)
        response.set_cookie(name, sealed, path=path, secure=self._secure, httponly=True, samesite="Lax")

    def seal(self, session: Run) -> str:
        """The run as text for its cookie.

        Raises:
            StateTooLarge: it would be longer than `MOST_BYTES`.
        """
        sealed = self._seal(session.run_id, session)
        if len(sealed) > MOST_BYTES:
            # Only for the few who tick almost everything: an older guide beside this one may not know every number.
            sealed = self._seal(session.run_id, self._packed(session))
        if len(sealed) > MOST_BYTES:
            raise StateTooLarge(f"the sealed answers are {len(sealed)} bytes, more than {MOST_BYTES}")
        session.sealed = dict(session), sealed
        return sealed

    def _seal(self, run_id: str, content: Mapping[str, Any]) -> str:
        text = json.dumps({"format": _FORMAT, "run": run_id, **content}, separators=(",", ":"))
        return self._box.encrypt(zlib.compress(text.encode(), 9)).decode()

    def _packed(self, session: Run) -> dict[str, Any]:
        content = dict(session)
        try:
            edition, number = code.pack(self._numbering, session.answers)
        except CodeError:
            return content
        return {**content, "answers": [edition, f"{number:x}"]}

    def _unpacked(self, content: Any) -> Any:
        if isinstance(content, dict) and isinstance(content.get("answers"), list):
            edition, number = content["answers"]
            answers = code.unpack(self._numbering, int(edition), int(number, 16))
            content["answers"] = {name: list(a) if isinstance(a, tuple) else a for name, a in answers.items()}
        return content
