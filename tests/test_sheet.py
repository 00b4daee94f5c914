"""What is said, in which order, with which footnote: each sentence has a rule and a source, an alarm stands alone."""

from dataclasses import fields, is_dataclass
from datetime import date, timedelta

import pytest

from triage import cases
from triage.assessment import Assessor
from triage.journey import with_usual
from triage.knowledge import Urgency, load
from triage.knowledge.model import (
    REVERSIBILITY,
    Caution,
    Deposit,
    Disposition,
    DoctorQuestion,
    Notice,
    RedFlag,
    StepUp,
    Withhold,
    sentences,
)
from triage.knowledge.table import BY_DATE, PLACEHOLDERS
from triage.sheet import Passage, Sheet, by_date, in_words, make_sheet
from triage.whatif import for_patient

FLAGS, SCOPE, TOE = "red-flags/signs.toml", "scope.toml", "deposits/chalk-toe.toml"
OURS = {"emergency_number": "Number 5", "clinic": "the house on the hill", "urgent_line": "the blue line"}


def sheet_of(tiny_rules, wording=None, **answers):
    knowledge = load(tiny_rules.folder)
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in answers.items()}
    journey = with_usual(knowledge, given)
    return make_sheet(knowledge, Assessor(knowledge).assess(journey.findings), journey, wording or {})


def passages(part):
    """Every passage inside a part of a sheet, in the order in which it stands there."""
    if isinstance(part, Passage):
        if part.text:
            yield part
    elif is_dataclass(part):
        for field in fields(part):
            yield from passages(getattr(part, field.name))
    elif isinstance(part, tuple):
        for item in part:
            yield from passages(item)


def printed(sheet):
    """The passages that the patient's sheet shows, in order: everything but the nurse's cards."""
    return [
        passage for field in fields(Sheet) if field.name != "cards" for passage in passages(getattr(sheet, field.name))
    ]


