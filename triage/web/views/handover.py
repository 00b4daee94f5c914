"""Hand-over: a sheet's code opens its answers again, here or at the nurse's desk, and nothing is stored for it.

A code leads to the answers read back, never straight to a result. It is typed or scanned, and always posted: no
address, log or title ever holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import current_app, g, redirect, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from triage import journey
from triage.assessment import Assessment
from triage.errors import CodeError
from triage.exports import code, digits, qr
from triage.exports.reopening import Reopened, changes, reopen
from triage.journey import Journey
from triage.knowledge import Urgency
from triage.web.settings import Settings
from triage.web.views.context import View, assessor, furthest, known, now, pages, this_run

WITHHELD = "withheld"
_OPENED = "opened"
"""Where a run keeps the code it was opened with."""


@dataclass(frozen=True, slots=True)
class CodePart:
    """The code of this sheet: in groups, as a square, and the address where it can be typed."""

    groups: tuple[str, ...]
    square: Markup
    address: str


@dataclass(frozen=True, slots=True)
class ChangedPart:
    """What is different from the sheet that was opened, in words. `then` and `now` are empty beside an alarm."""

    role: str
    then: str
    now: str
    places: tuple[tuple[str, str, str], ...]
    """Each place with what is said about deposits of its kind, then and now."""


@pages.get("/open")
def open_sheet() -> View:
    """Where a code is typed. A scanned one stands behind the "#"; the page's script posts it."""
    return _open_page("")


@pages.post("/open")
def opened_sheet() -> View:
    """A new run with the answers of a sheet. Everything is read back before any result."""
    typed, sealed = request.form.get("code", ""), request.form.get("sealed", "")
    knowledge = known()
    try:
        if sealed:
            sheet = qr.unseal(_keys(), sealed, knowledge.numbering, _today())
        else:
            sheet = code.read(knowledge.numbering, typed)
        # Kept as its code, which says everything about the sheet that will be asked later.
        kept = code.write(knowledge.numbering, sheet)
    except CodeError as error:
        return _open_page(typed, error, bool(sealed)), 422
    run = this_run()
    run_id = run.start()
    run.answer(reopen(knowledge, sheet, _today()).answers)
    run[_OPENED] = kept
    generate_csrf()
    return redirect(furthest(run_id, journey.follow(knowledge, run.answers), changing=True), 303)


def _open_page(typed: str, error: CodeError | None = None, scanned: bool = False) -> str:
    kept = "".join(letter for letter in typed[: digits.MOST_DIGITS] if letter.isprintable())
    return render_template("open.html", typed=kept, error=error, scanned=scanned)


def _keys() -> tuple[str, ...]:
    settings: Settings = current_app.extensions["settings"]
    return (settings.secret_key, *settings.fallback_keys)


def _today() -> date:
    return now().date()


# -- for the pages of a run --------------------------------------------------------------------------------------------


def reopened() -> Reopened | None:
    """The sheet that this run was opened with, if it was. Read once in each request."""
    kept = this_run().get(_OPENED)
    if not isinstance(kept, str):
        return None
    if "reopened" not in g:
        g.reopened = _reopened(kept)
    found: Reopened | None = g.reopened
    return found


def _reopened(kept: str) -> Reopened | None:
    try:
        knowledge = known()
        return reopen(knowledge, code.read(knowledge.numbering, kept), _today())
    except CodeError:
        current_app.logger.exception("The run goes on without the sheet it was opened with.")
        return None


def assess(path: Journey) -> Assessment:
    """What the rules say; in an opened run at least what the sheet said for the same answers."""
    sheet = reopened()
    return assessor().assess(path.findings, sheet.at_least(path) if sheet else Urgency.SELF_CARE)


def changed_part(path: Journey, for_nurse: bool = False) -> ChangedPart | None:
    """What changed since the sheet that was opened; beside an alarm only a nurse is told the lower level."""
    sheet = reopened()
    if sheet is None:
        return None
    knowledge = known()
    found = changes(knowledge, sheet, path, assessor().assess(path.findings))
    if not found.any:
        role = "changed_nothing"
    elif found.now > found.then:
        role = "changed_sooner"
    elif found.now < found.then:
        role = "changed_later" if found.untouched else "changed_answers"
    else:
        role = "changed_kind"
    plain = for_nurse or max(found.then, found.now) < Urgency.SAME_DAY
    then, now = (knowledge.dispositions[urgency].label if plain else "" for urgency in (found.then, found.now))
    places = tuple((change.place, _said(change.then), _said(change.now)) for change in found.places)
    return ChangedPart(role, then, now, places) if found.then != found.now else ChangedPart(role, "", "", places)


def _said(category: str) -> str:
    return known().words[category or WITHHELD]


def code_part(path: Journey, assessment: Assessment) -> CodePart | None:
    """The code of this run's sheet. A sheet without a code is better than no sheet."""
    knowledge = known()
    try:
        typed = code.write(knowledge.numbering, code.handed(knowledge.numbering, path.answers, assessment, _today()))
        address = open_address()
        square = qr.svg(f"{address}#{qr.seal(_keys()[0], typed)}")
    except Exception:
        current_app.logger.exception("The sheet goes on without its code.")
        return None
    shown = address.partition("://")[2]
    return CodePart(tuple(typed.split("-")), Markup(square), shown)  # noqa: S704 - made by segno, of our own text


def open_address() -> str:
    """The whole address of the page where codes are opened, for paper."""
    settings: Settings = current_app.extensions["settings"]
    return url_for("pages.open_sheet", _external=True, _scheme="https" if settings.secure else request.scheme)
