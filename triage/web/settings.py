"""The settings of one installation, read once at start from `TRIAGE_*` variables, and refused when they are wrong.

Without any of them the guide runs as a demonstration: it says so on every page, and its key lives as long as the
process. With `TRIAGE_SECRET_KEY` it is the real thing, and then nothing has a silent default.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from triage.errors import SettingsError

PREFIX = "TRIAGE_"
_KNOWN = (
    "SECRET_KEY", "SECRET_KEY_FALLBACKS", "CSRF_KEY", "EMERGENCY_NUMBER", "CLINIC_NAME", "CLINIC_PHONE", "URGENT_LINE",
    "TRUSTED_HOSTS", "PLAIN_HTTP", "WORKERS", "BEHIND_PROXY", "METRICS_PORT",
)  # fmt: skip
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]{2,18}\Z")
_PLACEHOLDER_KEYS = ("dev", "changeme", "change-me", "secret", "password", "example", "replace")
_PLACEHOLDER_PHONES = ("555", "01632", "0000")
_TEXT = re.compile(r"[^<>{}\x00-\x1f\x7f]{1,80}\Z")


@dataclass(frozen=True, slots=True)
class Settings:
    """What one installation decides. `words` fills the placeholders of the rules' texts."""

    demonstration: bool
    secret_key: str
    fallback_keys: tuple[str, ...]
    csrf_key: str
    trusted_hosts: tuple[str, ...]
    secure: bool
    workers: int
    behind_proxy: bool = False
    metrics_port: int = 0
    """Where figures for monitoring are served; 0 for nowhere."""
    clinic_name: str = ""
    emergency_number: str = ""
    clinic_phone: str = ""
    words: Mapping[str, str] = field(default_factory=dict)


def demonstration_key() -> str:
    """A random key; make one before the workers are started, so that all of them share it."""
    return secrets.token_urlsafe(48)


def read(environ: Mapping[str, str]) -> Settings:
    """The settings of an environment.

    Raises:
        SettingsError: naming every variable that is unknown, missing or unusable, and what would be accepted.
    """
    given = {name.removeprefix(PREFIX): value.strip() for name, value in environ.items() if name.startswith(PREFIX)}
    problems = [f"{PREFIX}{name}: is not a setting of this guide" for name in given if name not in _KNOWN]
    demonstration = "SECRET_KEY" not in given
    if demonstration:
        key, csrf_key = demonstration_key(), demonstration_key()
    else:
        key, csrf_key = given["SECRET_KEY"], given.get("CSRF_KEY", "")
        problems += [*_key_problems("SECRET_KEY", key), *_key_problems("CSRF_KEY", csrf_key)]
        if key == csrf_key:
            problems.append("TRIAGE_CSRF_KEY: must be another key than TRIAGE_SECRET_KEY, so that each can be changed")
        for name in ("EMERGENCY_NUMBER", "TRUSTED_HOSTS"):
            if not given.get(name):
                problems.append(f"{PREFIX}{name}: is missing; there is no default for it outside a demonstration")
    fallbacks = tuple(filter(None, given.get("SECRET_KEY_FALLBACKS", "").split(",")))
    for fallback in fallbacks:
        problems += _key_problems("SECRET_KEY_FALLBACKS", fallback)
    number = given.get("EMERGENCY_NUMBER", "")
    if number and not re.fullmatch(r"[0-9]{2,6}", number):
        problems.append(
            f"TRIAGE_EMERGENCY_NUMBER: '{number}' is not a number of 2 to 6 digits, such as 999, 112 or 911"
        )
    phone = given.get("CLINIC_PHONE", "")
    if phone and (not _PHONE.match(phone) or any(digits in phone.replace(" ", "") for digits in _PLACEHOLDER_PHONES)):
        problems.append(f"TRIAGE_CLINIC_PHONE: '{phone}' is not a real phone number, such as +44 20 7946 0123")
    for name in ("CLINIC_NAME", "URGENT_LINE"):
        if given.get(name) and not _TEXT.match(given[name]):
            problems.append(f"{PREFIX}{name}: must be plain text of at most 80 characters, without < > {{ }}")
    if given.get("PLAIN_HTTP", "no") not in ("yes", "no"):
        problems.append("TRIAGE_PLAIN_HTTP: must be yes or no; yes only where the guide is not reached over HTTPS")
    if given.get("BEHIND_PROXY", "no") not in ("yes", "no"):
        problems.append("TRIAGE_BEHIND_PROXY: must be yes or no; yes only where every request comes through your proxy")
    metrics_port = given.get("METRICS_PORT", "0")
    if not re.fullmatch(r"0|[1-9][0-9]{3,4}", metrics_port) or int(metrics_port) > 65535:
        problems.append(f"TRIAGE_METRICS_PORT: '{metrics_port}' is not a port from 1000 to 65535")
    workers = given.get("WORKERS", "2")
    if not re.fullmatch(r"[1-9][0-9]?", workers):
        problems.append(f"TRIAGE_WORKERS: '{workers}' is not a number from 1 to 99")
    if problems:
        raise SettingsError(problems)
    return Settings(
        demonstration=demonstration,
        secret_key=key,
        fallback_keys=fallbacks,
        csrf_key=csrf_key,
        trusted_hosts=tuple(filter(None, (host.strip() for host in given.get("TRUSTED_HOSTS", "").split(",")))),
        secure=not demonstration and given.get("PLAIN_HTTP", "no") == "no",
        workers=int(workers),
        behind_proxy=given.get("BEHIND_PROXY") == "yes",
        metrics_port=int(metrics_port),
        clinic_name=given.get("CLINIC_NAME", ""),
        emergency_number=number,
        clinic_phone=phone,
        words=_words(given, number, phone),
    )


def _key_problems(name: str, key: str) -> list[str]:
    if len(key) < 32 or any(word in key.lower() for word in _PLACEHOLDER_KEYS) or len(set(key)) < 8:
        return [
            f"{PREFIX}{name}: must be a random key of at least 32 characters; make one with "
            f'python -c "import secrets; print(secrets.token_urlsafe(48))"'
        ]
    return []


def _words(given: Mapping[str, str], number: str, phone: str) -> dict[str, str]:
    words = {}
    if number:
        words["emergency_number"] = number
    if given.get("CLINIC_NAME") or phone:
        name = given.get("CLINIC_NAME") or "the clinic"
        words["clinic"] = f"{name} on {phone}" if phone else name
    if given.get("URGENT_LINE"):
        words["urgent_line"] = given["URGENT_LINE"]
    return words
