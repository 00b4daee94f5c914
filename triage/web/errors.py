"""Error pages that still say what to do, and one that cannot fail itself."""

from __future__ import annotations

from flask import Flask, Response, abort, render_template, request
from werkzeug.exceptions import HTTPException

_LAST_RESORT = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>This page did not work</title><h1>This page did not work</h1><p>{emergency}</p>"
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


def install(app: Flask, emergency_line: str) -> None:
    """Handle every error of the application. `emergency_line` is the sentence that must be on each page."""

    @app.before_request
    def bounded() -> None:
        # The server would refuse them as well, but with a page that says nothing.
        if len(request.headers) > _MOST_HEADERS:
            abort(431)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        return _page(error.code or 500)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        app.logger.exception("An error that nobody expected.")
        return _page(500)

    def _page(code: int) -> Response:
        try:
            html = render_template("error.html", title=_TITLES.get(code, "This page did not work"))
        except Exception:
            # The page that explains the failure may fail for the same reason.
            app.logger.exception("The error page failed as well.")
            html = _LAST_RESORT.replace("{emergency}", emergency_line)
        return Response(html, code, mimetype="text/html")
