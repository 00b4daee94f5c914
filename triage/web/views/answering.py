"""Answering: a run begins, its questions are asked and changed, its answers are read back and cleared.

A run lives under /run/<id>/; its pages are numbered along its own path, so no address tells where a deposit is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import current_app, make_response, redirect, render_template, request
from flask_wtf.csrf import generate_csrf

from triage import journey
from triage.exports.reopening import Reopened
from triage.journey import Journey, Step
from triage.knowledge import UNSURE
from triage.knowledge.model import Question
from triage.web.addresses import NO_RUN, url_for
from triage.web.changing import Change, last_change
from triage.web.changing import words as answer_words
from triage.web.figure import figure_of
from triage.web.forms import PageForm, page_form
from triage.web.kept import NO_TOKEN
from triage.web.progress import part_of
from triage.web.state import Run, SealedCookies, StateTooLarge
from triage.web.views.context import (
    Page,
    View,
    at_a_kiosk,
    furthest,
    kept_page,
    known,
    lost,
    pages,
    renew,
    this_run,
    whole_path,
)
from triage.web.views.handover import reopened
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
    chosen = {asked: journey.chosen(run.answers[asked.id]) for asked in step.questions if asked.id in run.answers}
    to_check = "yes" if "change" in request.args or _in_a_change(path) else ""
    return question_page(run_id, number, path, Shown(chosen, to_check=to_check))


@pages.post("/run/<string(length=16):run_id>/<int:number>")
def answer(run_id: str, number: int) -> View:
    """Take the answers of a page; an emergency is shown at once, whatever else is wrong with the request."""
    run = this_run()
    path = journey.follow(known(), run.answers)
    step = posted_step(path)
    if step is None:
        mistake = url_for("pages.question", run_id=run_id, number=number)
        return off_path(mistake) or (redirect(furthest(run_id, path), 303) if run.found else lost())
    number = path.steps.index(step) + 1
    in_a_change = _in_a_change(path)
    form = page_form(step.questions, {}, request.form)
    mistake = url_for("pages.question", run_id=run_id, number=number)

    def again(expired: bool) -> Page:
        return question_page(run_id, number, path, as_filled(form, expired))

    shown = take(form, number, path, mistake, again)
    if shown is not None:
        return shown
    path = journey.follow(known(), run.answers)
    # After a change, first the questions that are new because of it, then back to the answers.
    if number < len(path.steps) and not form.back_to_check.data and not in_a_change:
        return redirect(url_for("pages.question", run_id=run_id, number=number + 1), 303)
    return redirect(furthest(run_id, path, changing=bool(form.back_to_check.data)), 303)


def take(form: PageForm, number: int, path: Journey, mistake: str, again: Callable[[bool], Page]) -> View | None:
    """Keep the answers that a form brings, or give the page that has to be shown instead of going on.

    `path` is where the earlier answers lead. An emergency is shown at once, whatever else is wrong with the request.
    `again` makes the page with the form once more, told whether it has expired; only the first one is taken without a
    run.
    """
    run = this_run()
    valid = form.validate_on_submit()
    emergency = _emergency_posted()
    if emergency is not None and not valid:
        return emergency_page(run.run_id, emergency, mistake)
    if not run.found and number != 1:
        return lost()
    if not valid:
        expired = "csrf_token" in form.errors
        if expired:
            renew(run)
        return again(expired), 400 if expired else 422
    if path.complete and not path.stopped:
        run.begin_change()
    run.answer(form.answers())
    if not _fits(run):
        run.restore()
        return emergency_page(run.run_id, emergency, mistake) if emergency is not None else not_worked_out(path)
    if emergency is not None:
        return emergency_page(run.run_id, journey.suppose(known(), run.answers), mistake)
    return None


def off_path(mistake: str) -> View | None:
    """The emergency page, if the form of a page that is not on the path ticks one: the run is gone, or has changed."""
    emergency = _emergency_posted()
    return emergency_page(this_run().run_id, emergency, mistake) if emergency else None


def posted_step(path: Journey) -> Step | None:
    """The page that the posted form belongs to, wherever it stands on the path now."""
    posted = request.form.get("page", "")
    return next((step for step in path.steps if step.page.id == posted), None)


def _in_a_change(path: Journey) -> bool:
    """Whether the answers were complete once, and a change has opened questions or led to an emergency."""
    return this_run().changed_from is not None and (path.stopped or not path.complete)


def _fits(run: Run) -> bool:
    """Whether every browser would keep the run; what was changed last is forgotten before an answer is refused."""
    for make_smaller in (run.forget_change, None):
        try:
            _sealed().seal(run)
        except StateTooLarge:
            if make_smaller:
                make_smaller()
        else:
            return True
    return False


def emergency_ticked() -> bool:
    """Whether what was sent holds an answer that is an emergency by itself: read straight from the form."""
    questions = known().questions
    sent = request.form.items(multi=True)
    return any(name in questions and word in questions[name].stopping for name, word in sent)


def _emergency_posted() -> Journey | None:
    """The journey with the posted answers if one of them is an emergency by itself.

    Read without any validation: a missing token, another question's mistake, or a page that another tab has taken off
    the path must not hide it.
    """
    if not emergency_ticked():
        return None
    given: dict[str, journey.Answer] = {}
    for asked in known().questions.values():
        posted = request.form.getlist(asked.id)
        chosen = tuple(word for word in asked.allowed if word in posted)
        if journey.stops(asked, chosen):
            given[asked.id] = chosen if asked.type == "multi" else next(w for w in chosen if w in asked.stopping)
    # Past what is not answered yet: it can stand on the same page, before the emergency.
    return journey.suppose(known(), {**this_run().answers, **given})


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page of questions shows beside its questions: nothing of this to whoever comes to it first."""

    chosen: Mapping[Question, tuple[str, ...]] = field(default_factory=dict)
    errors: Mapping[Question, str] = field(default_factory=dict)
    expired: bool = False
    to_check: str = ""
    """What the form sends along so that the list of answers comes next; empty where the path goes on."""
    change: Change | None = None
    opened: Reopened | None = None


