"""The guide in the browser: `create_app` puts settings, state, headers, errors and pages together.

No clinical word and no rule is known here; views ask the rooms behind them.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from triage import cases, resources
from triage.assessment import Assessor
from triage.finder import Finder
from triage.knowledge import Knowledge, load
from triage.knowledge.model import REVERSIBILITY
from triage.knowledge.telling import filled
from triage.verify import record
from triage.web import errors, glossary, headers, logs
from triage.web.addresses import url_for
from triage.web.components import back_link, component, question_html
from triage.web.forms import error_list
from triage.web.kept import KeptPages
from triage.web.settings import Settings, read
from triage.web.state import SealedCookies
from triage.web.views import pages
from triage.web.views.answering import emergency_ticked
from triage.web.views.context import notice, now


def create_app(environ: Mapping[str, str] | None = None, rules: Path | None = None) -> Flask:
    """The application.

    Raises:
        SettingsError: a `TRIAGE_*` variable is missing or unusable.
        KnowledgeError: the rules cannot be used.
    """
    folder = rules or resources.folder("rules")
    knowledge = load(folder)
    settings = read(os.environ if environ is None else environ, knowledge.regions)
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
    keys = (settings.secret_key, *settings.fallback_keys)
    app.session_interface = SealedCookies(keys, settings.secure, knowledge.numbering)
    if settings.behind_proxy:
        # Only whether it was HTTPS. Who asked is for nobody to know.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=1)  # type: ignore[method-assign]
    logs.install(app, knowledge.version, every_request=not settings.demonstration)
    CSRFProtect(app)
    app.extensions["settings"] = settings
    assessor = app.extensions["assessor"] = Assessor(knowledge)
    app.extensions["finder"] = Finder(knowledge)
    app.extensions["kept_pages"] = KeptPages()
    app.extensions["proof"] = record.read(folder)
    app.extensions["clock"] = lambda: datetime.now(UTC)
    problems = app.extensions["self_check"] = list(cases.failures(cases.run_all(assessor)))
    for problem in problems:
        app.logger.error("Self-check: %s", problem)
    _prepare_templates(app, knowledge, settings)
    headers.install(app, settings.secure, knowledge.version)
    headings = {u: filled(knowledge, d.heading, settings.words) for u, d in knowledge.dispositions.items()}
    emergency_line = filled(knowledge, knowledge.notices["emergency_line"].text, settings.words)
    errors.install(app, emergency_line, headings, emergency_ticked)
    app.register_blueprint(pages)
    return app


def _prepare_templates(app: Flask, knowledge: Knowledge, settings: Settings) -> None:
    # A misspelt name must fail, not print nothing; and everything is escaped whatever a template's name ends in.
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.autoescape = True
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    versions = {path.name: _digest(path) for path in Path(app.static_folder or "").iterdir() if path.is_file()}

    def static_url(name: str) -> str:
        return url_for("static", filename=name, v=versions[name])

    def overdue() -> bool:
        return knowledge.due < now().date()

    app.jinja_env.filters["dialled"] = lambda phone: re.sub(r"[^+0-9]", "", phone)

    def strip(category: str) -> list[tuple[str, bool]]:
        """Every category in short words, and whether it is this one."""
        return [(knowledge.words[f"strip-{other}"], other == category) for other in REVERSIBILITY]

    def macros(file: str) -> Any:
        """The macros of a file. `import` looks through everything that a page knows before it gives the same."""
        return app.jinja_env.get_template(file).module

    hard_words = glossary.Glossary(knowledge)
    app.jinja_env.globals.update(
        strip=strip,
        explain_hard_words=glossary.begin,
        said=partial(glossary.said, hard_words),
        macros=macros,
        url_for=url_for,
        component=component,
        back_link=back_link,
        error_list=error_list,
        question_html=partial(question_html, hard_words),
        notice=notice,
        static_url=static_url,
        overdue=overdue,
        demonstration=settings.demonstration,
        emergency_number=settings.emergency_number,
        clinic_name=settings.clinic_name,
        clinic_phone=settings.clinic_phone,
        opening_hours=settings.opening_hours,
        clinic_url=settings.clinic_url,
        clinic_logo=settings.logo,
        urgent_line=settings.urgent_line,
        urgent_phone=settings.urgent_phone,
        kiosk_minutes=settings.kiosk_idle_minutes,
        kiosk_seconds=settings.kiosk_idle_minutes * 60,
        rules_version=knowledge.version,
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]
