"""The settings of one installation, read once at start from `TRIAGE_*` variables, and refused when they are wrong.

Without any of them the guide runs as a demonstration: it says so on every page, and its key lives as long as the
process. With `TRIAGE_SECRET_KEY` it is the real thing, and then nothing has a silent default. Each setting has one
checker in `_CHECKS`; what several of them decide together is in `_together`.
"""

from __future__ import annotations

import re
import secrets
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from triage.errors import SettingsError
from triage.knowledge.model import Region
from triage.knowledge.table import EMERGENCY_NUMBER, meant

PREFIX = "TRIAGE_"
NO_REGION = "none"
MOST_LOGO_BYTES = 50_000
_MOST_SHOWN = 60
"""Of a wrong value, so that a whole file put into a variable does not fill the screen."""
_PHONE = re.compile(r"\+?[0-9(][0-9 ().-]{5,18}\Z")
_SHORT_PHONE = re.compile(r"\+?[0-9(][0-9 ().-]{2,18}\Z")
_MADE_UP_PHONE = re.compile(
    r"""(?<!\d)555(?!\d)                                    # 555 as a group of its own: (212) 555-0123
      | \A(?:\+?1)?\d{3}555\d{4}\Z | \A555\d{4}\Z          # the same written without gaps
      | 01632 | 1632\D?960                                 # numbers for films, in the United Kingdom
      | (?<!\d)0000(?!\d) | 00000 | \A\+?(\d)\1+\Z | \A\+?0?123456  # fingers on a keyboard
    """,
    re.VERBOSE,
)
_PLACEHOLDER_KEYS = ("dev", "changeme", "change-me", "secret", "password", "example", "replace")
_HOST = re.compile(r"\.?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?\Z")
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Logo:
    """The clinic's picture, as it is served."""

    content: bytes
    width: int
    """In pixels, like the height."""
    height: int

    @property
    def digest(self) -> str:
        """What its address holds, so that a changed picture has another address."""
        return sha256(self.content).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one installation decides; a text is empty where nothing is set."""

    demonstration: bool
    secret_key: str
    fallback_keys: tuple[str, ...]
    csrf_key: str
    trusted_hosts: tuple[str, ...]
    secure: bool
    workers: int
    behind_proxy: bool
    metrics_port: int
    """Where figures for monitoring are served; 0 for nowhere."""
    emergency_number: str
    clinic_name: str
    clinic_phone: str
    opening_hours: str
    clinic_url: str
    urgent_line: str
    urgent_phone: str
    deployer_name: str
    clinical_safety_contact: str
    kiosk_idle_minutes: int
    """0 where it is no kiosk."""
    logo: Logo | None
    region: Region | None
    words: Mapping[str, str] = field(default_factory=dict)
    """What fills the placeholders of the rules' texts at this place."""


def demonstration_key() -> str:
    """A random key; make one before the workers are started, so that all of them share it."""
    return secrets.token_urlsafe(48)


def read(environ: Mapping[str, str], regions: Mapping[str, Region]) -> Settings:
    """The settings of an environment, for one of these regions.

    Raises:
        SettingsError: naming every variable that is unknown, missing or unusable, and what would be accepted.
    """
    given = {name.removeprefix(PREFIX): value.strip() for name, value in environ.items() if name.startswith(PREFIX)}
    # Empty is not set, but for the key: an empty one must not turn the real thing into a demonstration.
    given = {name: value for name, value in given.items() if value or name == "SECRET_KEY"}
    problems = [f"{name}: {problem}" for name, problem in _problems(given, regions)]
    if problems:
        raise SettingsError([PREFIX + problem for problem in problems])
    demonstration = "SECRET_KEY" not in given
    region = regions.get(given.get("REGION", NO_REGION))
    number = given.get("EMERGENCY_NUMBER") or (region.emergency_numbers[0] if region else "")
    return Settings(
        demonstration=demonstration,
        secret_key=given.get("SECRET_KEY") or demonstration_key(),
        fallback_keys=_list(given.get("SECRET_KEY_FALLBACKS", "")),
        csrf_key=given.get("CSRF_KEY") or demonstration_key(),
        trusted_hosts=_list(given.get("TRUSTED_HOSTS", "")),
        secure=not demonstration and given.get("PLAIN_HTTP", "no") == "no",
        workers=int(given.get("WORKERS", "2")),
        behind_proxy=given.get("BEHIND_PROXY") == "yes",
        metrics_port=int(given.get("METRICS_PORT", "0")),
        emergency_number=number,
        clinic_name=given.get("CLINIC_NAME", ""),
        clinic_phone=given.get("CLINIC_PHONE", ""),
        opening_hours=given.get("OPENING_HOURS", ""),
        clinic_url=given.get("CLINIC_URL", ""),
        urgent_line=given.get("URGENT_LINE", ""),
        urgent_phone=given.get("URGENT_PHONE", ""),
        deployer_name=given.get("DEPLOYER_NAME", ""),
        clinical_safety_contact=given.get("CLINICAL_SAFETY_CONTACT", ""),
        kiosk_idle_minutes=int(given.get("KIOSK_IDLE_MINUTES", "0")),
        logo=_logo(given["LOGO"]) if "LOGO" in given else None,
        region=region,
        words=_words(given, number, region),
    )


