"""Privacy."""

from __future__ import annotations

from .bench import LATER, Promise

PROMISES: tuple[Promise, ...] = (
    ("D1", "the server stores nothing about patients", "short form in tests/stack; " + LATER),
    ("D2", "no answer in any address or log", "short form in tests/stack; " + LATER),
    ("D3", "no other host is asked", "tests/web/test_browser.py"),
    ("D4", "nothing of a person is cached", "tests/web, tests/stack"),
    ("D5", "clearing really clears", "Chromium in tests/web/test_browser.py; Firefox is not on this machine"),
    ("D6", "the cookie is unreadable and short-lived", "tests/web/test_pages.py; after 4 hours: " + LATER),
    ("D7", "exports go only to the person", LATER),
    ("D8", "nothing that identifies a person is asked", LATER),
)
