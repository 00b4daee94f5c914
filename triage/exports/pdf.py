"""The sheet as a PDF, in two sizes and on two papers.

What stands where is written in `templates/sheet.typ`, as that of the page is in `templates/sheet.html`; a test compares
the two.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from triage.exports.typesetting import PAPERS, typeset
from triage.sheet import Frame, Sheet

SIZES = ("standard", "large")
"""12 and 18 point."""


@dataclass(frozen=True, slots=True)
class PrintedCode:
    """The code by which a sheet can be opened again, and what is said beside it."""

    groups: tuple[str, ...]
    square: str
    """As SVG."""
    address: str
    """Where it can be typed."""
    holds: str
    scan: str


def make_pdf(
    sheet: Sheet,
    frame: Frame,
    made: datetime,
    size: str = SIZES[0],
    paper: str = "a4",
    code: PrintedCode | None = None,
) -> bytes:
    """The sheet as a PDF; the same sheet made at the same time, with the same code, gives the same bytes.

    Raises:
        ExportError: it could not be set. Whoever waits for it can print the page instead.
    """
    data = {
        "sheet": asdict(replace(sheet, cards=(), passages=())),
        "frame": asdict(frame),
        "size": size,
        "paper": PAPERS[paper],
        "code": asdict(code) if code else None,
    }
    return typeset("sheet", data, made)
