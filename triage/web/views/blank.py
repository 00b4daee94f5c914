"""The paper twin: the list of papers, and each as a PDF. No answer is in them, so they belong to nobody's run."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from itertools import groupby

from flask import Response, abort, current_app, render_template, request, url_for

from triage.errors import ExportError
from triage.exports.blank import make_paper, print_paper
from triage.exports.typesetting import PAPERS, available
from triage.knowledge import Knowledge
from triage.web.views.context import View, known, pages, words

KEPT = 128
"""So many PDFs are kept: every paper in both sizes, and some room for another address of the guide."""


@pages.get("/paper")
def papers() -> View:
    """The list of papers, one for each place, grouped as where places are asked for."""
    knowledge = known()
    places = knowledge.questions[knowledge.place_question].options
    groups = [(group, list(some)) for group, some in groupby(places, key=lambda place: place.group)]
    return render_template("papers.html", groups=groups, sizes=list(PAPERS), available=available())


@pages.get("/paper/<deposit>")
def paper_of(deposit: str) -> View:
    """One sheet of paper as a PDF; `?paper=letter` for the other size."""
    size = request.args.get("paper", next(iter(PAPERS)))
    if deposit not in known().deposits or size not in PAPERS:
        abort(404)
    filling = tuple(sorted(words().items()))
    online = url_for("pages.start", _external=True)
    demonstration = current_app.extensions["settings"].demonstration
    try:
        pdf = _printer()(deposit, filling, online, demonstration, size)
    except ExportError as error:
        current_app.logger.error("%s", error)
        return render_template("no_paper.html"), 503
    name = f'inline; filename="{deposit}.pdf"'
    return Response(pdf, mimetype="application/pdf", headers={"Content-Disposition": name})


def _printer() -> Callable[..., bytes]:
    """Prints a paper, or has kept it: a paper is the same for everybody at one place."""
    if "papers" not in current_app.extensions:
        current_app.extensions["papers"] = lru_cache(KEPT)(partial(_printed, known()))
    printer: Callable[..., bytes] = current_app.extensions["papers"]
    return printer


def _printed(
    knowledge: Knowledge,
    deposit: str,
    filling: tuple[tuple[str, str], ...],
    online: str,
    demonstration: bool,
    size: str,
) -> bytes:
    return print_paper(make_paper(knowledge, deposit, dict(filling), online, demonstration), knowledge.dated, size)
