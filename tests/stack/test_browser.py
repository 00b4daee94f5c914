"""The real stack in a real browser: forms over HTTPS, with the referrer and without it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest

from tests.web.test_browser import CHROMIUM, FLAGS, walk
from triage.assessment import Assessor
from triage.knowledge import Urgency

from .conftest import HOST, NGINX, OPENSSL, Stack, answers_of

if not (NGINX and OPENSSL):
    if os.environ.get("TRIAGE_TESTS_NEED_ALL"):
        raise RuntimeError("nginx or openssl is missing: install them (Debian/Ubuntu: apt install nginx openssl)")
    pytest.skip("NO NGINX OR OPENSSL: THE BROWSER DID NOT TRY THE REAL STACK", allow_module_level=True)


def without_referrer(route: Any) -> None:
    """Send the request without saying which page it comes from."""
    route.continue_(headers={name: value for name, value in route.request.headers.items() if name != "referer"})


@pytest.mark.parametrize("referrer", [True, False], ids=["with a referrer", "with the referrer stripped"])
def test_a_whole_journey_over_https(stack: Stack, assessor: Assessor, referrer: bool) -> None:
    from playwright.sync_api import sync_playwright

    answers: Mapping[str, Any] = answers_of(assessor, Urgency.ROUTINE)
    before = [len(instance.requests()) for instance in stack.instances]
    said: list[str] = []
    forms: list[Any] = []
    flags = [*FLAGS, f"--host-resolver-rules=MAP {HOST} 127.0.0.1"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        # The certificate is this test's own; that it is checked, the other tests of the stack see.
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda asked: forms.append(asked) if asked.method == "POST" else None)
        if not referrer:
            # As an extension for privacy does.
            page.route("**/*", without_referrer)
        walk(page, stack.address, answers)
        assert page.url.endswith("/summary")
        heading = assessor.knowledge.dispositions[Urgency.ROUTINE].heading
        assert heading in page.inner_text("h1")
        assert {"referer" in form.all_headers() for form in forms} == {referrer}
        browser.close()
    assert not said, said
    assert all(len(instance.requests()) > earlier for instance, earlier in zip(stack.instances, before, strict=True)), (
        "both instances have answered"
    )
