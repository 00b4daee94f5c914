"""Answers lead from page to page: which questions are asked, what an answer says, and what is never taken for a no."""

import pytest

from triage.errors import AnswerError
from triage.journey import accept, findings_of, follow, opened_by, read_answers, sittings, suppose, with_usual
from triage.knowledge import NO, NOT_ANSWERED, NOT_ASKED, UNSURE, YES, load

CALM = {"alarm": "none", "signs": "none", "age": "adult", "where": "chalk-toe", "toe_pain": "slow", "toe_long": "no"}


@pytest.fixture
def tiny(tiny_rules):
    return load(tiny_rules.folder)


def answers(tiny, **changed):
    """A calm person's answers, accepted, but for these; None leaves one out."""
    given = {**CALM, "health": "none", **changed}
    return {
        question_id: accept(tiny.questions[question_id], [value] if wants_list(tiny, question_id, value) else value)
        for question_id, value in given.items()
        if value is not None
    }


def wants_list(tiny, question_id, value):
    return tiny.questions[question_id].type == "multi" and isinstance(value, str)


def pages(journey):
    return [step.page.id for step in journey.steps]


# -- the path ----------------------------------------------------------------------------------------------------------


def test_without_an_answer_the_journey_stands_at_its_first_page(tiny):
    journey = follow(tiny, {})
    assert pages(journey) == ["now"]
    assert not journey.complete and not journey.stopped


def test_each_answered_page_leads_to_the_next_one_on_the_path(tiny):
    given = answers(tiny)
    seen = []
    for question_id in given:
        so_far = {known: given[known] for known in [*seen, question_id]}
        seen.append(question_id)
        journey = follow(tiny, so_far)
        assert journey.complete == (len(seen) == len(given))
        asked = [question.id for question in journey.questions]
        assert asked[: len(seen)] == seen, "questions come in the order of the pages and files"


def test_the_pages_of_a_place_come_where_the_rules_want_them_and_only_for_who_named_it(tiny):
    assert pages(follow(tiny, answers(tiny))) == ["now", "signs", "you", "toe", "toe-2", "health"]
    order = [page.id for page in tiny.pages]
    assert order == ["now", "signs", "you", "toe", "toe-2", "health", "more"]


def test_a_question_is_asked_only_when_its_enable_when_holds(tiny):
    asked = {question.id for question in follow(tiny, answers(tiny, health="pill", dose="much")).questions}
    assert "dose" in asked
    assert "dose" not in {question.id for question in follow(tiny, answers(tiny)).questions}


def test_a_page_without_a_question_to_ask_is_left_out(tiny):
    assert "toe-2" not in pages(follow(tiny, answers(tiny, toe_pain="sudden", toe_long=None)))


def test_a_page_is_not_passed_before_all_its_questions_are_answered(tiny):
    journey = follow(tiny, answers(tiny, where=None))
    assert pages(journey) == ["now", "signs", "you"]
    assert not journey.complete


def test_an_answer_off_the_path_falls_away_as_if_it_had_never_been_given(tiny):
    changed = follow(tiny, answers(tiny, toe_pain="sudden", toe_long="yes"))
    assert changed == follow(tiny, answers(tiny, toe_pain="sudden", toe_long=None))
    assert changed.complete
    assert changed.findings["toe_long"] == NOT_ASKED


def test_an_answer_that_is_off_the_path_counts_again_when_the_path_comes_back(tiny):
    kept = {**answers(tiny), "toe_long": "yes"}
    assert follow(tiny, {**kept, "toe_pain": "sudden"}).findings["toe_long"] == NOT_ASKED
    assert follow(tiny, {**kept, "toe_pain": "slow"}).findings["toe_long"] == YES


def test_what_falls_away_takes_along_what_hung_on_it(tiny_rules):
    tiny_rules.change("questions.toml", 'enable_when = { pill = "yes" }', 'enable_when = { toe_long = "yes" }')
    tiny = load(tiny_rules.folder)
    asked = {question.id for question in follow(tiny, answers(tiny, toe_long="yes", dose="much")).questions}
    assert {"toe_long", "dose"} <= asked
    changed = follow(tiny, answers(tiny, toe_pain="sudden", toe_long="yes", dose="much"))
    assert changed.complete and changed.findings["dose"] == NOT_ASKED


# -- the journey ends at once ------------------------------------------------------------------------------------------


def test_an_answer_that_stops_ends_the_journey_on_its_page(tiny):
    journey = follow(tiny, answers(tiny, alarm="heart_pain"))
    assert journey.stopped and journey.complete
    assert pages(journey) == ["now"]
    assert set(journey.answers) == {"alarm"}
    assert {value for finding, value in journey.findings.items() if finding != "heart_pain"} == {NOT_ASKED}


