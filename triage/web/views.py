"""The pages: read the answers, ask the room, choose the template.

A run lives under /run/<id>/; its pages are numbered along its own path, so no address tells where a deposit is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import wraps
from typing import Any, cast

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as AnyResponse

from triage import journey
from triage.assessment import Assessment, Assessor
from triage.flow import draw, flow
from triage.journey import Journey, Step
from triage.knowledge import Knowledge, Urgency
from triage.sheet import Sheet, all_changes, make_sheet, told
from triage.verify.record import Record
from triage.web.forms import PageForm, page_form
from triage.web.state import Run, SealedCookies, StateTooLarge
from triage.whatif import NOTHING, Outlook, everything, for_patient

pages = Blueprint("pages", __name__)

_CARDS = ("non-urgent", "non-urgent", "non-urgent", "urgent", "emergency")
"""The kind of care card for each urgency, from the least urgent."""

View = AnyResponse | str | tuple[str, int]


def _knowledge() -> Knowledge:
    return _assessor().knowledge


def _assessor() -> Assessor:
    assessor: Assessor = current_app.extensions["assessor"]
    return assessor


def _words() -> dict[str, str]:
    words: dict[str, str] = dict(current_app.extensions["settings"].words)
    return words


def _run() -> Run:
    return cast("Run", session)


# -- before and after a run ------------------------------------------------------------------------------------------


@pages.get("/")
def start() -> View:
    """What this is, what to do in an emergency, and the button."""
    return render_template("start.html")


@pages.post("/start")
def begin() -> View:
    """A new run. Nothing is planted by a forged request: the run is empty and its address random."""
    run_id = _run().start()
    generate_csrf()
    return redirect(url_for("pages.question", run_id=run_id, number=1), 303)


@pages.get("/about")
def about() -> View:
    """Sources, versions, intended purpose."""
    return render_template("about.html", knowledge=_knowledge())


@pages.get("/flow")
def flows() -> View:
    """The list of pictures: one for everyone, and one for each place, grouped as where places are asked for."""
    knowledge = _knowledge()
    places = knowledge.questions[knowledge.place_question].options
    groups = {
        group: [place for place in places if place.group == group] for group in dict.fromkeys(p.group for p in places)
    }
    return render_template("flows.html", groups=groups)


@pages.get("/flow/everyone")
def flow_of_everyone() -> View:
    """What everyone is asked, and what that leads to."""
    return _flow_page("Everyone", "")


@pages.get("/flow/<deposit>")
def flow_of(deposit: str) -> View:
    """What the answers about one deposit lead to."""
    known = _knowledge().deposits.get(deposit)
    return _flow_page(known.place, known.id) if known else abort(404)


def _flow_page(place: str, deposit: str) -> View:
    read = flow(_knowledge(), deposit)
    return render_template("flow.html", place=place, deposit=deposit, flow=read, strips=draw(read))


@pages.get("/proof")
def proof() -> View:
    """For a clinic's safety officer: what is proved about the rules, what is not, and the hazard log."""
    knowledge = _knowledge()
    record: Record | None = current_app.extensions["proof"]
    proved = record.proved(knowledge) if record else ()
    controls = [control for hazard in knowledge.hazards for control in hazard.controls]
    return render_template(
        "proof.html",
        knowledge=knowledge,
        record=record,
        stale=record is not None and record.stale(knowledge),
        controls=controls,
        verified=[control for control in controls if control.verified(proved)],
    )


@pages.get("/cleared")
def cleared() -> View:
    """After "Clear my answers"."""
    return render_template("cleared.html")


@pages.get("/healthz")
def healthz() -> View:
    """200 when the self-check at start passed: every case of the rules through the engine."""
    problems: list[str] = current_app.extensions["self_check"]
    text = "ok\n" if not problems else "\n".join(problems) + "\n"
    return Response(text, 503 if problems else 200, mimetype="text/plain")


# -- the questions ---------------------------------------------------------------------------------------------------


