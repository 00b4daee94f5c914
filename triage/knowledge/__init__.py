"""What `rules/` says, as frozen dataclasses. Imports nothing of ours but the errors; every later room reads it."""

from triage.knowledge.criteria import NO, NOT_ANSWERED, NOT_ASKED, UNSURE, YES, AllOf, AnyOf, Criterion, Findings, Test
from triage.knowledge.load import load, read
from triage.knowledge.model import Knowledge, Rule, Urgency

__all__ = [
    "NO",
    "NOT_ANSWERED",
    "NOT_ASKED",
    "UNSURE",
    "YES",
    "AllOf",
    "AnyOf",
    "Criterion",
    "Findings",
    "Knowledge",
    "Rule",
    "Test",
    "Urgency",
    "load",
    "read",
]
