"""The policies that live once: the careful one wins, not sure is never a no, and nothing reassures beside an alarm."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from triage.__main__ import assessment_json
from triage.assessment import NOT_WORKED_OUT, Assessor, witness
from triage.engine import Engine
from triage.errors import EngineError
from triage.journey import read_answers, with_usual
from triage.knowledge import Urgency, load
from triage.knowledge.model import Deposit, Disagreement, Reversibility, Term, Treatment, finding_of
from triage.sheet import make_sheet
from triage.whatif import everything, for_patient

FLAGS, QUESTIONS, SCOPE, TOE = "red-flags/signs.toml", "questions.toml", "scope.toml", "deposits/chalk-toe.toml"
SELF_CARE, ROUTINE, SOON, SAME_DAY, EMERGENCY = Urgency


def assess(tiny_rules, **answers):
    """What the tiny rules make of these answers, with the usual ones beside them."""
    knowledge = load(tiny_rules.folder)
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in answers.items()}
    return Assessor(knowledge).assess(with_usual(knowledge, given).findings)


def ids(rules):
    return {rule.id for rule in rules}


def second_deposit(tiny_rules):
    """A second place, the heel, exactly like the toe but for its names."""
    tiny_rules.write("deposits/chalk-heel.toml", (tiny_rules.folder / TOE).read_text().replace("toe", "heel"))


# -- how soon ----------------------------------------------------------------------------------------------------------


def test_the_most_urgent_firing_decides_and_the_others_are_still_told(tiny_rules):
    assessment = assess(tiny_rules, signs=["hot", "numb"], toe_pain="sudden")
    assert [firing.rule.id for firing in assessment.firings] == ["hot", "numb", "toe-sudden"]
    assert assessment.urgency == max(firing.urgency for firing in assessment.firings) == SAME_DAY


@pytest.mark.parametrize("base", Urgency)
def test_the_deposit_sets_the_least_urgency_and_never_lowers_one(tiny_rules, base):
    tiny_rules.change(TOE, 'base_urgency = "self-care"', f'base_urgency = "{base.word}"')
    assert assess(tiny_rules).urgency == base
    assert assess(tiny_rules, signs=["numb"]).urgency == max(base, SOON)


def test_several_deposits_have_one_urgency_the_highest_of_them(tiny_rules):
    second_deposit(tiny_rules)
    tiny_rules.change("deposits/chalk-heel.toml", 'base_urgency = "self-care"', 'base_urgency = "soon"')
    both = assess(tiny_rules, where=["chalk-toe", "chalk-heel"])
    assert both.urgency == SOON
    assert {result.deposit.id: result.category for result in both.deposits} == {
        "chalk-toe": "often-resolves",
        "chalk-heel": "often-resolves",
    }
    assert assess(tiny_rules, where=["chalk-toe"]).urgency == SELF_CARE


def test_a_firing_carries_what_the_person_said_on_everything_it_tests(tiny_rules):
    tiny_rules.change(TOE, 'when = { toe_pain = "sudden" }', 'when = { toe_pain = "sudden", age = ["old", "adult"] }')
    (firing,) = assess(tiny_rules, toe_pain="sudden", age="old").firings
    assert dict(firing.findings) == {"chalk_toe": "yes", "toe_pain": "sudden", "age": "old"}


# -- not sure ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("urgency", Urgency)
def test_not_sure_of_a_warning_sign_counts_one_step_lower_than_yes(tiny_rules, urgency):
    tiny_rules.change(FLAGS, 'id = "hot", urgency = "same-day"', f'id = "hot", urgency = "{urgency.word}"')
    sure = next(firing for firing in assess(tiny_rules, signs=["hot"]).firings if firing.rule.id == "hot")
    unsure = next(firing for firing in assess(tiny_rules, signs=["unsure"]).firings if firing.rule.id == "hot")
    assert (sure.certain, sure.urgency) == (True, urgency)
    assert (unsure.certain, unsure.urgency) == (False, urgency.lowered())


def test_not_sure_of_an_emergency_is_help_today(tiny_rules):
    assert assess(tiny_rules, alarm=["unsure"]).urgency == SAME_DAY


def test_not_sure_is_never_a_no(tiny_rules):
    assert assess(tiny_rules, signs=["none"]).firings == ()
    assert ids(firing.rule for firing in assess(tiny_rules, signs=["unsure"]).firings) == {"hot", "numb"}


def test_a_tick_is_certain_even_when_the_person_is_not_sure_of_the_rest(tiny_rules):
    firings = {firing.rule.id: firing for firing in assess(tiny_rules, signs=["hot", "unsure"]).firings}
    assert (firings["hot"].certain, firings["numb"].certain) == (True, False)
    assert firings["hot"].urgency == SAME_DAY


def test_not_sure_of_a_choice_counts_too(tiny_rules):
    (firing,) = assess(tiny_rules, toe_pain="unsure").firings
    assert (firing.rule.id, firing.certain, firing.urgency) == ("toe-sudden", False, ROUTINE.lowered())


def test_what_was_not_asked_is_neither_yes_nor_not_sure(tiny_rules):
    tiny_rules.change(TOE, 'when = { toe_pain = "sudden" }', 'when = { toe_long = "yes" }')
    assert assess(tiny_rules, toe_pain="sudden").firings == ()
    assert ids(firing.rule for firing in assess(tiny_rules, toe_long="unsure").firings) == {"toe-sudden"}


def test_not_sure_keeps_a_caution_and_a_reason_to_withhold_on(tiny_rules):
    assert ids(assess(tiny_rules, health=["pill"], dose="unsure").cautions) == {"overdose"}
    assert ids(assess(tiny_rules, age="unsure").withholds) == {"young"}


def test_not_sure_brings_no_other_rule_unless_the_rule_says_so(tiny_rules):
    assert ids(assess(tiny_rules, health=["pill"]).myths) == {"pill-myth"}
    assert assess(tiny_rules, health=["unsure"]).myths == ()
    assert assess(tiny_rules, toe_pain="unsure").treatments == ()


# -- one step up -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flag", "weak", "urgency"),
    [
        ("emergency", ["is_weak"], EMERGENCY),
        ("same-day", ["is_weak"], EMERGENCY),
        ("same-day", ["unsure"], SAME_DAY),
        ("soon", ["is_weak"], SAME_DAY),
        ("soon", ["unsure"], SAME_DAY),
        ("routine", ["is_weak"], ROUTINE),
        ("self-care", ["is_weak"], SELF_CARE),
        ("soon", ["none"], SOON),
        ("soon", ["pill"], SOON),
    ],
)
def test_a_reason_to_step_up_raises_soon_and_if_certain_same_day_by_one(tiny_rules, flag, weak, urgency):
    tiny_rules.change(FLAGS, 'id = "numb", urgency = "soon"', f'id = "numb", urgency = "{flag}"')
    (firing,) = assess(tiny_rules, signs=["numb"], health=weak).firings
    assert firing.urgency == urgency
    assert ids(firing.stepped_up_by) == ({"weak-body"} if urgency > firing.rule.urgency else set())


def test_not_sure_of_the_sign_comes_first_and_the_step_up_after_it(tiny_rules):
    firings = {firing.rule.id: firing for firing in assess(tiny_rules, signs=["unsure"], health=["is_weak"]).firings}
    assert firings["hot"].urgency == SAME_DAY.lowered().raised() == SAME_DAY
    # What is soon when sure is raised to same-day by weak defences; not being sure is one step below that.
    assert firings["numb"].urgency == SOON.raised().lowered() == SOON


def test_a_flag_without_a_tag_of_the_step_up_stays_where_it_is(tiny_rules):
    tiny_rules.change(FLAGS, 'tags = ["nerve"], ', "")
    (firing,) = assess(tiny_rules, signs=["numb"], health=["is_weak"]).firings
    assert (firing.urgency, firing.stepped_up_by) == (SOON, ())


def test_two_reasons_to_step_up_raise_by_one_step_only(tiny_rules):
    tiny_rules.change(SCOPE, "step_up = [", 'step_up = [{ id = "old-body", when = { age = "old" }, tags = ["nerve"], '
        'because = "Old.", sources = ["book"] }, ')  # fmt: skip
    (firing,) = assess(tiny_rules, signs=["numb"], health=["is_weak"], age="old").firings
    assert ids(firing.stepped_up_by) == {"old-body", "weak-body"}
    assert firing.urgency == SAME_DAY


# -- beside an alarm ---------------------------------------------------------------------------------------------------


def test_without_an_alarm_everything_that_holds_is_said(tiny_rules):
    assessment = assess(tiny_rules, signs=["numb"], health=["pill"], dose="much")
    assert not assessment.alarmed
    assert ids(assessment.treatments) == {"toe-rest"}
    assert ids(assessment.myths) == {"pill-myth"}
    assert ids(assessment.next_steps) == {"toe-walk"}
    assert ids(assessment.disagreements) == {"toe-dispute"}
    assert ids(assessment.doctor_questions) == {"toe-ask"}
    assert ids(assessment.cautions) == {"overdose"}
    assert [(result.category, result.withheld) for result in assessment.deposits] == [("often-resolves", "")]


@pytest.mark.parametrize("urgency", [SAME_DAY, EMERGENCY])
def test_beside_an_alarm_nothing_reassures_or_educates(tiny_rules, urgency):
    tiny_rules.change(FLAGS, 'id = "hot", urgency = "same-day"', f'id = "hot", urgency = "{urgency.word}"')
    assessment = assess(tiny_rules, signs=["hot"], health=["pill"], dose="much")
    assert assessment.alarmed
    assert not (assessment.treatments or assessment.myths or assessment.next_steps or assessment.disagreements)
    assert not assessment.doctor_questions
    assert [result.withheld for result in assessment.deposits] == ["withheld_urgent"]
    assert not assessment.nurse_cards, "a card about what is not said explains nothing"


def test_a_question_for_the_doctor_can_stay_beside_an_alarm(tiny_rules):
    tiny_rules.change(TOE, 'text = "Which toe is it?"', 'text = "Which toe is it?", even_when_urgent = true')
    assert ids(assess(tiny_rules, signs=["hot"]).doctor_questions) == {"toe-ask"}


def test_a_caution_stays_beside_same_day_and_beside_an_emergency_only_if_it_says_so(tiny_rules):
    danger = {"signs": ["hot"], "health": ["pill", "is_weak"], "dose": "much"}
    assert ids(assess(tiny_rules, signs=["hot"], health=["pill"], dose="much").cautions) == {"overdose"}
    assert assess(tiny_rules, **danger).urgency == EMERGENCY
    assert assess(tiny_rules, **danger).cautions == ()
    tiny_rules.change(SCOPE, '"Ask about the dose."', '"Ask about the dose.", even_in_emergency = true')
    assert ids(assess(tiny_rules, **danger).cautions) == {"overdose"}


def test_a_journey_that_ended_early_withholds_because_of_the_emergency_not_because_the_guide_failed(tiny_rules):
    tiny_rules.change(TOE, 'text = "Slow"', 'text = "Slow", stops = true')
    tiny_rules.change(TOE, 'urgency = "routine", when = { toe_pain = "sudden" }', 'urgency = "emergency", when = '
        '{ toe_pain = "slow" }')  # fmt: skip
    assessment = assess(tiny_rules, toe_pain="slow")
    assert (assessment.urgency, assessment.fail_safe) == (EMERGENCY, "")
    assert [result.withheld for result in assessment.deposits] == ["withheld_urgent"]


# -- withheld ----------------------------------------------------------------------------------------------------------


def test_a_reason_to_withhold_silences_the_deposit_and_sets_the_least_urgency(tiny_rules):
    assessment = assess(tiny_rules, age="child")
    assert assessment.urgency == ROUTINE
    (result,) = assessment.deposits
    assert (result.withheld, result.reversibility, result.category) == ("young", None, "needs-specialist")
    assert not (assessment.treatments or assessment.disagreements)


def test_the_reason_to_withhold_stays_the_reason_beside_an_alarm(tiny_rules):
    (result,) = assess(tiny_rules, age="child", signs=["hot"]).deposits
    assert result.withheld == "young"


def test_a_deposits_own_reason_withholds_that_deposit_alone(tiny_rules):
    second_deposit(tiny_rules)
    text = (tiny_rules.folder / TOE).read_text()
    own = 'withhold = [{ id = "toe-odd", when = { toe_pain = "no-pain" }, text = "Odd.", sources = ["book"] }]'
    tiny_rules.write(TOE, f"{text}\n{own}\n")
    results = assess(tiny_rules, where=["chalk-toe", "chalk-heel"], toe_pain="no-pain").deposits
    assert {result.deposit.id: result.withheld for result in results} == {"chalk-toe": "toe-odd", "chalk-heel": ""}


# -- cards for the nurse -----------------------------------------------------------------------------------------------

SAID = {
    "chalk-toe": {},
    "toe-goes": {},
    "toe-rest": {},
    "toe-walk": {},
    "toe-ask": {},
    "toe-dispute": {},
    "toe-sudden": {"toe_pain": "sudden"},
    "numb": {"signs": ["numb"]},
    "weak-body": {"signs": ["numb"], "health": ["is_weak"]},
    "young": {"age": "child"},
    "overdose": {"health": ["pill"], "dose": "much"},
    "pill-myth": {"health": ["pill"]},
}


@pytest.mark.parametrize("about", SAID)
def test_a_card_is_shown_when_a_rule_it_is_about_is_said(tiny_rules, about):
    tiny_rules.change(TOE, 'about = ["toe-goes", "toe-stays"]', f'about = ["{about}"]')
    knowledge = load(tiny_rules.folder)
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in SAID[about].items()}
    journey = with_usual(knowledge, given)
    assessment = Assessor(knowledge).assess(journey.findings)
    assert about in {sentence.rule for sentence in make_sheet(knowledge, assessment, journey, {}).said}
    assert ids(assessment.nurse_cards) == {"toe-card"}


def test_a_card_about_what_is_not_said_is_not_shown(tiny_rules):
    assert ids(assess(tiny_rules).nurse_cards) == {"toe-card"}
    assert assess(tiny_rules, age="child").nurse_cards == ()


# -- when the guide fails ----------------------------------------------------------------------------------------------


def test_when_more_than_one_category_seems_to_hold_none_is_claimed(tiny_rules, caplog):
    knowledge = load(tiny_rules.folder)
    findings = with_usual(knowledge, {}).findings
    assessor = Assessor(knowledge)
    too_many = [Term("toe-stays", knowledge.deposits["chalk-toe"].criterion)]
    assessor.engine = Engine({**knowledge.terms, "wrong": too_many})
    assessment = assessor.assess(findings)
    assert assessment.fail_safe and assessment.urgency == SAME_DAY
    assert [(result.withheld, result.reversibility) for result in assessment.deposits] == [("fail_safe", None)]
    assert "toe-stays" in caplog.text


def test_a_failing_engine_never_lowers_what_the_answers_alone_make_urgent(tiny_rules, monkeypatch, caplog):
    knowledge = load(tiny_rules.folder)
    assessor = Assessor(knowledge)

    def fail(_):
        raise EngineError("broken for this test")

    monkeypatch.setattr(assessor.engine, "fired", fail)
    for given, least in (({}, SAME_DAY), ({"alarm": ("heart_pain",)}, EMERGENCY)):
        assert assessor.assess(with_usual(knowledge, given).findings).urgency == least
    assert assessor.counts["assessments"] == 2
    assert "broken for this test" in caplog.text


def test_a_result_that_cannot_be_had_is_advice_today_and_claims_nothing(assessor):
    assessment = Assessor(assessor.knowledge).not_worked_out()
    assert (assessment.urgency, assessment.fail_safe) == (SAME_DAY, NOT_WORKED_OUT)
    assert not (assessment.firings or assessment.deposits or assessment.next_steps or assessment.held)


# -- the real rules ----------------------------------------------------------------------------------------------------


def test_what_is_said_about_a_kind_of_deposit_is_never_about_the_persons_own(knowledge):
    own = re.compile(r"\byours\b|\byour (own )?(deposits?|calcium|chalk|calcification)\b", re.IGNORECASE)
    for kind in (Deposit, Reversibility, Treatment, Disagreement):
        for rule in knowledge.of_kind(kind):
            assert not [text for text in rule.texts if own.search(text)], f"{rule.file}: {rule.id} speaks of 'yours'"


def test_each_urgency_says_something_else(knowledge):
    headings = {disposition.heading for disposition in knowledge.dispositions.values()}
    assert len(headings) == len(Urgency)


# -- the same answers give the same result -----------------------------------------------------------------------------


def whole_json(assessor, journey):
    result = assessor.assess(journey.findings)
    outlooks = (look(assessor, journey, result) for look in (everything, for_patient))
    return assessment_json(assessor.knowledge, journey, result, *outlooks)


def test_the_same_answers_give_the_same_result_also_in_other_processes(knowledge, assessor):
    case = max(knowledge.cases, key=lambda case: len(case.answers))
    answers = dict(with_usual(knowledge, case.answers).answers)
    journey = read_answers(knowledge, answers)
    here, again = (whole_json(some, journey) for some in (assessor, Assessor(knowledge)))
    assert here == again
    turned = json.dumps({"answers": dict(reversed(answers.items()))})
    for seed, given in (("1", json.dumps({"answers": answers})), ("2", turned)):
        elsewhere = subprocess.run(
            [sys.executable, "-m", "triage", "assess", "-"],
            input=given,
            capture_output=True,
            text=True,
            cwd=Path(__file__).resolve().parents[1],
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        assert elsewhere.stdout == json.dumps(here, ensure_ascii=False, indent=2) + "\n", elsewhere.stderr


def test_the_witness_does_not_take_a_misspelt_finding_for_a_no(assessor):
    findings = dict(with_usual(assessor.knowledge, assessor.knowledge.cases[0].answers).findings)
    place = next(iter(assessor.knowledge.deposits))
    findings[f"{finding_of(place)}x"] = findings.pop(finding_of(place))
    assert len(findings) == len(assessor.knowledge.findings)
    with pytest.raises(KeyError, match=finding_of(place)):
        witness(assessor.knowledge, findings)
