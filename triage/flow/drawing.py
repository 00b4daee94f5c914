"""Where it stands: a flow laid out as panels of boxes and lines, with every text broken into lines that fit.

Only measures and shapes; no colour and no markup. One panel is one piece that stands alone on a screen and on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import cos, pi, sin

from triage.flow.reading import SILENT, SOONER, Asked, Band, Flow, Outcome
from triage.knowledge import Urgency

WIDTH = 860
"""Of every panel, in the units of all measures below; on a wide screen and on paper one is about as big as a pixel."""
TALLEST = 540
"""A panel is cut before it gets taller, where no line would be cut: two fill a sheet of A4, one a sheet on its side."""
_QUESTION, _ANSWER, _OUTCOME = (2, 172), (204, 260), (512, 346)
_BOTH = (2, 462)
"""The columns: where each begins, and how wide it is. A rule told in words takes the first two."""
_EDGE, _PAD, _GAP, _INDENT = 2, 12, 12, 28
"""Around a panel, inside a box, between two boxes, and before words that a mark or a letter stands beside."""
_SIZES = {"": (14, 18), "strong": (14, 18), "aside": (12, 16)}
"""The height of letters and of lines, for each style."""
_CHIP = 11
"""Half the width of a letter's round frame."""

_EM = {
    **dict.fromkeys("ijl.,:;'\u2019|! ", 0.29),
    **dict.fromkeys("frtI()[]-/“”", 0.43),
    **dict.fromkeys("cksvxyzJ", 0.54),
    **dict.fromkeys("mwMW%—", 0.93),
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZ&+", 0.74),
}
"""How wide a letter is, for a letter of size 1: a little more than most fonts of a page need."""


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text in a box, from the corner of the box."""

    x: int
    y: int
    text: str
    style: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A letter in a round frame around this point, from the corner of the box."""

    x: int
    y: int
    radius: int
    text: str


@dataclass(frozen=True, slots=True)
class Box:
    """A frame with words; `shape` is the outline of its mark."""

    kind: str
    x: int
    y: int
    width: int
    height: int
    words: tuple[Words, ...]
    shape: str = ""
    chips: tuple[Chip, ...] = ()

    @property
    def middle(self) -> int:
        """Half way down, in the panel."""
        return self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class Panel:
    """One piece of the picture, which stands alone on a screen and on paper."""

    title: str
    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[str, ...]
    """From an answer to what it is enough for."""
    branches: tuple[str, ...]
    """From a question to its answers."""


@dataclass(frozen=True, slots=True)
class Strip:
    """The panels under one heading."""

    title: str
    lead: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A box on the left, and those on the right that begin beside it."""

    left: Box
    right: Mapping[str, Box]
    enough_for: tuple[str, ...]

    @property
    def height(self) -> int:
        return max(self.left.height, _stacked(self.right.values()))


def draw(flow: Flow) -> tuple[Strip, ...]:
    """The flow as panels of boxes and lines."""
    parts = [
        Strip(part.title, "", tuple(p for asked in part.questions for p in _question(asked))) for part in flow.parts
    ]
    return (*parts, *(Strip(band.title, band.lead, tuple(_band(band))) for band in flow.bands))


def _question(asked: Asked) -> Iterator[Panel]:
    waiting = {outcome.rule: _outcome(outcome) for outcome in asked.outcomes}
    rows = []
    for answer in asked.answers:
        pieces = [(answer.group, "aside"), (answer.text, ""), *((note, "aside") for note in answer.notes)]
        left = _box("answer", _ANSWER, pieces, letters=answer.counts_in)
        right = {rule: waiting.pop(rule) for rule in answer.enough_for if rule in waiting}
        rows.append(_Row(left, right, answer.enough_for))
    title = f"{asked.number}. {asked.text}"
    when = asked.when
    for some in _cut(rows):
        yield _panel(title, some, _box("question", _QUESTION, [(title, "strong"), (when, "aside")]))
        title, when = f"{asked.number}. {asked.text} (continued)", ""


def _band(band: Band) -> Iterator[Panel]:
    rows = []
    for rule in band.rules:
        left = _box("rule", _BOTH, [(line, "") for line in rule.when], sign=rule.letter)
        rows.append(_Row(left, {rule.outcome.rule: _outcome(rule.outcome)}, (rule.outcome.rule,)))
    title = band.title
    for some in _cut(rows):
        yield _panel(title, some)
        title = f"{band.title} (continued)"


def _outcome(outcome: Outcome) -> Box:
    pieces = [(outcome.label, "strong"), (outcome.text, ""), *((note, "aside") for note in outcome.notes)]
    return _box(outcome.mark, _OUTCOME, [*pieces, (outcome.rule, "aside")], shape=_SHAPES.get(outcome.mark, ""))


def _box(
    kind: str,
    column: tuple[int, int],
    pieces: Iterable[tuple[str, str]],
    sign: str = "",
    shape: str = "",
    letters: Sequence[str] = (),
) -> Box:
    """A box as high as its words need, at the top of the panel: a sign or shape before them, letters below."""
    x, width = column
    left = _PAD + (_INDENT if sign or shape else 0)
    words, bottom = [], _PAD
    for text, style in pieces:
        size, line = _SIZES[style]
        for part in wrapped(text, width - left - _PAD, style):
            bottom += line
            words.append(Words(left, bottom - (line - size) // 2 - 3, part, style))
    chips = [Chip(_PAD + _CHIP - 2, _PAD + _CHIP - 1, _CHIP, sign)] if sign else []
    each = 2 * _CHIP + 4
    in_a_row = (width - 2 * _PAD) // each
    for place, letter in enumerate(letters):
        row, place_in_row = divmod(place, in_a_row)
        if not place_in_row:
            bottom += each + (4 if not row else 0)
        chips.append(Chip(_PAD + _CHIP + place_in_row * each, bottom - _CHIP, _CHIP, letter))
    height = max(bottom, 2 * _CHIP + _PAD if sign else 0) + _PAD
    return Box(kind, x, 0, width, height, tuple(words), shape, tuple(chips))


def wrapped(text: str, width: int, style: str) -> Iterator[str]:
    """The text in lines that are no wider than that, by estimate."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and estimated_width(longer, style) > width:
            yield line
            longer = word
        line = longer
    if line:
        yield line


