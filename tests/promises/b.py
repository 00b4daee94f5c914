"""Bad input changes nothing."""

from __future__ import annotations

from .bench import LATER, Promise

PROMISES: tuple[Promise, ...] = (
    ("B1", "10,000 fuzzed submissions change nothing", LATER),
    ("B2", "two values for one answer are refused", "tests/web/test_pages.py; for every question: " + LATER),
    ("B3", "an unknown option never reaches the engine", LATER),
    ("B4", "a spoilt cookie never gives a result", "tests/web/test_pages.py; " + LATER),
    ("B5", "size limits hold", "tests/stack; memory over 1,000 attempts: " + LATER),
    ("B6", "wrong host, smuggling and TRACE are refused", "tests/stack"),
    ("B7", "the exports hold their schema", LATER),
    ("B8", "a clinic's settings cannot inject or mislead", "tests/web/test_settings.py; in Chromium: " + LATER),
    ("B9", "no address can inject", LATER),
)
