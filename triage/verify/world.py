"""One person's answers, and all that follows from them, as formulas: the third reading of the rules, for a solver.

In: the knowledge. Out: a `World` of Boolean constants, each defined by a formula: what is asked, what each finding is,
which criteria hold, how urgent it is, which sentences are said. It says for all people at once what `journey`,
`assessment` and `sheet` work out for one, so `translation.py` compares the two readings person by person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from z3 import And, Bool, BoolRef, BoolVal, Not, Or

from triage.assessment import CROWDED
from triage.knowledge import NO, NOT_ASKED, UNSURE, YES, AllOf, AnyOf, Criterion, Knowledge, Rule, Test, Urgency
from triage.knowledge.criteria import ALWAYS
from triage.knowledge.model import (
    POSSIBLY,
    Caution,
    Deposit,
    Disagreement,
    Disposition,
    DoctorQuestion,
    Myth,
    NextStep,
    NurseCard,
    Option,
    Question,
    RedFlag,
    Reversibility,
    StepUp,
    Treatment,
    Withhold,
)

SAID = (
    RedFlag, StepUp, Withhold, Deposit, Reversibility, Treatment, Disagreement, NextStep, DoctorQuestion, Caution, Myth,
    NurseCard, Disposition,
)  # fmt: skip
"""The kinds of rule whose sentences depend on a person's answers."""

Raw = tuple[str, str]
"""One word of one question: an option, or "I'm not sure". It is true when the person would choose it, if asked."""


