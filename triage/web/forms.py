"""A form for each page, made from its questions: one field type for each question type, and our own words for errors.

The journey decides what an answer is (`journey.accept`); a field only carries it there and back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, HiddenField, SelectMultipleField, StringField, ValidationError
from wtforms.validators import AnyOf as OneOfThese

from triage.errors import AnswerError
from triage.journey import Answer, accept
from triage.knowledge.model import Question

_PREFIX = "q_"
"""A field named like an attribute of the form (`data`, `errors`) would replace it, so every field has a prefix."""


class OneValue(StringField):
    """A single answer. Two values for one question are refused, never the first one taken."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take the posted value."""
        self.data = valuelist[0] if len(valuelist) == 1 else None
        if len(valuelist) > 1:
            raise ValueError("Choose one answer only")


class ManyValues(SelectMultipleField):
    """Several answers, in the order posted; the journey checks them against the options."""

    def __init__(self, **given: Any) -> None:
        super().__init__(choices=[], **given)

    def pre_validate(self, form: Any) -> None:
        """The journey knows the options."""


FIELDS: Mapping[str, Callable[..., Field]] = {"yes-no": OneValue, "choice": OneValue, "multi": ManyValues}


class Accepted:
    """A WTForms validator that lets the journey accept the answer."""

    def __init__(self, question: Question) -> None:
        self.question = question

    def __call__(self, form: Any, field: Field) -> None:
        if not field.data:
            what = "Select all that apply, or the last answer" if self.question.type == "multi" else "Select an answer"
            raise ValidationError(f"{what}: {self.question.text}")
        try:
            accept(self.question, field.data)
        except AnswerError as error:
            if self.question.none and "none" in field.data and set(field.data) <= set(self.question.allowed):
                raise ValidationError(f'Select either answers, or "{self.question.none}"') from error
            raise ValidationError(f"Select one of the answers shown: {self.question.text}") from error


class _Checks(FlaskForm.Meta.csrf_class):
    """Checks the token of a form and makes none: the pages write it themselves, and most forms are never shown."""

    def generate_csrf_token(self, csrf_token_field: Field) -> str:
        """None is needed."""
        return ""


class GuardedForm(FlaskForm):
    """A form that carries the token of its run."""

    class Meta(FlaskForm.Meta):
        csrf_class = _Checks


class PageForm(GuardedForm):
    """The form of one page: its questions, which page it is, and where to go on."""

    page = HiddenField()
    back_to_check = HiddenField(validators=[OneOfThese(["", "yes"])])

    questions: Sequence[Question] = ()

    def field(self, question: Question) -> Field:
        """The field of a question."""
        field: Field = self[_PREFIX + question.id]
        return field

    def given(self, question: Question) -> tuple[str, ...]:
        """What was chosen, to be shown again."""
        data = self.field(question).data
        return tuple(data) if isinstance(data, list | tuple) else (data,) if data else ()

    def answers(self) -> dict[str, Answer]:
        """The accepted answers; call it only after `validate_on_submit`."""
        return {question.id: accept(question, self.field(question).data) for question in self.questions}

    def problems(self) -> dict[Question, str]:
        """The questions that have an error, with the first one of each."""
        errors = {question: self.field(question).errors for question in self.questions}
        return {question: str(found[0]) for question, found in errors.items() if found}


def error_list(problems: Mapping[Question, str]) -> list[dict[str, str]]:
    """The error summary: each error once, leading to the first option of its question."""
    return [{"text": error, "href": f"#{question.id}"} for question, error in problems.items()]


def page_form(
    questions: Sequence[Question], answers: Mapping[str, Answer], posted: MultiDict[str, str] | None
) -> PageForm:
    """The form of a page, filled with what was posted or else with the answers given before."""
    before = {_PREFIX + name: list(value) if isinstance(value, tuple) else value for name, value in answers.items()}
    return _form_class(tuple(questions))(formdata=posted, data=before)


@lru_cache(maxsize=512)
def _form_class(questions: tuple[Question, ...]) -> type[PageForm]:
    """Kept, because WTForms looks through a class when it is first used; there are few pages."""
    fields: dict[str, Any] = {
        _PREFIX + question.id: FIELDS[question.type](name=question.id, validators=[Accepted(question)])
        for question in questions
    }
    return type("QuestionPage", (PageForm,), {**fields, "questions": questions})
