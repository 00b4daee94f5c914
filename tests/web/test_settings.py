"""Settings are read once, and whatever is wrong with them is said before anything is served."""

from __future__ import annotations

import hashlib

import pytest

from triage.errors import SettingsError
from triage.web import create_app
from triage.web.settings import read

REAL = {
    "TRIAGE_SECRET_KEY": hashlib.sha256(b"one").hexdigest(),
    "TRIAGE_CSRF_KEY": hashlib.sha256(b"two").hexdigest(),
    "TRIAGE_EMERGENCY_NUMBER": "112",
    "TRIAGE_TRUSTED_HOSTS": "guide.example.org",
}


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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "changeme" * 8),
        ("SECRET_KEY", "a" * 64),
        ("CSRF_KEY", hashlib.sha256(b"one").hexdigest()),
        ("EMERGENCY_NUMBER", ""),
        ("EMERGENCY_NUMBER", "call us"),
        ("TRUSTED_HOSTS", ""),
        ("CLINIC_PHONE", "javascript:alert(1)"),
        ("CLINIC_PHONE", "01632 960001"),
        ("CLINIC_NAME", "<script>"),
        ("CLINIC_NAME", "x" * 81),
        ("PLAIN_HTTP", "maybe"),
        ("WORKERS", "0"),
        ("SECRET_KEY_FALLBACKS", "old"),
        ("EMERGENCY_NUMER", "112"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read({**REAL, f"TRIAGE_{name}": value})
    assert any(problem.startswith(f"TRIAGE_{name}:") for problem in refused.value.problems)


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        read({"TRIAGE_SECRET_KEY": "short", "TRIAGE_WORKERS": "many"})
    named = {problem.split(":")[0] for problem in refused.value.problems}
    assert {"TRIAGE_SECRET_KEY", "TRIAGE_CSRF_KEY", "TRIAGE_EMERGENCY_NUMBER", "TRIAGE_WORKERS"} <= named


def test_a_clinic_shows_its_name_its_phone_and_the_emergency_number() -> None:
    app = create_app({**REAL, "TRIAGE_CLINIC_NAME": "Hill Clinic", "TRIAGE_CLINIC_PHONE": "+44 20 7946 0123"})
    page = app.test_client().get("/", base_url="https://guide.example.org").text
    assert "Hill Clinic" in page
    assert 'href="tel:112"' in page
    assert "999, 112 or 911" not in page
    assert "demonstration" not in page


def test_another_host_is_refused() -> None:
    app = create_app(REAL)
    assert app.test_client().get("/", base_url="https://evil.example.com").status_code == 400
