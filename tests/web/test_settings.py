"""Settings are read once, and whatever is wrong with them is said before anything is served."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

import pytest
from flask import Flask

from triage import resources
from triage.errors import SettingsError
from triage.knowledge import Urgency, load
from triage.web import create_app
from triage.web.settings import MOST_LOGO_BYTES, Settings
from triage.web.settings import read as read_for

from ..conftest import TinyRules
from .conftest import Page, Person
from .test_pages import walked

REAL = {
    "TRIAGE_SECRET_KEY": hashlib.sha256(b"one").hexdigest(),
    "TRIAGE_CSRF_KEY": hashlib.sha256(b"two").hexdigest(),
    "TRIAGE_EMERGENCY_NUMBER": "112",
    "TRIAGE_TRUSTED_HOSTS": "guide.example.org",
}
REGIONS = load(resources.folder("rules")).regions
TEXTS = ("CLINIC_NAME", "URGENT_LINE", "OPENING_HOURS", "DEPLOYER_NAME", "CLINICAL_SAFETY_CONTACT")
OTHERS = (
    "CLINIC_PHONE", "URGENT_PHONE", "EMERGENCY_NUMBER", "CLINIC_URL", "REGION", "KIOSK_IDLE_MINUTES", "WORKERS",
    "PLAIN_HTTP", "TRUSTED_HOSTS", "LOGO",
)  # fmt: skip


def read(environ: dict[str, str]) -> Settings:
    """The settings of an environment, with the regions of the real rules."""
    return read_for(environ, REGIONS)


def refused(environ: dict[str, str]) -> list[str]:
    """What is wrong with an environment."""
    with pytest.raises(SettingsError) as error:
        read(environ)
    return list(error.value.problems)


def png(width: int = 4, height: int = 2, padding: int = 0) -> bytes:
    """A picture, grown by a comment of so many bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes((width + 1) * height))
    parts = (chunk(b"IHDR", header), chunk(b"tEXt", bytes(padding)), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def about(app: Flask) -> Page:
    """The page about the guide."""
    return Page(app.test_client().get("/about", base_url="https://guide.example.org"))


# -- the demonstration and the real thing ------------------------------------------------------------------------------


def test_without_settings_it_is_a_demonstration_with_a_key_of_its_own() -> None:
    first, second = read({}), read({})
    assert first.demonstration
    assert first.secret_key != second.secret_key
    assert not first.emergency_number


def test_the_real_thing_is_accepted_and_secure() -> None:
    settings = read(REAL)
    assert not settings.demonstration
    assert settings.secure
    assert settings.words["emergency_number"] == "112"


def test_an_empty_setting_is_not_set_but_an_empty_key_is_no_demonstration() -> None:
    assert read({**REAL, "TRIAGE_CLINIC_NAME": "", "TRIAGE_KIOSK_IDLE_MINUTES": " "}) == read(REAL)
    assert "TRIAGE_SECRET_KEY" in refused({**REAL, "TRIAGE_SECRET_KEY": ""})[0]


# -- wrong settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "changeme" * 8),
        ("SECRET_KEY", "a" * 64),
        ("CSRF_KEY", ""),
        ("CSRF_KEY", hashlib.sha256(b"one").hexdigest()),
        ("EMERGENCY_NUMBER", ""),
        ("EMERGENCY_NUMBER", "call us"),
        ("TRUSTED_HOSTS", ""),
        ("TRUSTED_HOSTS", "https://guide.example.org/"),
        ("CLINIC_PHONE", "javascript:alert(1)"),
        ("CLINIC_PHONE", "999"),
        ("CLINIC_PHONE", "+44 (0)20 7946 0123"),
        ("URGENT_PHONE", "112"),
        ("CLINIC_NAME", "<script>"),
        ("CLINIC_NAME", "x" * 81),
        ("CLINIC_NAME", "Hill\nClinic"),
        ("CLINIC_NAME", "Hill \u202ecinilC"),
        ("OPENING_HOURS", "x" * 121),
        ("OPENING_HOURS", "Monday to Friday"),
        ("CLINIC_URL", "http://hill.example.org"),
        ("CLINIC_URL", "javascript:alert(1)//https://hill.example.org"),
        ("CLINIC_URL", "https://somebody:password@hill.example.org/"),
        ("CLINIC_URL", 'https://hill.example.org/"onmouseover="x'),
        ("CLINIC_URL", "https://[hill"),
        ("REGION", "xx"),
        ("KIOSK_IDLE_MINUTES", "0"),
        ("KIOSK_IDLE_MINUTES", "61"),
        ("PLAIN_HTTP", "maybe"),
        ("WORKERS", "0"),
        ("SECRET_KEY_FALLBACKS", "old"),
        ("EMERGENCY_NUMER", "112"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(name: str, value: str) -> None:
    problems = refused({**REAL, f"TRIAGE_{name}": value})
    assert {problem.partition(": ")[0] for problem in problems} == {f"TRIAGE_{name}"}
    assert max(map(len, problems)) < 500


@pytest.mark.parametrize(
    "made_up",
    [
        "01632 960001",
        "+44 1632 960001",
        "555-0123",
        "(212) 555-0123",
        "+12125550123",
        "0000 000 000",
        "020 0000 0000",
        "1111111",
        "123456",
        "0123456789",
    ],
)
@pytest.mark.parametrize("name", ["CLINIC_PHONE", "URGENT_PHONE"])
def test_a_made_up_phone_is_refused(name: str, made_up: str) -> None:
    problems = refused({**REAL, "TRIAGE_URGENT_LINE": "the night service", f"TRIAGE_{name}": made_up})
    assert "made up" in problems[0]


@pytest.mark.parametrize("real", ["+49 30 5551238", "020 7123 4567", "0300 333 3333", "+1 (416) 967-1111", "116 117"])
def test_a_real_phone_that_looks_a_little_like_one_is_accepted(real: str) -> None:
    assert read({**REAL, "TRIAGE_CLINIC_PHONE": real}).clinic_phone == real


HOSTILE = {
    "template": "{{7*7}}",
    "script": "<script>alert(1)</script>",
    "address": "javascript:alert(1)",
    "attribute": '" onmouseover="alert(1)',
    "lines": "one\r\nSet-Cookie: two=2",
    "long": "x" * 5000,
    "nul": "a\x00b",
    "emoji": "Hill 🏥 Clinic",
    "quotes": 'St Mary\'s "Hill" & Dale',
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", [*TEXTS, *OTHERS])
def test_a_hostile_value_is_refused_or_is_only_text(tiny_rules: TinyRules, name: str, value: str) -> None:
    environ = {**REAL, "TRIAGE_CLINIC_NAME": "Hill Clinic", "TRIAGE_URGENT_LINE": "the night service"}
    environ[f"TRIAGE_{name}"] = value
    try:
        read(environ)
    except SettingsError as error:
        assert {problem.partition(":")[0] for problem in error.problems} == {f"TRIAGE_{name}"}
        # One line each, and not the whole of a long value.
        assert all(problem.isprintable() and len(problem) < 500 for problem in error.problems)
        return
    assert name in TEXTS, "only a text may be anything"
    page = about(create_app(environ, tiny_rules.folder))
    assert value in page.soup.get_text(), "it is shown as it was written"
    assert not {attribute for tag in page.soup.find_all(True) for attribute in tag.attrs if attribute.startswith("on")}
    assert not page.soup.select('[href^="javascript" i], script:not([src])')


def test_every_problem_is_named_at_once() -> None:
    named = {problem.split(":")[0] for problem in refused({"TRIAGE_SECRET_KEY": "short", "TRIAGE_WORKERS": "many"})}
    assert {"TRIAGE_SECRET_KEY", "TRIAGE_CSRF_KEY", "TRIAGE_EMERGENCY_NUMBER", "TRIAGE_WORKERS"} <= named


def test_a_key_is_never_shown_in_what_is_wrong() -> None:
    assert not [problem for problem in refused({**REAL, "TRIAGE_SECRET_KEY": "hunter2"}) if "hunter2" in problem]


# -- the country -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", REGIONS)
def test_a_country_brings_its_number_and_its_words(code: str) -> None:
    region = REGIONS[code]
    environ = {name: value for name, value in REAL.items() if name != "TRIAGE_EMERGENCY_NUMBER"}
    settings = read({**environ, "TRIAGE_REGION": code})
    assert settings.emergency_number == region.emergency_numbers[0]
    assert settings.words == {**region.words, "emergency_number": settings.emergency_number}
    for number in region.emergency_numbers:
        assert read({**REAL, "TRIAGE_REGION": code, "TRIAGE_EMERGENCY_NUMBER": number}).emergency_number == number
    problem = refused({**REAL, "TRIAGE_REGION": code, "TRIAGE_EMERGENCY_NUMBER": "9119"})[0]
    assert problem.startswith("TRIAGE_EMERGENCY_NUMBER:")
    assert region.name in problem
    assert region.emergency_numbers[0] in problem


@pytest.mark.parametrize(
    ("line", "wrong", "said"),
    [
        ('emergency_numbers = ["99"]', "emergency_numbers = []", "needs an emergency number"),
        ('emergency_numbers = ["99"]', 'emergency_numbers = ["ninety-nine"]', "must be 2 to 6 digits"),
        ('code = "hl"', 'code = "none"', "the code 'none' must be"),
        ('sources = ["book"]', 'sources = ["bok"]', "did you mean 'book'"),
        ('sources = ["book"]', "", "a source for it"),
        ('clinic = "your healer"', 'clinik = "your healer"', "did you mean 'clinic'"),
    ],
)
def test_what_is_wrong_with_a_country_is_said(tiny_rules: TinyRules, line: str, wrong: str, said: str) -> None:
    country = '[[region]]\nid = "hill-land"\ncode = "hl"\nname = "Hill Land"\nemergency_numbers = ["99"]\n'
    country += 'clinic = "your healer"\nsources = ["book"]\n'
    tiny_rules.write("regions.toml", country)
    assert not tiny_rules.problems()
    tiny_rules.change("regions.toml", line, wrong)
    assert any(problem.startswith("regions.toml: hill-land") and said in problem for problem in tiny_rules.problems())


def test_a_place_that_is_not_listed_names_its_number_itself() -> None:
    assert read({**REAL, "TRIAGE_REGION": "none", "TRIAGE_EMERGENCY_NUMBER": "10177"}).emergency_number == "10177"
    environ = {name: value for name, value in REAL.items() if name != "TRIAGE_EMERGENCY_NUMBER"}
    assert "TRIAGE_EMERGENCY_NUMBER" in refused({**environ, "TRIAGE_REGION": "none"})[0]


def test_the_words_of_a_country_stand_on_the_sheet_and_a_clinic_s_own_words_go_before_them() -> None:
    for own in ({}, {"TRIAGE_URGENT_LINE": "the night service"}):
        app = create_app({"TRIAGE_REGION": "gb", **own})
        person = Person(app, app.extensions["assessor"].knowledge)
        walked(person, Urgency.SAME_DAY)
        text = person.get(person.url("summary")).text
        assert "Call your GP surgery now" in text
        assert "or go to A&E." in text
        assert ("contact the night service," if own else "contact 111,") in text


# -- what a clinic shows -----------------------------------------------------------------------------------------------

CLINIC = {
    **REAL,
    "TRIAGE_CLINIC_NAME": "Hill Clinic",
    "TRIAGE_CLINIC_PHONE": "+44 20 7946 0123",
    "TRIAGE_OPENING_HOURS": "Monday to Friday, 8:00 to 18:30",
}


def test_a_clinic_shows_its_name_its_phone_and_the_emergency_number(tiny_rules: TinyRules) -> None:
    app = create_app(CLINIC, tiny_rules.folder)
    page = app.test_client().get("/", base_url="https://guide.example.org").text
    assert "Hill Clinic" in page
    assert 'href="tel:112"' in page
    assert "999, 112 or 911" not in page
    assert "demonstration" not in page
    assert "+44 20 7946 0123" in page
    assert "8:00 to 18:30" in page


def test_the_advice_to_call_the_clinic_has_its_number_to_press_and_its_hours() -> None:
    demonstration = {name: value for name, value in CLINIC.items() if name not in REAL}
    urgent = {"TRIAGE_URGENT_LINE": "the night service", "TRIAGE_URGENT_PHONE": "116 117"}
    app = create_app({**demonstration, **urgent})
    person = Person(app, app.extensions["assessor"].knowledge)
    walked(person, Urgency.SAME_DAY)
    card = person.get(person.url("summary")).soup.select_one(".nhsuk-card")
    assert card is not None
    assert [link["href"] for link in card.select("a.call")] == ["tel:+442079460123", "tel:116117"]
    assert "8:00 to 18:30" in card.get_text()


def test_the_clinic_s_number_does_not_stand_under_advice_to_call_somebody_else() -> None:
    app = create_app({"TRIAGE_CLINIC_NAME": "Hill Clinic", "TRIAGE_CLINIC_PHONE": "+44 20 7946 0123"})
    knowledge = app.extensions["assessor"].knowledge
    elsewhere = [deposit for deposit in knowledge.deposits.values() if deposit.contact]
    assert elsewhere
    for deposit in elsewhere[:3]:
        person = Person(app, knowledge)
        usual = {q.id: q.usual if q.type == "multi" else q.usual[0] for q in knowledge.questions.values() if q.usual}
        person.starts()
        person.answers({**usual, knowledge.place_question: (deposit.id,)})
        card = person.get(person.url("summary")).soup.select_one(".nhsuk-card")
        assert card is not None
        if deposit.contact in card.get_text():
            assert "Hill Clinic" not in card.get_text()
            assert not card.select("a.call"), deposit.id
            return
    raise AssertionError("nobody is told to call somebody else")


def test_the_about_page_names_who_answers_for_it_and_lists_the_numbers_to_try(tiny_rules: TinyRules) -> None:
    page = about(
        create_app(
            {
                **CLINIC,
                "TRIAGE_CLINIC_URL": "https://hill.example.org/help",
                "TRIAGE_DEPLOYER_NAME": "Hill Trust",
                "TRIAGE_CLINICAL_SAFETY_CONTACT": "safety@hill.example.org",
                "TRIAGE_URGENT_LINE": "the night service",
            },
            tiny_rules.folder,
        )
    )
    for said in ("Hill Trust", "safety@hill.example.org", "Check these numbers before use", "112", "the night service"):
        assert said in page.text
    assert page.soup.select_one('a[href="https://hill.example.org/help"]')


def test_the_about_page_says_what_nobody_has_set(tiny_rules: TinyRules) -> None:
    text = about(create_app({}, tiny_rules.folder)).text
    for said in ("No safety contact is named yet", "The emergency number is not set", "No clinic is set"):
        assert said in text


# -- the picture -------------------------------------------------------------------------------------------------------


def test_a_picture_is_shown_beside_the_name_and_kept_by_browsers(tiny_rules: TinyRules, tmp_path: Path) -> None:
    file = tmp_path / "hill.png"
    file.write_bytes(png())
    app = create_app({**CLINIC, "TRIAGE_LOGO": str(file)}, tiny_rules.folder)
    image = about(app).soup.select_one("header img")
    assert image is not None
    assert (image["alt"], image["width"], image["height"]) == ("", "4", "2")
    answer = app.test_client().get(str(image["src"]), base_url="https://guide.example.org")
    assert answer.data == png()
    assert answer.mimetype == "image/png"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    other = app.test_client().get("/static/logo/0000000000000000.png", base_url="https://guide.example.org")
    assert (other.status_code, other.headers["Cache-Control"]) == (404, "no-store")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"\xff\xd8\xff\xe0 a photograph",
        png()[:20],
        png(padding=MOST_LOGO_BYTES),
        png(width=60_000),
        png(width=0),
    ],
    ids=["empty", "a drawing with a script", "another kind", "cut off", "too many bytes", "too wide", "no width"],
)
def test_what_is_no_small_png_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "hill.png"
    file.write_bytes(content)
    problems = refused({**CLINIC, "TRIAGE_LOGO": str(file)})
    assert [problem.startswith("TRIAGE_LOGO: must be the path of a PNG picture") for problem in problems] == [True]


def test_a_picture_that_is_not_there_or_has_no_name_beside_it_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "hill.png"
    assert "TRIAGE_LOGO" in refused({**CLINIC, "TRIAGE_LOGO": str(file)})[0]
    assert "TRIAGE_LOGO" in refused({**CLINIC, "TRIAGE_LOGO": str(tmp_path)})[0]
    file.write_bytes(png())
    assert "TRIAGE_CLINIC_NAME" in refused({**REAL, "TRIAGE_LOGO": str(file)})[0]


# -- who may ask -------------------------------------------------------------------------------------------------------


def test_another_host_is_refused(tiny_rules: TinyRules) -> None:
    app = create_app(REAL, tiny_rules.folder)
    assert app.test_client().get("/", base_url="https://evil.example.com").status_code == 400
