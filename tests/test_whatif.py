"""What would change a result: what is told is what the engine says, nothing near is missing, an alarm stands alone.

The brute force here shares nothing with the room but journey and engine: it changes answers one by one and asks.
"""

import random

import pytest

from tests.figures import random_journey
from triage import cases, whatif
from triage.assessment import Assessor
from triage.errors import EngineError
from triage.journey import follow, suppose, with_usual
from triage.knowledge import UNSURE, Urgency, load
from triage.knowledge.criteria import ALWAYS
from triage.knowledge.model import NO_ONE, sentences
from triage.sheet import make_sheet
from triage.verify.people import random_answer
from triage.whatif import NOTHING, everything, for_patient

FLAGS, SCOPE, TOE = "red-flags/signs.toml", "scope.toml", "deposits/chalk-toe.toml"
MOST_ENGINE_RUNS = 10


def dice(seed):
    """Repeatable chance."""
    return random.Random(seed)  # noqa: S311 - people, not secrets


class Tiny:
    """The tiny rules with a person, and what would change their result."""

    def __init__(self, rules, **answers):
        self.knowledge = load(rules.folder)
        self.assessor = Assessor(self.knowledge)
        given = {key: tuple(value) if isinstance(value, list) else value for key, value in answers.items()}
        self.journey = with_usual(self.knowledge, given)
        self.result = self.assessor.assess(self.journey.findings)
        self.whole = everything(self.assessor, self.journey, self.result)
        self.patient = for_patient(self.assessor, self.journey, self.result)

    def sheet(self):
        return make_sheet(self.knowledge, self.result, self.journey, {}, self.patient)


def told(outlook):
    """What an outlook says, as other programs read it."""
    return {(effect.change.question.id, effect.change.option): effect.urgency.word for effect in outlook.raises}


# -- by brute force ----------------------------------------------------------------------------------------------------


def words(answer):
    return (answer,) if isinstance(answer, str) else answer


def with_option(question, answer, option):
    """The answer with this option chosen: in a multi question beside the others, "none" taken back."""
    if question.type != "multi":
        return option
    return tuple(word for word in question.allowed if word == option or (word in words(answer) and word != NO_ONE))


def rerun(assessor, journey, question, answer):
    return assessor.assess(suppose(assessor.knowledge, {**journey.answers, question.id: answer}).findings)


def near(assessor, journey, result):
    """Every single change that makes it more urgent, with the urgency, found by asking the engine about all of them."""
    found = {}
    for question in journey.questions:
        answer = journey.answers[question.id]
        for option in question.options:
            if option.id not in words(answer):
                then = rerun(assessor, journey, question, with_option(question, answer, option.id))
                if then.urgency > result.urgency:
                    found[question.id, option.id] = then.urgency.word
    return found


def turns_out(question, answer):
    """What "I'm not sure" can turn out to be."""
    sure = tuple(word for word in words(answer) if word != UNSURE)
    if question.type != "multi":
        return [option.id for option in question.options]
    none = [sure] if sure else [(NO_ONE,)] if question.none else []
    return none + [with_option(question, sure, option.id) for option in question.options if option.id not in sure]


def said_of_deposits(result):
    return {(one.deposit.id, one.reversibility.id) for one in result.deposits if one.reversibility and not one.withheld}


def said_rules(result):
    """The rules on a sheet with this result, but for what is said at that urgency to everybody."""
    told = [firing for firing in result.counting]
    return {
        rule.id: rule
        for rule in (
            *(firing.rule for firing in told),
            *(step for firing in told for step in firing.stepped_up_by),
            *(one.deposit for one in result.deposits),
            *(one.reversibility for one in result.deposits if one.reversibility and not one.withheld),
            *result.withholds, *result.treatments, *result.disagreements, *result.next_steps, *result.doctor_questions,
            *result.cautions, *result.myths,
        )
    }  # fmt: skip


def weight(assessor, journey, result, question):
    """The most that any definite answer changes: the urgency if it rises, the verdict, how many sentences."""
    answer = journey.answers[question.id]
    urgency, verdict, amount = 0, False, 0
    for definite in turns_out(question, answer):
        then = rerun(assessor, journey, question, definite)
        urgency = max(urgency, then.urgency if then.urgency > result.urgency else 0)
        verdict = verdict or bool(said_of_deposits(then) - said_of_deposits(result))
        before, after = said_rules(result), said_rules(then)
        differing = [{**before, **after}[name] for name in before.keys() ^ after.keys()]
        amount = max(amount, sum(len(sentences(text)) for rule in differing for text in rule.texts if text))
    return urgency, verdict, amount


