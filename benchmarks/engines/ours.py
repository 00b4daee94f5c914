"""What the guide itself does, from the engine alone to a whole assessment."""

from __future__ import annotations

from triage.assessment import Assessor, witness
from triage.engine import Engine
from triage.knowledge import Findings, Knowledge


class OurEngine:
    """durable-rules behind the one door that the guide has to it."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.fired = Engine(knowledge.terms).fired


class OurWitness:
    """The plain evaluation that stands beside the engine."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold."""
        return witness(self._knowledge, findings)


class Both:
    """Engine and witness, and whether they differ: what each assessment asks before it concludes anything."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._engine = Engine(knowledge.terms)

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold.

        Raises:
            RuntimeError: engine and witness differ.
        """
        held, found = witness(self._knowledge, findings), self._engine.fired(findings)
        if held != found:
            raise RuntimeError(f"Engine and witness differ on {sorted(held ^ found)}")
        return held


class Assessing:
    """A whole assessment. What fires is only where it begins, so it does more than any other contestant."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._assessor = Assessor(knowledge)

    def fired(self, findings: Findings) -> frozenset[str]:
        """The names of all terms that hold, as the assessment has them.

        Raises:
            RuntimeError: the careful result stands there instead.
        """
        assessment = self._assessor.assess(findings)
        if assessment.fail_safe:
            raise RuntimeError(f"No assessment but the careful one: {assessment.fail_safe}")
        return assessment.held