def test_a_stop_does_not_wait_for_the_other_questions_of_its_page(tiny_rules):
    tiny_rules.change("questions.toml", '{ id = "age", page = "you"', '{ id = "age", page = "now"')
    tiny = load(tiny_rules.folder)
    journey = follow(tiny, answers(tiny, alarm="heart_pain", age=None))
    assert journey.stopped and journey.complete


def test_a_choice_can_stop_too(tiny_rules):
    tiny_rules.change("questions.toml", 'text = "Lot"', 'text = "Lot", stops = true')
    tiny = load(tiny_rules.folder)
    assert follow(tiny, answers(tiny, health="pill", dose="much")).stopped
    assert not follow(tiny, answers(tiny, health="pill", dose="little")).stopped


def test_being_unsure_never_stops(tiny):
    assert not follow(tiny, answers(tiny, alarm="unsure")).stopped


# -- past what is not answered -----------------------------------------------------------------------------------------


def test_supposing_goes_past_a_missing_answer_and_keeps_what_comes_after_it(tiny):
    journey = suppose(tiny, answers(tiny, toe_long=None, health="pill", dose="much"))
    assert pages(journey) == ["now", "signs", "you", "toe", "toe-2", "health", "more"]
    assert not journey.complete
    assert (journey.findings["toe_long"], journey.findings["dose"]) == (NOT_ANSWERED, "much")


def test_what_may_yet_be_asked_is_not_known_to_be_not_asked(tiny):
    journey = suppose(tiny, answers(tiny, health=None, dose=None))
    assert (journey.findings["pill"], journey.findings["dose"]) == (NOT_ANSWERED, NOT_ANSWERED)
    assert suppose(tiny, answers(tiny)).findings["dose"] == NOT_ASKED


def test_supposing_complete_answers_is_following_them(tiny):
    for changed in ({}, {"alarm": "heart_pain"}, {"health": "pill", "dose": "much"}):
        assert suppose(tiny, answers(tiny, **changed)) == follow(tiny, answers(tiny, **changed))


# -- what an answer says -----------------------------------------------------------------------------------------------


def test_a_tick_says_yes_and_an_unticked_box_no(tiny):
    assert findings_of(tiny.questions["signs"], ("hot",)) == {"hot": YES, "numb": NO}


def test_none_says_no_to_every_box(tiny):
    assert findings_of(tiny.questions["signs"], ("none",)) == {"hot": NO, "numb": NO}


def test_unsure_makes_every_unticked_box_unsure_and_never_a_no(tiny):
    assert findings_of(tiny.questions["signs"], ("unsure",)) == {"hot": UNSURE, "numb": UNSURE}
    assert findings_of(tiny.questions["signs"], ("hot", "unsure")) == {"hot": YES, "numb": UNSURE}


def test_what_was_not_asked_is_not_asked_and_never_a_no(tiny):
    assert set(follow(tiny, {}).findings.values()) == {NOT_ASKED}


def test_every_finding_of_the_rules_always_has_a_value(knowledge):
    for journey in (follow(knowledge, {}), with_usual(knowledge, {})):
        assert journey.findings.keys() == knowledge.findings.keys()
        assert all(value in knowledge.findings[finding] for finding, value in journey.findings.items())


def test_a_case_that_does_not_mention_a_question_gets_its_usual_answer(tiny):
    journey = with_usual(tiny, {"toe_pain": "sudden"})
    assert journey.complete
    assert journey.answers == answers(tiny, toe_pain="sudden", toe_long=None)


def test_a_question_without_a_usual_answer_must_be_mentioned(tiny_rules):
    tiny_rules.change("questions.toml", 'usual = "adult", ', "")
    tiny = load(tiny_rules.folder)
    with pytest.raises(AnswerError, match=r"^age: has no usual answer"):
        with_usual(tiny, {})
    assert with_usual(tiny, {"age": "old"}).answers["age"] == "old"


# -- what is accepted --------------------------------------------------------------------------------------------------


def test_a_tick_wins_against_none_where_warning_signs_are_asked(tiny):
    assert accept(tiny.questions["signs"], ["none", "hot"]) == ("hot",)
    assert accept(tiny.questions["signs"], ["none", "unsure"]) == ("unsure",)


