"""Sets a document with typst: tagged (PDF/UA-1), in letters that it carries along, the same on every machine.

What stands where is written in `templates/<document>.typ`. All words travel there as data, so no answer and no
setting can become markup.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
_turn: int | None = None
"""A file in memory, always empty. Whoever has locked it sets a PDF; the kernel gives it back when a process dies."""


def share_turns() -> None:
    """From now on, this process and those it forks later set one PDF at a time between them, and refuse the others.

    A PDF takes as long as many pages. So whatever is asked for at once, all workers but one answer questions. Only on
    Linux; elsewhere each process sets its own.
    """
    global _turn
    _turn = os.memfd_create("turn") if hasattr(os, "memfd_create") else None


@contextmanager
def _a_turn() -> Iterator[None]:
    with _one_at_a_time:
        if _turn is None:
            yield
            return
        try:
            fcntl.lockf(_turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise ExportError("The PDF was not set: another one is being set.") from None
        try:
            yield
        finally:
            fcntl.lockf(_turn, fcntl.LOCK_UN)


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
        ExportError: it could not be set, or another one is being set (see `share_turns`).
    """
    try:
        with _a_turn():
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
