"""Pages that are the same for everybody but for the address of the run and its token: made once, then only filled in.

Only pages without an answer on them may come in here, so that nothing anybody answered outlives a request. What such a
page depends on is its key: the function that draws it, what is handed to that, the day, and where the guide is mounted.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date
from functools import lru_cache

from flask import request

from triage.web.addresses import NO_RUN

NO_TOKEN = "token--of--nobody"  # noqa: S105 - nobody can use it
"""What stands for the token of a run on a page that is kept; for the run itself, `NO_RUN` does."""
_MOST = 256
"""How many are kept; there are about a hundred places where a page of questions can stand."""


class KeptPages:
    """The pages that one application has made so far."""

    def __init__(self) -> None:
        self._kept = lru_cache(_MOST)(_made)

    def page(self, day: date, draw: Callable[..., str], shown: tuple[Hashable, ...], run_id: str, token: str) -> bytes:
        """The page that `draw(*shown)` makes on this day for `NO_RUN` and `NO_TOKEN`, filled in."""
        page = self._kept(draw, shown, day, request.script_root)
        return page.replace(NO_RUN.encode(), run_id.encode()).replace(NO_TOKEN.encode(), token.encode())


def _made(draw: Callable[..., str], shown: tuple[Hashable, ...], day: date, mounted: str) -> bytes:
    return draw(*shown).encode()