# -- the people --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people(knowledge):
    """The people of all cases, and some hundred random ones."""
    draw = dice(1)
    known = [with_usual(knowledge, case.answers) for case in knowledge.cases]
    return [*known, *(random_journey(knowledge, draw) for _ in range(300))]


def completed(knowledge, answers, draw):
    """The journey with every answer that is missing given at random."""
    answers = dict(answers)
    while not (journey := follow(knowledge, answers)).complete:
        for question in journey.steps[-1].questions:
            if question.id not in answers:
                answers[question.id] = random_answer(question, draw, draw.choice(("few", "several", UNSURE)))
    return journey


def test_all_that_a_sheet_tells_is_what_the_engine_says_whatever_is_answered_then(knowledge, people, assessor):
    draw = dice(2)
    statements = 0
    for journey in people:
        result = assessor.assess(journey.findings)
        runs = assessor.counts["assessments"]
        outlook = for_patient(assessor, journey, result)
        assert assessor.counts["assessments"] - runs <= MOST_ENGINE_RUNS
        assert len(outlook.raises) <= 4
        assert outlook == NOTHING or result.urgency < Urgency.EMERGENCY
        unknown = outlook.find_out_first
        best = [effect for effect in unknown.effects if unknown.urgency] if unknown else []
        for effect in (*outlook.raises, *best):
            statements += 1
            question = effect.change.question
            assert question in journey.questions
            if effect not in best:
                assert effect.change.option not in words(journey.answers[question.id])
                given = with_option(question, journey.answers[question.id], effect.change.option)
                assert effect.change.answer == given
            assert result.urgency < effect.urgency
            then = rerun(assessor, journey, question, effect.change.answer)
            assert then.urgency == effect.urgency
            assert {rule.id for rule in effect.rules} <= said_rules(then).keys() | {
                one.deposit.id for one in then.deposits
            }
            whole = completed(knowledge, {**journey.answers, question.id: effect.change.answer}, draw)
            assert assessor.assess(whole.findings).urgency >= effect.urgency, (question.id, effect.change.option)
    assert statements > 1500


def test_the_list_for_the_nurse_is_complete_and_the_most_urgent_comes_first(knowledge, people, assessor):
    calm = [journey for journey in people if assessor.assess(journey.findings).urgency < Urgency.EMERGENCY]
    for journey in dice(3).sample(calm, 15):
        result = assessor.assess(journey.findings)
        outlook = everything(assessor, journey, result)
        assert told(outlook) == near(assessor, journey, result)
        urgencies = [effect.urgency for effect in outlook.raises]
        assert urgencies == sorted(urgencies, reverse=True)
        assert told(for_patient(assessor, journey, result)).items() <= told(outlook).items()


def unsure_people(knowledge, count):
    """People who are not sure about some things, and one who is not sure about anything."""
    draw = dice(4)
    for case in draw.sample(knowledge.cases, count):
        path = with_usual(knowledge, case.answers)
        if path.stopped:
            continue
        answers = {
            question.id: random_answer(question, draw, UNSURE)
            for question in path.questions
            if question.id != knowledge.place_question and draw.random() < 0.3
        }
        yield completed(knowledge, {**path.answers, **answers}, draw)
    answers = {}
    while not (journey := follow(knowledge, answers)).complete:
        for question in journey.steps[-1].questions:
            answers[question.id] = (
                random_answer(question, draw, UNSURE)
                if question.id != knowledge.place_question
                else (next(iter(knowledge.deposits)),)
            )
    yield journey


