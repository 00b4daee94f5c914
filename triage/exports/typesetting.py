"""Sets a document with typst: our own letters, tagged as PDF/UA-1, the same bytes on every machine.

A document is a `.typ` file in this folder. What it shows travels beside it as JSON and is never read as markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from triage.errors import TypesettingError

Size = Literal["a4", "us-letter"]
"""The sizes of paper, as typst names them."""


def typeset(document: str, data: Mapping[str, Any], dated: date, paper: Size = "a4") -> bytes:
    """The PDF of `<document>.typ` in this folder, which reads `sys.inputs.data` (JSON) and `sys.inputs.paper`.

    `dated` is the day that the file names as its own, so that the same data always gives the same bytes.

    Raises:
        TypesettingError: typst or its letters are missing, or it refused the document.
    """
    try:
        import typst

        letters = resources.files("fontpkg_atkinson_hyperlegible") / "files"
        return typst.compile(
            Path(__file__).parent / f"{document}.typ",
            font_paths=[Path(str(letters))],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False), "paper": paper},
            pdf_standards=["ua-1"],
            timestamp=datetime.combine(dated, time(), UTC),
        )
    except (ImportError, OSError, RuntimeError) as error:
        raise TypesettingError(f"{document}: typst is missing or did not set it: {error}") from error
