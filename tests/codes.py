"""Prints the figures of the codes on sheets; and freezes codes that must be readable for ever.

    python -m tests.codes            how long they are, 100,000 there and back, slips, random texts; some minutes
    python -m tests.codes --freeze   after `python -m triage numbering`: keep codes of the newest edition as a fixture

Exits 1 if an answer set does not come back exactly or a slip is not seen, so no figure can be quoted that is not true.
"""

from __future__ import annotations

import hashlib
import json
import random
import statistics
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from triage import resources
from triage.assessment import without_engine
from triage.errors import CodeError
from triage.exports import code
from triage.exports.code import Handed
from triage.exports.digits import DIGITS
from triage.journey import Answer, Answers, accept, follow, with_usual
from triage.knowledge import UNSURE, Knowledge, load
from triage.knowledge.model import Question
from triage.knowledge.numbering import FILE
from triage.verify.people import random_person

FROZEN = Path(__file__).parent / "exports" / "frozen"
PEOPLE, SLIPPED, RANDOM = 100_000, 1_000, 1_000_000
MADE = date(2026, 11, 22)


def accepted(knowledge: Knowledge, answers: Answers) -> dict[str, Answer]:
    """The answers as the journey keeps them."""
    return {name: accept(knowledge.questions[name], given) for name, given in answers.items()}


def sheet_of(knowledge: Knowledge, answers: Answers, made: date = MADE) -> Handed:
    """What the sheet of these answers hands over."""
    path = follow(knowledge, accepted(knowledge, answers))
    return code.handed(knowledge.numbering, path.answers, without_engine(knowledge, path.findings), made)


def likely_person(knowledge: Knowledge, draw: random.Random) -> dict[str, Answer]:
    """Somebody as they come: a place or two, few warning signs, some illnesses, and any answer to single choices."""
    answers: dict[str, Answer] = {}
    while not (path := follow(knowledge, answers)).complete:
        for question in path.steps[-1].questions:
            answers.setdefault(question.id, accept(question, _likely(knowledge, question, draw)))
    return answers


def _likely(knowledge: Knowledge, question: Question, draw: random.Random) -> Answer:
    options = [option.id for option in question.options if not option.stops]
    if question.type != "multi":
        return draw.choice(question.allowed)
    if question.id == knowledge.place_question:
        return tuple(draw.sample(options, draw.choice((1, 1, 1, 2))))
    if not options or draw.random() < (0.95 if question.tick_wins else 0.7):
        return question.usual
    if question.unsure and draw.random() < 0.15:
        return (UNSURE,)
    return tuple(draw.sample(options, min(len(options), draw.choice((1, 1, 2, 3)))))


def people(knowledge: Knowledge, many: int, draw: random.Random) -> Iterator[Answers]:
    """Half of them as they come, half of them anything at all."""
    for number in range(many):
        yield likely_person(knowledge, draw) if number % 2 else random_person(knowledge, draw)


def slips(typed: str) -> Iterator[str]:
    """Every code with one wrong letter, and every one with two neighbours exchanged."""
    letters = typed.replace("-", "")
    for place, letter in enumerate(letters):
        for other in DIGITS:
            if other != letter:
                yield letters[:place] + other + letters[place + 1 :]
        following = letters[place + 1 : place + 2]
        if following and following != letter:
            yield letters[:place] + following + letter + letters[place + 2 :]


def reads(knowledge: Knowledge, typed: str) -> bool:
    """Whether this is taken for a code."""
    try:
        code.read(knowledge.numbering, typed)
    except CodeError:
        return False
    return True


def lengths(codes: list[str]) -> str:
    """Median, 95th percentile and most, in letters and figures without hyphens."""
    many = sorted(len(typed.replace("-", "")) for typed in codes)
    return f"median {statistics.median(many):.0f}, 95% at most {many[len(many) * 95 // 100]}, longest {many[-1]}"


def case_codes(knowledge: Knowledge) -> list[str]:
    """The code of every case of the rules that gets as far as a sheet."""
    journeys = [path for case in knowledge.cases if not (path := with_usual(knowledge, case.answers)).stopped]
    return [code.write(knowledge.numbering, sheet_of(knowledge, journey.answers)) for journey in journeys]


def main() -> int:
    """Print the figures; 1 when one of them is not what it must be."""
    knowledge = load(resources.folder("rules"))
    draw = random.Random(20261122)  # noqa: S311 - repeatable people, not secrets
    print(f"Rules {knowledge.version}, numbering of edition {knowledge.numbering.newest}")
    print(f"cases of the rules: {lengths(case_codes(knowledge))}")
    sheets = [sheet_of(knowledge, likely_person(knowledge, draw)) for _ in range(2_000)]
    print(f"people as they come: {lengths([code.write(knowledge.numbering, sheet) for sheet in sheets])}")
    wrong = 0
    codes = []
    for number, answers in enumerate(people(knowledge, PEOPLE, draw)):
        sheet = sheet_of(knowledge, answers, MADE + timedelta(number % 3_500))
        typed = code.write(knowledge.numbering, sheet)
        wrong += code.read(knowledge.numbering, typed) != sheet
        if number < SLIPPED:
            codes.append(typed)
    print(f"{PEOPLE} answer sets to a code and back: {wrong} not exact")
    tried = missed = 0
    for typed in codes:
        for slip in slips(typed):
            tried += 1
            missed += reads(knowledge, slip)
    print(f"{tried} slips in {SLIPPED} codes (each wrong letter, each exchange of neighbours): {missed} not seen")
    taken = sum(reads(knowledge, "".join(draw.choices(DIGITS, k=draw.choice((12, 16, 20, 24))))) for _ in range(RANDOM))
    print(f"{RANDOM} random texts of 12 to 24 letters: {taken} taken for a code")
    return 1 if wrong or missed else 0


def sheet_json(sheet: Handed) -> dict[str, Any]:
    """A sheet as the fixture keeps it."""
    return {
        "made": sheet.made.isoformat(),
        "edition": sheet.edition,
        "urgency": sheet.urgency.word,
        "categories": dict(sheet.categories),
        "answers": {name: given if isinstance(given, str) else list(given) for name, given in sheet.answers.items()},
    }


def freeze() -> int:
    """Keep the newest part of the numbering, and forty codes made with it."""
    folder = resources.folder("rules")
    knowledge = load(folder)
    file = FROZEN / f"edition-{knowledge.numbering.newest}.json"
    if file.exists():
        print(f"{file.name} is frozen already; it is never made again.")
        return 1
    draw = random.Random(knowledge.numbering.newest)  # noqa: S311 - repeatable people, not secrets
    sheets = [
        sheet_of(knowledge, answers, MADE + timedelta(90 * number))
        for number, answers in enumerate(people(knowledge, 40, draw))
    ]
    numbering = (folder / FILE).read_bytes()
    codes = {code.write(knowledge.numbering, sheet): sheet_json(sheet) for sheet in sheets}
    frozen = {"bytes": len(numbering), "sha256": hashlib.sha256(numbering).hexdigest(), "codes": codes}
    file.write_text(json.dumps(frozen, indent=1) + "\n", encoding="utf-8")
    print(f"{file.name} is frozen.")
    return 0


if __name__ == "__main__":
    sys.exit(freeze() if sys.argv[1:] == ["--freeze"] else main())