def as_filled(form: PageForm, expired: bool = False) -> Shown:
    """A form that was sent, to be shown again."""
    chosen = {question: given for question in form.questions if (given := form.given(question))}
    return Shown(chosen, form.problems(), expired, form.back_to_check.data or "")


def question_page(run_id: str, number: int, path: Journey, shown: Shown) -> Page:
    """The page at this place of the path; what changed and which sheet was opened is found out here."""
    run = this_run()
    step = path.steps[number - 1]
    if _in_a_change(path) and all(question.id not in path.answers for question in step.questions):
        shown = replace(shown, change=last_change(known(), run.answers, run.changed_from or {}))
    opened = reopened()
    if opened:
        shown = replace(shown, opened=opened)
    token = generate_csrf()
    if shown == UNTOUCHED:
        return kept_page(_untouched, step, number, run_id=run_id, token=token)
    back = url_for("pages.check", run_id=run_id) if shown.to_check and path.complete else _back(run_id, number)
    return _drawn(run_id, token, step, number, shown, back)


UNTOUCHED = Shown()


def _untouched(step: Step, number: int) -> str:
    return _drawn(NO_RUN, NO_TOKEN, step, number, UNTOUCHED, _back(NO_RUN, number))


def _back(run_id: str, number: int) -> str:
    return url_for("pages.question", run_id=run_id, number=number - 1) if number > 1 else url_for("pages.start")


def _drawn(run_id: str, token: str, step: Step, number: int, shown: Shown, back: str) -> str:
    """The page; where places are asked for, with their figure and a way to the word finder."""
    knowledge = known()
    return render_template(
        "question.html",
        run_id=run_id,
        token=token,
        step=step,
        number=number,
        shown=shown,
        part=part_of(knowledge, step.page),
        figures={asked: figure_of(knowledge, asked, shown.chosen.get(asked, ())) for asked in step.questions},
        back=back,
        finder=any(question.id == knowledge.place_question for question in step.questions),
    )


def _sealed() -> SealedCookies:
    interface = current_app.session_interface
    assert isinstance(interface, SealedCookies)  # noqa: S101 - set by create_app
    return interface


@pages.get("/run/<string(length=16):run_id>/check")
@whole_path
def check(run_id: str, path: Journey) -> View:
    """Read back what was said, what the last change did, and a way to change each answer."""
    run = this_run()
    change = last_change(known(), run.answers, run.changed_from or {})
    return render_template(
        "check.html",
        run_id=run_id,
        sections=list(_sections(run_id, path)),
        last=len(path.steps),
        change=change,
        opened=reopened(),
        unknown=any(UNSURE in journey.chosen(answer) for answer in path.answers.values()),
    )


def _sections(run_id: str, path: Journey) -> Iterator[dict[str, Any]]:
    for number, step in enumerate(path.steps, 1):
        answered = [question for question in step.questions if question.id in path.answers]
        yield {
            "title": step.page.title,
            "lines": [
                {
                    "question": question.text,
                    "answers": answer_words(question, path.answers[question.id]),
                    "unknown": question.unsure,
                }
                for question in answered
            ],
            "change": url_for("pages.question", run_id=run_id, number=number, change=1),
        }


@pages.post("/run/<string(length=16):run_id>/clear")
def clear(run_id: str) -> View:
    """Forget the run in this browser: because somebody asked for it or, at a kiosk, because nobody was there."""
    return _forgotten("pages.timed_out" if request.form.get("idle") else "pages.cleared")


def _forgotten(leads_to: str) -> View:
    this_run().end()
    response = make_response(redirect(url_for(leads_to), 303))
    # At a kiosk also what other tabs hold. Elsewhere "cookies" would end the run of a second person in a second tab,
    # and sign people out of whatever else the clinic has under its name. Never "cache": browsers take many seconds
    # for it, and nothing of a run is cached.
    at_kiosk = current_app.extensions["settings"].kiosk_idle_minutes
    response.headers["Clear-Site-Data"] = '"cookies", "storage"' if at_kiosk else '"storage"'
    return response


# At a kiosk without JavaScript a page cannot notice that somebody is there, nor send a form by itself. So each page of
# a run leads to a question by a refresh, and that to an address that clears. It is a GET that changes something; only
# somebody who knows the run's random id can ask for it, no page has a link to it, and all it can do is forget.


@pages.get("/run/<string(length=16):run_id>/still-there")
@at_a_kiosk
def still_there(run_id: str) -> View:
    """Ask whether somebody is there, and for 60 seconds wait for the answer."""
    run = this_run()
    if not run.found:
        return lost()
    back = furthest(run_id, journey.follow(known(), run.answers))
    return render_template("still_there.html", run_id=run_id, back=back, asking=True)


@pages.get("/run/<string(length=16):run_id>/left")
@at_a_kiosk
def left(run_id: str) -> View:
    """Nobody answered: forget the run in this browser."""
    return _forgotten("pages.timed_out")
