"""What we aim at beside what was recorded, and what a deployment needs by these figures. Nothing is measured here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from benchmarks import measuring
from benchmarks.measuring import Table

MONTHLY = 10_000_000
"""Journeys that a national service has in a month."""
BUSIEST = 0.1
"""The part of a day's journeys that comes in its busiest hour; if all hours were alike, it would be 0.04."""
SPARE = 3
"""How many times what the busiest hour needs there should be: for a morning in the news, and for a site that fails."""
_HEADS = {"aim": "what", "limit": "aim", "measured": "measured", "held": "held", "table": "from"}
_PEERS_WITH_IDS = "yes"


def table() -> Table:
    """Each aim with what was recorded.

    Raises:
        FileNotFoundError: a table was never recorded.
        KeyError: a table has no such row.
    """
    return Table("targets", "What we aim at, and what was measured", _HEADS, list(_rows()))


def _row(table: str, column: str, said: str) -> Mapping[str, Any]:
    rows = measuring.recorded(table)[0].rows
    for row in rows:
        if row[column] == said:
            return row
    raise KeyError(f"{table} has no row '{said}'")


def _rows() -> Iterator[dict[str, Any]]:
    def aim(what: str, table: str, limit: str, measured: float, holds: Callable[[float], bool], unit: str) -> Any:
        shown = f"{measured:,.0f}" if measured >= 100 else f"{measured:.2g}" if measured < 10 else f"{measured:.1f}"
        held = "yes" if holds(measured) else "no"
        return {"aim": what, "limit": limit, "measured": f"{shown} {unit}".strip(), "held": held, "table": table}

    def at_most(what: str, table: str, most: float, measured: float, unit: str) -> Any:
        return aim(what, table, f"at most {most:g} {unit}".strip(), measured, lambda value: value <= most, unit)

    def at_least(what: str, table: str, least: float, measured: float, unit: str) -> Any:
        return aim(what, table, f"at least {least:g} {unit}".strip(), measured, lambda value: value >= least, unit)

    both = _row("rules", "contestant", "**our engine and witness**")
    yield at_most("engine and witness, the median person", "rules", 3, both["ratio"], "× closures")
    yield at_most(
        "engine and witness, somebody who names every deposit", "rules", 3, both["largest_ratio"], "× closures"
    )
    peers = [
        row
        for row in measuring.recorded("rules")[0].rows
        if row.get("ids") == _PEERS_WITH_IDS and row["package"] and row.get("p50")
    ]
    for key, whom in (("p50", "the median person"), ("largest", "somebody who names every deposit")):
        fastest = min(peers, key=lambda row: row[key])
        share = both[key] / fastest[key]
        yield at_most(f"engine and witness, {whom}, beside {fastest['contestant']}", "rules", 1, share, "×")
    grown = _row("growth-knowledge", "copies", 10)  # type: ignore[arg-type]
    yield at_most("an assessment with 10 times the deposits", "growth", 1.5, grown["assess-ratio"], "× now")
    pages = {row["page"]: row for row in measuring.recorded("pages")[0].rows if row["server"] == "gunicorn sync"}
    for page, least in (("question in the middle", 50), ("its answer, sent (POST)", 30), ("summary", 20)):
        yield at_least(page, "pages", least, pages[page]["share"], "% of hello")
    yield at_most("PDF, one after the other, p50", "pages", 100, pages["PDF, one connection"]["p50"], "ms")
    wire = {row["page"]: row for row in measuring.recorded("wire")[0].rows}
    questions = [row for name, row in wire.items() if name not in ("hello", "start", "check", "summary")]
    yield at_most("the start page over the wire", "wire", 20, wire["start"]["kilobytes"], "kB")
    yield at_most("the largest page of questions, on the way", "wire", 25, _most(questions, "way_kilobytes"), "kB")
    yield at_most("requests of any page, on the way", "wire", 3, _most(wire.values(), "way_requests"), "")
    yield at_most("first paint of any page, nothing kept", "wire", 1.5, _most(wire.values(), "paint"), "s")
    first = _row("start", "what", "until the first page is answered")
    yield at_most("from nothing to the first page", "start", 1, first["guide"] / 1e3, "s")
    yield at_most("memory of a worker (PSS)", "start", 80, _row("memory", "what", "a worker, PSS")["guide"], "MB")
    grown = measuring.recorded("growth-of-memory")[0].rows[-1]
    yield at_most(f"memory grown by {grown['results']:,} results", "start", 5, grown["results_grown"], "MB")


def _most(rows: Any, key: str) -> float:
    return max(float(row[key]) for row in rows)


def sizing() -> str:
    """How many processor cores a national service needs, with the arithmetic.

    Raises:
        FileNotFoundError: "scale" was never recorded.
    """
    per_core = _row("scale", "arrangement", "2 workers")["per_core"]
    average = MONTHLY / 30 / 24 / 3600
    busiest = MONTHLY / 30 * BUSIEST / 3600
    cores = busiest * SPARE / per_core
    return (
        f"One core does about {per_core:.0f} whole journeys a second (`python -m benchmarks scale`: journeys per CPU "
        f"second with 2 workers). {MONTHLY:,} journeys a month are {MONTHLY:,} / 30 / 24 / 3,600 = {average:.1f} a "
        f"second on average. With {BUSIEST:.0%} of a day in its busiest hour they are {MONTHLY:,} / 30 × {BUSIEST:g} / "
        f"3,600 = {busiest:.1f} a second; times {SPARE} to spare, {busiest * SPARE:.0f}. That is {busiest * SPARE:.0f} "
        f"/ {per_core:.0f} = {cores:.1f} cores, so {_machines(cores)}. Instances share nothing, so twice the cores do "
        "twice the journeys; PDFs come on top, one at a time in each instance.\n"
    )


def _machines(cores: float) -> str:
    needed = max(2, -(-cores // 2))
    return f"{needed:.0f} machines with 2 cores and 2 workers each, which is also what may fail one at a time"