def _problems(given: Mapping[str, str], regions: Mapping[str, Region]) -> Iterator[tuple[str, str]]:
    """Everything that is wrong, as the name of a setting and a sentence."""
    for name, value in given.items():
        if name not in _CHECKS:
            yield name, f"is not a setting of this guide{meant(name, _CHECKS)}"
        elif problem := _CHECKS[name](value):
            yield name, problem
    yield from _together(given, regions)


def _together(given: Mapping[str, str], regions: Mapping[str, Region]) -> Iterator[tuple[str, str]]:
    """What no single setting can know is wrong with it."""
    code, number = given.get("REGION", NO_REGION), given.get("EMERGENCY_NUMBER", "")
    region = regions.get(code)
    if "SECRET_KEY" in given:
        if "CSRF_KEY" not in given:
            yield "CSRF_KEY", _KEY_WANTED
        if "TRUSTED_HOSTS" not in given:
            yield "TRUSTED_HOSTS", "is missing; name the hosts it is reached by, such as guide.clinic.org"
        if not number and region is None:
            yield (
                "EMERGENCY_NUMBER",
                "is missing; there is no default for it outside a demonstration. "
                "Set it, or TRIAGE_REGION to the country whose number it is",
            )
    if given.get("CSRF_KEY") and given.get("CSRF_KEY") == given.get("SECRET_KEY"):
        yield "CSRF_KEY", "must be another key than TRIAGE_SECRET_KEY, so that each can be changed"
    if code != NO_REGION and region is None:
        allowed = ", ".join((*regions, NO_REGION))
        yield "REGION", f"is not known; allowed: {allowed}{meant(code, regions)}{_shown(code)}"
    if region and number and number not in region.emergency_numbers:
        allowed = " or ".join(region.emergency_numbers)
        yield (
            "EMERGENCY_NUMBER",
            f"must be the number of {region.name}, {allowed}{_shown(number)}. Correct one of the two settings; "
            f"where another number is right, set TRIAGE_REGION={NO_REGION}",
        )
    if "URGENT_PHONE" in given and "URGENT_LINE" not in given:
        yield "URGENT_PHONE", "needs TRIAGE_URGENT_LINE, which says whose number it is"
    if given.get("URGENT_PHONE") in (number, *(region.emergency_numbers if region else ())) and "URGENT_PHONE" in given:
        yield "URGENT_PHONE", "must not be the emergency number: it is for what cannot wait and is no emergency"
    if "LOGO" in given and "CLINIC_NAME" not in given:
        yield "LOGO", "needs TRIAGE_CLINIC_NAME, for everybody who cannot see it"
    if "OPENING_HOURS" in given and not given.keys() & {"CLINIC_NAME", "CLINIC_PHONE"}:
        yield "OPENING_HOURS", "needs TRIAGE_CLINIC_NAME or TRIAGE_CLINIC_PHONE, which say whose hours they are"


# -- one checker for each setting: what is wrong and what is allowed, or nothing -------------------------------------

_KEY_WANTED = (
    "must be a random key of at least 32 characters; make one with "
    'python -c "import secrets; print(secrets.token_urlsafe(48))"'
)


def _key(value: str) -> str:
    weak = len(value) < 32 or any(word in value.lower() for word in _PLACEHOLDER_KEYS) or len(set(value)) < 8
    return _KEY_WANTED if weak else ""


def _keys(value: str) -> str:
    return next(filter(None, map(_key, _list(value))), "")


