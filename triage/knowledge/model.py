"""The knowledge as frozen dataclasses: what `rules/` says, once it has been read and found whole.

Data only. `load.py` makes these, `check.py` questions them, every later room reads them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from functools import cached_property, lru_cache
from typing import TypeVar, cast

from triage.knowledge.criteria import ALWAYS, NO, NOT_ASKED, UNSURE, YES, ByStart, Criterion, Test, demanded

MOST_DAYS = 60
"""The furthest day that a safety net may name, from today: later, nobody remembers why it is in the diary."""

RULESET_PATHS = 60
"""The most paths one ruleset may have: durable-rules fails above 64 pending nodes on one fact (error 303)."""


class Urgency(IntEnum):
    """How soon to get help, from the least to the most urgent; the disposition of the same name says from whom."""

    SELF_CARE = 0
    ROUTINE = 1
    SOON = 2
    SAME_DAY = 3
    EMERGENCY = 4

    @property
    def word(self) -> str:
        """The word used in `rules/` and in every output, such as `same-day`."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def of(cls, word: str) -> Urgency:
        """The urgency of that word. Raises KeyError for any other word."""
        return {urgency.word: urgency for urgency in cls}[word]

    def lowered(self) -> Urgency:
        """One step less urgent; the lowest stays."""
        return Urgency(max(self - 1, 0))

    def raised(self) -> Urgency:
        """One step more urgent; the highest stays."""
        return Urgency(min(self + 1, Urgency.EMERGENCY))


REVERSIBILITY = ("often-resolves", "treatable", "depends-on-cause", "stabilise", "harmless", "needs-specialist")
"""What tends to happen to deposits of a kind; never what will happen to one person's deposit."""

HOPEFUL = ("often-resolves", "harmless")
"""The categories that nobody is given because of an answer they were not sure about."""

GROUPS = (
    "Heart and blood vessels", "Joints, muscles and bones", "Skin", "Breast", "Mouth", "Kidneys and calcium balance",
    "Other organs", "Somewhere else, or not known",
)  # fmt: skip
"""The headings under which places are shown."""

EVIDENCE = ("strong", "moderate", "weak", "conflicting", "none", "agreed-practice")
"""How sure the sources are that a treatment does what it says."""

SOURCE_KINDS = (
    "guideline", "patient-information", "regulator", "review", "trial", "study", "reference", "web-article",
    "judgement",
)  # fmt: skip
SEEN = ("seen", "second-hand", "from knowledge")
STATUSES = ("needs clinician sign-off", "signed off")
QUESTION_TYPES = ("yes-no", "choice", "multi")

_SENTENCE_END = re.compile(r"(?<=[.?!])[\"”)]?\s+(?=[A-Z0-9\"“{(])")


def finding_of(thing_id: str) -> str:
    """The finding that a deposit's or red flag's own option becomes: its id, spelt as findings are."""
    return thing_id.replace("-", "_")


