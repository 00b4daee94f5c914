"""The case file of somebody who would advise otherwise: one `[[case]]` that the rules can be tried with.

It holds the answers, what was advised and why, and nothing about whose answers they are. `rules/README.md` says what a
case is. TOML is written by hand here: the standard library only reads it, and all that a case needs is texts and lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from triage.assessment import Assessment
from triage.journey import Journey
from triage.knowledge import Knowledge, Urgency

WITHHELD = "withheld"
"""The category of a deposit of which nothing is said."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What somebody would advise, and why."""

    urgency: Urgency
    categories: Mapping[str, str]
    """Deposit id to category or `withheld`: only where it was judged."""
    reason: str


def case_file(knowledge: Knowledge, journey: Journey, assessment: Assessment, advice: Advice) -> str:
    """The text of a TOML file with one case, ready to be put at the end of a file of the rules."""
    return "\n".join(_lines(knowledge, journey, assessment, advice)) + "\n"


def _lines(knowledge: Knowledge, journey: Journey, assessment: Assessment, advice: Advice) -> Iterator[str]:
    shown = {result.deposit.id: WITHHELD if result.withheld else result.category for result in assessment.deposits}
    yield "# A case proposed by somebody who would advise otherwise than the guide. Status: proposed."
    yield "# To try it, put it at the end of a file in rules/deposits/ and run: python -m triage check"
    yield _comment(f"Rules: {knowledge.version}")
    yield _comment(f"The guide says: {assessment.urgency.word}; " + "; ".join(f"{d}: {c}" for d, c in shown.items()))
    yield _comment("What counted: " + (", ".join(rule.id for rule in (f.rule for f in assessment.counting)) or "none"))
    yield "[[case]]"
    yield f"id = {quoted('proposed-' + _digest(journey, advice))}"
    yield f"story = {quoted('Somebody whose answers in the guide came out otherwise than their nurse would advise.')}"
    yield f"note = {quoted(advice.reason)}"
    yield f"urgency = {quoted(advice.urgency.word)}"
    if advice.categories:
        yield f"reversibility = {{ {', '.join(f'{d} = {quoted(c)}' for d, c in advice.categories.items())} }}"
    yield "[case.answers]"
    for question in journey.questions:
        given = journey.answers.get(question.id)
        if given is not None:
            chosen = (given,) if isinstance(given, str) else given
            yield _comment(f"{question.text} {'; '.join(question.words(word) for word in chosen)}")
            yield f"{question.id} = {quoted(given) if isinstance(given, str) else _list(given)}"


def quoted(text: str) -> str:
    """Any text as a TOML basic string on one line: whatever cannot be seen is written as its number."""
    return '"' + "".join(map(_character, text.encode("utf-8", "replace").decode())) + '"'


def _character(one: str) -> str:
    short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}.get(one)
    return short or (one if one.isprintable() else f"\\U{ord(one):08X}")


def _list(words: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, words))}]"


def _comment(text: str) -> str:
    return "# " + " ".join(text.split())


def _digest(journey: Journey, advice: Advice) -> str:
    """A name for the case that says nothing: the same answers and advice give the same."""
    what = repr((sorted(journey.answers.items()), advice.urgency, sorted(advice.categories.items()), advice.reason))
    return blake2b(what.encode("utf-8", "replace"), digest_size=4).hexdigest()