def _text(most: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        if len(value) > most or not value.isprintable() or set(value) & set("<>{}`"):
            return f"must be one line of plain text of at most {most} characters, without < > {{ }} `{_shown(value)}"
        return ""

    return check


def _phone(form: re.Pattern[str], digits: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not form.match(value):
            return f"must be a phone number: {digits} digits or more, with spaces, ( ) . or - between{_shown(value)}"
        if _MADE_UP_PHONE.search(value) or _MADE_UP_PHONE.search(re.sub(r"[^+0-9]", "", value)):
            return f"must be a real phone number, not one that is made up{_shown(value)}"
        if value.startswith("+") and "(0)" in value.replace(" ", ""):
            return f"must be written so that it can be dialled: without (0) after the country{_shown(value)}"
        return ""

    return check


def _emergency_number(value: str) -> str:
    return "" if EMERGENCY_NUMBER.match(value) else f"must be 2 to 6 digits, such as 999, 112 or 911{_shown(value)}"


def _url(value: str) -> str:
    plain = len(value) <= 200 and value.isascii() and re.fullmatch(r"[^\s<>\"'{}`\\]+", value)
    try:
        parts = urlsplit(value)
        good = plain and parts.scheme == "https" and "." in (parts.hostname or "") and "@" not in parts.netloc
    except ValueError:
        good = False
    return "" if good else f"must be an address that begins with https://, of at most 200 characters{_shown(value)}"


def _hosts(value: str) -> str:
    wrong = [host for host in _list(value) if len(host) > 253 or not _HOST.match(host)]
    if wrong or not _list(value):
        return f"must be host names with commas between them, such as guide.clinic.org{_shown(', '.join(wrong))}"
    return ""


def _yes_no(only_where: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        return "" if value in ("yes", "no") else f"must be yes or no; yes only where {only_where}{_shown(value)}"

    return check


def _number(least: int, most: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        fits = re.fullmatch(r"[1-9][0-9]{0,5}", value) and least <= int(value) <= most
        return "" if fits else f"must be a number from {least} to {most}{_shown(value)}"

    return check


def _picture(value: str) -> str:
    try:
        _logo(value)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return f"must be the path of a PNG picture of at most {MOST_LOGO_BYTES // 1000} kB: {reason}{_shown(value)}"
    return ""


def _shown(value: str) -> str:
    """The wrong value on one line, or nothing where there is none."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in value[:_MOST_SHOWN])
    return f"; it is '{clean}{'...' if len(value) > _MOST_SHOWN else ''}'" if value else ""


_CHECKS: Mapping[str, Callable[[str], str]] = {
    "SECRET_KEY": _key,
    "SECRET_KEY_FALLBACKS": _keys,
    "CSRF_KEY": _key,
    "TRUSTED_HOSTS": _hosts,
    "PLAIN_HTTP": _yes_no("the guide is not reached over HTTPS"),
    "WORKERS": _number(1, 99),
    "BEHIND_PROXY": _yes_no("every request comes through your proxy"),
    "METRICS_PORT": _number(1024, 65535),
    "REGION": lambda _: "",  # the regions are not known here
    "EMERGENCY_NUMBER": _emergency_number,
    "CLINIC_NAME": _text(80),
    "CLINIC_PHONE": _phone(_PHONE, "6"),
    "OPENING_HOURS": _text(120),
    "CLINIC_URL": _url,
    "URGENT_LINE": _text(80),
    "URGENT_PHONE": _phone(_SHORT_PHONE, "3"),
    "DEPLOYER_NAME": _text(80),
    "CLINICAL_SAFETY_CONTACT": _text(120),
    "KIOSK_IDLE_MINUTES": _number(1, 60),
    "LOGO": _picture,
}

# -- from text to what it means ----------------------------------------------------------------------------------------


def _list(value: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in value.split(","))))


def _logo(path: str) -> Logo:
    """The picture of a file: PNG, because a drawing could carry a script.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no such picture.
    """
    with Path(path).open("rb") as file:
        content = file.read(MOST_LOGO_BYTES + 1)
    if len(content) > MOST_LOGO_BYTES:
        raise ValueError("it is larger")
    if not content.startswith(_PNG) or content[12:16] != b"IHDR" or len(content) < 33:
        raise ValueError("it is not a PNG picture")
    width, height = struct.unpack(">II", content[16:24])
    if not (0 < width <= 2000 and 0 < height <= 2000):
        raise ValueError(f"it measures {width} by {height} pixels, more than 2000")
    return Logo(content, width, height)


def _words(given: Mapping[str, str], number: str, region: Region | None) -> dict[str, str]:
    words = dict(region.words) if region else {}
    if number:
        words["emergency_number"] = number
    name, phone = given.get("CLINIC_NAME") or words.get("clinic") or "the clinic", given.get("CLINIC_PHONE")
    if given.get("CLINIC_NAME") or phone:
        words["clinic"] = f"{name} on {phone}" if phone else name
    if "URGENT_LINE" in given:
        line, line_phone = given["URGENT_LINE"], given.get("URGENT_PHONE")
        words["urgent_line"] = f"{line} on {line_phone}" if line_phone else line
    return words