@pytest.fixture(scope="module")
def runs(knowledge, assessor):
    """Some two hundred people of the cases, each with the assessment and the sheet."""
    found = []
    for case in knowledge.cases[:: 1 + len(knowledge.cases) // 200]:
        journey = with_usual(knowledge, case.answers)
        assessment = assessor.assess(journey.findings)
        outlook = for_patient(assessor, journey, assessment)
        found.append((case.id, journey, assessment, make_sheet(knowledge, assessment, journey, {}, outlook)))
    return found


# -- provenance --------------------------------------------------------------------------------------------------------


def test_every_sentence_belongs_to_a_rule_and_has_a_source_that_exist(knowledge, runs):
    for case_id, _, _, sheet in runs:
        for sentence in sheet.said:
            rule = knowledge.rules[sentence.rule]
            assert sentence.sources and set(sentence.sources) <= knowledge.sources.keys(), (case_id, sentence)
            assert sentence.sources == rule.sources


def test_every_sentence_is_one_that_its_rule_says(knowledge, runs):
    for case_id, _, assessment, sheet in runs:
        contacts = {result.deposit.contact for result in assessment.deposits}
        wordings = [knowledge.words, *({**knowledge.words, "clinic": contact} for contact in contacts)]
        for sentence in sheet.said:
            rule = knowledge.rules[sentence.rule]
            texts = {filled(text, words) for text in rule.texts for words in wordings}
            assert any(sentence.text in sentences(text) for text in (*texts, *asked(knowledge, rule))), (
                case_id,
                sentence,
            )


def asked(knowledge, rule):
    """The words by which a person is asked for what the rule tests."""
    for question in {knowledge.asked_by[test.finding].id for test in rule.criterion.tests()}:
        yield knowledge.questions[question].text
        yield from map(knowledge.questions[question].words, knowledge.questions[question].allowed)


def filled(text, words):
    for name in (*PLACEHOLDERS, BY_DATE):
        text = text.replace("{" + name + "}", words[name])
    return text


def test_the_list_of_what_was_said_is_what_the_sheet_shows_in_its_order(runs):
    for case_id, _, _, sheet in runs:
        shown = [(text, passage.rule) for passage in printed(sheet) for text in sentences(passage.text)]
        assert [(sentence.text, sentence.rule) for sentence in sheet.said] == shown, case_id


def test_footnote_numbers_lead_to_the_sources_of_what_they_stand_beside(knowledge, runs):
    for case_id, _, _, sheet in runs:
        numbered = {note.number: note.source.id for note in sheet.footnotes}
        assert list(numbered) == list(range(1, len(numbered) + 1)), case_id
        for passage in printed(sheet):
            assert list(passage.notes) == sorted(set(passage.notes))
            assert {numbered[note] for note in passage.notes} == set(knowledge.rules[passage.rule].sources), case_id


def test_a_card_of_the_nurse_carries_no_number_that_leads_to_another_source(knowledge, runs):
    for case_id, _, _, sheet in runs:
        numbered = {note.number: note.source.id for note in sheet.footnotes}
        for passage in passages(sheet.cards):
            led_to = {numbered.get(number) for number in passage.notes}
            assert led_to <= set(knowledge.rules[passage.rule].sources), (case_id, passage)


def test_footnotes_are_numbered_as_they_first_appear_and_none_is_idle(runs):
    for case_id, _, _, sheet in runs:
        seen = dict.fromkeys(number for passage in printed(sheet) for number in passage.notes)
        assert sorted(seen) == [note.number for note in sheet.footnotes], case_id
        firsts = [max(numbers) for numbers in (list(seen)[: i + 1] for i in range(len(seen)))]
        assert firsts == sorted(firsts), case_id


# -- order -------------------------------------------------------------------------------------------------------------


def test_the_action_comes_first_then_the_safety_net_then_the_reason_then_the_deposits(tiny_rules):
    sheet = sheet_of(tiny_rules, signs=["numb"], health=["pill"], dose="much")
    order = list(dict.fromkeys(sentence.rule for sentence in sheet.said))
    assert order == [
        "do-soon", "numb", "chalk-toe", "toe-goes", "toe-rest", "toe-dispute", "kind_only", "toe-walk", "toe-ask",
        "overdose", "do_not_stop", "pill-myth", "keep_appointments", "not_checked",
    ]  # fmt: skip
    texts = [sentence.text for sentence in sheet.said]
    net = texts.index("Call the emergency_number if soon fails.")
    assert texts[:4] == ["Do it", "Ask the clinic.", "Ask again on the by_date.", texts[net]]
    assert net < texts.index("A nerve.") < texts.index("It is chalk.")


def test_of_a_myth_the_fact_comes_first(tiny_rules):
    (myth,) = sheet_of(tiny_rules, health=["pill"]).myths
    texts = [sentence.text for sentence in sheet_of(tiny_rules, health=["pill"]).said]
    assert texts.index(myth.fact.text) < texts.index(myth.myth.text)


def test_every_sheet_says_what_to_do_and_when_to_come_back_sooner(runs):
    for case_id, _, assessment, sheet in runs:
        assert sheet.urgency == assessment.urgency.word
        assert sheet.heading.text and sheet.steps and sheet.safety_net, case_id
        assert sheet.said[0].text == sheet.heading.text


def test_nobody_is_told_that_the_guide_failed_when_it_did_not(runs):
    for case_id, _, assessment, sheet in runs:
        assert assessment.fail_safe == "" and sheet.fail_safe is None
        assert "fail_safe" not in {result.withheld for result in assessment.deposits}, case_id


def test_every_sheet_says_why(runs):
    for case_id, _, _, sheet in runs:
        reasons = (sheet.reasons, sheet.unsure, sheet.no_warning_sign, sheet.fail_safe)
        withheld = any(part.withheld for part in sheet.deposits)
        assert any(reasons) or withheld, f"{case_id} is told '{sheet.heading.text}' without a reason"


def test_a_sheet_says_why_when_only_the_deposit_sets_the_urgency(tiny_rules):
    tiny_rules.change(TOE, 'base_urgency = "self-care"', 'base_urgency = "routine"')
    sheet = sheet_of(tiny_rules, toe_pain="unsure")
    assert sheet.urgency == "routine"
    assert sheet.reasons or sheet.unsure or sheet.no_warning_sign


# -- in short ----------------------------------------------------------------------------------------------------------


def test_in_short_says_what_the_sheet_says_in_full_and_nothing_else(knowledge, runs):
    for case_id, _, _, sheet in runs:
        assert sheet.in_short.urgent == sheet.label
        assert sheet.in_short.now == sheet.steps[0].text
        full = {part.label for part in sheet.deposits} | {p.withheld.text for p in sheet.deposits if p.withheld}
        assert {line.words for line in sheet.in_short.goes_away} <= full, case_id


def test_in_short_answers_for_every_deposit_once(runs):
    for case_id, _, _, sheet in runs:
        named = [name for line in sheet.in_short.goes_away for name in line.names]
        assert sorted(named) == sorted(part.name for part in sheet.deposits), case_id
        words = [line.words for line in sheet.in_short.goes_away]
        assert len(words) == len(set(words)), case_id


def test_in_short_says_nothing_soothing_beside_an_alarm(knowledge, runs):
    soothing = {knowledge.words[category] for category in REVERSIBILITY}
    alarmed = [sheet for _, _, assessment, sheet in runs if assessment.alarmed]
    for sheet in alarmed:
        assert not soothing & {line.words for line in sheet.in_short.goes_away}
        assert sheet.urgency != Urgency.EMERGENCY.word or not sheet.in_short.goes_away
    assert {sheet.urgency for sheet in alarmed} == {"same-day", "emergency"}


def test_in_short_gives_each_deposit_its_own_reason_for_silence(tiny_rules):
    tiny_rules.write("deposits/chalk-heel.toml", (tiny_rules.folder / TOE).read_text().replace("toe", "heel"))
    sheet = sheet_of(tiny_rules, where=["chalk-toe", "chalk-heel"], age="child")
    (line,) = sheet.in_short.goes_away
    assert line.words == "Ask a doctor first." and len(line.names) == 2


# -- the dated safety net ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "days", "said"),
    [
        (date(2026, 11, 22), 0, "Sunday 22 November"),  # what is open on a Sunday is open today
        (date(2026, 11, 21), 0, "Saturday 21 November"),
        (date(2026, 11, 23), 14, "Monday 7 December"),
        (date(2026, 11, 21), 14, "Friday 4 December"),  # a Saturday
        (date(2026, 11, 22), 14, "Friday 4 December"),  # a Sunday
        (date(2026, 11, 20), 14, "Friday 4 December"),
        (date(2026, 12, 18), 14, "Friday 1 January"),
        (date(2026, 12, 20), 14, "Friday 1 January"),
        (date(2026, 12, 31), 28, "Thursday 28 January"),
        (date(2027, 1, 31), 28, "Friday 26 February"),  # 28 February is a Sunday
        (date(2028, 2, 1), 28, "Tuesday 29 February"),
        (date(2026, 11, 20), 1, "Friday 20 November"),  # tomorrow is a Saturday: today is the careful day
        (date(2026, 11, 21), 1, "Saturday 21 November"),  # never a day that is over
    ],
)
def test_the_day_of_the_safety_net_is_one_when_clinics_are_open_and_never_later(today, days, said):
    assert in_words(by_date(today, days)) == said
    assert today <= by_date(today, days) <= today + timedelta(days)


