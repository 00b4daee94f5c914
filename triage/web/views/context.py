"""What every page needs at hand: the blueprint, the rooms behind it, and the run of this request, if it is there."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from functools import wraps
from typing import cast

from flask import Blueprint, abort, current_app, redirect, render_template, session
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as AnyResponse

from triage import journey
from triage.assessment import Assessor
from triage.journey import Journey
from triage.knowledge import Knowledge
from triage.knowledge.telling import filled
from triage.web.addresses import url_for
from triage.web.kept import KeptPages
from triage.web.state import Run

pages = Blueprint("pages", __name__)

Page = str | bytes
View = AnyResponse | Page | tuple[Page, int]


def known() -> Knowledge:
    """The rules that are served."""
    return assessor().knowledge


def assessor() -> Assessor:
    """What turns findings into an assessment."""
    kept: Assessor = current_app.extensions["assessor"]
    return kept


def kept_page(draw: Callable[..., str], *shown: Hashable, run_id: str = "", token: str = "") -> bytes:
    """A page that is the same for everybody today but for its run and its token (see `KeptPages`)."""
    kept: KeptPages = current_app.extensions["kept_pages"]
    return kept.page(now().date(), draw, shown, run_id, token)


def words() -> dict[str, str]:
    """What fills the placeholders of the rules' texts at this place."""
    kept: dict[str, str] = dict(current_app.extensions["settings"].words)
    return kept


def notice(role: str) -> str:
    """A sentence of the guide about itself, in the words of this place."""
    return filled(known(), known().notices[role].text, words())


def now() -> datetime:
    """The time at this place: in the time zone of the server."""
    clock: Callable[[], datetime] = current_app.extensions["clock"]
    return clock().astimezone()


def this_run() -> Run:
    """The run that this request belongs to."""
    return cast("Run", session._get_current_object())  # type: ignore[attr-defined] # behind Flask's proxy


@pages.app_context_processor
def of_this_run() -> dict[str, object]:
    """What every template knows, error pages included: the run in whose address it stands, if there is one."""
    return {"run_id": this_run().run_id, "asking": False}


def lost() -> View:
    """The page for answers that are not there (any more)."""
    return render_template("lost.html"), 410


def furthest(run_id: str, path: Journey, changing: bool = False) -> str:
    """The address of the furthest page that these answers lead to; `changing` goes on to the list of answers."""
    if path.complete:
        return url_for("pages.check", run_id=run_id)
    return url_for("pages.question", run_id=run_id, number=len(path.steps), change=1 if changing else None)


def renew(run: Run) -> None:
    """Give the run a token again, and a cookie where it had none; the answers it has are kept."""
    run.found = True
    generate_csrf()


def at_a_kiosk(view: Callable[[str], View]) -> Callable[[str], View]:
    """For pages that are there only where many people share a device."""

    @wraps(view)
    def guarded(run_id: str) -> View:
        return view(run_id) if current_app.extensions["settings"].kiosk_idle_minutes else abort(404)

    return guarded


def whole_path(view: Callable[[str, Journey], View]) -> Callable[[str], View]:
    """For pages that need every answer: without them, the questions or the page for lost answers come instead."""

    @wraps(view)
    def guarded(run_id: str) -> View:
        run = this_run()
        if not run.found:
            return lost()
        path = journey.follow(known(), run.answers)
        return view(run_id, path) if path.complete else redirect(furthest(run_id, path), 303)

    return guarded