@pytest.mark.parametrize("other", ["pill", "unsure"])
def test_none_beside_another_answer_is_an_error_elsewhere(tiny, other):
    with pytest.raises(AnswerError) as caught:
        accept(tiny.questions["health"], ["none", other])
    assert "cannot stand beside" in str(caught.value)


def test_ticks_are_kept_in_the_order_shown_so_that_the_same_answers_are_the_same(tiny):
    assert accept(tiny.questions["signs"], ["numb", "hot"]) == accept(tiny.questions["signs"], ["hot", "numb"])


WRONG = {
    "signs": ["hot", 5, None, True, {}, {"hot": True}, [], [5], [None], [["hot"]], ["hott"], ["hot", "hot"], [""]],
    "age": [["old"], 5, None, True, {}, [], "", "Old", "old ", "odl", "none"],
    "toe_long": [True, 1, "Yes", "y", ["yes"], "not-asked"],
    "where": [["unsure"], ["none"], ["chalk_toe"]],
}


@pytest.mark.parametrize(("question_id", "wrong"), [(key, value) for key, wrong in WRONG.items() for value in wrong])
def test_a_wrong_answer_is_an_error_that_names_the_question_and_all_that_is_allowed(tiny, question_id, wrong):
    question = tiny.questions[question_id]
    with pytest.raises(AnswerError) as caught:
        accept(question, wrong)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{question_id}: ")
    assert problem.endswith(f"allowed: {', '.join(question.allowed)}")


@pytest.mark.parametrize(("question_id", "wrong", "meant"), [("age", "chid", "child"), ("signs", ["nump"], "numb")])
def test_a_misspelt_answer_says_what_was_probably_meant(tiny, question_id, wrong, meant):
    with pytest.raises(AnswerError, match=f"did you mean '{meant}'"):
        accept(tiny.questions[question_id], wrong)


def test_every_allowed_answer_of_the_rules_is_accepted(knowledge):
    for question in knowledge.questions.values():
        for word in question.allowed:
            kept = accept(question, [word] if question.type == "multi" else word)
            values = findings_of(question, kept)
            assert all(value in knowledge.findings[finding] for finding, value in values.items())


# -- a whole answer set from outside -----------------------------------------------------------------------------------

WHOLE = {key: [value] if key in ("alarm", "signs", "where") else value for key, value in CALM.items()}
WHOLE["health"] = ["none"]


def refused(tiny, given, **options):
    with pytest.raises(AnswerError) as caught:
        read_answers(tiny, given, **options)
    return caught.value.problems


def test_a_whole_answer_set_is_the_same_journey_as_page_by_page(tiny):
    assert read_answers(tiny, WHOLE) == follow(tiny, answers(tiny))


def test_the_order_in_which_answers_are_given_does_not_matter(tiny):
    assert read_answers(tiny, dict(reversed(WHOLE.items()))) == read_answers(tiny, WHOLE)


@pytest.mark.parametrize("given", [None, 5, "age", ["age"], [["age", "old"]]])
def test_answers_that_are_no_object_are_refused(tiny, given):
    (problem,) = refused(tiny, given)
    assert problem.startswith("answers: ")


def test_an_unknown_question_is_named_with_the_one_that_was_meant(tiny):
    (problem,) = refused(tiny, {**WHOLE, "aeg": "old"})
    assert problem.startswith("aeg: no such question") and "did you mean 'age'" in problem


def test_every_wrong_answer_is_told_at_once_each_with_its_question(tiny):
    problems = refused(tiny, {**WHOLE, "age": "odl", "toe_long": 5, "nonsense": "x"})
    assert sorted(problem.split(":")[0] for problem in problems) == ["age", "nonsense", "toe_long"]


def test_an_unanswered_question_is_named_with_what_is_allowed(tiny):
    (problem,) = refused(tiny, {key: value for key, value in WHOLE.items() if key != "toe_pain"})
    assert problem.startswith("toe_pain: not answered")
    assert all(word in problem for word in tiny.questions["toe_pain"].allowed)


def test_every_unanswered_question_of_the_page_is_named(tiny):
    problems = refused(tiny, {"alarm": ["none"], "signs": ["none"]})
    assert [problem.split(":")[0] for problem in problems] == ["age", "where"]


def test_an_answer_off_the_path_is_an_error_that_says_how_to_drop_it(tiny):
    (problem,) = refused(tiny, {**WHOLE, "dose": "much"})
    assert problem.startswith("dose: is not asked on this path") and "--drop-off-path" in problem


def test_an_answer_off_the_path_can_be_dropped(tiny):
    assert read_answers(tiny, {**WHOLE, "dose": "much"}, drop_off_path=True) == read_answers(tiny, WHOLE)


