"""Sets a document with typst: tagged (PDF/UA-1), in letters that it carries along, the same on every machine.

What stands where is written in `templates/<document>.typ`. All words travel there as data, so no answer and no
setting can become markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from triage import resources
from triage.errors import ExportError

if TYPE_CHECKING:
    from typst import Compiler

PAPERS = {"a4": "a4", "letter": "us-letter"}
"""The papers by the name in an address, with the name that typst gives them."""

_NEEDED = ("typst", "fontpkg_atkinson_hyperlegible")
"""What sets it, and the letters."""
_one_at_a_time = Lock()


@cache
def available() -> bool:
    """Whether what sets a PDF is installed. Nothing is loaded to find that out."""
    return all(find_spec(name) is not None for name in _NEEDED)


@cache
def _compiler(document: str) -> Compiler:
    """The compiler with its fonts, kept: the first PDF of a process takes three times as long as the others."""
    import typst

    letters = import_module(_NEEDED[1])
    fonts: list[Path] = [letters.ROOT]
    file = resources.folder("templates") / f"{document}.typ"
    return typst.Compiler(file, font_paths=fonts, ignore_system_fonts=True)


def typeset(document: str, data: Mapping[str, Any], made: datetime) -> bytes:
    """The PDF of a document, which reads `data` as JSON from `sys.inputs.data`.

    `made` is the time that the file names as its own: the same data and time give the same bytes.

    Raises:
        ExportError: it could not be set.
    """
    try:
        with _one_at_a_time:
            pdf = _compiler(document).compile(
                sys_inputs={"data": json.dumps(data, default=str)},
                format="pdf",
                pdf_standards=["ua-1"],
                timestamp=int(made.timestamp()),
            )
    except (ImportError, OSError, RuntimeError) as error:
        # Its message may quote the document, so only its kind goes on.
        raise ExportError(f"The PDF could not be set ({type(error).__name__}).") from None
    if not isinstance(pdf, bytes):
        raise ExportError("The PDF came back in pieces.")
    return pdf
