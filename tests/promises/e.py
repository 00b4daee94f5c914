"""Browser and transport."""

from __future__ import annotations

from .bench import LATER, Promise

PROMISES: tuple[Promise, ...] = (
    ("E1", "header grade", "Mozilla's scorer is a Node package; not installed here"),
    ("E2", "no inline script or style", "tests/web; the evaluator is a Node package, not installed here"),
    ("E3", "cookies are locked to HTTPS", "tests/stack"),
    ("E4", "headers are on errors as well", "tests/stack"),
    ("E5", "forms work over HTTPS, with and without a referrer", "tests/stack/test_browser.py"),
    ("E6", "it works without JavaScript", "tests/web/test_browser.py"),
    ("E7", "framing and cross-origin reads are refused", LATER),
)