@lru_cache(maxsize=8192)
def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, in order."""
    return tuple(part for part in _SENTENCE_END.split(text.strip()) if part)


UNDATED = "undated"
"""When a source was published, where it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something we rely on: who published it, when, and how we saw it."""

    id: str
    publisher: str
    title: str
    kind: str
    published: str
    seen: str
    checked: date
    brief: str = ""
    url: str = ""

    @property
    def reference(self) -> str:
        """How it is named in a list of sources."""
        return f"{self.publisher}: {self.title}" + (f", {self.published}" if self.published != UNDATED else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A country, or a part of one: whom its people call, and what they call things there."""

    id: str
    code: str
    """What a clinic writes in its settings, such as `gb`."""
    name: str
    emergency_numbers: tuple[str, ...]
    """The first is said; a clinic may choose another."""
    words: Mapping[str, str]
    """What fills placeholders here; where a word is missing, the usual one stays."""
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer to a question. In a `multi` question each option is a finding of its own."""

    id: str
    text: str
    hint: str = ""
    group: str = ""
    stops: bool = False
    """Choosing it ends the journey at once: it is an emergency whatever else is true."""
    body: tuple[str, ...] = ()
    """The spots of the figure that it belongs to."""

    @property
    def finding(self) -> str:
        """The finding this option becomes in a `multi` question."""
        return finding_of(self.id)


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """A question of the journey; `why` is shown as "Why we ask". There is one object for each, so it is a quick key."""

    id: str
    type: str
    page: str
    text: str
    options: tuple[Option, ...]
    file: str
    hint: str = ""
    why: str = ""
    none: str = ""
    """`multi` only: the words of the exclusive "none of these" option."""
    unsure: str = ""
    """The words of "I'm not sure"; empty where nobody can be unsure."""
    ordered: bool = False
    tick_wins: bool = False
    """A tick beside "none" counts and "none" does not, instead of being an error: for warning signs."""
    usual: tuple[str, ...] = ()
    """What a case that does not mention this question answers: the dull, ordinary answer."""
    enable_when: Criterion = ALWAYS
    deposit: str = ""
    sources: tuple[str, ...] = ()

    @cached_property
    def allowed(self) -> tuple[str, ...]:
        """Every id that may be posted, in the order shown."""
        extra = ([NO_ONE] if self.none else []) + ([UNSURE] if self.unsure else [])
        return (*(option.id for option in self.options), *extra)

    @cached_property
    def findings(self) -> Mapping[str, tuple[str, ...]]:
        """The findings this question gives, each with every value it can have when asked."""
        if self.type == "multi":
            values = (YES, NO, UNSURE) if self.unsure else (YES, NO)
            return {option.finding: values for option in self.options}
        return {self.id: self.allowed}

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The headings under which its options stand, in the order shown."""
        return tuple(dict.fromkeys(option.group for option in self.options))

    @cached_property
    def stopping(self) -> frozenset[str]:
        """The options that end the journey at once."""
        return frozenset(option.id for option in self.options if option.stops)

    @cached_property
    def waits_for(self) -> frozenset[str]:
        """The findings by which it is asked or not."""
        return frozenset(test.finding for test in self.enable_when.tests())

    @cached_property
    def option_findings(self) -> tuple[tuple[str, str], ...]:
        """Each option with the finding that it becomes in a `multi` question."""
        return tuple((option.id, option.finding) for option in self.options)

    def option(self, option_id: str) -> Option | None:
        """The option with that id; None for "none", "unsure" and the unknown."""
        return next((option for option in self.options if option.id == option_id), None)

    def words(self, option_id: str) -> str:
        """What the person saw beside that answer."""
        option = self.option(option_id)
        if option:
            return option.text
        return self.none if option_id == NO_ONE else self.unsure


NO_ONE = "none"
"""The id posted for the exclusive "none of these" option of a `multi` question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the journey. Its questions are those that name it, in the order of their files."""

    id: str
    title: str
    part: str
    """The part of the journey it belongs to, in words; the pages of one part stand together."""
    file: str
    lead: str = ""
    deposit: str = ""
    quick: str = ""
    """The heading under which quick entry asks it together with its neighbours of the same heading; empty: alone."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule has: an id, when it holds, what it rests on, and whether a clinician has signed it."""

    id: str
    file: str
    criterion: Criterion = ALWAYS
    sources: tuple[str, ...] = ()
    status: str = STATUSES[0]
    deposit: str = ""
    conditional: bool = False
    """Whether the author wrote a criterion, beyond the deposit being named."""
    excludes: tuple[str, ...] = ()
    """The ids of rules that contradict this one: nobody may ever be told both."""
    instead_of: tuple[str, ...] = ()
    """The safety messages that this rule may replace, because it says at least as much."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text of this rule that a person can read."""
        return ()


@dataclass(frozen=True, kw_only=True)
class RedFlag(Rule):
    """A finding that sets how soon to get help. "I'm not sure" counts one step lower (design, section 5)."""

    urgency: Urgency
    because: str
    meanwhile: str = ""
    tags: tuple[str, ...] = ()
    possible: Criterion = ALWAYS
    """The criterion as it reads when "I'm not sure" is let in."""

    @cached_property
    def tested(self) -> tuple[str, ...]:
        """Every finding that the criterion tests."""
        return tuple(dict.fromkeys(test.finding for test in self.possible.tests()))

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.because, self.meanwhile)