class World:
    """All people at once: `raw` is free, everything else is defined by it.

    `name` keeps the constants of two worlds apart, so that a person before and after a change can stand in one proof.
    `like` is a world of other rules and the same people: the answers are one, and what is defined alike is one.
    """

    def __init__(self, knowledge: Knowledge, name: str = "", like: World | None = None) -> None:
        self.knowledge = knowledge
        self.name = name
        self.like = like
        self.raw: dict[Raw, BoolRef] = {}
        self.possible_answers: list[BoolRef] = []
        """What makes the free constants a set of answers that the journey accepts."""
        self.definitions: dict[str, tuple[BoolRef, BoolRef]] = {}
        """Every named constant and its formula, each only using constants defined before it."""
        self.asked: dict[str, BoolRef] = {}
        self._findings: dict[tuple[str, str], BoolRef] = {}
        self._answers()
        self.stopped = self._journey()
        self.terms = {
            term.name: self.define(f"term {term.name}", self.criterion(term.criterion))
            for terms in knowledge.terms.values()
            for term in terms
        }
        self.firings_at_least: dict[Urgency, BoolRef] = {}
        self.at_least: dict[Urgency, BoolRef] = {}
        self._firing_at_least: dict[tuple[str, Urgency], BoolRef] = {}
        self._urgency()
        self.alarmed = self.at_least[Urgency.SAME_DAY]
        self.emergency = self.at_least[Urgency.EMERGENCY]
        self.one_category: dict[str, BoolRef] = {}
        self.open_to_say: dict[str, BoolRef] = {}
        self._withheld_by: dict[tuple[str, str], BoolRef] = {}
        self._deposits()
        self.said: dict[str, BoolRef] = {}
        self._sentences()

    def define(self, what: str, formula: BoolRef) -> BoolRef:
        """A constant that stands for a formula. The name is for people; it is given once."""
        if self.like and what in self.like.definitions and self.like.definitions[what][1].eq(formula):
            self.definitions[what] = self.like.definitions[what]
            return self.definitions[what][0]
        constant = Bool(f"{self.name}{what}")
        if what in self.definitions:
            raise ValueError(f"{what} is defined twice")
        self.definitions[what] = (constant, formula)
        return constant

    def facts(self) -> list[BoolRef]:
        """All that is true of every person, for a solver."""
        return [*self.possible_answers, *(constant == formula for constant, formula in self.definitions.values())]

    # -- what is answered, and what is asked ---------------------------------------------------------------------------

    def _answers(self) -> None:
        for question in self.knowledge.questions.values():
            words = [option.id for option in question.options] + ([UNSURE] if question.unsure else [])
            for word in words:
                one = Bool(f"{self.name}answer {question.id} {word}")
                self.raw[question.id, word] = self.like.raw.get((question.id, word), one) if self.like else one
            chosen = [self.raw[question.id, word] for word in words]
            if question.type != "multi":
                self.possible_answers.append(Or(chosen))
                self.possible_answers.extend(Or(Not(one), Not(other)) for one, other in combinations(chosen, 2))
            elif not question.none:
                self.possible_answers.append(Or(chosen))

    def _journey(self) -> BoolRef:
        ended = BoolVal(False)
        for page in self.knowledge.pages:
            stops = [ended]
            for question in self.knowledge.page_questions[page.id]:
                enabled = And(self.criterion(question.enable_when), Not(ended))
                asked = self.asked[question.id] = self.define(f"asked {question.id}", enabled)
                self._question_findings(question, asked)
                stops.extend(
                    And(asked, self.raw[question.id, option.id]) for option in question.options if option.stops
                )
            if len(stops) > 1:
                ended = self.define(f"ended on {page.id}", Or(stops))
        return ended

    def _question_findings(self, question: Question, asked: BoolRef) -> None:
        def note(finding: str, value: str, formula: BoolRef) -> None:
            self._findings[finding, value] = self.define(f"finding {finding} {value}", formula)

        if question.type != "multi":
            for word in question.allowed:
                note(question.id, word, And(asked, self.raw[question.id, word]))
            self._findings[question.id, NOT_ASKED] = Not(asked)
            return
        unsure = self.raw[question.id, UNSURE] if question.unsure else BoolVal(False)
        for option in question.options:
            ticked = self.raw[question.id, option.id]
            note(option.finding, YES, And(asked, ticked))
            note(option.finding, NO, And(asked, Not(ticked), Not(unsure)))
            note(option.finding, UNSURE, And(asked, Not(ticked), unsure))
            self._findings[option.finding, NOT_ASKED] = Not(asked)

    def finding(self, finding: str, value: str) -> BoolRef:
        """Whether the finding has the value; `not-asked` when its question is not on the path."""
        return self._findings[finding, value]

    def chosen(self, question: Question, option: Option) -> BoolRef:
        """Whether the person is asked the question and chooses the option."""
        return And(self.asked[question.id], self.raw[question.id, option.id])

    def criterion(self, criterion: Criterion) -> BoolRef:
        """A criterion as a formula."""
        match criterion:
            case Test(finding, values):
                return Or([self._findings[finding, value] for value in values])
            case AllOf(parts):
                return And([self.criterion(part) for part in parts])
            case AnyOf(parts):
                return Or([self.criterion(part) for part in parts])

    def holds(self, rule: Rule) -> BoolRef:
        """Whether a rule holds, by its id; a red flag then holds with certainty."""
        return BoolVal(True) if rule.criterion == ALWAYS else self.terms[rule.id]

    def possible(self, rule: RedFlag | StepUp) -> BoolRef:
        """Whether a rule holds when "I'm not sure" is let in."""
        return Or(self.holds(rule), self.terms.get(rule.id + POSSIBLY, BoolVal(False)))

    # -- how urgent ----------------------------------------------------------------------------------------------------

    def _urgency(self) -> None:
        of_kind = self.knowledge.of_kind
        steps = of_kind(StepUp)
        for urgency in list(Urgency)[1:]:
            reasons = []
            for rule in of_kind(RedFlag):
                raising = [step for step in steps if set(step.tags) & set(rule.tags)]
                counts = Or(
                    And(self.holds(rule), self._counts(rule.urgency, urgency, raising)),
                    And(
                        Not(self.holds(rule)),
                        self.possible(rule),
                        self._counts(rule.urgency.lowered(), urgency, raising, rule.urgency == Urgency.SOON),
                    ),
                )
                reasons.append(self.define(f"{rule.id} counts {urgency.word}", counts))
                self._firing_at_least[rule.id, urgency] = reasons[-1]
            self.firings_at_least[urgency] = self.define(f"fired {urgency.word}", Or(reasons))
            general = [self.holds(rule) for rule in of_kind(Deposit) if rule.base_urgency >= urgency]
            general += [self.holds(rule) for rule in of_kind(Withhold) if rule.at_least >= urgency]
            total = Or(self.firings_at_least[urgency], *general)
            self.at_least[urgency] = self.define(f"urgency {urgency.word}", total)

    def _counts(self, own: Urgency, urgency: Urgency, raising: Sequence[StepUp], was_soon: bool = False) -> BoolRef:
        """Whether a firing of that urgency counts for at least the other, by what raises it."""
        if own >= urgency:
            return BoolVal(True)
        if own.raised() < urgency:
            return BoolVal(False)
        if own == Urgency.SOON or was_soon:
            return Or([self.possible(step) for step in raising])
        return Or([self.holds(step) for step in raising]) if own == Urgency.SAME_DAY else BoolVal(False)

    def is_urgency(self, urgency: Urgency) -> BoolRef:
        """Whether the result has exactly that urgency."""
        above = [self.at_least[urgency.raised()]] if urgency < Urgency.EMERGENCY else []
        below = [self.at_least[urgency]] if urgency > Urgency.SELF_CARE else []
        return And(*below, *(Not(higher) for higher in above))

    def fires(self, rule: RedFlag) -> BoolRef:
        """Whether a red flag fires, with certainty or not."""
        return self.possible(rule)

    def counting(self, rule: RedFlag) -> BoolRef:
        """Whether a red flag is among the most urgent firings, of which a person is told."""
        levels = list(Urgency)
        most = []
        for level in levels:
            own = [self._firing_at_least[rule.id, level]] if level > Urgency.SELF_CARE else []
            above = [Not(self.firings_at_least[level.raised()])] if level < Urgency.EMERGENCY else []
            most.append(And(*own, *above))
        outdone = And(self.alarmed, Or([And(self.at_least[n], Not(self.firings_at_least[n])) for n in self.at_least]))
        return And(self.fires(rule), Or(most), Not(outdone))

    # -- what may be said of each deposit ------------------------------------------------------------------------------

    def _deposits(self) -> None:
        withholds = self.knowledge.of_kind(Withhold)
        for deposit in self.knowledge.of_kind(Deposit):
            named = self.holds(deposit)
            own = [self.holds(r) for r in self.knowledge.of_kind(Reversibility) if r.deposit == deposit.id]
            one = self.define(f"one category {deposit.id}", self._exactly_one(f"categories {deposit.id}", own))
            self.one_category[deposit.id] = one
            earlier: list[BoolRef] = []
            for withhold in withholds:
                if withhold.deposit in ("", deposit.id):
                    first = And(named, self.holds(withhold), *(Not(other) for other in earlier))
                    self._withheld_by[deposit.id, withhold.id] = first
                    earlier.append(self.holds(withhold))
            may = And(named, one, Not(self.alarmed), *(Not(other) for other in earlier))
            self.open_to_say[deposit.id] = self.define(f"open {deposit.id}", may)

    def at_least_of(self, what: str, constants: Sequence[BoolRef], number: int) -> BoolRef:
        """Whether at least so many of the constants are true, by counting along them."""
        counted = [BoolVal(True)] + [BoolVal(False)] * number
        for place, constant in enumerate(constants):
            counted = [counted[0]] + [
                self.define(f"{what} {place} {n}", Or(counted[n], And(counted[n - 1], constant)))
                for n in range(1, number + 1)
            ]
        return counted[number]

    def _exactly_one(self, what: str, constants: Sequence[BoolRef]) -> BoolRef:
        return And(Or(constants), Not(self.at_least_of(what, constants, 2)))

    # -- what is said --------------------------------------------------------------------------------------------------

    def _sentences(self) -> None:
        of_kind = self.knowledge.of_kind
        named = [self.holds(deposit) for deposit in of_kind(Deposit)]
        crowded = self.at_least_of("deposits", named, CROWDED)
        calm = Not(self.alarmed)
        told: dict[str, BoolRef] = {}
        """Rules about which the nurse has something to say, said to the patient or not."""

        def note(rule: Rule, formula: BoolRef, to_nurse: BoolRef | None = None) -> None:
            self.said[rule.id] = self.define(f"said {rule.id}", formula)
            told[rule.id] = self.said[rule.id] if to_nurse is None else to_nurse

        counting = {rule.id: self.define(f"counting {rule.id}", self.counting(rule)) for rule in of_kind(RedFlag)}
        for rule in of_kind(RedFlag):
            # A firing that only "I'm not sure" brought about is told as the answer, not as a reason.
            note(rule, And(counting[rule.id], self.holds(rule)), counting[rule.id])
        for step in of_kind(StepUp):
            raised = Or([self._raised(rule, step, counting) for rule in of_kind(RedFlag)])
            note(step, And(raised, self.holds(step)), raised)
        for withhold in of_kind(Withhold):
            reasons = [formula for (_, by), formula in self._withheld_by.items() if by == withhold.id]
            note(withhold, And(Not(self.emergency), Or(reasons)), self.holds(withhold))
        for deposit in of_kind(Deposit):
            note(deposit, And(self.holds(deposit), calm), self.holds(deposit))
        for category in of_kind(Reversibility):
            note(category, And(self.holds(category), self.open_to_say[category.deposit]))
        kinds: tuple[type[Rule], ...] = (Treatment, NextStep, Myth, Disagreement)
        for kind in kinds:
            for benign in of_kind(kind):
                may = self.open_to_say[benign.deposit] if benign.deposit else calm
                room = Not(crowded) if kind is Disagreement else BoolVal(True)
                note(benign, And(self.holds(benign), may, calm, room))
        for ask in of_kind(DoctorQuestion):
            note(ask, And(self.holds(ask), Or(calm, BoolVal(ask.even_when_urgent))))
        for caution in of_kind(Caution):
            note(caution, And(self.holds(caution), Or(Not(self.emergency), BoolVal(caution.even_in_emergency))))
        for card in of_kind(NurseCard):
            about = [told[rule_id] for rule_id in card.about if rule_id in told]
            self.said[card.id] = self.define(f"said {card.id}", And(self.holds(card), Or(about)))
        for disposition in self.knowledge.dispositions.values():
            self.said[disposition.id] = self.define(f"said {disposition.id}", self.is_urgency(disposition.urgency))

    def _raised(self, rule: RedFlag, step: StepUp, counting: Mapping[str, BoolRef]) -> BoolRef:
        """Whether this step raises a firing of which a person is told."""
        if not set(step.tags) & set(rule.tags):
            return BoolVal(False)
        ways = []
        for certain, own in ((self.holds(rule), rule.urgency), (Not(self.holds(rule)), rule.urgency.lowered())):
            if Urgency.SOON in (own, rule.urgency):
                ways.append(And(certain, self.possible(step)))
            elif own == Urgency.SAME_DAY:
                ways.append(And(certain, self.holds(step)))
        return And(counting[rule.id], Or(ways))