def test_dropping_what_is_off_the_path_forgives_nothing_else(tiny):
    assert refused(tiny, {**WHOLE, "dose": "mutch"}, drop_off_path=True)
    assert refused(tiny, {**WHOLE, "nonsense": "x"}, drop_off_path=True)
    assert refused(tiny, {"alarm": ["none"]}, drop_off_path=True)


def test_after_a_stop_nothing_more_may_be_answered_unless_it_is_dropped(tiny):
    given = {**WHOLE, "alarm": ["heart_pain"]}
    assert [problem.split(":")[0] for problem in refused(tiny, given)] == [key for key in WHOLE if key != "alarm"]
    assert read_answers(tiny, given, drop_off_path=True) == read_answers(tiny, {"alarm": ["heart_pain"]})


# -- quick entry: several pages in one sitting -------------------------------------------------------------------------


@pytest.fixture
def together(tiny_rules):
    """The tiny rules, with all pages from the third on asked in one sitting."""
    for page in ('id = "you", title = "3"', "deposits_here = true", 'id = "health", title = "4"', 'title = "5"'):
        tiny_rules.change("questions.toml", page, f'{page}, quick = "All of it"')
    return load(tiny_rules.folder)


def asked(tiny, given):
    return [[question.id for question in sitting.questions] for sitting in sittings(tiny, given)]


def test_pages_of_one_heading_are_asked_together_and_a_page_without_one_stands_alone(together):
    whole = answers(together)
    assert asked(together, whole) == [["alarm"], ["signs"], ["age", "where", "toe_pain", "toe_long", "health"]]
    assert [sitting.title for sitting in sittings(together, whole)] == ["1", "2", "All of it"]


def test_without_a_heading_every_page_is_a_sitting(tiny):
    whole = answers(tiny)
    assert [len(sitting.steps) for sitting in sittings(tiny, whole)] == [1] * len(follow(tiny, whole).steps)


def test_a_sitting_grows_by_what_its_own_answers_open_and_says_because_of_which(together):
    before = {key: value for key, value in answers(together).items() if key not in ("where", "toe_pain", "toe_long")}
    assert asked(together, before)[2] == ["age", "where", "health"]
    after = {**before, "where": ("chalk-toe",), "toe_pain": "slow", "health": ("pill",)}
    assert asked(together, after)[2] == ["age", "where", "toe_pain", "toe_long", "health", "dose"]
    journey = suppose(together, after)
    assert opened_by(together, together.questions["dose"], journey) == ("A pill",)
    assert opened_by(together, together.questions["toe_long"], journey) == ("Toe", "Slow")
    assert opened_by(together, together.questions["age"], journey) == ()


def test_nothing_is_asked_after_an_answer_that_ends_the_journey(together):
    assert asked(together, answers(together, alarm="heart_pain")) == [["alarm"]]


def test_in_sittings_everybody_is_asked_the_same_and_comes_to_the_same(knowledge):
    """Each person of the cases answers what is open in the first open sitting, and nothing else."""
    for case in knowledge.cases[::3]:
        one_by_one = with_usual(knowledge, case.answers)
        given = {}
        for _ in range(30):
            now = sittings(knowledge, given)
            open_ones = [[q for q in s.questions if q.id not in given] for s in now]
            first = next((left for left in open_ones if left), [])
            if not first:
                break
            alone = [question.page for question in first]
            if knowledge.pages[0].id in alone:
                assert set(alone) == {knowledge.pages[0].id}, "the first warning signs stand alone"
            # Whoever ticks an emergency is stopped there, and leaves what comes after it on the page.
            left = [question.id for question in first if question.id not in one_by_one.answers]
            assert one_by_one.stopped or not left, (case.id, left)
            given.update({q.id: one_by_one.answers[q.id] for q in first if q.id not in left})
            if suppose(knowledge, given).stopped:
                break
        assert follow(knowledge, given) == one_by_one, case.id


def test_a_usual_run_takes_five_sittings_and_at_most_two_more_for_what_its_answers_open(knowledge):
    for deposit in knowledge.deposits:
        whole = with_usual(knowledge, {knowledge.place_question: (deposit,)}).answers
        given, pages = {}, 0
        while left := [q for s in sittings(knowledge, given) for q in s.questions if q.id not in given]:
            number = next(s for s in sittings(knowledge, given) if left[0] in s.questions)
            given.update({q.id: whole[q.id] for q in number.questions})
            pages += 1
        assert pages <= 7, (deposit, pages)
        assert len(sittings(knowledge, whole)) <= 5, deposit