def test_every_sheet_but_an_emergency_names_a_day_first_in_its_safety_net(knowledge, assessor, runs):
    today = date(2026, 11, 22)
    named = set()
    for case_id, journey, assessment, _ in runs:
        sheet = make_sheet(knowledge, assessment, journey, {}, today=today)
        disposition = knowledge.dispositions[assessment.urgency]
        if assessment.urgency == Urgency.EMERGENCY:
            assert sheet.by_then is None and disposition.by_days is None
            continue
        day = in_words(by_date(today, disposition.by_days))
        assert day in sheet.by_then.text, case_id
        assert [sentence.text for sentence in sheet.said].index(sheet.by_then.text) == 1 + len(sheet.steps), case_id
        named.add(day)
    assert len(named) == 3  # self-care and soon name the same day


def test_what_other_programs_read_does_not_change_from_day_to_day(tiny_rules):
    assert sheet_of(tiny_rules).by_then.text == "Ask again on the by_date."


# -- an alarm stands alone ---------------------------------------------------------------------------------------------


def test_an_emergency_sheet_carries_no_reassuring_or_educational_sentence(knowledge, runs):
    seen = 0
    for case_id, _, _, sheet in runs:
        if sheet.urgency != Urgency.EMERGENCY.word:
            continue
        seen += 1
        for sentence in sheet.said:
            rule = knowledge.rules[sentence.rule]
            match rule:
                case Disposition():
                    assert rule.urgency == Urgency.EMERGENCY
                case Notice():
                    assert rule.id in ("unsure_flag", "fail_safe"), (case_id, sentence)
                case Caution():
                    assert rule.even_in_emergency
                case DoctorQuestion():
                    assert rule.even_when_urgent
                case _:
                    assert isinstance(rule, RedFlag | StepUp), (case_id, sentence)
    assert seen


