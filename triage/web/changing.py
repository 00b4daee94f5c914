"""What changing an answer did: which questions are new because of it, and which answers stopped or began to count.

The run keeps only what the changed answers were before; everything else is worked out from the two paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from triage.journey import Answer, Answers, chosen, follow
from triage.knowledge import Knowledge
from triage.knowledge.model import Question

Before = Mapping[str, Answer | None]
"""The answers that were changed or given since the path was last complete, as they were then; None: there was none."""


@dataclass(frozen=True, slots=True)
class ChangedAnswer:
    """An answer before and now, in the words the person saw."""

    question: Question
    before: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What the last change did. Every other answer is as it was."""

    changed: tuple[ChangedAnswer, ...]
    new: tuple[Question, ...]
    """Answered for the first time, because of the change."""
    gone: tuple[Question, ...]
    """No longer asked, so their answers no longer count."""
    back: tuple[Question, ...]
    """Asked again, with the answer that was given before; it counts again."""


def last_change(knowledge: Knowledge, answers: Answers, before: Before) -> Change | None:
    """The last change, or None where nothing is different from before."""
    earlier = {name: answer for name, answer in {**answers, **before}.items() if answer is not None}
    old, now = follow(knowledge, earlier), follow(knowledge, answers)
    changed = tuple(
        ChangedAnswer(question, words(question, old.answers[question.id]), words(question, now.answers[question.id]))
        for question in now.questions
        if question.id in old.answers.keys() & now.answers and old.answers[question.id] != now.answers[question.id]
    )
    if not changed:
        return None
    added = [question for question in now.questions if question.id in now.answers.keys() - old.answers.keys()]
    return Change(
        changed,
        new=tuple(question for question in added if before.get(question.id, "") is None),
        gone=tuple(question for question in old.questions if question.id in old.answers.keys() - now.answers.keys()),
        back=tuple(question for question in added if before.get(question.id, "") is not None),
    )


def words(question: Question, answer: Answer) -> tuple[str, ...]:
    """An answer in the words the person saw."""
    return tuple(map(question.words, chosen(answer)))
