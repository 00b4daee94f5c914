"""Answering: a run begins, its questions are asked and changed, its answers are read back and cleared.

A run lives under /run/<id>/; its pages are numbered along its own path, so no address tells where a deposit is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import current_app, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import generate_csrf

from triage import journey
from triage.journey import Journey, Step
from triage.sheet import told
from triage.web.forms import PageForm, page_form
from triage.web.state import SealedCookies, StateTooLarge
from triage.web.views.context import View, furthest, known, lost, pages, renew, this_run, whole_path
from triage.web.views.results import emergency_page, not_worked_out


@pages.post("/start")
def begin() -> View:
    """A new run. Nothing is planted by a forged request: the run is empty and its address random."""
    run_id = this_run().start()
    generate_csrf()
    return redirect(url_for("pages.question", run_id=run_id, number=1), 303)


@pages.get("/run/<string(length=16):run_id>/<int:number>")
def question(run_id: str, number: int) -> View:
    """The page at this place of the path, or the furthest one that can be shown."""
    run = this_run()
    if not run.found and number != 1:
        return lost()
    if not run.found:
        # The first page needs no earlier answer, so it is shown even when the cookie is gone.
        renew(run)
    path = journey.follow(known(), run.answers)
    if number < 1 or number > len(path.steps):
        return redirect(furthest(run_id, path), 303)
    step = path.steps[number - 1]
    form = page_form(step.questions, run.answers, None)
    form.page.data = step.page.id
    form.back_to_check.data = "yes" if "change" in request.args else ""
    return _question_page(run_id, number, step, form)


@pages.post("/run/<string(length=16):run_id>/<int:number>")
def answer(run_id: str, number: int) -> View:
    """Take the answers of a page; an emergency is shown at once, whatever else is wrong with the request."""
    run = this_run()
    path = journey.follow(known(), run.answers)
    step = _posted_step(path)
    if step is None:
        return lost() if not run.found else redirect(furthest(run_id, path), 303)
    number = path.steps.index(step) + 1
    form = page_form(step.questions, {}, request.form)
    valid = form.validate_on_submit()
    emergency = _emergency_in(form)
    if emergency is not None and not valid:
        return emergency_page(run_id, number, emergency)
    if not run.found and number != 1:
        return lost()
    if not valid:
        expired = "csrf_token" in form.errors
        if expired:
            renew(run)
        return _question_page(run_id, number, step, form, expired), 400 if expired else 422
    run.answer(form.answers())
    try:
        _sealed().seal(run)
    except StateTooLarge:
        run.restore()
        return not_worked_out(path)
    path = journey.follow(known(), run.answers)
    if emergency is not None:
        return emergency_page(run_id, number, path)
    if form.back_to_check.data:
        # On to what the change opened, or to what an opened sheet leaves to be asked, and then to the list.
        return redirect(furthest(run_id, path, changing=True), 303)
    if number < len(path.steps):
        return redirect(url_for("pages.question", run_id=run_id, number=number + 1), 303)
    return redirect(furthest(run_id, path), 303)


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
    return journey.follow(known(), {**this_run().answers, **given})


def _question_page(run_id: str, number: int, step: Step, form: PageForm, expired: bool = False) -> str:
    back = url_for("pages.question", run_id=run_id, number=number - 1) if number > 1 else url_for("pages.start")
    if form.back_to_check.data:
        back = url_for("pages.check", run_id=run_id)
    return render_template(
        "question.html", step=step, form=form, run_id=run_id, number=number, back=back, expired=expired
    )


def _sealed() -> SealedCookies:
    interface = current_app.session_interface
    assert isinstance(interface, SealedCookies)  # noqa: S101 - set by create_app
    return interface


@pages.get("/run/<string(length=16):run_id>/check")
@whole_path
def check(run_id: str, path: Journey) -> View:
    """Read back what was said, with a way to change each answer."""
    return render_template("check.html", run_id=run_id, sections=list(_sections(run_id, path)), last=len(path.steps))


def _sections(run_id: str, path: Journey) -> Iterator[dict[str, Any]]:
    lines = {line.question: line for line in told(known(), path)}
    for number, step in enumerate(path.steps, 1):
        yield {
            "title": step.page.title,
            "lines": [lines[question.text] for question in step.questions if question.text in lines],
            "change": url_for("pages.question", run_id=run_id, number=number, change=1),
        }


@pages.post("/run/<string(length=16):run_id>/clear")
def clear(run_id: str) -> View:
    """Forget the run in this browser."""
    this_run().end()
    response = make_response(redirect(url_for("pages.cleared"), 303))
    # Without "cache": browsers take many seconds for it, and nothing of a run is cached.
    response.headers["Clear-Site-Data"] = '"cookies", "storage"'
    return response
