"""Quick entry: the same questions for staff who ask them aloud, several pages of the path in one sitting.

It shares the run, the answers and the form with the questions one by one, so a run can change over at any time. What
is asked and when a run is whole is the journey's to say: a sitting only shows more of it at once.
"""

from __future__ import annotations

from flask import redirect, render_template, request
from flask_wtf.csrf import generate_csrf

from triage import journey
from triage.journey import Sitting
from triage.web.addresses import url_for
from triage.web.forms import PageForm, page_form
from triage.web.views.answering import off_path, take
from triage.web.views.context import View, known, lost, pages, renew, this_run
from triage.web.views.results import emergency_page


@pages.get("/quick")
def quick_start() -> View:
    """Whom quick entry is for, how its keys work, and the button."""
    return render_template("nurse_start.html")


@pages.post("/quick")
def quick_begin() -> View:
    """A new, empty run, asked in sittings."""
    run_id = this_run().start()
    generate_csrf()
    return redirect(url_for("pages.quick", run_id=run_id, number=1), 303)


@pages.get("/run/<string(length=16):run_id>/quick")
def quick_next(run_id: str) -> View:
    """What is still to be asked, the earliest first; when nothing is, the nurse's view."""
    run = this_run()
    if not run.found:
        return lost()
    sittings = journey.sittings(known(), run.answers)
    number = _first_open(sittings)
    path = journey.suppose(known(), run.answers)
    if path.stopped:
        return emergency_page(run_id, path, url_for("pages.quick", run_id=run_id, number=len(sittings)))
    if not number:
        return redirect(url_for("pages.nurse", run_id=run_id), 303)
    sitting = sittings[number - 1]
    left = sitting.only([question for question in sitting.questions if question.id not in run.answers])
    if left == sitting:
        return redirect(url_for("pages.quick", run_id=run_id, number=number), 303)
    return _page(run_id, number, left, _form(left), added=True)


@pages.get("/run/<string(length=16):run_id>/quick/<int:number>")
def quick(run_id: str, number: int) -> View:
    """A whole sitting, with what was answered."""
    run = this_run()
    if not run.found and number != 1:
        return lost()
    if not run.found:
        renew(run)
    sittings = journey.sittings(known(), run.answers)
    if not 1 <= number <= (_first_open(sittings) or len(sittings)):
        return redirect(url_for("pages.quick_next", run_id=run_id), 303)
    return _page(run_id, number, sittings[number - 1], _form(sittings[number - 1]))


@pages.post("/run/<string(length=16):run_id>/quick/<int:number>")
def quick_answer(run_id: str, number: int) -> View:
    """Take what was asked on the page, then go on to what is still open."""
    run = this_run()
    posted = request.form.get("page", "").split()
    sittings = journey.sittings(known(), run.answers)
    # What is no longer on the path, since another tab changed an answer, is let go; what it lacks is asked next.
    asked = [question for sitting in sittings for question in sitting.questions if question.id in posted]
    if not asked:
        mistake = url_for("pages.quick", run_id=run_id, number=number)
        return off_path(mistake) or (redirect(url_for("pages.quick_next", run_id=run_id), 303) if run.found else lost())
    number, sitting = next((n, s) for n, s in enumerate(sittings, 1) if asked[0] in s.questions)
    sitting = sitting.only(asked)
    form = page_form(sitting.questions, {}, request.form)
    mistake = url_for("pages.quick", run_id=run_id, number=number)
    path = journey.follow(known(), run.answers)
    shown = take(form, number, path, mistake, lambda expired: _page(run_id, number, sitting, form, expired=expired))
    return shown or redirect(url_for("pages.quick_next", run_id=run_id), 303)


def _first_open(sittings: tuple[Sitting, ...]) -> int:
    """The number of the first sitting with an unanswered question; 0 when there is none."""
    answers = this_run().answers
    return next((n for n, s in enumerate(sittings, 1) if any(q.id not in answers for q in s.questions)), 0)


def _form(sitting: Sitting) -> PageForm:
    form = page_form(sitting.questions, this_run().answers, None)
    form.page.data = " ".join(question.id for question in sitting.questions)
    return form


def _page(
    run_id: str, number: int, sitting: Sitting, form: PageForm, added: bool = False, expired: bool = False
) -> str:
    knowledge = known()
    path = journey.suppose(knowledge, this_run().answers)
    back = url_for("pages.quick", run_id=run_id, number=number - 1) if number > 1 else url_for("pages.quick_start")
    if added:
        back = url_for("pages.quick", run_id=run_id, number=number)
    return render_template(
        "nurse_quick.html",
        sitting=sitting,
        form=form,
        run_id=run_id,
        number=number,
        back=back,
        added=added,
        because=[words for q in sitting.questions for words in journey.opened_by(knowledge, q, path)] if added else [],
        alarms=sitting.steps[0].page == knowledge.pages[0],
        expired=expired,
    )