def estimated_width(text: str, style: str) -> float:
    """How wide a line of text is, by a rough guess at its letters that errs on the wide side."""
    bold = 1.1 if style == "strong" else 1.0
    return sum(_EM.get(letter, 0.62) for letter in text) * _SIZES[style][0] * bold


def _stacked(boxes: Iterable[Box]) -> int:
    heights = [box.height for box in boxes]
    return sum(heights) + _GAP * max(len(heights) - 1, 0)


def _cut(rows: Sequence[_Row]) -> list[list[_Row]]:
    """The rows in as few panels as they need, about equally high."""
    runs = list(_runs(rows))
    fewest = len(_packed(runs, TALLEST))
    return next(packed for limit in range(0, TALLEST + 1, 10) if len(packed := _packed(runs, limit)) == fewest)


def _packed(runs: Iterable[list[_Row]], limit: int) -> list[list[_Row]]:
    """The runs one after the other, in a new panel whenever the limit is reached."""
    panels: list[list[_Row]] = []
    for run in runs:
        if panels and sum(row.height + _GAP for row in (*panels[-1], *run)) <= limit:
            panels[-1].extend(run)
        else:
            panels.append(list(run))
    return panels


def _runs(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """The rows in the smallest runs that no line leaves."""
    begins = {rule: place for place, row in enumerate(rows) for rule in row.right}
    start = 0
    for place in range(1, len(rows) + 1):
        if all(begins[rule] >= place for later in rows[place:] for rule in later.enough_for):
            yield list(rows[start:place])
            start = place


def _panel(title: str, rows: Sequence[_Row], question: Box | None = None) -> Panel:
    y = _EDGE
    starts: list[Box] = []
    ends: dict[str, Box] = {}
    for row in rows:
        starts.append(replace(row.left, y=y + (row.height - row.left.height) // 2))
        at = y + (row.height - _stacked(row.right.values())) // 2
        for rule, box in row.right.items():
            ends[rule] = replace(box, y=at)
            at += box.height + _GAP
        y += row.height + _GAP
    asked = [replace(question, y=_EDGE)] if question else []
    boxes = (*asked, *starts, *ends.values())
    return Panel(
        title=title,
        width=WIDTH,
        height=max(box.y + box.height for box in boxes) + _EDGE,
        boxes=boxes,
        arrows=tuple(
            _arrow(start, ends[rule]) for row, start in zip(rows, starts, strict=True) for rule in row.enough_for
        ),
        branches=tuple(_branch(box, start) for box in asked for start in starts),
    )


def _arrow(start: Box, end: Box) -> str:
    x, y, to_x, to_y = start.x + start.width, start.middle, end.x, end.middle
    half = (x + to_x) // 2
    head = f"M{to_x - 8} {to_y - 5}L{to_x - 1} {to_y}L{to_x - 8} {to_y + 5}"
    return f"M{x} {y}C{half} {y} {half} {to_y} {to_x - 2} {to_y}{head}"


def _branch(question: Box, answer: Box) -> str:
    x, to_x = question.x + question.width, answer.x
    return f"M{x} {question.y + 21}H{(x + to_x) // 2}V{answer.middle}H{to_x}"


def _ring(corners: int, turn: float, radius: int = 9) -> str:
    """A regular shape around the place of a mark; `turn` in full turns."""
    angles = [2 * pi * (corner / corners + turn) for corner in range(corners)]
    return " ".join(f"{21 + radius * sin(angle):.1f},{21 - radius * cos(angle):.1f}" for angle in angles)


_SHAPES = {
    Urgency.EMERGENCY.word: _ring(8, 1 / 16, 11),
    Urgency.SAME_DAY.word: _ring(3, 0, 11),
    Urgency.SOON.word: _ring(4, 0, 10),
    Urgency.ROUTINE.word: _ring(4, 1 / 8, 10),
    Urgency.SELF_CARE.word: _ring(24, 0, 8),
    SILENT: "12,19 30,19 30,23 12,23",
    SOONER: "21,11 30,21 24,21 24,31 18,31 18,21 12,21",
}
"""The outline of each mark: urgency is told by words and by shape, and only then by colour."""
