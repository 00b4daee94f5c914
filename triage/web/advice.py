"""The form of a nurse who would advise otherwise: how soon, what kind, and why; the choices are those of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, StringField, ValidationError

from triage.assessment import Assessment
from triage.exports.case_file import WITHHELD, Advice
from triage.knowledge import Knowledge, Urgency
from triage.knowledge.model import REVERSIBILITY
from triage.web.forms import GuardedForm

MOST_LETTERS = 500
"""How long the reason may be."""
_CATEGORY = "category_"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose from."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be said of one deposit, and what the guide says."""

    field: str
    place: str
    says: str


class AdviceForm(GuardedForm):
    """The form. It has no place for who the person is, or who fills it in."""

    urgency = StringField()
    reason = StringField()
    download = HiddenField()

    says: str = ""
    """How soon the guide says."""
    urgencies: Sequence[Choice] = ()
    categories: Sequence[Choice] = ()
    kinds: Sequence[Kind] = ()

    def validate_urgency(self, field: StringField) -> None:
        """One of the urgencies of the rules."""
        if field.data not in [choice.value for choice in self.urgencies]:
            raise ValidationError("Select how soon you would advise help")

    def validate_reason(self, field: StringField) -> None:
        """Something, and not too much of it; a line break is one letter however the browser sends it."""
        field.data = (field.data or "").replace("\r\n", "\n").strip()
        if not field.data:
            raise ValidationError("Write why you would advise otherwise")
        if len(field.data) > MOST_LETTERS:
            raise ValidationError(f"Write at most {MOST_LETTERS} letters; these are {len(field.data)}")

    def urgency_items(self) -> list[dict[str, Any]]:
        """The choices of how soon, for the macro that shows them; the first one has the id that an error leads to."""
        first = self.urgencies[0]
        return [
            {
                "value": choice.value,
                "text": choice.text,
                "id": "urgency" if choice == first else f"urgency-{choice.value}",
                "checked": self.urgency.data == choice.value,
            }
            for choice in self.urgencies
        ]

    def advice(self) -> Advice:
        """What was advised; call it only after `validate_on_submit`."""
        chosen = {kind.field.removeprefix(_CATEGORY): self[kind.field].data for kind in self.kinds}
        return Advice(
            Urgency.of(self.urgency.data or ""),
            {deposit: category for deposit, category in chosen.items() if category},
            self.reason.data or "",
        )

    def error_list(self) -> list[dict[str, str]]:
        """The error summary: each error once, leading to its field."""
        return [
            {"text": str(field.errors[0]), "href": f"#{field.name}"}
            for field in self
            if field.errors and field.name != "csrf_token"
        ]


def advice_form(knowledge: Knowledge, assessment: Assessment, posted: MultiDict[str, str] | None) -> AdviceForm:
    """The form about one result, with what was posted."""
    categories = [Choice(word, knowledge.words[word]) for word in (*REVERSIBILITY, WITHHELD)]

    def known(_: Any, field: StringField) -> None:
        if field.data and field.data not in [choice.value for choice in categories]:
            raise ValidationError("Select one of the answers shown")

    kinds = [
        Kind(
            _CATEGORY + result.deposit.id,
            result.deposit.place,
            knowledge.words[WITHHELD if result.withheld else result.category],
        )
        for result in assessment.deposits
    ]
    made = {
        **{kind.field: StringField(validators=[known]) for kind in kinds},
        "says": knowledge.dispositions[assessment.urgency].label,
        "kinds": kinds,
        "categories": categories,
        "urgencies": [Choice(one.word, knowledge.dispositions[one].label) for one in reversed(Urgency)],
    }
    form: AdviceForm = type("Advised", (AdviceForm,), made)(formdata=posted)
    return form