def test_the_unknown_that_matters_most_is_the_one_that_can_change_most(knowledge, assessor):
    seen = set()
    for journey in unsure_people(knowledge, 30):
        result = assessor.assess(journey.findings)
        if result.urgency == Urgency.EMERGENCY:
            continue
        unsure = [question for question in journey.questions if UNSURE in words(journey.answers[question.id])]
        weights = {question.id: weight(assessor, journey, result, question) for question in unsure}
        most = max(weights.values(), default=(0, False, 0))
        first = everything(assessor, journey, result).find_out_first
        if not any(most):
            assert first is None
            continue
        assert first.weight[0] == most[0]
        assert first.question.id == next(question for question, weight in weights.items() if weight == most)
        assert first.weight == most
        seen.add((bool(most[0]), most[1]))
    assert {True, False} == {rises for rises, _ in seen}


def test_who_is_sure_of_everything_has_nothing_to_find_out(knowledge, people, assessor):
    for journey in people[::6]:
        if not any(UNSURE in words(answer) for answer in journey.answers.values()):
            assert for_patient(assessor, journey, assessor.assess(journey.findings)).find_out_first is None


def test_only_what_can_happen_from_now_on_stands_on_a_sheet(knowledge, people, assessor):
    """Not their age, illnesses and medicines; and not the emergencies that everybody's safety net names."""
    for journey in people[::6]:
        result = assessor.assess(journey.findings)
        for effect in for_patient(assessor, journey, result).raises:
            question = effect.change.question
            assert question.tick_wins or question.enable_when != ALWAYS
            assert question.enable_when != ALWAYS or not question.option(effect.change.option).stops
            assert UNSURE not in words(journey.answers[question.id])


def test_the_deposits_they_named_come_before_the_signs_that_everybody_is_asked_about(knowledge, assessor):
    for deposit in knowledge.deposits:
        journey = with_usual(knowledge, {knowledge.place_question: (deposit,)})
        result = assessor.assess(journey.findings)
        shown = for_patient(assessor, journey, result).raises
        own = {rules[0] for effect in shown if (rules := effect.rules)[0].deposit}
        everybodys = [effect for effect in shown if effect.change.asked_of_all]
        left = [
            effect
            for effect in everything(assessor, journey, result).raises
            if effect.change.is_sign and effect.rules[0].deposit and effect.rules[0] not in own
        ]
        assert not everybodys or not left, deposit


def test_of_two_deposits_neither_takes_all_the_room(knowledge, assessor):
    deposits = list(knowledge.deposits)
    both = 0
    for named in zip(deposits[::3], deposits[1::3], strict=False):
        journey = with_usual(knowledge, {knowledge.place_question: named})
        result = assessor.assess(journey.findings)
        own = [effect for effect in everything(assessor, journey, result).raises if effect.rules[0].deposit]
        have = {effect.rules[0].deposit for effect in own if effect.change.is_sign}
        shown = {effect.rules[0].deposit for effect in for_patient(assessor, journey, result).raises} - {""}
        assert have <= shown, named
        both += len(have) == 2
    assert both > 5


# -- a person of the tiny rules ----------------------------------------------------------------------------------------


def test_each_single_change_that_raises_is_found_with_what_it_leads_to(tiny_rules):
    assert told(Tiny(tiny_rules).whole) == {
        ("alarm", "heart_pain"): "emergency",
        ("signs", "hot"): "same-day",
        ("signs", "numb"): "soon",
        ("age", "child"): "routine",
        ("toe_pain", "sudden"): "routine",
    }


def test_a_change_that_only_steps_up_is_found_with_the_sign_and_the_step(tiny_rules):
    person = Tiny(tiny_rules, signs=["hot"])
    raises = {effect.change.option: [rule.id for rule in effect.rules] for effect in person.whole.raises}
    assert raises == {"heart_pain": ["heart-pain"], "is_weak": ["hot", "weak-body"]}


def test_the_patient_is_told_signs_and_not_who_they_are(tiny_rules):
    assert told(Tiny(tiny_rules).patient) == {("signs", "hot"): "same-day", ("signs", "numb"): "soon"}


def test_an_answer_that_alarms_is_told_where_it_was_asked_because_of_others(tiny_rules):
    tiny_rules.change(TOE, 'id = "toe-sudden", urgency = "routine"', 'id = "toe-sudden", urgency = "same-day"')
    assert list(told(Tiny(tiny_rules).patient)) == [("toe_pain", "sudden"), ("signs", "hot"), ("signs", "numb")]


