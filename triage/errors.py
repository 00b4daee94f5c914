"""Every exception this project raises on purpose, each with the evidence that its reader needs.

Nothing else lives here, and every room may come in.
"""

from __future__ import annotations

from collections.abc import Sequence


class GuideError(Exception):
    """The base of all our errors; `str()` of one is always a sentence for the person who can mend it."""


class KnowledgeError(GuideError):
    """The knowledge in `rules/` cannot be used. `problems` holds every fault found, one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class AnswerError(GuideError):
    """Answers that the journey cannot accept. `problems` names each question and what is allowed there."""

    def __init__(self, problems: Sequence[str]) -> None:
        # One line each, whatever line breaks came in with the answers.
        self.problems = tuple(" ".join(problem.split()) for problem in problems)
        super().__init__("\n".join(self.problems))


class EngineError(GuideError):
    """durable-rules did not give a complete, trustworthy answer; the caller must use the witness instead."""


class ExportError(GuideError):
    """Something could not be put into another form, such as a PDF; the page itself is still there."""


class SettingsError(GuideError):
    """A `TRIAGE_*` setting is missing or unusable. `problems` says which, and what would be accepted."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class CodeError(GuideError):
    """A code that cannot be read, or answers that none can hold. It holds health answers, so it is never repeated."""

    def __init__(self, problem: str, groups: Sequence[int] = ()) -> None:
        self.groups = tuple(groups)
        """The groups, counted from 1, of which one looks wrong; empty where that cannot be told."""
        super().__init__(problem)
