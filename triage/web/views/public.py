"""The pages that belong to nobody's run: start, about, flow, proof, health."""

from __future__ import annotations

from flask import Response, abort, current_app, render_template

from triage import cases
from triage.flow import draw, flow
from triage.verify.record import Record
from triage.web.settings import Logo
from triage.web.views.context import View, assessor, kept_page, known, pages, words

_READY_CASES = 20
"""Enough to meet every urgency, few enough to be asked every few seconds."""


@pages.get("/")
def start() -> View:
    """What this is, what to do in an emergency, and the button."""
    return kept_page(_start)


def _start() -> str:
    return render_template("start.html")


@pages.get("/about")
def about() -> View:
    """Whose guide this is, whom it tells to call, sources, versions, intended purpose."""
    return render_template("about.html", knowledge=known(), settings=current_app.extensions["settings"], words=words())


@pages.get("/privacy")
def privacy() -> View:
    """What is kept where and for how long, at this place and with its settings."""
    return render_template("privacy.html", settings=current_app.extensions["settings"])


@pages.get("/static/logo/<digest>.png")
def logo(digest: str) -> View:
    """The clinic's picture. Its address changes with it, so browsers may keep it for ever."""
    picture: Logo | None = current_app.extensions["settings"].logo
    if picture is None or digest != picture.digest:
        return abort(404)
    return Response(picture.content, mimetype="image/png")


@pages.get("/flow")
def flows() -> View:
    """The list of pictures: one for everyone, and one for each place, grouped as where places are asked for."""
    knowledge = known()
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
    kind = known().deposits.get(deposit)
    return _flow_page(kind.place, kind.id) if kind else abort(404)


def _flow_page(place: str, deposit: str) -> View:
    read = flow(known(), deposit)
    return render_template("flow.html", place=place, deposit=deposit, flow=read, strips=draw(read))


@pages.get("/proof")
def proof() -> View:
    """For a clinic's safety officer: what is proved about the rules, what is not, and the hazard log."""
    knowledge = known()
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


@pages.get("/timed-out")
def timed_out() -> View:
    """After a kiosk has cleared the answers of somebody who was not there any more."""
    return render_template("timed_out.html")


@pages.get("/healthz")
def healthz() -> View:
    """200 when the self-check at start passed: every case of the rules through the engine."""
    problems: list[str] = current_app.extensions["self_check"]
    return _health(problems)


@pages.get("/readyz")
def readyz() -> View:
    """200 when this process gives right results now: some cases of the rules, through the engine."""
    every = known().cases
    some = every[:: max(1, len(every) // _READY_CASES)][:_READY_CASES]
    return _health(list(cases.failures([cases.run(assessor(), case) for case in some])))


def _health(problems: list[str]) -> Response:
    text = "ok\n" if not problems else "\n".join(problems) + "\n"
    return Response(text, 503 if problems else 200, mimetype="text/plain")
