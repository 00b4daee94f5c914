"""The nhsuk-frontend macros, behind one function; and how a question becomes their parameters.

They live in a Jinja environment of their own: they read keys that may be missing, while a misspelt name in one of our
own pages has to fail. Both escape everything: their files do not end in .html, so Flask alone would not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from jinja2 import ChainableUndefined, Environment, PackageLoader
from markupsafe import Markup

from triage.knowledge import UNSURE
from triage.knowledge.model import NO_ONE, Option, Question
from triage.web.figure import group_id
from triage.web.glossary import Glossary

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


def component(kind: str, /, kept: bool = False, **params: Any) -> Markup:
    """One component as HTML. Every text in the parameters is escaped.

    With `kept` it is kept once made, because a macro costs as much as the rest of a small page: only for what shows no
    answer and no address of anybody.
    """
    return _kept(kind, **params) if kept else _made(kind, **params)


def _made(kind: str, /, **params: Any) -> Markup:
    html = str(_macro(kind)(params))
    return Markup(_INDENTED.sub("\n", html))  # noqa: S704 - the macro's own output, made with autoescape on


_kept = lru_cache(maxsize=64)(_made)


_BACK_LINK = Markup('<a class="nhsuk-back-link" href="{}">{}</a>')


def back_link(text: str, address: str) -> Markup:
    """The link above a page of a run. By hand, because what the macro makes could not be kept: it would hold
    the address of a run.
    """
    return _BACK_LINK.format(address, text)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the HTML of a question depends on."""

    hard_words: Glossary
    question: Question
    chosen: tuple[str, ...]
    error: str
    lead: str | None
    figure: str


def question_html(
    hard_words: Glossary, question: Question, chosen: Sequence[str], error: str, lead: str | None, figure: str = ""
) -> Markup:
    """A question with its options and why it is asked. With a `lead` it stands alone: its text is the h1 and the lead
    its hint. `figure` is HTML that stands beside options in groups.

    Kept once made: the macros cost a millisecond and more for each question, and there are few questions.
    """
    return _cached(_Asked(hard_words, question, tuple(chosen), error, lead, figure))


@lru_cache(maxsize=4096)
def _cached(asked: _Asked) -> Markup:
    return _Drawing(asked).drawn()


class _Drawing:
    """One question on its way to HTML. Each hard word is explained where it stands first."""

    def __init__(self, asked: _Asked) -> None:
        self.asked = asked
        self.question = asked.question
        self.explained: set[str] = set()

    def drawn(self) -> Markup:
        """All of it: the legend, the hint, the error, the options, and why it is asked."""
        question, error = self.question, self.asked.error
        hint = self._hint(question.text, " ".join(filter(None, (self.asked.lead, question.hint))))
        draw = self._grouped if question.type == "multi" and len(question.groups) > 1 else self._plain
        html = draw(hint, error)
        why = component("details", summaryText="Why we ask", html=self._explained(question.why))
        return Markup("{}{}").format(html, why)

    def _plain(self, hint: Markup, error: str) -> Markup:
        question = self.question
        return component(
            "checkboxes" if question.type == "multi" else "radios",
            name=question.id,
            idPrefix=question.id,
            fieldset={"legend": self._legend()},
            hint={"html": hint} if hint else None,
            errorMessage={"text": error} if error else None,
            items=[*self._items(question.options), *self._last_items(divider=question.type == "multi")],
        )

    def _grouped(self, hint: Markup, error: str) -> Markup:
        """Checkboxes under small headings, each group a fieldset inside the question's own."""
        question, figure = self.question, self.asked.figure
        above: dict[str, Markup] = {}
        if hint:
            above[f"{question.id}-hint"] = component("hint", html=hint, id=f"{question.id}-hint")
        if error:
            above[f"{question.id}-error"] = component("error-message", text=error, id=f"{question.id}-error")
        parts: list[Markup] = []
        for number, group in enumerate(question.groups, 1):
            fieldset: dict[str, Any] = {"legend": {"text": group, "classes": "nhsuk-fieldset__legend--s"}}
            if figure:
                fieldset |= {"id": group_id(question, number), "attributes": {"tabindex": "-1"}}
            options = [option for option in question.options if option.group == group]
            parts.append(self._boxes(f"options-{number}", self._items(options), fieldset=fieldset))
        last = self._last_items(divider=True)
        if last:
            parts.append(self._boxes("last", last))
        if figure:
            parts = [Markup('<div class="beside">{}<div>{}</div></div>').format(figure, Markup().join(parts))]
        return component(
            "fieldset",
            legend=self._legend(),
            describedBy=" ".join(above),
            classes="grouped form-group--error" if error else "grouped",
            html=Markup().join([*above.values(), *parts]),
        )

    def _boxes(self, part: str, items: list[dict[str, Any]], **more: Any) -> Markup:
        name = self.question.id
        return component("checkboxes", name=name, idPrefix=f"{name}-{part}", items=items, **more)

    def _legend(self) -> dict[str, Any]:
        heading = self.asked.lead is not None
        size = "nhsuk-fieldset__legend--l" if heading else "nhsuk-fieldset__legend--m"
        return {"text": self.question.text, "isPageHeading": heading, "classes": size}

    def _items(self, options: Iterable[Option]) -> list[dict[str, Any]]:
        return [self._item(option.id, option.text, option.hint, option.body) for option in options]

    def _item(self, value: str, text: str, hint: str = "", body: Sequence[str] = ()) -> dict[str, Any]:
        first = value == self.question.allowed[0]
        html = self._hint(text, hint)
        return {
            "value": value,
            "text": text,
            "id": self.question.id if first else f"{self.question.id}-{value}",
            "hint": {"html": html} if html else None,
            "checked": value in self.asked.chosen,
            "attributes": {"data-body": " ".join(body)} if body else None,
        }

    def _last_items(self, divider: bool) -> list[dict[str, Any]]:
        """ "I'm not sure" and "none of these", apart from the options proper."""
        question = self.question
        items: list[dict[str, Any]] = []
        if divider and (question.unsure or question.none):
            items.append({"divider": "or"})
        if question.unsure:
            items.append(self._item(UNSURE, question.unsure))
        if question.none:
            items.append({**self._item(NO_ONE, question.none), "behaviour": "exclusive"})
        return items

    def _hint(self, label: str, hint: str) -> Markup:
        """A hint, and the hard words of its label: a label is pressed to answer, so no button fits into it."""
        asked = self.asked.hard_words.asked([label], self.explained, f"{self.question.id}-")
        return Markup(" ").join(filter(None, (self._explained(hint), asked)))

    def _explained(self, text: str) -> Markup:
        return self.asked.hard_words.explained(text, self.explained, f"{self.question.id}-")