def test_a_same_day_sheet_says_nothing_about_what_deposits_tend_to_do(knowledge, runs):
    allowed = Disposition | Notice | Caution | DoctorQuestion | RedFlag | StepUp
    seen = 0
    for case_id, _, _, sheet in runs:
        if sheet.urgency == Urgency.SAME_DAY.word:
            seen += 1
            rules = [knowledge.rules[sentence.rule] for sentence in sheet.said]
            withheld = {part.withheld.rule for part in sheet.deposits if part.withheld}
            odd = [rule.id for rule in rules if not isinstance(rule, allowed) and rule.id not in withheld]
            assert not odd, (case_id, odd)
    assert seen


@pytest.mark.parametrize("urgency", ["same-day", "emergency"])
def test_no_warning_sign_is_never_said_beside_an_alarm(tiny_rules, urgency):
    tiny_rules.change(TOE, 'base_urgency = "self-care"', f'base_urgency = "{urgency}"')
    sheet = sheet_of(tiny_rules)
    assert sheet.urgency == urgency
    assert sheet.no_warning_sign is None


def test_without_a_warning_sign_the_sheet_says_so_and_with_one_it_does_not(tiny_rules):
    assert sheet_of(tiny_rules).no_warning_sign
    assert not sheet_of(tiny_rules, toe_pain="sudden").no_warning_sign
    assert not sheet_of(tiny_rules, signs=["unsure"]).no_warning_sign


def test_only_the_reasons_of_the_urgency_that_counts_are_shown(tiny_rules):
    sheet = sheet_of(tiny_rules, signs=["hot", "numb"])
    assert [reason.because.rule for reason in sheet.reasons] == ["hot"]
    assert sheet.reasons[0].meanwhile.text == "Keep still."


def test_a_result_that_cannot_be_had_has_a_sheet_too(knowledge, assessor):
    sheet = make_sheet(knowledge, Assessor(knowledge).not_worked_out(), None, {})
    assert sheet.urgency == "same-day"
    assert sheet.fail_safe.rule == "fail_safe"
    assert sheet.told == () and sheet.no_warning_sign is None
    assert all(sentence.sources for sentence in sheet.said)


# -- not sure, and what was told ---------------------------------------------------------------------------------------


def test_what_the_person_was_not_sure_of_is_named_once_with_the_notice(tiny_rules):
    tiny_rules.change(FLAGS, 'id = "numb", urgency = "soon"', 'id = "numb", urgency = "same-day"')
    sheet = sheet_of(tiny_rules, signs=["unsure"])
    assert sheet.unsure.told == ("Hot", "Numb")
    assert sheet.unsure.notice.rule == "unsure_flag"
    assert sheet.reasons == ()


