"""What the nurse is given to say: the important first, in chunks; each question in one list, no rule passed over."""

import pytest

from triage import cases
from triage.knowledge import UNSURE, Urgency
from triage.knowledge.model import Caution, DoctorQuestion, Myth, NextStep, NurseCard, RedFlag
from triage.nurse import BELIEF, CAREFUL, HOW_SOON, MOST_CARDS, make_talk
from triage.sheet import make_sheet
from triage.whatif import NOTHING


@pytest.fixture(scope="module")
def talks(knowledge, assessor):
    """Of every third case that is no emergency: its id, journey, result, sheet, and what the nurse is given."""
    found = []
    for result in map(lambda case: cases.run(assessor, case), knowledge.cases[::3]):
        if result.assessment and result.assessment.urgency < Urgency.EMERGENCY:
            sheet = make_sheet(knowledge, result.assessment, result.journey, {})
            talk = make_talk(knowledge, result.journey, result.assessment, sheet, NOTHING)
            found.append((result.case.id, result.journey, result.assessment, sheet, talk))
    assert len(found) > 150
    return found


def test_every_question_stands_in_exactly_one_list(knowledge, talks):
    for case_id, journey, _, _, talk in talks:
        replies = talk.replies
        named = journey.answers[knowledge.place_question]
        asked = sorted(question.text for question in journey.questions)
        told = [*replies.yes, *replies.none, *replies.unsure]
        assert sorted(reply.question for reply in told) == asked, case_id
        others = [q for q in knowledge.questions.values() if q not in journey.questions]
        here = [q for q in others if not q.deposit or q.deposit in named]
        assert [reply.question for reply in replies.not_asked] == [q.text for q in here], case_id
        assert len(told) + len(here) + replies.elsewhere == len(knowledge.questions), case_id


def test_whoever_is_not_sure_stands_with_the_unknown_even_beside_a_tick(knowledge, talks):
    seen = 0
    for case_id, journey, _, _, talk in talks:
        unsure = [q for q in journey.questions if UNSURE in journey.answers[q.id]]
        assert [reply.question for reply in talk.replies.unsure] == [q.text for q in unsure], case_id
        assert not any(reply.denied for reply in talk.replies.unsure), "what was not ticked is not denied then"
        seen += len(unsure)
    assert seen > 20


def test_a_chunk_holds_at_most_three_cards_and_the_important_ones_come_first(talks):
    for case_id, _, _, sheet, talk in talks:
        assert all(1 <= len(chunk.cards) <= MOST_CARDS for chunk in talk.chunks), case_id
        abouts = [chunk.about for chunk in talk.chunks]
        assert abouts == sorted(abouts), case_id
        shown = [card.words for chunk in talk.chunks for card in chunk.cards]
        assert sorted(shown, key=str) == sorted(sheet.cards, key=str), "each card once"


def test_what_is_about_a_warning_sign_is_told_before_cautions_and_these_before_beliefs(knowledge, talks):
    kinds = {RedFlag: HOW_SOON, Caution: CAREFUL, Myth: BELIEF}
    seen = set()
    for case_id, _, _, _, talk in talks:
        for chunk in talk.chunks:
            for card in chunk.cards:
                about = {kinds.get(type(knowledge.rules[ground.rule])) for ground in card.grounds} - {None}
                if about:
                    assert chunk.about <= min(about), (case_id, card.words.say.rule)
                    seen.add(min(about))
    assert seen == {HOW_SOON, CAREFUL, BELIEF}


def test_several_deposits_are_told_one_after_the_other_in_the_order_of_the_sheet(talks):
    several = 0
    for case_id, _, assessment, _, talk in talks:
        names = [chunk.deposit for chunk in talk.chunks if chunk.deposit]
        order = [one.deposit.name for one in assessment.deposits]
        assert [order.index(name) for name in names] == sorted(order.index(name) for name in names), case_id
        several += len(set(names)) > 1
    assert several > 2


def test_every_rule_that_is_said_is_explained_by_a_card_or_named_as_without_one(knowledge, talks):
    for case_id, _, assessment, sheet, talk in talks:
        explained = {ground.rule for chunk in talk.chunks for card in chunk.cards for ground in card.grounds}
        without = {rule for rule, _ in talk.without_card}
        spoken = {rule.id for rule in assessment.spoken} & {sentence.rule for sentence in sheet.said}
        assert spoken <= explained | without, case_id
        assert not explained & without, case_id
        # Only what is read out as it stands, to do or to ask, needs no card; and a deposit, whose cards say more.
        kinds = {type(knowledge.rules[rule]) for rule in without}
        assert kinds <= {NextStep, DoctorQuestion, *{type(one.deposit) for one in assessment.deposits}}, case_id


def test_a_ground_names_answers_that_the_person_gave_and_a_source_number_leads_to_a_source(knowledge, talks):
    for case_id, _, _, _, talk in talks:
        words = [word for reply in (*talk.replies.yes, *talk.replies.unsure) for word in reply.answers]
        for fired in talk.fired:
            assert any(word in " ".join(fired.ground.answers) for word in words), (case_id, fired.ground)
        for chunk in talk.chunks:
            for card in chunk.cards:
                rule = knowledge.rules[card.words.say.rule]
                assert isinstance(rule, NurseCard)
                assert {talk.sources[number - 1].id for number in card.sources} == set(rule.sources), case_id


def test_what_counts_only_because_of_not_sure_says_so(talks):
    uncertain = [fired for _, _, _, _, talk in talks for fired in talk.fired if not fired.certain]
    assert uncertain
    for fired in uncertain:
        assert "not sure" in " ".join(fired.ground.answers)
