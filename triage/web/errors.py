"""Error pages that still say what to do, and one that cannot fail itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Flask, Response, abort, g, render_template, request
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from triage.knowledge import Urgency

_LAST_RESORT = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>{title}</title><h1>{title}</h1><p>{emergency}</p>"
    "<p><a href='/'>Start again</a></p>"
)
_TITLES = {
    400: "We could not read what your browser sent",
    404: "This page does not exist",
    405: "This page cannot be used like that",
    413: "Your browser sent too much",
    431: "Your browser sent too much",
}
_MOST_HEADERS = 100
_CAREFUL = Urgency.SAME_DAY
"""The least that is said about a result whose page failed."""


def install(
    app: Flask, emergency_line: str, headings: Mapping[Urgency, str], emergency_ticked: Callable[[], bool]
) -> None:
    """Handle every error of the application.

    `emergency_line` is the sentence that must be on each page; `headings` is what a result of each urgency says first.
    Where a result was already known, or an emergency ticked, its page may fail, but what it says first is still said.
    """

    @app.before_request
    def bounded() -> None:
        # The server would refuse them as well, but with a page that says nothing.
        if len(request.environ) > _MOST_HEADERS and len(request.headers) > _MOST_HEADERS:
            abort(431)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        return _page(error.code or 500)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        app.logger.exception("An error that nobody expected.")
        return _page(500)

    def known_urgency() -> Urgency | None:
        known: Urgency | None = g.get("urgency")
        try:
            return Urgency.EMERGENCY if emergency_ticked() else known
        except Exception:
            app.logger.exception("What was sent cannot be read.")
            return known

    def _page(code: int) -> Response:
        urgency = known_urgency() if code >= 500 else None
        title = _TITLES.get(code, "This page did not work") if urgency is None else headings[max(urgency, _CAREFUL)]
        try:
            html = render_template("error.html", title=title, urgent=urgency, alarm=urgency == Urgency.EMERGENCY)
        except Exception:
            # The page that explains the failure may fail for the same reason.
            app.logger.exception("The error page failed as well.")
            html = _LAST_RESORT.format(title=escape(title), emergency=escape(emergency_line))
        return Response(html, code, mimetype="text/html")
