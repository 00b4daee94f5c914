"""What Lighthouse says of the start page, a question and the summary: its figures, and what keeps one below 100.

By hand, with Node and Chromium, while the guide runs (`make run`):

    .venv/bin/python -m tests.lighthouse [ADDRESS]

It is no test: axe, which the tests run on every page, finds the same barriers, and speed depends on the machine. The
best of three is told, since whatever else the machine does can only make a page slower.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from playwright.sync_api import sync_playwright

from triage import resources
from triage.journey import with_usual
from triage.knowledge import load

from .web.conftest import CHROMIUM, FLAGS, walk

CATEGORIES = ("performance", "accessibility", "best-practices")
TRIES = 3


def pages(address: str) -> tuple[dict[str, str], str]:
    """The addresses to look at, and the cookie of a run that has answers."""
    knowledge = load(resources.folder("rules"))
    answers = with_usual(knowledge, {knowledge.place_question: (next(iter(knowledge.deposits)),)}).answers
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page()
        walk(page, address, answers)
        run = page.url.rpartition("/")[0]
        cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in page.context.cookies())
        browser.close()
    return {"start": f"{address}/", "question": f"{run}/1", "summary": f"{run}/summary"}, cookies


def report(url: str, cookies: str) -> dict[str, Any]:
    """One report of Lighthouse."""
    command = ["npx", "--yes", "lighthouse", url, "--quiet", "--output=json", "--throttling-method=simulate"]
    command += [f"--only-categories={','.join(CATEGORIES)}", f"--extra-headers={json.dumps({'Cookie': cookies})}"]
    command += [f"--chrome-flags=--headless=new {' '.join(FLAGS)}"]
    environ = {**os.environ, "CHROME_PATH": CHROMIUM or ""}
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(address: str) -> int:
    """Print the best figures of each page; 1 if one of them is below 100."""
    below = 0
    addresses, cookies = pages(address)
    for name, url in addresses.items():
        reports = [report(url, cookies) for _ in range(TRIES)]
        for category in CATEGORIES:
            best = max(reports, key=lambda one: one["categories"][category]["score"])["categories"][category]
            score, final = round(best["score"] * 100), reports[0]["finalDisplayedUrl"]
            print(f"{name:10}{category:16}{score:4}   {final.removeprefix(address).partition('/run/')[0] or 'the run'}")
            below += score < 100
            for part in best["auditRefs"]:
                audit = reports[0]["audits"][part["id"]]
                if score < 100 and part["weight"] and audit["score"] not in (1, None):
                    print(f"    {audit['title']}: {audit.get('displayValue', '')}")
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
