"""The headers on every response, errors included. Values and reasons: SECURITY is more than a library default here,
because `Referrer-Policy: no-referrer` would make every form fail over HTTPS.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_OF_A_PDF = "frame-ancestors 'none'"
"""Chrome shows a PDF with an object of its own and obeys the document's policy: with `object-src 'none'` the page stays
empty (crbug.com/271452). A PDF of ours holds no script, and its type may not be guessed."""
_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
_FOR_EVER = ("static", "pages.logo")
"""What a browser may keep: its address changes when it does, and it is the same for everybody."""


def always(secure: bool) -> dict[str, str]:
    """The headers of every response; `secure` where it is reached over HTTPS."""
    if not secure:
        return dict(_ALWAYS)
    return {
        **_ALWAYS,
        "Content-Security-Policy": _POLICY + "; upgrade-insecure-requests",
        "Strict-Transport-Security": "max-age=63072000",
    }


class OnEveryResponse:
    """WSGI around an application: whatever leaves it has the headers of every response, unless it brings its own."""

    def __init__(self, application: WSGIApplication, secure: bool) -> None:
        self._application = application
        self._headers = tuple(always(secure).items())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""

        def start(status: str, headers: list[tuple[str, str]], *failed: Any) -> Any:
            own = {name for name, _ in headers}
            return start_response(status, headers + [one for one in self._headers if one[0] not in own], *failed)

        return self._application(environ, start)


def install(app: Flask, secure: bool, rules_version: str) -> None:
    """Put the headers on every response of the application."""
    app.wsgi_app = OnEveryResponse(app.wsgi_app, secure)  # type: ignore[method-assign]

    @app.after_request
    def add(response: Response) -> Response:
        if response.mimetype == "application/pdf":
            response.headers["Content-Security-Policy"] = _OF_A_PDF
        if request.endpoint in _FOR_EVER and response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            response.headers["Cache-Control"] = "no-store"
            response.headers.add("X-Rules-Version", rules_version)
        if request.path != "/":
            response.headers.add("X-Robots-Tag", "noindex")
        return response