def test_a_reason_names_the_answers_that_count_in_the_words_the_person_saw(tiny_rules):
    tiny_rules.change(TOE, 'when = { toe_pain = "sudden" }', 'when = { toe_pain = "sudden", is_weak = ["yes", "no"] }')
    (reason,) = sheet_of(tiny_rules, toe_pain="sudden").reasons
    assert "Quick" in reason.told


def test_a_step_up_is_told_once_however_many_reasons_it_raises(tiny_rules):
    tiny_rules.change(FLAGS, 'tags = ["nerve"]', 'tags = ["infection", "nerve"]')
    tiny_rules.change(FLAGS, 'id = "numb", urgency = "soon"', 'id = "numb", urgency = "same-day"')
    sheet = sheet_of(tiny_rules, signs=["hot", "numb"], health=["is_weak"])
    assert [reason.because.rule for reason in sheet.reasons] == ["hot", "numb"]
    assert [passage.rule for passage in sheet.stepped_up] == ["weak-body"]


def test_the_sheet_repeats_what_the_person_told_us_in_their_order_and_words(tiny_rules):
    told = [(line.question, line.answers, line.denied) for line in sheet_of(tiny_rules, signs=["hot", "numb"]).told]
    assert told == [
        ("Pain?", ("No",), True),
        ("Sign?", ("Hot", "Numb"), False),
        ("Age?", ("Tall",), False),
        ("Where?", ("Toe",), False),
        ("Pain?", ("Slow",), False),
        ("For long?", ("the no",), False),
        ("Ill?", ("No",), True),
    ]


# -- deposits ----------------------------------------------------------------------------------------------------------


def test_a_deposit_says_its_category_in_the_words_of_the_rules_and_that_it_is_about_the_kind(tiny_rules):
    knowledge = load(tiny_rules.folder)
    sheet = sheet_of(tiny_rules)
    (part,) = sheet.deposits
    assert (part.category, part.label) == ("often-resolves", knowledge.words["often-resolves"])
    assert sheet.kind_only
    assert [treatment.evidence for treatment in part.treatments] == [knowledge.words["weak"]]


def test_a_withheld_deposit_says_why_once_and_nothing_of_what_it_tends_to_do(tiny_rules):
    tiny_rules.write("deposits/chalk-heel.toml", (tiny_rules.folder / TOE).read_text().replace("toe", "heel"))
    sheet = sheet_of(tiny_rules, where=["chalk-toe", "chalk-heel"], age="child")
    assert [part.withheld.rule for part in sheet.deposits if part.withheld] == ["young"]
    assert not any(part.category or part.deposit_goes or part.treatments for part in sheet.deposits)
    assert sheet.kind_only is None
    assert {part.label for part in sheet.deposits} == {load(tiny_rules.folder).words["withheld"]}


def test_the_cards_of_the_nurse_are_not_said_to_the_patient(tiny_rules):
    sheet = sheet_of(tiny_rules)
    assert [card.teach_back.text for card in sheet.cards] == ["What do you expect?"]
    assert "toe-card" not in {sentence.rule for sentence in sheet.said}


# -- the words of this place -------------------------------------------------------------------------------------------


def test_no_placeholder_is_left_open(runs):
    for case_id, _, _, sheet in runs:
        for passage in [*printed(sheet), *passages(sheet.cards)]:
            assert "{" not in passage.text, (case_id, passage)


def test_the_words_of_a_place_replace_the_usual_ones_everywhere(knowledge, assessor, runs):
    changed = 0
    for case_id, journey, assessment, usual in runs:
        ours = make_sheet(knowledge, assessment, journey, OURS, for_patient(assessor, journey, assessment))
        for before, after in zip([*printed(usual), *passages(usual.cards)], [*printed(ours), *passages(ours.cards)],
                                 strict=True):  # fmt: skip
            expected = before.text
            for name, words in OURS.items():
                expected = expected.replace(knowledge.words[name], words)
            assert after.text == expected, case_id
            changed += after.text != before.text
    assert changed


