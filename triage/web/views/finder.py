"""The word finder: somebody types words from a letter and reads what they mean, alone or in the middle of a run.

What was typed comes back on the page that answers it and is kept nowhere. Nothing is changed, so no token is needed.
"""

from __future__ import annotations

from flask import current_app, redirect, render_template, request

from triage import journey
from triage.finder import LONGEST, Finder, Hit
from triage.knowledge import Urgency
from triage.knowledge.telling import filled
from triage.web.addresses import url_for
from triage.web.forms import page_form
from triage.web.views.answering import as_filled, posted_step, question_page
from triage.web.views.context import View, known, lost, pages, this_run, words

_FIELD = "letter"
_NOT_CARRIED = (_FIELD, "csrf_token")


@pages.route("/words", methods=("GET", "POST"))
def letter_words() -> View:
    """The finder by itself."""
    return _page(action=url_for("pages.letter_words"))


@pages.route("/run/<string(length=16):run_id>/<int:number>/words", methods=("GET", "POST"))
def letter_words_in_run(run_id: str, number: int) -> View:
    """The finder in the middle of a question; what was ticked there travels along and comes back with the person."""
    return _page(
        action=url_for("pages.letter_words_in_run", run_id=run_id, number=number),
        back=url_for("pages.back_from_words", run_id=run_id, number=number),
        run_id=run_id,
        carried=[(name, value) for name, value in request.form.items(multi=True) if name not in _NOT_CARRIED],
    )


@pages.post("/run/<string(length=16):run_id>/<int:number>/back")
def back_from_words(run_id: str, number: int) -> View:
    """The question again, with the ticks that the person had made on it, not yet sent and not judged."""
    run = this_run()
    if not run.found:
        return lost()
    path = journey.follow(known(), run.answers)
    step = posted_step(path)
    if step is None:
        return redirect(url_for("pages.question", run_id=run_id, number=number), 303)
    form = page_form(step.questions, {}, request.form)
    return question_page(run_id, path.steps.index(step) + 1, path, as_filled(form))


def _page(action: str, back: str = "", run_id: str = "", carried: list[tuple[str, str]] | None = None) -> View:
    # A question sends its own form here first, without any words of a letter.
    asked = _FIELD in request.form
    letter = request.form.get(_FIELD, "")
    empty = asked and not letter.strip()
    finder: Finder = current_app.extensions["finder"]
    page = render_template(
        "finder.html",
        action=action,
        back=back,
        run_id=run_id,
        carried=carried or [],
        letter=letter,
        field=_FIELD,
        empty=empty,
        asked=asked and not empty,
        hits=[_told(hit) for hit in finder.find(letter)],
        too_long=len(letter) > LONGEST,
    )
    return (page, 422) if empty else page


def _told(hit: Hit) -> dict[str, object]:
    """A hit as the page shows it: its texts filled, and whether it asks for something however the person feels."""
    knowledge = known()
    return {
        "hit": hit,
        "meaning": filled(knowledge, hit.entry.meaning, words()),
        "caution": filled(knowledge, hit.entry.caution, words()),
        "sources": [knowledge.sources[source] for source in hit.entry.sources],
        "soon": knowledge.dispositions[hit.entry.urgency].label if hit.entry.urgency >= Urgency.SOON else "",
    }
