"""What is true of every person who answers the real questions, whoever that may be.

Each example is a complete set of answers, drawn page by page along the journey it leads to: some people tick anything,
some everything, some are sure of nothing, half have no warning sign, and most are not stopped on the first page.
"""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from triage.__main__ import assessment_json
from triage.assessment import ENGINE_DIFFERED, ENGINE_FAILED, Assessor, witness
from triage.errors import AnswerError, EngineError
from triage.journey import accept, follow, read_answers
from triage.knowledge import NO, NOT_ASKED, UNSURE, YES, Urgency
from triage.knowledge.model import (
    NO_ONE,
    Caution,
    Deposit,
    Disposition,
    DoctorQuestion,
    Notice,
    RedFlag,
    Reversibility,
    StepUp,
    Withhold,
)
from triage.sheet import make_sheet

thoroughly = settings(max_examples=150, derandomize=True, deadline=None)
MOODS = ("well", "mixed", "anything", "unsure", "everything")


class People:
    """Who answers the questions of this knowledge: strategies for one answer and for a complete set of them."""

    def __init__(self, knowledge):
        self.knowledge = knowledge
        self.kept = {}

    def answer(self, question, mood="anything", may_stop=True):
        """One accepted answer of a person in that mood."""
        key = (question.id, mood, may_stop)
        if key not in self.kept:
            possible = [accept(question, given) for given in self.given(question, mood, may_stop)]
            self.kept[key] = st.sampled_from(possible)
        return self.kept[key]

    def given(self, question, mood, may_stop):
        """What such a person may post, the likelier more often."""
        stops = {option.id for option in question.options if option.stops and not may_stop}
        words = [word for word in question.allowed if word not in stops]
        if question.type != "multi":
            several, usual, unsure, ticks = [], [*question.usual, *words][0], UNSURE, words
        else:
            boxes = [word for word in words if word not in (NO_ONE, UNSURE)]
            several = [boxes[first : first + many] for many in (2, 3) for first in range(len(boxes) - many + 1)]
            words, usual, unsure, ticks = [[word] for word in words], list(question.usual), [UNSURE], [boxes]
        anything = [*words, *several]
        if question.id == self.knowledge.place_question:
            return anything
        return {
            "well": [usual] if question.tick_wins else [*anything, *[usual] * 2 * len(anything)],
            "mixed": [*anything, *[usual] * len(anything), *[unsure] * bool(question.unsure)],
            "anything": anything,
            "unsure": [unsure] if question.unsure else anything,
            "everything": ticks if all(ticks) else anything,
        }[mood]


@st.composite
def complete(draw, people, begun=()):
    """A complete set of answers, drawn page by page; what is begun stays as it is, as far as it is on the path."""
    mood, may_stop, no_sign = draw(st.sampled_from(MOODS)), draw(st.integers(0, 3)) == 0, draw(st.booleans())
    answers = dict(begun)
    while not (journey := follow(people.knowledge, answers)).complete:
        for question in journey.steps[-1].questions:
            if question.id not in answers:
                here = "well" if no_sign and question.tick_wins else mood
                answers[question.id] = draw(people.answer(question, here, may_stop))
    return dict(journey.answers)


@pytest.fixture(scope="module")
def people(knowledge):
    return People(knowledge)


@pytest.fixture(scope="module")
def warning_signs(knowledge):
    """The findings of which a yes makes some red flag more likely to fire."""
    tests = [test for rule in knowledge.of_kind(RedFlag) for test in rule.criterion.tests()]
    return {test.finding for test in tests if YES in test.values}


def worse(knowledge, journey, warning_signs):
    """Every answer of this person made worse by one: one more box or "not sure", for no "not sure", and then yes."""
    for question in journey.questions:
        given = journey.answers.get(question.id)
        if given is None or not warning_signs & question.findings.keys():
            continue
        if question.type == "yes-no":
            steps = [NO, UNSURE, YES] if question.unsure else [NO, YES]
            yield from ((question.id, word) for word in steps[steps.index(given) + 1 :])
        elif question.type == "multi":
            ticked = [word for word in given if word != NO_ONE]
            more = [option.id for option in question.options if option.finding in warning_signs]
            more += [UNSURE] if question.unsure else []
            yield from ((question.id, accept(question, [*ticked, word])) for word in more if word not in ticked)


@thoroughly
@given(st.data())
def test_engine_and_witness_agree_on_everybody(knowledge, assessor, people, data):
    findings = follow(knowledge, data.draw(complete(people))).findings
    assessment = assessor.assess(findings)
    assert assessment.fail_safe == ""
    assert assessment.held == witness(knowledge, findings)


@thoroughly
@given(st.data())
def test_one_more_warning_sign_never_lowers_the_urgency(knowledge, assessor, people, warning_signs, data):
    answers = data.draw(complete(people))
    before = follow(knowledge, answers)
    choices = list(worse(knowledge, before, warning_signs))
    assume(choices)
    question_id, changed = data.draw(st.sampled_from(choices), label="what gets worse")
    after = follow(knowledge, data.draw(complete(people, {**answers, question_id: changed})))
    assert assessor.assess(after.findings).urgency >= assessor.assess(before.findings).urgency


