"""What a proxy in front of the guide needs from it: the page for when the guide does not answer, and its headers.

Made by a command from the settings and the rules, so that no phone number is ever copied by hand.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from flask import render_template

from triage import resources
from triage.web import create_app, headers

_LOOK = "guide.css"


def write(folder: Path) -> int:
    """Write safe.html, its stylesheet and headers.conf (for nginx) into the folder; returns the exit code.

    Raises:
        GuideError: settings or rules are unusable; nothing is written then.
    """
    app = create_app()
    settings = app.extensions["settings"]
    with app.test_request_context():
        page = render_template("safe.html", look=f"/safe/{_LOOK}")
    every = {**headers.always(settings.secure), "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "safe.html").write_text(page, encoding="utf-8")
    shutil.copyfile(resources.folder("static") / _LOOK, folder / _LOOK)
    lines = [f'add_header {name} "{value}" always;\n' for name, value in every.items()]
    (folder / "headers.conf").write_text("".join(lines), encoding="utf-8")
    if settings.demonstration:
        print("THIS IS A DEMONSTRATION: the page names no clinic and no emergency number.", file=sys.stderr)
    print(f"Wrote safe.html, {_LOOK} and headers.conf into {folder}.")
    return 0