@pages.get("/run/<string(length=16):run_id>/<int:number>")
def question(run_id: str, number: int) -> View:
    """The page at this place of the path, or the furthest one that can be shown."""
    run = _run()
    if not run.found and number != 1:
        return _lost()
    if not run.found:
        # The first page needs no earlier answer, so it is shown even when the cookie is gone.
        _renew(run)
    path = journey.follow(_knowledge(), run.answers)
    if number < 1 or number > len(path.steps):
        return redirect(_furthest(run_id, path), 303)
    step = path.steps[number - 1]
    form = page_form(step.questions, run.answers, None)
    form.page.data = step.page.id
    form.back_to_check.data = "yes" if "change" in request.args else ""
    return _question_page(run_id, number, step, form)


@pages.post("/run/<string(length=16):run_id>/<int:number>")
def answer(run_id: str, number: int) -> View:
    """Take the answers of a page; an emergency is shown at once, whatever else is wrong with the request."""
    run = _run()
    path = journey.follow(_knowledge(), run.answers)
    step = _posted_step(path)
    if step is None:
        return _lost() if not run.found else redirect(_furthest(run_id, path), 303)
    number = path.steps.index(step) + 1
    form = page_form(step.questions, {}, request.form)
    valid = form.validate_on_submit()
    emergency = _emergency_in(form)
    if emergency is not None and not valid:
        return _emergency_page(run_id, number, emergency)
    if not run.found and number != 1:
        return _lost()
    if not valid:
        expired = "csrf_token" in form.errors
        if expired:
            _renew(run)
        return _question_page(run_id, number, step, form, expired), 400 if expired else 422
    run.answer(form.answers())
    try:
        _sealed().seal(run)
    except StateTooLarge:
        run.restore()
        return _not_worked_out(path)
    path = journey.follow(_knowledge(), run.answers)
    if emergency is not None:
        return _emergency_page(run_id, number, path)
    if form.back_to_check.data and path.complete:
        return redirect(url_for("pages.check", run_id=run_id), 303)
    if number < len(path.steps):
        return redirect(url_for("pages.question", run_id=run_id, number=number + 1), 303)
    return redirect(_furthest(run_id, path), 303)


def _posted_step(path: Journey) -> Step | None:
    posted = request.form.get("page", "")
    return next((step for step in path.steps if step.page.id == posted), None)


def _emergency_in(form: PageForm) -> Journey | None:
    """The journey with the posted answers if one of them is an emergency by itself.

    Read without the rest of the validation: a missing token or another question's mistake must not hide it.
    """
    given: dict[str, journey.Answer] = {}
    for asked in form.questions:
        chosen = tuple(word for word in form.given(asked) if word in asked.allowed)
        if chosen and journey.stops(asked, chosen):
            given[asked.id] = chosen if asked.type == "multi" else chosen[0]
    if not given:
        return None
    return journey.follow(_knowledge(), {**_run().answers, **given})


def _question_page(run_id: str, number: int, step: Step, form: PageForm, expired: bool = False) -> str:
    back = url_for("pages.question", run_id=run_id, number=number - 1) if number > 1 else url_for("pages.start")
    if form.back_to_check.data:
        back = url_for("pages.check", run_id=run_id)
    return render_template(
        "question.html", step=step, form=form, run_id=run_id, number=number, back=back, expired=expired
    )


def _furthest(run_id: str, path: Journey) -> str:
    if path.complete:
        return url_for("pages.check", run_id=run_id)
    return url_for("pages.question", run_id=run_id, number=len(path.steps))


def _renew(run: Run) -> None:
    """Give the run a token again, and a cookie where it had none; the answers it has are kept."""
    run.found = True
    generate_csrf()


def _sealed() -> SealedCookies:
    interface = current_app.session_interface
    assert isinstance(interface, SealedCookies)  # noqa: S101 - set by create_app
    return interface


# -- check and summary -----------------------------------------------------------------------------------------------


