"""The sheet as a PDF, set by typst: tagged (PDF/UA-1), in letters that it carries along, the same on every machine.

What stands where is written in `templates/sheet.typ`, as that of the page is in `templates/sheet.html`; a test compares
the two. All words travel to typst as data, so no answer and no setting can become markup.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING

from triage import resources
from triage.errors import ExportError
from triage.sheet import Frame, Sheet

if TYPE_CHECKING:
    from typst import Compiler

SIZES = ("standard", "large")
"""12 and 18 point."""
PAPERS = {"a4": "a4", "letter": "us-letter"}
"""The papers by the name in an address, with the name that typst gives them."""

_NEEDED = ("typst", "fontpkg_atkinson_hyperlegible")
"""What sets it, and the letters."""
_one_at_a_time = Lock()


@cache
def available() -> bool:
    """Whether what sets the PDF is installed. Nothing is loaded to find that out."""
    return all(find_spec(name) is not None for name in _NEEDED)


@cache
def _compiler() -> Compiler:
    """The compiler with its fonts, kept: the first sheet of a process takes three times as long as the others."""
    import typst

    letters = import_module(_NEEDED[1])
    fonts: list[str] = [str(letters.ROOT)]
    return typst.Compiler(str(resources.folder("templates") / "sheet.typ"), font_paths=fonts, ignore_system_fonts=True)


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
    try:
        with _one_at_a_time:
            pdf = _compiler().compile(
                sys_inputs={"data": json.dumps(data, default=str)},
                format="pdf",
                pdf_standards=["ua-1"],
                timestamp=int(made.timestamp()),
            )
    except (ImportError, OSError, RuntimeError) as error:
        # Its message may quote the sheet, so only its kind goes on.
        raise ExportError(f"The PDF could not be set ({type(error).__name__}).") from None
    if not isinstance(pdf, bytes):
        raise ExportError("The PDF came back in pieces.")
    return pdf
