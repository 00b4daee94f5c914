"""The guide in the browser: `create_app` puts settings, state, headers, errors and pages together.

No clinical word and no rule is known here; views ask the rooms behind them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, url_for
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from triage import cases, resources
from triage.assessment import Assessor
from triage.knowledge import Knowledge, load
from triage.knowledge.telling import filled
from triage.verify import record
from triage.web import errors, headers, logs
from triage.web.components import component, question_html
from triage.web.settings import Settings, read
from triage.web.state import SealedCookies
from triage.web.views import pages


def create_app(environ: Mapping[str, str] | None = None, rules: Path | None = None) -> Flask:
    """The application.

    Raises:
        SettingsError: a `TRIAGE_*` variable is missing or unusable.
        KnowledgeError: the rules cannot be used.
    """
    settings = read(os.environ if environ is None else environ)
    folder = rules or resources.folder("rules")
    knowledge = load(folder)
    app = Flask(
        "triage", template_folder=str(resources.folder("templates")), static_folder=str(resources.folder("static"))
    )
    app.config.update(
        SECRET_KEY=settings.secret_key,
        WTF_CSRF_SECRET_KEY=settings.csrf_key,
        WTF_CSRF_TIME_LIMIT=None,  # a form lives as long as its run
        WTF_CSRF_SSL_STRICT=False,  # the referrer may be stripped; the token and SameSite cookies stand guard
        WTF_CSRF_CHECK_DEFAULT=False,  # checked by the form itself, which can then keep the posted answer
        MAX_CONTENT_LENGTH=16 * 1024,
        MAX_FORM_MEMORY_SIZE=8 * 1024,
        MAX_FORM_PARTS=200,
        # The machine itself may ask how it is; a proxy forwards no request for that name.
        TRUSTED_HOSTS=[*settings.trusted_hosts, "localhost"] if settings.trusted_hosts else None,
        PREFERRED_URL_SCHEME="https" if settings.secure else "http",
        SEND_FILE_MAX_AGE_DEFAULT=31536000,
    )
    if settings.behind_proxy:
        # Only whether it was HTTPS. Who asked is for nobody to know.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=1)  # type: ignore[method-assign]
    logs.install(app, knowledge.version, every_request=not settings.demonstration)
    ids = [word for question in knowledge.questions.values() for word in (question.id, *question.allowed)]
    app.session_interface = SealedCookies((settings.secret_key, *settings.fallback_keys), settings.secure, ids)
    CSRFProtect(app)
    app.extensions["settings"] = settings
    assessor = app.extensions["assessor"] = Assessor(knowledge)
    app.extensions["proof"] = record.read(folder)
    problems = app.extensions["self_check"] = list(cases.failures(cases.run_all(assessor)))
    for problem in problems:
        app.logger.error("Self-check: %s", problem)
    _prepare_templates(app, knowledge, settings)
    headers.install(app, settings.secure, knowledge.version)
    errors.install(app, _notice(knowledge, settings, "emergency_line"))
    app.register_blueprint(pages)
    return app


def _notice(knowledge: Knowledge, settings: Settings, role: str) -> str:
    return filled(knowledge, knowledge.notices[role].text, settings.words)


def _prepare_templates(app: Flask, knowledge: Knowledge, settings: Settings) -> None:
    # A misspelt name must fail, not print nothing; and everything is escaped whatever a template's name ends in.
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.autoescape = True
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    versions = {path.name: _digest(path) for path in Path(app.static_folder or "").iterdir() if path.is_file()}

    def static_url(name: str) -> str:
        return url_for("static", filename=name, v=versions[name])

    def overdue() -> bool:
        return knowledge.due < datetime.now(UTC).date()

    app.jinja_env.globals.update(
        component=component,
        question_html=question_html,
        notice=lambda role: _notice(knowledge, settings, role),
        static_url=static_url,
        overdue=overdue,
        demonstration=settings.demonstration,
        emergency_number=settings.emergency_number,
        clinic_name=settings.clinic_name,
        clinic_phone=settings.clinic_phone,
        rules_version=knowledge.version,
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]
