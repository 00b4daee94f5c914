"""Many people at once."""

from __future__ import annotations

from triage.web import headers

from .bench import LATER, Bench, Promise, must


def nothing_answers(bench: Bench) -> str:
    """Both instances are gone."""
    stack, asked = bench.stack, 0
    for instance in stack.instances:
        instance.kill()
    for method in ("GET", "POST"):
        for path in ("/", "/start", "/about", "/run/" + "A" * 16 + "/1", "/nowhere"):
            status, given, body = stack.request(method, path)
            asked += 1
            must(status == 502 and b"Call 112 now" in body, f"{method} {path}: {status}")
            must(headers.always(secure=True).items() <= dict(given).items(), f"{method} {path}: headers are missing")
    return f"{asked} of {asked} requests got the emergency line, the clinic and every header"


PROMISES: tuple[Promise, ...] = (
    ("F1", "100 people at once on 2 cores", LATER),
    ("F2", "slow connections stop nobody", "30 of them in tests/stack; 300: " + LATER),
    ("F3", "the PDF cannot starve the form", LATER),
    ("F4", "a waiting room is never refused", "tests/stack; 60 people: " + LATER),
    ("F5", "an hour under load without growth", LATER),
    ("F6", "down is still safe", nothing_answers),
)