@thoroughly
@given(st.data())
def test_answers_off_the_path_change_nothing_and_are_not_accepted_unnoticed(knowledge, assessor, people, data):
    answers = data.draw(complete(people))
    journey = follow(knowledge, answers)
    others = [question for question in knowledge.questions.values() if question.id not in answers]
    assume(others)
    strays = data.draw(st.lists(st.sampled_from(others), min_size=1, max_size=5, unique_by=lambda other: other.id))
    stray = {question.id: data.draw(people.answer(question)) for question in strays}
    everything = {**stray, **answers}
    assert follow(knowledge, everything) == journey
    assert read_answers(knowledge, everything, drop_off_path=True) == journey
    with pytest.raises(AnswerError) as refused:
        read_answers(knowledge, everything)
    assert {problem.split(":")[0] for problem in refused.value.problems} == stray.keys()
    expected = assessment_json(knowledge, journey, assessor.assess(journey.findings))
    dropped = read_answers(knowledge, everything, drop_off_path=True)
    assert assessment_json(knowledge, dropped, assessor.assess(dropped.findings)) == expected


@thoroughly
@given(st.data())
def test_every_question_on_the_path_is_answered_and_no_finding_of_another_is_a_no(knowledge, people, data):
    journey = follow(knowledge, data.draw(complete(people)))
    asked = {finding for question_id in journey.answers for finding in knowledge.questions[question_id].findings}
    for finding, value in journey.findings.items():
        assert (value == NOT_ASKED) == (finding not in asked), finding
    if not journey.stopped:
        assert [question.id for question in journey.questions] == list(journey.answers)


@thoroughly
@given(st.data())
def test_whoever_was_not_stopped_gets_exactly_one_category_for_each_deposit_they_named(
    knowledge, assessor, people, data
):
    journey = follow(knowledge, data.draw(complete(people)))
    assume(not journey.stopped)
    assessment = assessor.assess(journey.findings)
    named = [rule for rule in knowledge.of_kind(Deposit) if rule.criterion.holds(journey.findings)]
    assert [result.deposit for result in assessment.deposits] == named
    for deposit in named:
        own = [rule.id for rule in knowledge.of_kind(Reversibility) if rule.deposit == deposit.id]
        assert len(assessment.held.intersection(own)) == 1, deposit.id


@thoroughly
@given(st.data())
def test_the_urgency_is_the_highest_reason_for_one_and_not_sure_is_one_step_below_yes(
    knowledge, assessor, people, data
):
    assessment = assessor.assess(follow(knowledge, data.draw(complete(people))).findings)
    reasons = [firing.urgency for firing in assessment.firings]
    reasons += [result.deposit.base_urgency for result in assessment.deposits]
    reasons += [withhold.at_least for withhold in assessment.withholds]
    assert assessment.urgency == max(reasons, default=Urgency.SELF_CARE)
    for firing in assessment.firings:
        assert (UNSURE in dict(firing.findings).values()) or firing.certain
        counted = firing.rule.urgency if firing.certain else firing.rule.urgency.lowered()
        assert firing.urgency == (counted.raised() if firing.stepped_up_by else counted)


BESIDE_AN_ALARM = (RedFlag, StepUp, Disposition, Notice, Caution, DoctorQuestion, Withhold)


@thoroughly
@given(st.data())
def test_every_sheet_says_why_names_a_source_for_each_sentence_and_never_reassures_beside_an_alarm(
    knowledge, assessor, people, data
):
    journey = follow(knowledge, data.draw(complete(people)))
    assessment = assessor.assess(journey.findings)
    sheet = make_sheet(knowledge, assessment, journey, {})
    assert sheet.said[0].rule == knowledge.dispositions[assessment.urgency].id
    assert sheet.reasons or sheet.unsure or sheet.no_warning_sign or any(part.withheld for part in sheet.deposits)
    for sentence in sheet.said:
        assert sentence.sources and all(source in knowledge.sources for source in sentence.sources)
        assert sentence.rule in knowledge.rules and "{" not in sentence.text
        if assessment.alarmed:
            assert isinstance(knowledge.rules[sentence.rule], BESIDE_AN_ALARM), sentence


class Broken:
    """An engine that fails, or that says something else than what holds."""

    says = None

    def fired(self, findings):
        if self.says is None:
            raise EngineError("broken for this test")
        return self.says


@pytest.fixture(scope="module")
def misled(knowledge):
    """An assessor whose engine is broken; each example says how."""
    assessor = Assessor(knowledge)
    assessor.engine = Broken()
    return assessor


@thoroughly
@given(st.data())
def test_whatever_a_broken_engine_says_the_result_is_at_least_help_today_and_never_less(
    knowledge, assessor, people, misled, data
):
    journey = follow(knowledge, data.draw(complete(people)))
    honest = assessor.assess(journey.findings)
    names = sorted(term.name for terms in knowledge.terms.values() for term in terms)
    some = st.frozensets(st.sampled_from(names), max_size=5)
    missing, invented = data.draw(some, label="missing"), data.draw(some, label="invented")
    misled.engine.says = data.draw(st.sampled_from([None, (honest.held - missing) | invented]))
    result = misled.assess(journey.findings)
    if misled.engine.says == honest.held:
        assert result == honest
    else:
        assert result.fail_safe == (ENGINE_FAILED if misled.engine.says is None else ENGINE_DIFFERED)
        assert result.held == honest.held | (misled.engine.says or frozenset())
        assert result.urgency >= max(honest.urgency, Urgency.SAME_DAY)
        sheet = make_sheet(knowledge, result, journey, {})
        assert sheet.fail_safe and sheet.no_warning_sign is None
        assert all(isinstance(knowledge.rules[sentence.rule], BESIDE_AN_ALARM) for sentence in sheet.said)