@dataclass(frozen=True, kw_only=True)
class StepUp(Rule):
    """Something about the person that moves a `soon` or `same-day` red flag with one of these tags one step up."""

    because: str
    tags: tuple[str, ...]
    possible: Criterion = ALWAYS

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.because,)


@dataclass(frozen=True, kw_only=True)
class Withhold(Rule):
    """A reason not to say what deposits of a kind tend to do. "I'm not sure" counts as yes."""

    text: str
    at_least: Urgency = Urgency.SELF_CARE

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.text,)


@dataclass(frozen=True, kw_only=True)
class Caution(Rule):
    """A safety message about a medicine or supplement. "I'm not sure" keeps it on."""

    text: str
    about: str = ""
    even_in_emergency: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.text,)


@dataclass(frozen=True, kw_only=True)
class Myth(Rule):
    """A belief that matters to these answers: the fact comes first."""

    fact: str
    myth: str

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.fact, self.myth)


@dataclass(frozen=True, kw_only=True)
class Reversibility(Rule):
    """One category that can apply to a deposit of a kind, as two answers. Exactly one holds for any answers."""

    category: str
    deposit_goes: str
    symptoms_go: str
    because: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.deposit_goes, self.symptoms_go, self.because)


@dataclass(frozen=True, kw_only=True)
class Treatment(Rule):
    """What usually helps: what it is, when it is used, what it does, how strong the evidence is."""

    what: str
    used_when: str
    does: str
    evidence: str

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.what, self.used_when, self.does)


@dataclass(frozen=True, kw_only=True)
class NextStep(Rule):
    """One small thing to do next, verb first."""

    text: str

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.text,)


@dataclass(frozen=True, kw_only=True)
class DoctorQuestion(Rule):
    """A question to ask at the appointment."""

    text: str
    even_when_urgent: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.text,)


@dataclass(frozen=True, slots=True)
class View:
    """What one source says in a disagreement."""

    who: str
    says: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Disagreement(Rule):
    """Sources differ: who says what, which one we follow, and why."""

    topic: str
    views: tuple[View, ...]
    we_follow: str

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.topic, *(view.says for view in self.views), self.we_follow)


@dataclass(frozen=True, kw_only=True)
class NurseCard(Rule):
    """For the nurse, about the rules it names: one plain line, one open question, what to listen for."""

    about: tuple[str, ...]
    say: str
    teach_back: str
    good_answer: str
    misunderstanding: str

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.say, self.teach_back, self.good_answer, self.misunderstanding)


@dataclass(frozen=True, kw_only=True)
class LetterWord(Rule):
    """Words that stand on letters and scan reports: the place they lead to, and what they mean in plain words."""

    words: tuple[str, ...]
    place: str
    """The deposit's id; empty where the word alone does not tell."""
    meaning: str
    may_be: tuple[str, ...] = ()
    """Where the word does not tell: the ids of the deposits that it is mostly about."""
    caution: str = ""
    """Said with the meaning wherever the word must never only reassure."""
    urgency: Urgency = Urgency.SELF_CARE
    """How soon the word alone asks for a call, however the person feels; the lowest where it asks for none."""
    general: bool = False
    """Says nothing more where another word of the same letter tells the place."""
    in_capitals: tuple[str, ...] = ()
    """Those of the words that are everyday words too: in a sentence they count in capitals only."""
    not_to_confuse: tuple[str, ...] = ()
    """Real words that look like one of these and mean something else: never taken for a typing mistake."""

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.meaning, self.caution)


@dataclass(frozen=True, kw_only=True)
class HardWord(Rule):
    """A word of the guide's own texts that not everybody knows, in plain words; explained where it stands."""

    words: tuple[str, ...]
    meaning: str

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.meaning,)


@dataclass(frozen=True, kw_only=True)
class Mention:
    """Something that is never named to a person at risk without a safety message: a medicine, a supplement."""

    id: str
    file: str
    words: tuple[str, ...]
    """As they stand in sentences, in lower case; a sentence that contains one of them names it."""
    at_risk: Criterion
    """Who must be warned; "I'm not sure" counts as yes."""
    needs: tuple[str, ...]
    """The rules of which at least one is said to them."""