def whole_path(view: Callable[[str, Journey], View]) -> Callable[[str], View]:
    """For pages that need every answer: without them, the questions or the page for lost answers come instead."""

    @wraps(view)
    def guarded(run_id: str) -> View:
        run = _run()
        if not run.found:
            return _lost()
        path = journey.follow(_knowledge(), run.answers)
        return view(run_id, path) if path.complete else redirect(_furthest(run_id, path), 303)

    return guarded


@pages.get("/run/<string(length=16):run_id>/check")
@whole_path
def check(run_id: str, path: Journey) -> View:
    """Read back what was said, with a way to change each answer."""
    return render_template("check.html", run_id=run_id, sections=list(_sections(run_id, path)), last=len(path.steps))


def _sections(run_id: str, path: Journey) -> Iterator[dict[str, Any]]:
    lines = {line.question: line for line in told(_knowledge(), path)}
    for number, step in enumerate(path.steps, 1):
        yield {
            "title": step.page.title,
            "lines": [lines[question.text] for question in step.questions if question.text in lines],
            "change": url_for("pages.question", run_id=run_id, number=number, change=1),
        }


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
        return _emergency_page(run_id, len(path.steps), path)
    try:
        assessment = _assessor().assess(path.findings)
        sheet = make_sheet(_knowledge(), assessment, path, _words(), _outlook(for_patient, path, assessment))
        if assessment.urgency == Urgency.EMERGENCY:
            return _emergency_sheet(run_id, len(path.steps), sheet)
        outlook = _outlook(everything, path, assessment) if for_nurse else NOTHING
        return render_template(
            template,
            run_id=run_id,
            sheet=sheet,
            changes=all_changes(_knowledge(), outlook),
            card=_CARDS[assessment.urgency],
            last=len(path.steps),
            now=datetime.now(UTC),
        )
    except Exception:
        current_app.logger.exception("The summary could not be made.")
        return _not_worked_out(path)


def _outlook(look: Callable[[Assessor, Journey, Assessment], Outlook], path: Journey, result: Assessment) -> Outlook:
    """What would change the result. A sheet that does not say it is better than no sheet."""
    try:
        return look(_assessor(), path, result)
    except Exception:
        current_app.logger.exception("The sheet goes on without what would change it.")
        return NOTHING


def _emergency_page(run_id: str, number: int, path: Journey) -> View:
    """The full-page emergency: each option that leads here is one by itself, so a failing rule cannot delay it."""
    try:
        assessment = _assessor().assess(path.findings)
    except Exception:
        current_app.logger.exception("The emergency page goes on without its reasons.")
        assessment = _assessor().not_worked_out()
    return _emergency_sheet(run_id, number, _sheet_for(assessment, path))


def _sheet_for(assessment: Assessment, path: Journey) -> Sheet:
    if assessment.urgency != Urgency.EMERGENCY:
        # Whatever the rules made of it, the person ticked an emergency.
        assessment = replace(assessment, urgency=Urgency.EMERGENCY)
    return make_sheet(_knowledge(), assessment, path, _words())


def _emergency_sheet(run_id: str, number: int, sheet: Sheet) -> View:
    return render_template("emergency.html", run_id=run_id, number=number, sheet=sheet)


def _not_worked_out(path: Journey) -> View:
    """The careful page when no result can be had: advice today, the warning signs, and what they told us."""
    knowledge = _knowledge()
    sheet = make_sheet(knowledge, _assessor().not_worked_out(), path, _words())
    first = knowledge.page_questions[knowledge.pages[0].id][0]
    return render_template("not_worked_out.html", sheet=sheet, signs=[o.text for o in first.options if o.stops])


def _lost() -> View:
    return render_template("lost.html"), 410


@pages.post("/run/<string(length=16):run_id>/clear")
def clear(run_id: str) -> View:
    """Forget the run in this browser."""
    _run().end()
    response = make_response(redirect(url_for("pages.cleared"), 303))
    # Without "cache": browsers take many seconds for it, and nothing of a run is cached.
    response.headers["Clear-Site-Data"] = '"cookies", "storage"'
    return response
