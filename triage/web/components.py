"""The nhsuk-frontend macros, behind one function; and how a question becomes their parameters.

They live in a Jinja environment of their own: they read keys that may be missing, while a misspelt name in one of our
own pages has to fail. Both escape everything: their files do not end in .html, so Flask alone would not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from jinja2 import ChainableUndefined, Environment, PackageLoader
from markupsafe import Markup

from triage.knowledge import UNSURE
from triage.knowledge.model import NO_ONE, Question
from triage.web.figure import group_id

_environment = Environment(
    loader=PackageLoader("nhsuk_frontend_jinja"),
    undefined=ChainableUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_MACROS = {
    "radios": "radios",
    "checkboxes": "checkboxes",
    "fieldset": "fieldset",
    "error-summary": "errorSummary",
    "error-message": "errorMessage",
    "hint": "hint",
    "back-link": "backLink",
    "button": "button",
    "card": "card",
    "details": "details",
    "summary-list": "summaryList",
    "skip-link": "skipLink",
}


_INDENTED = re.compile(r"\s*\n\s*")
"""Indentation is a tenth of a long list of options; the slowest phones wait for it."""


@cache
def _macro(name: str) -> Any:
    return getattr(_environment.get_template(f"nhsuk/components/{name}/macro.jinja").module, _MACROS[name])


def component(kind: str, /, **params: Any) -> Markup:
    """One component as HTML. Every text in the parameters is escaped."""
    html = str(_macro(kind)(params))
    return Markup(_INDENTED.sub("\n", html))  # noqa: S704 - the macro's own output, made with autoescape on


@lru_cache(maxsize=4096)
def _cached_question(key: _Key) -> Markup:
    return _question(key.question, key.chosen, key.error, key.lead, key.figure)


@dataclass(frozen=True, slots=True)
class _Key:
    """What the HTML of a question depends on. Questions are compared by identity: there is one object for each."""

    question: Question
    chosen: tuple[str, ...]
    error: str
    lead: str | None
    figure: str

    def __hash__(self) -> int:
        return hash((id(self.question), self.chosen, self.error, self.lead))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Key)
            and self.question is other.question
            and (self.chosen, self.error, self.lead) == (other.chosen, other.error, other.lead)
            and self.figure == other.figure
        )


def question_html(
    question: Question, chosen: Sequence[str], error: str, lead: str | None, figure: str = Markup()
) -> Markup:
    """A question with its options. With a `lead` it stands alone: its text is the h1 and the lead its hint.

    `figure` is HTML that stands beside options in groups.

    Kept once made: the macros cost a millisecond and more for each question, and there are few questions.
    """
    return _cached_question(_Key(question, tuple(chosen), error, lead, figure))


def _question(question: Question, chosen: Sequence[str], error: str, lead: str | None, figure: str) -> Markup:
    heading = lead is not None
    hint = " ".join(filter(None, (lead, question.hint)))
    legend = {
        "text": question.text,
        "isPageHeading": heading,
        "classes": "nhsuk-fieldset__legend--l" if heading else "nhsuk-fieldset__legend--m",
    }
    if question.type == "multi" and len(question.groups) > 1:
        return _grouped(question, chosen, error, legend, hint, figure)
    return component(
        "checkboxes" if question.type == "multi" else "radios",
        name=question.id,
        idPrefix=question.id,
        fieldset={"legend": legend},
        hint={"text": hint} if hint else None,
        errorMessage={"text": error} if error else None,
        items=[*_items(question, chosen), *_last_items(question, chosen, divider=question.type == "multi")],
    )


def _item(
    question: Question, value: str, text: str, hint: str, chosen: Sequence[str], body: Sequence[str] = ()
) -> dict[str, Any]:
    first = value == question.allowed[0]
    return {
        "value": value,
        "text": text,
        "id": question.id if first else f"{question.id}-{value}",
        "hint": {"text": hint} if hint else None,
        "checked": value in chosen,
        "attributes": {"data-body": " ".join(body)} if body else None,
    }


def _items(question: Question, chosen: Sequence[str], group: str | None = None) -> list[dict[str, Any]]:
    return [
        _item(question, option.id, option.text, option.hint, chosen, option.body)
        for option in question.options
        if group is None or option.group == group
    ]


def _last_items(question: Question, chosen: Sequence[str], divider: bool) -> list[dict[str, Any]]:
    """ "I'm not sure" and "none of these", apart from the options proper."""
    items: list[dict[str, Any]] = []
    if divider and (question.unsure or question.none):
        items.append({"divider": "or"})
    if question.unsure:
        items.append(_item(question, UNSURE, question.unsure, "", chosen))
    if question.none:
        items.append({**_item(question, NO_ONE, question.none, "", chosen), "behaviour": "exclusive"})
    return items


def _grouped(
    question: Question, chosen: Sequence[str], error: str, legend: dict[str, Any], hint: str, figure: str
) -> Markup:
    """Checkboxes under small headings, each group a fieldset inside the question's own."""
    above: list[Markup] = []
    if hint:
        above.append(component("hint", text=hint, id=f"{question.id}-hint"))
    if error:
        above.append(component("error-message", text=error, id=f"{question.id}-error"))
    parts: list[Markup] = []
    for number, group in enumerate(question.groups, 1):
        fieldset: dict[str, Any] = {"legend": {"text": group, "classes": "nhsuk-fieldset__legend--s"}}
        if figure:
            fieldset |= {"id": group_id(question, number), "attributes": {"tabindex": "-1"}}
        parts.append(
            component(
                "checkboxes",
                name=question.id,
                idPrefix=f"{question.id}-options-{number}",
                fieldset=fieldset,
                items=_items(question, chosen, group),
            )
        )
    last = _last_items(question, chosen, divider=True)
    if last:
        parts.append(component("checkboxes", name=question.id, idPrefix=f"{question.id}-last", items=last))
    if figure:
        parts = [Markup('<div class="beside">{}<div>{}</div></div>').format(figure, Markup().join(parts))]
    described = " ".join(
        part for part, there in ((f"{question.id}-hint", hint), (f"{question.id}-error", error)) if there
    )
    return component(
        "fieldset",
        legend=legend,
        describedBy=described,
        classes="grouped form-group--error" if error else "grouped",
        html=Markup().join([*above, *parts]),
    )