def test_beside_an_alarm_only_what_makes_it_an_emergency_is_told(tiny_rules):
    flag = 'ask = { question = "signs", text = "Cold" }'
    tiny_rules.change(
        FLAGS,
        "red_flag = [",
        f'red_flag = [{{ id = "cold", urgency = "emergency", because = "C.", sources = ["book"], {flag} }}, ',
    )
    person = Tiny(tiny_rules, signs=["hot"], age="unsure")
    assert person.result.urgency == Urgency.SAME_DAY
    assert told(person.patient) == {("signs", "cold"): "emergency"}
    assert person.patient.find_out_first is None and person.whole.find_out_first


@pytest.mark.parametrize("answers", [{"alarm": ["heart_pain"]}, {"signs": ["hot"], "health": ["is_weak"]}])
def test_an_emergency_is_told_nothing_but_the_emergency(tiny_rules, answers):
    person = Tiny(tiny_rules, **answers)
    assert person.result.urgency == Urgency.EMERGENCY
    assert person.whole == person.patient == NOTHING
    assert person.sheet().outlook is None


def test_what_a_change_leads_to_does_not_hang_on_questions_that_it_opens(tiny_rules):
    """A pill opens the question for its dose: no rule may count on what the answer to that will be."""
    tiny_rules.change(
        FLAGS, "red_flag = [", 'red_flag = [{ id = "dosed", urgency = "soon", when = { dose = "much" }, because = "D", '
        'sources = ["book"] }, { id = "pilled", urgency = "routine", when = { pill = "yes" }, because = "P.", '
        'sources = ["book"] }, { id = "undosed", urgency = "same-day", when = { pill = "yes", dose = "not-asked" }, '
        'because = "U.", sources = ["book"] }, ',
    )  # fmt: skip
    person = Tiny(tiny_rules)
    assert told(person.whole)["health", "pill"] == "routine"


def test_one_reason_is_told_once(tiny_rules):
    tiny_rules.change(TOE, 'when = { toe_pain = "sudden" }', 'when = { toe_pain = ["sudden", "no-pain"] }')
    tiny_rules.change(TOE, 'id = "toe-sudden", urgency = "routine"', 'id = "toe-sudden", urgency = "same-day"')
    person = Tiny(tiny_rules)
    assert {("toe_pain", "sudden"), ("toe_pain", "no-pain")} <= told(person.whole).keys()
    assert len([effect for effect in person.patient.raises if effect.rules[0].id == "toe-sudden"]) == 1


def test_what_withholds_the_verdict_is_to_be_found_out_first(tiny_rules):
    unknown = Tiny(tiny_rules, age="unsure", toe_pain="unsure").patient.find_out_first
    assert (unknown.question.id, unknown.urgency, unknown.verdict) == ("age", None, True)
    assert "young" in {rule.id for effect in unknown.effects for rule in effect.rules}


def test_what_can_get_more_urgent_is_to_be_found_out_before_the_verdict(tiny_rules):
    unknown = Tiny(tiny_rules, age="unsure", signs=["unsure"]).patient.find_out_first
    assert (unknown.question.id, unknown.urgency) == ("signs", Urgency.SAME_DAY)
    assert [effect.change.option for effect in unknown.effects] == ["hot"]


def test_an_unknown_that_changes_nothing_is_not_to_be_found_out(tiny_rules):
    tiny_rules.change(TOE, 'when = { toe_pain = ["sudden", "slow"] }, what', "what")
    person = Tiny(tiny_rules, toe_pain="no-pain", health=["pill"], dose="unsure")
    tiny_rules.change(SCOPE, 'when = { dose = "much" }', 'when = { dose = ["little", "much"] }')
    assert Tiny(tiny_rules, toe_pain="no-pain", health=["pill"], dose="unsure").patient.find_out_first is None
    assert person.patient.find_out_first.question.id == "dose"


def test_what_the_engine_does_not_confirm_is_not_told(tiny_rules, monkeypatch):
    person = Tiny(tiny_rules, age="unsure")

    def fails(*_):
        raise EngineError("no")

    monkeypatch.setattr(person.assessor.engine, "fired", fails)
    for look in (everything, for_patient):
        assert look(person.assessor, person.journey, person.result) == NOTHING
        careful = person.assessor.assess(person.journey.findings)
        assert careful.fail_safe and look(person.assessor, person.journey, careful) == NOTHING