@dataclass(frozen=True, kw_only=True)
class Soothing:
    """Words that no sentence may contain that can stand beside an alarm."""

    id: str
    file: str
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A checkable claim of one of the articles the guide started from, and what the guide makes of it."""

    id: str
    file: str
    seed: str
    """The source id of the article."""
    says: str
    verdict: str
    dealt_with_by: tuple[str, ...]
    """The rules or disagreements that say it, correct it or show both sides."""
    because: str


VERDICTS = ("agrees", "corrected", "disputed", "left-out")
"""What the guide makes of a claim; `left-out` only with the reason why it helps nobody."""


SEVERITIES = ("minor", "significant", "considerable", "major", "catastrophic")
"""How bad the harm of a hazard is: upset; a minor injury; a severe one that heals; death or lasting harm of one
person; the same of several. A wrong rule repeats for everyone, so its harm is that of several."""

LIKELIHOODS = ("very-low", "low", "medium", "high", "very-high")

RISKS = {
    "very-low": (1, 1, 2, 2, 3),
    "low": (1, 2, 2, 3, 4),
    "medium": (2, 2, 3, 3, 4),
    "high": (2, 3, 3, 4, 5),
    "very-high": (3, 4, 4, 5, 5),
}
"""The risk of each likelihood at each severity, in their order; the matrix of DCB0129. What a risk means is a word."""

CONTROL_STATUSES = (
    "verified", "in place, not tested", "not built yet", "not done yet", "feature does not exist yet",
)  # fmt: skip
"""How far a control is. `feature does not exist yet`: what would carry the hazard is not there either."""

CHECK = re.compile(r"(?P<test>tests/[\w/]+\.py::test_\w+)|property:(?P<property>[a-z-]+)")
"""What can verify a control: a test by its file and name, or a property that is proved for all answers."""


ACCEPTABLE = 3
"""The highest risk that can be accepted, and only if nothing makes it smaller."""


def risk(severity: str, likelihood: str) -> int:
    """The risk of a hazard, from 1 to 5."""
    return RISKS[likelihood][SEVERITIES.index(severity)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Something that makes a hazard less likely, and what verifies that it does."""

    what: str
    status: str
    verified_by: tuple[str, ...] = ()
    """Tests and properties, as they are written in the file."""

    @property
    def tests(self) -> tuple[str, ...]:
        """The tests that verify it, each as its file and name."""
        return self._named("test")

    @property
    def properties(self) -> tuple[str, ...]:
        """The ids of the proved properties that verify it."""
        return self._named("property")

    def verified(self, proved: Collection[str]) -> bool:
        """Whether it names what verifies it, and every property among that is proved."""
        return bool(self.verified_by) and all(name in proved for name in self.properties)

    def _named(self, group: str) -> tuple[str, ...]:
        found = (CHECK.fullmatch(check) for check in self.verified_by)
        return tuple(match[group] for match in found if match and match[group])


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """Something about the guide that can harm a person: why, how bad, how likely, and what is done about it."""

    id: str
    file: str
    hazard: str
    cause: str
    harm: str
    severity: str
    likelihood_before: str
    likelihood_after: str
    """With the controls that are in place; one that is not built yet counts for nothing."""
    controls: tuple[Control, ...]

    @property
    def risk_before(self) -> int:
        """The risk without any control."""
        return risk(self.severity, self.likelihood_before)

    @property
    def risk_after(self) -> int:
        """The risk with the controls that are in place."""
        return risk(self.severity, self.likelihood_after)

    @property
    def unacceptable(self) -> bool:
        """Whether it cannot be accepted as it is now."""
        return self.risk_after > ACCEPTABLE


@dataclass(frozen=True, kw_only=True)
class Disposition(Rule):
    """What to say and do at one urgency: the heading is the action, who and when."""

    urgency: Urgency
    heading: str
    steps: tuple[str, ...]
    safety_net: tuple[str, ...]
    label: str
    by_days: int | None = None
    """In how many days from today the person acts if nothing has happened; None only in an emergency."""
    by_then: str = ""
    """What they do then; `{by_date}` in it is that day."""

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.heading, *self.steps, *([self.by_then] if self.by_then else []), *self.safety_net)


