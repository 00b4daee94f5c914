"""The permanent numbers of questions and options, so that a code on a sheet can be read for ever.

They stand in `rules/numbering.toml`, which only grows at its end: `additions` is the text that has to be added, and
`problems` says when something has no number yet. What is taken out of the rules keeps its number and is never used
again for anything else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from triage.knowledge.criteria import AllOf, AnyOf, Criterion, Test
from triage.knowledge.model import Knowledge, NumberedEdition, NumberedQuestion, Numbering, Question
from triage.knowledge.table import Table

FILE = "numbering.toml"
HEAD = """\
# Written by `python -m triage numbering`, never by hand. The codes on people's sheets are read with it, so nothing here
# is ever changed, moved or taken out: it grows at its end only. 'expected' and 'when' are guesses that shorten codes.
"""
_REMEDY = "run 'python -m triage numbering'"


# -- reading -----------------------------------------------------------------------------------------------------------


def read_numbering(tables: Iterable[Table]) -> Numbering:
    """The numbering as its tables say it, with every fault noted at the table."""
    editions: list[NumberedEdition] = []
    questions: dict[str, NumberedQuestion] = {}
    for table in tables:
        edition = len(editions) + 1
        table.name = f"numbered {edition}"
        if table.number("edition") != edition:
            table.problem(f"'edition' must be {edition}: editions are numbered in the order of the file")
        editions.append(NumberedEdition(version=table.text("version"), dated=table.day("dated")))
        for inner in table.tables("question"):
            question = _question(inner, edition)
            if question.id in questions:
                inner.problem("this question has a number already; options are added with [[numbered.options]]")
            questions.setdefault(question.id, question)
        for inner in table.tables("options"):
            name = inner.text("question")
            if name not in questions:
                inner.problem(f"'{name}' has no number yet")
                continue
            added, before = inner.texts("options"), questions[name]
            since = (*before.since, *[edition] * len(added))
            questions[name] = replace(before, options=(*before.options, *added), since=since)
            inner.done()
        table.done()
    return Numbering(tuple(editions), tuple(questions.values()))


def _question(table: Table, edition: int) -> NumberedQuestion:
    options = table.texts("options")
    question = NumberedQuestion(
        id=table.text("id"),
        edition=edition,
        several=table.flag("several"),
        places=table.flag("places"),
        options=options,
        since=(edition,) * len(options),
        expected=table.texts("expected", required=False),
        when=_criterion(table.take("when", dict, 'a table such as { joint_hot = ["yes"] }', {}, False)),
    )
    for option in question.expected:
        if option not in question.offered(edition):
            table.problem(f"'expected' names '{option}', which is no option")
    table.done()
    return question


def _criterion(raw: Mapping[str, object]) -> Criterion:
    parts: list[Criterion] = []
    for name, value in raw.items():
        listed = value if isinstance(value, list) else [value]
        if name == "any":
            parts.append(AnyOf(tuple(_criterion(branch) for branch in listed if isinstance(branch, dict))))
        else:
            parts.append(Test(name, tuple(map(str, listed))))
    return AllOf(tuple(parts))


# -- what has no number yet --------------------------------------------------------------------------------------------


def _missing(knowledge: Knowledge) -> tuple[list[Question], dict[str, list[str]]]:
    """The questions without a number, and the options without one of the questions that have theirs."""
    numbered = {question.id: question for question in knowledge.numbering.questions}
    questions = [question for question in knowledge.questions.values() if question.id not in numbered]
    options: dict[str, list[str]] = {}
    for question in knowledge.questions.values():
        known = numbered[question.id].offered(knowledge.numbering.newest) if question.id in numbered else ()
        missing = [option for option in question.allowed if known and option not in known]
        if missing:
            options[question.id] = missing
    return questions, options


def problems(knowledge: Knowledge) -> Iterator[str]:
    """What has no number yet, and what a code made earlier would read as something else."""
    questions, options = _missing(knowledge)
    for question in questions:
        yield f"{question.file}: {question.id}: has no number, so no code can hold its answer; {_REMEDY}"
    for name, missing in options.items():
        file = knowledge.questions[name].file
        yield f"{file}: {name}: {', '.join(missing)} has no number, so no code can hold it; {_REMEDY}"
    newest = knowledge.numbering.editions[-1:]
    if not newest or (newest[0].version, newest[0].dated) != (knowledge.edition, knowledge.dated):
        yield f"edition.toml: edition: '{knowledge.edition}' of that date has no number yet; {_REMEDY}"
    for numbered in knowledge.numbering.questions:
        today = knowledge.questions.get(numbered.id)
        if today and (today.type == "multi") != numbered.several:
            yield f"{today.file}: {today.id}: earlier codes hold answers of another type; give the question a new id"
        if today and (today.id == knowledge.place_question) != numbered.places:
            yield f"{today.file}: {today.id}: earlier codes know another question of places; give the question a new id"


def additions(knowledge: Knowledge) -> str:
    """What has to be added at the end of the file; empty when everything has its number."""
    questions, options = _missing(knowledge)
    newest = knowledge.numbering.editions[-1:]
    known = bool(newest) and (newest[0].version, newest[0].dated) == (knowledge.edition, knowledge.dated)
    if known and not questions and not options:
        return ""
    number = knowledge.numbering.newest + 1
    lines = ["", "[[numbered]]", f"edition = {number}", f"version = {_told(knowledge.edition)}"]
    lines.append(f"dated = {knowledge.dated.isoformat()}")
    for name, added in options.items():
        lines += ["", "[[numbered.options]]", f"question = {_told(name)}", f"options = {_told(added)}"]
    for question in questions:
        lines += ["", "[[numbered.question]]", f"id = {_told(question.id)}"]
        places = question.id == knowledge.place_question
        lines += ["several = true"] * (question.type == "multi") + ["places = true"] * places
        lines.append(f"options = {_told(list(question.allowed))}")
        if question.usual and not places:
            lines.append(f"expected = {_told(list(question.usual))}")
        when = _written(question.enable_when)
        if when:
            lines.append(f"when = {when}")
    return "\n".join(lines) + "\n"


def _told(value: str | list[str]) -> str:
    """A text or a list of texts as TOML; JSON writes both in the same way."""
    return json.dumps(value, ensure_ascii=False)


def _written(criterion: Criterion) -> str:
    """A criterion as TOML, as authors write it but with every value in a list; empty when it always holds."""
    parts = criterion.parts if isinstance(criterion, AllOf) else (criterion,)
    written: dict[str, str] = {}
    for part in parts:
        if isinstance(part, Test):
            written[part.finding] = _told(list(part.values))
        elif isinstance(part, AnyOf):
            written["any"] = f"[{', '.join(_written(branch) for branch in part.parts)}]"
    return "{ " + ", ".join(f"{name} = {value}" for name, value in written.items()) + " }" if written else ""
