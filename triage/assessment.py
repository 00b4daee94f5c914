"""From findings to an Assessment: engine and witness side by side, and the policies of which the careful one wins.

The policies of design.md section 5 live here once, without a clinical word: the most urgent firing wins, "not sure"
counts one step lower and never as no, an alarm silences reassurance, and whatever goes wrong never lowers urgency.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from triage.engine import Engine
from triage.errors import EngineError
from triage.knowledge import Findings, Knowledge, Rule, Urgency
from triage.knowledge.model import (
    Caution,
    Deposit,
    Disagreement,
    DoctorQuestion,
    Myth,
    Named,
    NextStep,
    NurseCard,
    RedFlag,
    Reversibility,
    StepUp,
    Treatment,
    Withhold,
)

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Rule)

CROWDED = 3
"""From so many deposits on, who disagrees with whom is left out: one sheet has to stay readable on three pages."""

ENGINE_FAILED = "engine-failed"
ENGINE_DIFFERED = "engine-differed"
NOT_WORKED_OUT = "not-worked-out"


@dataclass(frozen=True, slots=True)
class Firing:
    """A red flag that counts, with the urgency it counts for."""

    rule: RedFlag
    urgency: Urgency
    certain: bool
    """False when only "I'm not sure" makes it fire; it then counts one step lower."""
    stepped_up_by: tuple[StepUp, ...]
    findings: tuple[tuple[str, str], ...]
    """What the person's answers say on everything this rule tests."""


@dataclass(frozen=True, slots=True)
class DepositResult:
    """One deposit of this run. With `withheld` set, nothing is said about what deposits of its kind tend to do."""

    deposit: Deposit
    category: str
    reversibility: Reversibility | None
    withheld: str
    """The id of the rule or notice that says why; empty when nothing is withheld."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """All that can set an urgency: the most urgent of these does."""

    firings: tuple[Firing, ...]
    deposits: tuple[Deposit, ...]
    withholds: tuple[Withhold, ...]

    @property
    def urgency(self) -> Urgency:
        """The most urgent that any of these asks for."""
        asked = (
            *(firing.urgency for firing in self.firings),
            *(deposit.base_urgency for deposit in self.deposits),
            *(withhold.at_least for withhold in self.withholds),
        )
        return max(asked, default=Urgency.SELF_CARE)

    @property
    def decisive(self) -> tuple[Rule, ...]:
        """The rules by which the urgency is what it is."""
        urgency = self.urgency
        firings = [firing for firing in self.firings if firing.urgency == urgency]
        rules: tuple[Rule, ...] = (
            *(firing.rule for firing in firings),
            *(step for firing in firings for step in firing.stepped_up_by),
            *(withhold for withhold in self.withholds if withhold.at_least == urgency),
            *(deposit for deposit in self.deposits if deposit.base_urgency == urgency),
        )
        return tuple({rule.id: rule for rule in rules}.values())


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules make of one set of findings."""

    urgency: Urgency
    fail_safe: str
    """Why the careful result stands here instead of the computed one; empty when all went well."""
    firings: tuple[Firing, ...]
    deposits: tuple[DepositResult, ...]
    cautions: tuple[Caution, ...]
    myths: tuple[Myth, ...]
    treatments: tuple[Treatment, ...]
    next_steps: tuple[NextStep, ...]
    doctor_questions: tuple[DoctorQuestion, ...]
    disagreements: tuple[Disagreement, ...]
    nurse_cards: tuple[NurseCard, ...]
    withholds: tuple[Withhold, ...]
    held: frozenset[str]

    @property
    def alarmed(self) -> bool:
        """Whether help is needed today, so that nothing reassuring may be said."""
        return self.urgency >= Urgency.SAME_DAY

    @property
    def counting(self) -> tuple[Firing, ...]:
        """The firings a person is told about; one sheet gives one urgency."""
        return _counting(self.firings, self.urgency)

    @property
    def spoken(self) -> tuple[Rule, ...]:
        """The rules whose sentences this result is made of."""
        return (
            *(firing.rule for firing in self.counting),
            *(step for firing in self.counting for step in firing.stepped_up_by),
            *(result.deposit for result in self.deposits),
            *self.withholds,
            *(result.reversibility for result in self.deposits if result.reversibility and not result.withheld),
            *self.treatments,
            *self.disagreements,
            *self.next_steps,
            *self.doctor_questions,
            *self.cautions,
            *self.myths,
        )