@dataclass(frozen=True, kw_only=True)
class Notice(Rule):
    """A sentence of the guide about itself, found by its role (`NOTICE_ROLES`)."""

    text: str

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.text,)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A person, told from their side, and what must come out for them."""

    id: str
    file: str
    story: str
    answers: Mapping[str, str | tuple[str, ...]]
    urgency: Urgency
    fires: tuple[str, ...] = ()
    near_miss: tuple[str, ...] = ()
    not_asked: tuple[str, ...] = ()
    """Questions that this person must be spared."""
    reversibility: Mapping[str, str] = field(default_factory=dict)
    """Deposit id to category, or to the id of the rule that withholds it."""
    note: str = ""
    """Why somebody expects this, in their own words; nobody but its readers in the file sees it."""


@dataclass(frozen=True, kw_only=True)
class Deposit(Rule):
    """One deposit type, whole: the rule of the same id says what it is."""

    name: str
    place: str
    hint: str
    group: str
    order: int
    about: str
    base_urgency: Urgency
    reviewed: date
    due: date
    contact: str = ""
    """Who to contact about this deposit, where that is not the usual doctor or clinic."""
    letter_words: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    """The spots of the figure that it belongs to; empty where it can be anywhere."""

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.about,)


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyMark:
    """The point of the figure that leads to a group of places, in the units of `FIGURE`."""

    group: str
    file: str
    across: int
    down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BodySpot:
    """A point of the figure that deposits belong to, in the units of `FIGURE`."""

    id: str
    file: str
    across: int
    down: int


FIGURE = (200, 420)
"""How wide and how high the figure is, in its own units; it is seen from the front and stands upright."""


@dataclass(frozen=True, slots=True)
class Term:
    """A criterion under the name by which the engine reports it."""

    name: str
    criterion: Criterion


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedQuestion:
    """A question as codes know it, for ever: it is never taken out, also when nobody is asked it any more.

    `expected` and `when` are guesses that make codes short, frozen on the day the question got its number: the answer
    most people give, and when it is asked. A code says where they are wrong, so rules may change and codes stay true.
    """

    id: str
    edition: int
    """The first edition that asked it."""
    several: bool
    """Whether several options may be chosen."""
    places: bool
    """Whether its options are the deposits."""
    options: tuple[str, ...]
    """Every option in the order of its number."""
    since: tuple[int, ...]
    """The first edition that had it, option by option; later ones are at the end."""
    expected: tuple[str, ...]
    when: Criterion

    def offered(self, edition: int) -> tuple[str, ...]:
        """The options that an edition offered, in the order of their numbers."""
        return self.options[: bisect_right(self.since, edition)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedEdition:
    """An edition of the rules as codes know it: its name and date."""

    version: str
    dated: date


@dataclass(frozen=True, slots=True)
class Numbering:
    """The permanent numbers of editions (from 1), questions and options: each number is a place in a tuple."""

    editions: tuple[NumberedEdition, ...] = ()
    questions: tuple[NumberedQuestion, ...] = ()

    @property
    def newest(self) -> int:
        """The number of the newest edition; 0 when nothing has a number yet."""
        return len(self.editions)


POSSIBLY = "?"
"""Added to a rule's id: the name of its criterion with "I'm not sure" let in. No id can contain it."""


def terms_of(rule: Rule) -> tuple[Term, ...]:
    """The terms of one rule; none for a rule that always holds."""
    if rule.criterion == ALWAYS:
        return ()
    certain = Term(rule.id, rule.criterion)
    if isinstance(rule, RedFlag | StepUp) and rule.possible != rule.criterion:
        return (certain, Term(rule.id + POSSIBLY, rule.possible))
    return (certain,)


def alike(terms: Iterable[Term]) -> dict[Criterion, list[Term]]:
    """The terms by their criterion: a third of them have the criterion of another, which has to be met only once."""
    by_criterion: dict[Criterion, list[Term]] = {}
    for term in terms:
        by_criterion.setdefault(term.criterion, []).append(term)
    return by_criterion


