"""The sheet as a PDF, in two sizes and on two papers.

What stands where is written in `templates/sheet.typ`, as that of the page is in `templates/sheet.html`; a test compares
the two.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from triage.exports.typesetting import PAPERS, typeset
from triage.sheet import Frame, Sheet

SIZES = ("standard", "large")
"""12 and 18 point."""


def make_pdf(sheet: Sheet, frame: Frame, made: datetime, size: str = SIZES[0], paper: str = "a4") -> bytes:
    """The sheet as a PDF; the same sheet made at the same time gives the same bytes.

    Raises:
        ExportError: it could not be set. Whoever waits for it can print the page instead.
    """
    data = {
        "sheet": {name: value for name, value in asdict(sheet).items() if name not in ("cards", "said")},
        "frame": asdict(frame),
        "size": size,
        "paper": PAPERS[paper],
    }
    return typeset("sheet", data, made)
