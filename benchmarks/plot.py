"""Draws how-fast.svg, the rule engines beside each other, from what was recorded: python -m benchmarks.plot

What is drawn is the ratio to the reference, plain Python closures, since it is taken over the same people: slow engines
are timed on fewer. Each stem begins at the reference, to the right for the slower, to the left for the faster; the
axis is logarithmic. The same results give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import NotHere, Table, recorded

FILE = Path(__file__).parent / "how-fast.svg"
LIMIT = 3
"""How many times the reference an assessment by engine and witness may take."""
_OURS, _OTHERS, _INK, _SOFT = "#463c86", "#77738a", "#1d1b29", "#cbc8d9"


@dataclass(frozen=True)
class Point:
    """A contestant in the picture."""

    name: str
    microseconds: float
    ratio: float
    """To the reference."""
    ours: bool

    @property
    def told(self) -> str:
        """The figure in words."""
        took = f"{self.microseconds:,.0f}" if self.microseconds >= 10 else f"{self.microseconds:.1f}"
        return f"{self.ratio:.2g} ×, {took} µs" if self.ratio < 100 else f"{self.ratio:,.0f} ×, {took} µs"


def points(table: Table) -> Sequence[Point]:
    """Everybody who was measured, the fastest first."""
    measured = [row for row in table.rows if row.get("p50")]
    found = [
        Point(row["contestant"].strip("*"), row["p50"], row["ratio"], row["contestant"].startswith("**"))
        for row in measured
    ]
    return sorted(found, key=lambda one: one.ratio)


def draw() -> bytes:
    """The picture.

    Raises:
        FileNotFoundError: the rules were never measured.
        NotHere: there is nothing to draw with.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise NotHere("install matplotlib (it is in requirements/bench.txt)") from error
    import io

    table, _ = recorded("rules")
    look = {"svg.hashsalt": "how-fast", "svg.fonttype": "none", "font.family": ["DejaVu Sans", "sans-serif"]}
    with matplotlib.rc_context(look):
        everybody = points(table)
        figure = Figure(figsize=(8.5, 0.36 * len(everybody) + 1.3), layout="constrained")
        _fill(figure.subplots(), everybody)
        drawn = io.BytesIO()
        title = "How long one person takes each rule engine"
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    return drawn.getvalue()


def _fill(axes: Any, everybody: Sequence[Point]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(everybody[0].ratio / 2, everybody[-1].ratio * 9)
    axes.set_ylim(len(everybody) - 0.4, -1.2)
    limit = f"{LIMIT} × that: our limit"
    for times, words, line, side, away in ((1, "reference", "-", "right", -5), (LIMIT, limit, "--", "left", 5)):
        axes.axvline(times, color=_SOFT, linestyle=line, zorder=0)
        axes.annotate(words, (times, -0.75), (away, 0), textcoords="offset points", ha=side, color=_INK)
    for place, one in enumerate(everybody):
        colour, weight = (_OURS, "bold") if one.ours else (_OTHERS, "normal")
        axes.plot([1, one.ratio], [place, place], color=colour, linewidth=4 if one.ours else 2)
        axes.plot([one.ratio], [place], "D" if one.ours else "o", color=colour, markersize=8 if one.ours else 7)
        right = max(1, one.ratio)
        figure = axes.annotate(one.told, (right, place), (9, 0), textcoords="offset points", va="center", color=_INK)
        figure.set(fontweight=weight, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
    axes.set_yticks(range(len(everybody)), [one.name for one in everybody], color=_INK)
    for label, one in zip(axes.get_yticklabels(), everybody, strict=True):
        label.set_fontweight("bold" if one.ours else "normal")
    axes.tick_params(axis="y", length=0)
    axes.minorticks_off()
    axes.set_xlabel("times as long as plain closures, for the same people (logarithmic)", color=_INK)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g} ×")
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_SOFT)


def write() -> None:
    """Write the picture anew."""
    FILE.write_bytes(draw())


if __name__ == "__main__":
    write()