# -- on the sheet ------------------------------------------------------------------------------------------------------


def test_the_sheet_says_it_after_the_deposits_in_the_words_the_person_saw(tiny_rules):
    person = Tiny(tiny_rules, age="unsure")
    sheet = person.sheet()
    assert [(part.label, [change.words.text for change in part.changes]) for part in sheet.outlook.by_urgency] == [
        ("So", ["Hot"]),
        ("So", ["Numb"]),
    ]
    assert sheet.outlook.find_out.question.text == "Age?"
    rules = [sentence.rule for sentence in sheet.said]
    first = rules.index("what_would_change")
    assert rules[first : first + 6] == ["what_would_change", "hot", "numb", "find_out_first", "young", "find_out_kind"]
    assert rules.index("do-routine") < rules.index("chalk-toe") < first < rules.index("keep_appointments")


def test_of_a_question_with_boxes_the_few_that_matter_are_named(tiny_rules):
    find_out = Tiny(tiny_rules, signs=["unsure"]).sheet().outlook.find_out
    assert (find_out.question.text, [option.text for option in find_out.options]) == ("Sign?", ["Hot"])
    assert (find_out.effect.rule, find_out.label) == ("find_out_sooner", "So")


def test_with_several_deposits_each_change_says_which_it_is_about(tiny_rules):
    tiny_rules.change(TOE, 'id = "toe-sudden", urgency = "routine"', 'id = "toe-sudden", urgency = "same-day"')
    tiny_rules.write(
        "deposits/chalk-heel.toml", (tiny_rules.folder / TOE).read_text().replace("toe", "heel").replace("Toe", "Heel")
    )

    def places(*named):
        return [
            (change.place, change.words.text)
            for part in Tiny(tiny_rules, where=list(named)).sheet().outlook.by_urgency
            for change in part.changes
        ]  # fmt: skip

    assert places("chalk-toe")[0] == ("", "Pain? Quick")
    assert places("chalk-toe", "chalk-heel")[:3] == [("Heel", "Pain? Quick"), ("", "Hot"), ("", "Numb")]


def test_a_long_sheet_names_fewer_changes_so_that_it_stays_on_its_pages(tiny_rules):
    def told_on_paper():
        part = Tiny(tiny_rules, age="unsure").sheet().outlook
        return sum(len(group.changes) for group in part.by_urgency), bool(part.find_out)

    assert told_on_paper() == (2, True)
    tiny_rules.change(TOE, 'about = "It is chalk."', f'about = "{"It is chalk. " * 300}"')
    assert told_on_paper() == (1, False)


def test_every_sheet_of_a_case_names_what_would_change_it_unless_it_is_an_emergency(assessor):
    knowledge, silent = assessor.knowledge, 0
    for case in knowledge.cases[::4]:
        found = cases.run(assessor, case)
        outlook = for_patient(assessor, found.journey, found.assessment)
        sheet = make_sheet(knowledge, found.assessment, found.journey, {}, outlook)
        if found.assessment.urgency == Urgency.EMERGENCY:
            assert sheet.outlook is None
        elif found.assessment.urgency < Urgency.SAME_DAY:
            assert sheet.outlook, case.id
        else:
            silent += sheet.outlook is None
            assert not sheet.outlook or {part.label for part in sheet.outlook.by_urgency} <= {
                knowledge.dispositions[Urgency.EMERGENCY].label
            }
    assert silent


def test_what_is_foreseen_is_what_a_plain_evaluation_of_everything_gives(knowledge, people, assessor, monkeypatch):
    """Only the criteria that a change touches are evaluated again: that must be all that could be different."""
    from triage.assessment import witness

    seen = []
    foresee = whatif._Person._foresee

    def watched(person, change):
        foreseen = foresee(person, change)
        seen.append((change, foreseen))
        return foreseen

    monkeypatch.setattr(whatif._Person, "_foresee", watched)
    for journey in dice(5).sample(people, 12):
        result = assessor.assess(journey.findings)
        everything(assessor, journey, result)
        for change, foreseen in seen:
            truth = suppose(knowledge, {**journey.answers, change.question.id: change.answer}).findings
            assert foreseen.findings == truth and foreseen.held == witness(knowledge, truth)
        seen.clear()
