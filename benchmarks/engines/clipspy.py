"""CLIPS, by clipspy: one template with a slot for each finding, one rule for each way to meet a criterion.

The fact of a person is asserted without what was not asked, which is what a slot says by itself; the rules that fire
write their numbers into a list, which is read once (a Python function for each firing takes half as long again).

clipspy 1.0.6 never releases a fact: `Fact.__del__` gives `ReleaseFact` one argument too many and keeps quiet about the
TypeError. Facts then stay for ever and each evaluation walks past all former ones: after 20,000 it takes ten times as
long. So the fact is released here by hand, and an environment keeps its speed and its size.
"""

from __future__ import annotations

from collections.abc import Mapping

import clips
from clips._clips import lib

from benchmarks.engines import criteria, disjuncts
from triage.knowledge import NOT_ASKED, Findings, Knowledge


class Clips:
    """All rules in one environment."""

    def __init__(self, knowledge: Knowledge) -> None:
        found = criteria(knowledge)
        self._names = tuple(found)
        tested = {test.finding: None for criterion in found.values() for test in criterion.tests()}
        self._slots = tuple(tested)
        self._symbols: dict[str, clips.Symbol] = {}
        self._environment = clips.Environment()
        slots = " ".join(f"(slot {finding} (default {NOT_ASKED}))" for finding in tested)
        self._environment.build(f"(deftemplate person {slots})")
        self._environment.build("(defglobal ?*fired* = (create$))")
        for place, criterion in enumerate(found.values()):
            for number, way in enumerate(disjuncts(criterion)):
                action = f"(bind ?*fired* (create$ ?*fired* {place}))"
                self._environment.build(f"(defrule r{place}-{number} {_pattern(way)} => {action})")
        self._template = self._environment.find_template("person")
        self._fired = self._environment.find_global("fired")

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold."""
        self._environment.reset()
        asked = {slot: findings[slot] for slot in self._slots if findings[slot] != NOT_ASKED}
        fact = self._template.assert_fact(**{slot: self._symbol(value) for slot, value in asked.items()})
        self._environment.run()
        fired = frozenset([self._names[place] for place in self._fired.value])
        fact.retract()
        lib.ReleaseFact(fact._fact)
        return fired

    def _symbol(self, value: str) -> clips.Symbol:
        symbol = self._symbols.get(value)
        if symbol is None:
            symbol = self._symbols[value] = clips.Symbol(value)
        return symbol


def _pattern(way: Mapping[str, tuple[str, ...]]) -> str:
    return "(person " + " ".join(f"({finding} {'|'.join(values)})" for finding, values in way.items()) + ")"