class Named:
    """Some of the rules, by kind; each kind in the order of the files."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._kinds: dict[type[Rule], list[Rule]] = {}
        for rule in rules:
            self._kinds.setdefault(type(rule), []).append(rule)

    def of_kind(self, kind: type[R]) -> tuple[R, ...]:
        """Those of one kind."""
        return cast("tuple[R, ...]", tuple(self._kinds.get(kind, ())))


WORDS = (
    YES, NO, UNSURE, *REVERSIBILITY, *(f"strip-{category}" for category in REVERSIBILITY),
    "withheld", *EVIDENCE, *STATUSES, "emergency_number", "clinic", "urgent_line",
    "emergency_department", "by_date", "risk-1", "risk-2", "risk-3", "risk-4", "risk-5",
)  # fmt: skip
"""Everything the guide has a fixed word for, named in [words]."""

NOTICE_ROLES = (
    "purpose", "emergency_line", "start", "privacy", "before_questions", "no_warning_sign", "unsure_flag", "kind_only",
    "paper_purpose", "paper_limits", "no_pdf", "keep_appointments", "withheld_urgent", "do_not_stop", "fail_safe",
    "answers_lost", "form_expired", "not_checked", "overdue", "cleared", "footer", "start_needs", "figure", "strip",
    "list_of_answers", "emergency_tell", "demonstration", "paper_list", "paper_missing", "paper_how", "paper_places",
    "paper_careful", "finder", "finder_kept", "finder_limits", "finder_mended", "finder_nothing", "finder_too_long",
    "finder_no_place", "still_there", "dial_test", "kiosk_emergency", "kiosk_idle", "kiosk_timed_out", "new_question",
    "kept_answers", "unsure_listed", "how_seen", "what_would_change", "nothing_would_change", "find_out_first",
    "find_out_sooner", "find_out_kind", "find_out_advice", "nurse_reported", "nurse_aim", "nurse_again",
    "nurse_otherwise", "case_file",
    "quick_entry", "quick_keys", "quick_emergency", "proof_says", "proof_not", "proof_missing", "proof_stale",
    "proof_fails", "proof_translation", "proof_mutations", "hazard_log", "hazard_scores", "hazard_checks", "code_holds",
    "code_square", "no_code", "open_code", "open_without_script", "code_wrong", "square_wrong", "opened", "opened_old",
    "opened_again", "changed_nothing", "changed_sooner", "changed_later", "changed_answers", "changed_kind",
    "not_reachable", "privacy_never", "privacy_browser", "privacy_server", "privacy_logs", "privacy_counts",
    "privacy_saved", "privacy_shared", "privacy_kiosk",
)  # fmt: skip
"""The sentences that the guide says about itself, by the place where they stand."""

R = TypeVar("R", bound=Rule)


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """All of `rules/`. `version` is the edition's name and a digest of every file, so it names exactly one text."""

    version: str
    edition: str
    dated: date
    reviewed: date
    due: date
    sources: Mapping[str, Source]
    pages: tuple[Page, ...]
    questions: Mapping[str, Question]
    deposits: Mapping[str, Deposit]
    rules: Mapping[str, Rule]
    notices: Mapping[str, Notice]
    dispositions: Mapping[Urgency, Disposition]
    cases: tuple[Case, ...]
    claims: tuple[Claim, ...]
    mentions: tuple[Mention, ...]
    soothing: tuple[Soothing, ...]
    hazards: tuple[Hazard, ...]
    regions: Mapping[str, Region]
    """By the code that a clinic writes in its settings."""
    body_marks: tuple[BodyMark, ...]
    body_spots: tuple[BodySpot, ...]
    place_question: str
    """The question whose options are the deposits."""
    numbering: Numbering
    words: Mapping[str, str]
    """The words of every answer, category and strength of evidence, and what fills the placeholders by default."""

    @cached_property
    def findings(self) -> Mapping[str, tuple[str, ...]]:
        """Every finding with every value it can have, `not-asked` included."""
        return {
            finding: (*values, NOT_ASKED)
            for question in self.questions.values()
            for finding, values in question.findings.items()
        }

    @cached_property
    def nothing_asked(self) -> dict[str, str]:
        """The findings of somebody who was not asked anything, to be copied."""
        return dict.fromkeys(self.findings, NOT_ASKED)

    @cached_property
    def asked_by(self) -> Mapping[str, Question]:
        """Which question gives a finding."""
        return {finding: question for question in self.questions.values() for finding in question.findings}

    @cached_property
    def page_questions(self) -> Mapping[str, tuple[Question, ...]]:
        """The questions of each page, in order."""
        return {
            page.id: tuple(question for question in self.questions.values() if question.page == page.id)
            for page in self.pages
        }

    @cached_property
    def walk(self) -> tuple[tuple[Page, Test | None, tuple[Question, ...]], ...]:
        """The pages in order: each with a test without which nothing is asked there, such as that a place was named
        (None where there is no such test), and its questions."""
        return tuple(
            (page, demanded(asked.enable_when for asked in self.page_questions[page.id]), self.page_questions[page.id])
            for page in self.pages
        )

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The parts of the journey, in order. Everybody goes through them, however many pages each has for them."""
        return tuple(dict.fromkeys(page.part for page in self.pages))

    @cached_property
    def terms(self) -> Mapping[str, tuple[Term, ...]]:
        """What the engine evaluates, by rules file: every criterion of every rule, each under its own name."""
        by_file: dict[str, list[Term]] = {}
        for rule in self.rules.values():
            by_file.setdefault(rule.file, []).extend(terms_of(rule))
        return {file: tuple(terms) for file, terms in by_file.items() if terms}

    @cached_property
    def terms_by_start(self) -> ByStart[tuple[Criterion, tuple[str, ...]]]:
        """The same terms, as each criterion with its names, by what they start with."""
        by_start = ByStart[tuple[Criterion, tuple[str, ...]]]()
        for criterion, same in alike(term for terms in self.terms.values() for term in terms).items():
            by_start.add(criterion, (criterion, tuple(term.name for term in same)))
        return by_start

    @cached_property
    def terms_about(self) -> Mapping[str, tuple[Term, ...]]:
        """For each finding, every term that tests it."""
        about: dict[str, dict[str, Term]] = {}
        for term in (term for terms in self.terms.values() for term in terms):
            for test in term.criterion.tests():
                about.setdefault(test.finding, {})[term.name] = term
        return {finding: tuple(terms.values()) for finding, terms in about.items()}

    @cached_property
    def always(self) -> frozenset[str]:
        """The rules that hold for everybody, so that the engine is not asked about them."""
        return frozenset(rule.id for rule in self.rules.values() if rule.criterion == ALWAYS)

    @cached_property
    def always_assessed(self) -> frozenset[str]:
        """Those of them that an assessment is made of; what is said by its role, such as a notice, is not."""
        by_role = (Notice, Disposition, HardWord, LetterWord)
        return frozenset(rule_id for rule_id in self.always if not isinstance(self.rules[rule_id], by_role))

    @cached_property
    def leading(self) -> frozenset[str]:
        """The findings by which some question is asked or not."""
        return frozenset[str]().union(*(question.waits_for for question in self.questions.values()))

    @cached_property
    def urgent_names(self) -> frozenset[str]:
        """The names of all that can set an urgency or raise one."""
        kinds = (RedFlag, StepUp, Deposit, Withhold)
        ids = [rule.id for rule in self.rules.values() if isinstance(rule, kinds)]
        return frozenset((*ids, *(rule_id + POSSIBLY for rule_id in ids)))

    @cached_property
    def _all(self) -> Named:
        return Named(self.rules.values())

    @cached_property
    def _places(self) -> Mapping[str, int]:
        places = {rule_id: place for place, rule_id in enumerate(self.rules)}
        return places | {rule_id + POSSIBLY: place for rule_id, place in places.items()}

    @cached_property
    def _in_order(self) -> tuple[Rule, ...]:
        return tuple(self.rules.values())

    def named(self, names: Iterable[str]) -> Named:
        """The rules with these names, also under the names of their possible terms."""
        return Named(self._in_order[place] for place in sorted({self._places[name] for name in names}))

    def of_kind(self, kind: type[R]) -> tuple[R, ...]:
        """Every rule of one kind, in the order of the files."""
        return self._all.of_kind(kind)
