"""What a run leads to: the summary, the sheet for paper, and the emergency page.

Whatever fails here, the page says something careful: never nothing, never less urgent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from flask import Response, abort, current_app, g, render_template, request

from triage.assessment import Assessment, Assessor
from triage.errors import ExportError
from triage.exports.pdf import SIZES, PrintedCode, make_pdf
from triage.exports.typesetting import PAPERS, available
from triage.journey import Journey
from triage.knowledge import Urgency
from triage.sheet import Frame, Sheet, frame, make_sheet
from triage.web.addresses import url_for
from triage.web.views import handover
from triage.web.views.context import View, assessor, known, notice, now, pages, whole_path, words
from triage.whatif import NOTHING, Outlook, for_patient

_CARDS = ("non-urgent", "non-urgent", "non-urgent", "urgent", "emergency")
"""The kind of care card for each urgency, from the least urgent."""
PAPER_NAMES = tuple((paper, paper.capitalize()) for paper in PAPERS)
"""Each paper of the PDF, and what it is called."""


@pages.get("/run/<string(length=16):run_id>/summary")
@whole_path
def summary(run_id: str, path: Journey) -> View:
    """The summary: action first. What would change it and its code have pages of their own, which it leads to."""

    def shown(assessment: Assessment) -> View:
        made = now()
        return render_template(
            "summary.html",
            run_id=run_id,
            sheet=make_sheet(known(), assessment, path, words(), today=made.date()),
            changed=handover.changed_part(path),
            card=_CARDS[assessment.urgency],
            now=made,
        )

    return result_page(run_id, path, shown)


@pages.get("/run/<string(length=16):run_id>/changes")
@whole_path
def changes(run_id: str, path: Journey) -> View:
    """What would change this result, as the sheet says it."""

    def shown(assessment: Assessment) -> View:
        sheet = _patient_sheet(path, assessment, now())
        notes = sheet.outlook.notes if sheet.outlook else ()
        footnotes = [footnote for footnote in sheet.footnotes if footnote.number in notes]
        return render_template("changes.html", run_id=run_id, sheet=sheet, footnotes=footnotes)

    return result_page(run_id, path, shown)


@pages.get("/run/<string(length=16):run_id>/code")
@whole_path
def code(run_id: str, path: Journey) -> View:
    """The code of this sheet, to open it again or hand it over."""

    def shown(assessment: Assessment) -> View:
        return render_template("code.html", run_id=run_id, code=handover.code_part(path, assessment))

    return result_page(run_id, path, shown)


@pages.get("/run/<string(length=16):run_id>/print")
@whole_path
def paper(run_id: str, path: Journey) -> View:
    """The sheet for paper: its own template, on two pages at most for one deposit."""
    size = _asked("size", SIZES)

    def shown(assessment: Assessment) -> View:
        made = now()
        return render_template(
            "sheet.html",
            run_id=run_id,
            sheet=_patient_sheet(path, assessment, made),
            changed=handover.changed_part(path),
            code=handover.code_part(path, assessment),
            frame=_frame(made),
            size=size,
            large=size == SIZES[-1],
            other_size=SIZES[size == SIZES[0]],
            pdf_papers=PAPER_NAMES if available() else (),
        )

    return result_page(run_id, path, shown)


@pages.get("/run/<string(length=16):run_id>/sheet.pdf")
@whole_path
def pdf(run_id: str, path: Journey) -> View:
    """The sheet as a PDF. Where it cannot be set, a page says how to print instead."""
    size, paper = _asked("size", SIZES), _asked("paper", tuple(PAPERS))

    def shown(assessment: Assessment) -> View:
        made = now()
        sheet = _patient_sheet(path, assessment, made)
        try:
            content = make_pdf(sheet, _frame(made), made, size, paper, _printed_code(path, assessment))
        except ExportError as error:
            current_app.logger.error("%s", error)
            return render_template("no_pdf.html", run_id=run_id, sheet=sheet, size=size), 503
        return Response(
            content, mimetype="application/pdf", headers={"Content-Disposition": 'inline; filename="sheet.pdf"'}
        )

    return result_page(run_id, path, shown)


def _printed_code(path: Journey, assessment: Assessment) -> PrintedCode | None:
    part = handover.code_part(path, assessment)
    if part is None:
        return None
    return PrintedCode(part.groups, str(part.square), part.address, notice("code_holds"), notice("code_square"))


def _asked(name: str, allowed: Sequence[str]) -> str:
    """What the address asks for, or the first of what is allowed. Anything else is no address of ours."""
    given = request.args.get(name, allowed[0])
    return given if given in allowed else abort(404)


def _patient_sheet(path: Journey, assessment: Assessment, made: datetime) -> Sheet:
    return make_sheet(known(), assessment, path, words(), outlook(for_patient, path, assessment), made.date())


def _frame(made: datetime) -> Frame:
    settings = current_app.extensions["settings"]
    clinic = (settings.clinic_name, settings.clinic_phone, settings.opening_hours)
    return frame(known(), words(), made, " · ".join(filter(None, clinic)))


def result_page(run_id: str, path: Journey, shown: Callable[[Assessment], View]) -> View:
    """A page about the result of a whole path: an emergency comes instead of it, and the careful page if it fails."""
    mistake = url_for("pages.question", run_id=run_id, number=len(path.steps))
    if path.stopped:
        return emergency_page(run_id, path, mistake)
    try:
        assessment = handover.assess(path)
        g.urgency = assessment.urgency
        if assessment.urgency == Urgency.EMERGENCY:
            return _emergency_sheet(run_id, assessment, path, mistake)
        return shown(assessment)
    except Exception:
        current_app.logger.exception("The page about a result could not be made.")
        # The careful page would be calmer than an emergency, whatever it was that failed.
        emergency = g.get("urgency") == Urgency.EMERGENCY or assessor().emergency(path.findings)
        return emergency_page(run_id, path, mistake) if emergency else not_worked_out(path)


def outlook(look: Callable[[Assessor, Journey, Assessment], Outlook], path: Journey, result: Assessment) -> Outlook:
    """What would change the result. A page that does not say it is better than no page."""
    try:
        return look(assessor(), path, result)
    except Exception:
        current_app.logger.exception("The page goes on without what would change the result.")
        return NOTHING


def emergency_page(run_id: str, path: Journey, mistake: str) -> View:
    """The full-page emergency: each option that leads here is one by itself, so a failing rule cannot delay it.

    `mistake` is the address where a wrong tick can be taken back.
    """
    g.urgency = Urgency.EMERGENCY
    try:
        assessment = assessor().assess(path.findings)
    except Exception:
        current_app.logger.exception("The emergency page goes on without its reasons.")
        assessment = assessor().not_worked_out()
    # Whatever the rules made of it, the person ticked an emergency.
    return _emergency_sheet(run_id, replace(assessment, urgency=Urgency.EMERGENCY), path, mistake)


def _emergency_sheet(run_id: str, assessment: Assessment, path: Journey, mistake: str) -> View:
    try:
        sheet = make_sheet(known(), assessment, path, words())
    except Exception:
        # Never a lower urgency because of a failure: what is left still says to call.
        current_app.logger.exception("The emergency page goes on without its reasons.")
        bare = replace(assessor().not_worked_out(), urgency=Urgency.EMERGENCY, fail_safe="")
        sheet = make_sheet(known(), bare, None, words())
    return render_template("emergency.html", run_id=run_id, sheet=sheet, mistake=mistake)


def not_worked_out(path: Journey) -> View:
    """The careful page when no result can be had: advice today, the warning signs, and what they told us."""
    knowledge = known()
    g.urgency = max(g.get("urgency", Urgency.SAME_DAY), Urgency.SAME_DAY)
    sheet = make_sheet(knowledge, assessor().not_worked_out(), path, words(), today=now().date())
    first = knowledge.page_questions[knowledge.pages[0].id][0]
    return render_template("not_worked_out.html", sheet=sheet, signs=[o.text for o in first.options if o.stops])