def _counting(firings: tuple[Firing, ...], urgency: Urgency) -> tuple[Firing, ...]:
    """The most urgent firings; beside an alarm only those that alarm.

    Where the deposit itself sets a higher urgency, the most urgent firings still say why a visit is worth it.
    """
    most = max((firing.urgency for firing in firings), default=urgency)
    if urgency >= Urgency.SAME_DAY and most < urgency:
        return ()
    return tuple(firing for firing in firings if firing.urgency == most)


def witness(knowledge: Knowledge, findings: Findings) -> frozenset[str]:
    """The plain evaluation of the same criteria that the engine evaluates.

    Raises:
        KeyError: a finding is missing.
    """
    return frozenset(
        name
        for criterion, names in knowledge.terms_by_start.touched(findings)
        if criterion.holds(findings)
        for name in names
    )


def without_engine(knowledge: Knowledge, findings: Findings) -> Assessment:
    """What the witness alone makes of findings: for proofs and comparisons, never for a person."""
    return conclude(knowledge, findings, witness(knowledge, findings))


class Assessor:
    """The knowledge with its engine. One per process; `counts` says how often the careful result had to be used."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.counts: Counter[str] = Counter()
        self.engine: Engine | None = None
        try:
            self.engine = Engine(knowledge.terms)
        except EngineError:
            log.exception("The rule engine did not start; every result will be the careful one.")

    def assess(self, findings: Findings, at_least: Urgency = Urgency.SELF_CARE) -> Assessment:
        """Assess complete findings (`journey.follow`). Never raises because of the engine.

        `at_least` is what an earlier sheet said for the same answers: newer rules do not undercut it unseen.

        Raises:
            KeyError: a finding is missing; findings come from the journey, which gives all of them.
        """
        held = witness(self.knowledge, findings)
        fail_safe = ""
        if self.engine is None:
            fail_safe = ENGINE_FAILED
        else:
            try:
                fired = self.engine.fired(findings)
                if fired != held:
                    fail_safe = ENGINE_DIFFERED
                    log.error("Engine and witness differ on %s", sorted(fired ^ held))
                    held |= fired
            except Exception:
                # Whatever it is: also what fails while the engine is mended must not take the witness along.
                fail_safe = ENGINE_FAILED
                log.exception("The rule engine failed; the witness stands alone.")
        self.counts["assessments"] += 1
        if fail_safe:
            self.counts[fail_safe] += 1
        return conclude(self.knowledge, findings, held, fail_safe, at_least)

    def emergency(self, findings: Findings) -> bool:
        """Whether witness or engine, each asked alone, finds an emergency: for when a result could not be had."""
        for ask in (partial(witness, self.knowledge), self.engine.fired if self.engine else None):
            try:
                if ask and grounds(self.knowledge, findings, ask(findings)).urgency == Urgency.EMERGENCY:
                    return True
            except Exception:
                log.exception("One of the two cannot say whether it is an emergency.")
        return False

    def not_worked_out(self) -> Assessment:
        """The result when no result can be had: advice today, and nothing else claimed."""
        self.counts[NOT_WORKED_OUT] += 1
        nothing: frozenset[str] = frozenset()
        return Assessment(
            Urgency.SAME_DAY, NOT_WORKED_OUT, (), (), (), (), (), (), (), (), (), (), nothing
        )  # fmt: skip


def grounds(knowledge: Knowledge, findings: Findings, held: frozenset[str]) -> Grounds:
    """What sets the urgency where these terms hold."""
    holds = (held | knowledge.always_assessed) & knowledge.urgent_names
    return _grounds(knowledge.named(holds), findings, holds)


def _grounds(holding: Named, findings: Findings, held: frozenset[str]) -> Grounds:
    return Grounds(_firings(holding, findings, held), holding.of_kind(Deposit), holding.of_kind(Withhold))


def conclude(
    knowledge: Knowledge,
    findings: Findings,
    held: frozenset[str],
    fail_safe: str = "",
    at_least: Urgency = Urgency.SELF_CARE,
) -> Assessment:
    """What the policies make of the terms that hold: the whole result but for the engine."""
    holds = held | knowledge.always_assessed
    rules = knowledge.named(holds)
    holding = rules.of_kind

    def of_shown(rules: tuple[R, ...]) -> tuple[R, ...]:
        """Those that are general or about a deposit of which more may be said than its name."""
        return tuple(rule for rule in rules if not rule.deposit or rule.deposit in shown)

    why = _grounds(rules, findings, holds)
    firings, deposits, withholds = why.firings, why.deposits, why.withholds
    urgency = max(why.urgency, at_least, Urgency.SAME_DAY if fail_safe else Urgency.SELF_CARE)
    alarmed = urgency >= Urgency.SAME_DAY
    reversibilities = holding(Reversibility)
    results = tuple(_deposit_result(deposit, reversibilities, withholds, alarmed, fail_safe) for deposit in deposits)
    shown = {result.deposit.id for result in results if not result.withheld}
    cautions = holding(Caution)
    if urgency == Urgency.EMERGENCY:
        cautions = tuple(caution for caution in cautions if caution.even_in_emergency)
    questions = holding(DoctorQuestion)
    treatments = of_shown(holding(Treatment))
    myths = () if alarmed else of_shown(holding(Myth))
    if alarmed:
        questions = tuple(question for question in questions if question.even_when_urgent)
    next_steps = () if alarmed else of_shown(holding(NextStep))
    disagreements = () if alarmed or len(deposits) >= CROWDED else of_shown(holding(Disagreement))
    assessment = Assessment(
        urgency=urgency,
        fail_safe=fail_safe,
        firings=firings,
        deposits=results,
        cautions=cautions,
        myths=myths,
        treatments=treatments,
        next_steps=next_steps,
        doctor_questions=questions,
        disagreements=disagreements,
        nurse_cards=(),
        withholds=withholds,
        held=held,
    )
    spoken = {rule.id for rule in assessment.spoken}
    cards = tuple(card for card in holding(NurseCard) if not spoken.isdisjoint(card.about))
    return replace(assessment, nurse_cards=cards)


def _firings(holding: Named, findings: Findings, held: frozenset[str]) -> tuple[Firing, ...]:
    steps = [(step, frozenset(step.tags)) for step in holding.of_kind(StepUp)]
    firings = []
    for rule in holding.of_kind(RedFlag):
        certain = rule.id in held
        urgency = rule.urgency if certain else rule.urgency.lowered()
        raising = tuple(
            step
            for step, tags in steps
            if not tags.isdisjoint(rule.tags)
            and (Urgency.SOON in (urgency, rule.urgency) or (urgency == Urgency.SAME_DAY and step.id in held))
        )
        firings.append(
            Firing(
                rule=rule,
                urgency=urgency.raised() if raising else urgency,
                certain=certain,
                stepped_up_by=raising,
                findings=tuple((finding, findings[finding]) for finding in rule.tested),
            )
        )
    # The most urgent first, the certain before the uncertain, else in the order of the files.
    return tuple(sorted(firings, key=lambda firing: (-firing.urgency, not firing.certain)))


def _deposit_result(
    deposit: Deposit,
    reversibilities: tuple[Reversibility, ...],
    withholds: tuple[Withhold, ...],
    alarmed: bool,
    fail_safe: str,
) -> DepositResult:
    for withhold in withholds:
        if withhold.deposit in ("", deposit.id):
            return DepositResult(deposit, "needs-specialist", None, withhold.id)
    own = [rule for rule in reversibilities if rule.deposit == deposit.id]
    if len(own) != 1:
        # `check` proves that exactly one holds. An emergency may end the journey before it is known which; and if a
        # failing engine breaks it, nothing is claimed.
        ended_early = alarmed and not fail_safe
        return DepositResult(deposit, "needs-specialist", None, "withheld_urgent" if ended_early else "fail_safe")
    return DepositResult(deposit, own[0].category, own[0], "withheld_urgent" if alarmed else "")