def test_the_emergency_number_of_a_place_stands_on_every_sheet(knowledge, runs):
    for case_id, journey, assessment, _ in runs:
        texts = " ".join(passage.text for passage in printed(make_sheet(knowledge, assessment, journey, OURS)))
        assert OURS["emergency_number"] in texts, case_id
        assert knowledge.words["emergency_number"] not in texts, case_id


def test_a_place_may_change_one_word_and_keep_the_others(tiny_rules):
    sheet = sheet_of(tiny_rules, {"clinic": "Ann"})
    texts = [sentence.text for sentence in sheet.said]
    assert "Ask Ann." in texts
    assert "Call the emergency_number if self-care fails." in texts


def test_a_deposit_with_its_own_contact_sends_people_there_but_not_with_a_general_warning_sign(tiny_rules):
    tiny_rules.change(TOE, 'about = "It is chalk."', 'about = "It is chalk.", contact = "the toe nurse"')
    assert sheet_of(tiny_rules).steps[0].text == "Ask the toe nurse."
    assert sheet_of(tiny_rules, toe_pain="sudden").steps[0].text == "Ask the toe nurse."
    assert sheet_of(tiny_rules, signs=["numb"]).steps[0].text == "Ask the clinic."


def test_two_deposits_with_different_contacts_send_people_to_the_usual_one(tiny_rules):
    tiny_rules.write("deposits/chalk-heel.toml", (tiny_rules.folder / TOE).read_text().replace("toe", "heel"))
    tiny_rules.change(TOE, 'about = "It is chalk."', 'about = "It is chalk.", contact = "the toe nurse"')
    assert sheet_of(tiny_rules, where=["chalk-toe", "chalk-heel"]).steps[0].text == "Ask the clinic."


def test_every_sheet_says_which_text_of_the_rules_it_is_from(knowledge, runs):
    for _, _, _, sheet in runs:
        stamp = (sheet.rules_version, sheet.reviewed, sheet.due)
        assert stamp == (knowledge.version, knowledge.reviewed.isoformat(), knowledge.due.isoformat())


def test_a_deposit_is_introduced_by_what_it_is(knowledge, runs):
    for case_id, _, assessment, sheet in runs:
        if not assessment.alarmed:
            about = [part.about.text for part in sheet.deposits]
            assert about == [filled(rule.about, knowledge.words) for rule in named(knowledge, assessment)], case_id


def named(knowledge, assessment):
    results = {result.deposit.id for result in assessment.deposits}
    return [deposit for deposit in knowledge.of_kind(Deposit) if deposit.id in results]


def test_where_the_verdict_is_withheld_nothing_is_said_of_how_it_tends_to_go_or_what_to_do_about_it(assessor):
    knowledge = assessor.knowledge
    seen = 0
    for case in knowledge.cases:
        result = cases.run(assessor, case)
        withheld = {one.deposit.id for one in result.assessment.deposits if one.withheld}
        if not withheld:
            continue
        seen += 1
        sheet = make_sheet(knowledge, result.assessment, result.journey, {})
        own = {rule.id for rule in knowledge.rules.values() if rule.deposit in withheld}
        allowed = (Deposit, RedFlag, StepUp, Withhold, Caution, DoctorQuestion)
        spoken = {s.rule for s in sheet.said} & own
        assert all(isinstance(knowledge.rules[rule], allowed) for rule in spoken), (case.id, spoken)
    assert seen


def test_what_somebody_was_not_sure_about_is_named_and_never_told_to_them_as_a_fact(assessor):
    knowledge = assessor.knowledge
    not_sure = {question.unsure for question in knowledge.questions.values()}
    seen = 0
    for case in knowledge.cases:
        result = cases.run(assessor, case)
        sheet = make_sheet(knowledge, result.assessment, result.journey, {})
        if sheet.unsure:
            seen += 1
            assert not not_sure.intersection(sheet.unsure.told), case.id
        assert all(passage.rule in result.assessment.held for passage in sheet.stepped_up), case.id
    assert seen
