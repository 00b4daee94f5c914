"""What a run leads to: the summary, the sheet for paper, the nurse's view, and the emergency page.

Whatever fails here, the page says something careful: never nothing, never less urgent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from flask import current_app, g, render_template

from triage.assessment import Assessment, Assessor
from triage.journey import Journey
from triage.knowledge import Urgency
from triage.sheet import Sheet, all_changes, make_sheet
from triage.web.views.context import View, assessor, known, pages, whole_path, words
from triage.whatif import NOTHING, Outlook, everything, for_patient

_CARDS = ("non-urgent", "non-urgent", "non-urgent", "urgent", "emergency")
"""The kind of care card for each urgency, from the least urgent."""


@pages.get("/run/<string(length=16):run_id>/summary")
@whole_path
def summary(run_id: str, path: Journey) -> View:
    """The summary: action first."""
    return _sheet_page(run_id, path, "summary.html")


@pages.get("/run/<string(length=16):run_id>/print")
@whole_path
def paper(run_id: str, path: Journey) -> View:
    """The sheet for paper: its own template, on two pages at most for one deposit."""
    return _sheet_page(run_id, path, "sheet.html")


@pages.get("/run/<string(length=16):run_id>/nurse")
@whole_path
def nurse(run_id: str, path: Journey) -> View:
    """The same run as a talking aid."""
    return _sheet_page(run_id, path, "nurse.html", for_nurse=True)


def _sheet_page(run_id: str, path: Journey, template: str, for_nurse: bool = False) -> View:
    if path.stopped:
        return emergency_page(run_id, len(path.steps), path)
    try:
        assessment = assessor().assess(path.findings)
        g.urgency = assessment.urgency
        sheet = make_sheet(known(), assessment, path, words(), _outlook(for_patient, path, assessment))
        if assessment.urgency == Urgency.EMERGENCY:
            return _emergency_sheet(run_id, len(path.steps), sheet)
        outlook = _outlook(everything, path, assessment) if for_nurse else NOTHING
        return render_template(
            template,
            run_id=run_id,
            sheet=sheet,
            changes=all_changes(known(), outlook),
            card=_CARDS[assessment.urgency],
            last=len(path.steps),
            now=datetime.now(UTC),
        )
    except Exception:
        current_app.logger.exception("The summary could not be made.")
        return not_worked_out(path)


def _outlook(look: Callable[[Assessor, Journey, Assessment], Outlook], path: Journey, result: Assessment) -> Outlook:
    """What would change the result. A sheet that does not say it is better than no sheet."""
    try:
        return look(assessor(), path, result)
    except Exception:
        current_app.logger.exception("The sheet goes on without what would change it.")
        return NOTHING


def emergency_page(run_id: str, number: int, path: Journey) -> View:
    """The full-page emergency: each option that leads here is one by itself, so a failing rule cannot delay it."""
    try:
        assessment = assessor().assess(path.findings)
    except Exception:
        current_app.logger.exception("The emergency page goes on without its reasons.")
        assessment = assessor().not_worked_out()
    return _emergency_sheet(run_id, number, _sheet_for(assessment, path))


def _sheet_for(assessment: Assessment, path: Journey) -> Sheet:
    if assessment.urgency != Urgency.EMERGENCY:
        # Whatever the rules made of it, the person ticked an emergency.
        assessment = replace(assessment, urgency=Urgency.EMERGENCY)
    return make_sheet(known(), assessment, path, words())


def _emergency_sheet(run_id: str, number: int, sheet: Sheet) -> View:
    g.urgency = Urgency.EMERGENCY
    return render_template("emergency.html", run_id=run_id, number=number, sheet=sheet)


def not_worked_out(path: Journey) -> View:
    """The careful page when no result can be had: advice today, the warning signs, and what they told us."""
    knowledge = known()
    sheet = make_sheet(knowledge, assessor().not_worked_out(), path, words())
    first = knowledge.page_questions[knowledge.pages[0].id][0]
    return render_template("not_worked_out.html", sheet=sheet, signs=[o.text for o in first.options if o.stops])
