"""The flow of each deposit says all that the rules say and nothing else, and its picture can be read.

Where an answer belongs is found here in another way than there: by giving it and seeing which criteria then hold.
"""

from dataclasses import replace
from itertools import combinations, pairwise

import pytest

from triage import flow as room
from triage.flow import drawing, reading
from triage.journey import findings_of
from triage.knowledge import NOT_ASKED, Urgency, load
from triage.knowledge.model import RedFlag, Reversibility, StepUp, Withhold
from triage.knowledge.telling import filled, told


@pytest.fixture(scope="module")
def flows(knowledge):
    """The flow of every deposit, and under "" the one of everyone."""
    return {deposit: room.flow(knowledge, deposit) for deposit in ("", *knowledge.deposits)}


def asked_in(flow):
    return [asked for part in flow.parts for asked in part.questions]


def rules_in(flow):
    return [rule for band in flow.bands for rule in band.rules]


def alone_in(flow):
    """The outcomes that one answer is enough for."""
    return [outcome for asked in asked_in(flow) for outcome in asked.outcomes]


def panels_in(picture):
    return [panel for strip in picture for panel in strip.panels]


def given(question, answer):
    """The findings of one answer."""
    return findings_of(question, (answer,) if question.type == "multi" else answer)


def nothing_but(knowledge, deposit):
    """The findings of somebody who named the deposit and was asked nothing else."""
    named = {test.finding: test.values[0] for test in knowledge.deposits[deposit].criterion.tests()} if deposit else {}
    return {**dict.fromkeys(knowledge.findings, NOT_ASKED), **named}


# -- what leads where --------------------------------------------------------------------------------------------------


def test_every_question_but_the_place_stands_in_one_flow_in_the_order_of_the_pages(knowledge, flows):
    for deposit, flow in flows.items():
        pages = [page.id for page in knowledge.pages]
        questions = [
            q for q in knowledge.questions.values() if q.deposit == deposit and q.id != knowledge.place_question
        ]
        assert [asked.id for asked in asked_in(flow)] == [
            q.id for q in sorted(questions, key=lambda q: pages.index(q.page))
        ]
        assert [asked.number for asked in asked_in(flow)] == list(range(1, len(questions) + 1))
        for part in flow.parts:
            assert {knowledge.questions[asked.id].page for asked in part.questions} == {part.id}
            assert part.title in {page.title for page in knowledge.pages if page.id == part.id}


def test_every_answer_stands_under_its_question_as_the_person_sees_it(knowledge, flows):
    for flow in flows.values():
        for asked in asked_in(flow):
            question = knowledge.questions[asked.id]
            assert asked.text == question.text
            assert [(answer.id, answer.text) for answer in asked.answers] == [
                (answer, question.words(answer)) for answer in question.allowed
            ]
            hints = {option.id: option.hint for option in question.options if option.hint}
            assert {answer.id: answer.notes[0] for answer in asked.answers if answer.id in hints} == hints
            ends = {answer.id for answer in asked.answers if "Ends the questions at once" in answer.notes}
            assert ends == {option.id for option in question.options if option.stops}


def test_a_conditional_question_says_when_it_is_asked(knowledge, flows):
    for deposit, flow in flows.items():
        named = list(knowledge.deposits[deposit].criterion.tests()) if deposit else []
        for asked in asked_in(flow):
            tests = [test for test in knowledge.questions[asked.id].enable_when.tests() if test not in named]
            assert bool(asked.when) == bool(tests)
            assert told_tests(asked.when) == len(tests), asked.when
            assert all(told(knowledge, test).partition("? ")[0] in asked.when for test in tests)


def told_tests(words):
    """How many tests are told in a text."""
    return words.count(" AND ") + words.count(" OR ") + 1 if words and words != "Always" else 0


def test_an_answer_leads_to_the_questions_that_it_helps_to_open(knowledge, flows):
    for flow in flows.values():
        for asked in asked_in(flow):
            question = knowledge.questions[asked.id]
            for answer in asked.answers:
                opened = [
                    str(later.number)
                    for later in asked_in(flow)
                    if any(
                        counts(test, question, answer.id) for test in knowledge.questions[later.id].enable_when.tests()
                    )
                ]
                said = " ".join(note for note in answer.notes if note.startswith("Leads to question"))
                assert [word.strip(",") for word in said.split() if word.strip(",").isdigit()] == opened


def counts(test, question, answer):
    """Whether a test is met by this answer; a box that stays unticked beside a ticked one is no answer of its own."""
    mine = given(question, answer)
    if test.finding not in mine:
        return False
    if question.type == "multi" and question.option(answer):
        return test.finding == question.option(answer).finding and test.holds(mine)
    return mine[test.finding] in test.values


def test_every_red_flag_of_a_deposit_stands_in_its_flow(knowledge, flows):
    for deposit, flow in flows.items():
        flags = {rule.id: rule for rule in knowledge.of_kind(RedFlag) if rule.deposit == deposit}
        told = [rule.outcome for rule in rules_in(flow) if rule.outcome.rule in flags]
        shown = [*alone_in(flow), *told]
        assert {outcome.rule for outcome in shown} == flags.keys()
        for some in (told, *(asked.outcomes for asked in asked_in(flow))):
            assert len({outcome.rule for outcome in some}) == len(some)
        for outcome in shown:
            flag = flags[outcome.rule]
            assert outcome.mark == flag.urgency.word
            assert outcome.label == knowledge.dispositions[flag.urgency].label
            assert outcome.text == filled(knowledge, flag.because, {})


def test_an_answer_is_enough_exactly_for_the_red_flags_that_hold_with_it_alone(knowledge, flows):
    for deposit, flow in flows.items():
        nothing = nothing_but(knowledge, deposit)
        flags = [rule for rule in knowledge.of_kind(RedFlag) if rule.deposit == deposit]
        for asked in asked_in(flow):
            question = knowledge.questions[asked.id]
            assert {outcome.rule for outcome in asked.outcomes} == {r for a in asked.answers for r in a.enough_for}
            for answer in asked.answers:
                said = {**nothing, **given(question, answer.id)}
                holding = {f.id for f in flags if f.criterion.holds(said) and not f.criterion.holds(nothing)}
                assert set(answer.enough_for) == holding, f"{asked.id}: {answer.id}"


def test_an_answer_bears_the_letters_of_exactly_the_rules_in_which_it_counts(knowledge, flows):
    for flow in flows.values():
        letters = {rule.letter: knowledge.rules[rule.outcome.rule] for rule in rules_in(flow) if rule.letter}
        for asked in asked_in(flow):
            question = knowledge.questions[asked.id]
            for answer in asked.answers:
                expected = [
                    letter
                    for letter, rule in letters.items()
                    if any(
                        counts(test, question, answer.id)
                        for test in (rule.possible if isinstance(rule, RedFlag | StepUp) else rule.criterion).tests()
                    )
                ]
                assert list(answer.counts_in) == expected, f"{asked.id}: {answer.id}"


def test_every_category_and_every_reason_to_withhold_stands_where_it_belongs(knowledge, flows):
    for deposit, flow in flows.items():
        marked = {
            mark: [r.outcome for r in rules_in(flow) if r.outcome.mark == mark]
            for mark in (reading.SAYS, reading.SILENT)
        }
        categories = [rule for rule in knowledge.of_kind(Reversibility) if rule.deposit == deposit]
        assert [outcome.rule for outcome in marked[reading.SAYS]] == [rule.id for rule in categories]
        for outcome, rule in zip(marked[reading.SAYS], categories, strict=True):
            assert outcome.label == knowledge.words[rule.category]
            assert rule.deposit_goes in outcome.text
            assert rule.symptoms_go in outcome.text
        withholds = [rule for rule in knowledge.of_kind(Withhold) if rule.deposit in ("", deposit)]
        assert [outcome.rule for outcome in marked[reading.SILENT]] == [rule.id for rule in withholds]
        for outcome, withhold in zip(marked[reading.SILENT], withholds, strict=True):
            assert outcome.text == withhold.text
            label = knowledge.dispositions[withhold.at_least].label
            assert outcome.notes == ((f"At least: {label}",) if withhold.at_least > Urgency.SELF_CARE else ())


def test_every_rule_is_told_with_all_its_tests(knowledge, flows):
    for deposit, flow in flows.items():
        named = list(knowledge.deposits[deposit].criterion.tests()) if deposit else []
        for rule in rules_in(flow):
            words = " ".join(rule.when)
            if not rule.letter:
                assert rule.outcome.rule == deposit
                assert rule.outcome.mark == knowledge.deposits[deposit].base_urgency.word
                continue
            tests = [test for test in knowledge.rules[rule.outcome.rule].criterion.tests() if test not in named]
            assert told_tests(words) == len(tests), words
            for test in tests:
                question = knowledge.asked_by[test.finding]
                assert question.text in words
                for option in question.options:
                    if option.finding == test.finding or (question.type != "multi" and option.id in test.values):
                        assert f"“{option.text}”" in words


def test_what_can_be_one_step_sooner_says_with_what(knowledge, flows):
    steps = knowledge.of_kind(StepUp)
    for flow in flows.values():
        letters = {rule.outcome.rule: rule.letter for rule in rules_in(flow)}
        needed = set()
        for outcome in (*alone_in(flow), *(rule.outcome for rule in rules_in(flow))):
            flag = knowledge.rules[outcome.rule]
            if isinstance(flag, RedFlag):
                moved = flag.urgency in (Urgency.SOON, Urgency.SAME_DAY)
                raising = [step.id for step in steps if moved and set(step.tags) & set(flag.tags)]
                needed.update(raising)
                said = f"One step sooner with {' or '.join(letters[step] for step in raising)}"
                assert outcome.notes == ((said,) if raising else ())
        assert {rule for rule in letters if isinstance(knowledge.rules[rule], StepUp)} == needed


@pytest.mark.parametrize("urgency", Urgency)
def test_only_soon_and_same_day_can_be_one_step_sooner(knowledge, urgency):
    (step, flag), *_ = [
        (step, flag)
        for step in knowledge.of_kind(StepUp)
        for flag in knowledge.of_kind(RedFlag)
        if set(step.tags) & set(flag.tags)
    ]
    assert reading._raises(step, replace(flag, urgency=urgency)) == (urgency in (Urgency.SOON, Urgency.SAME_DAY))
    assert not reading._raises(step, replace(flag, urgency=Urgency.SOON, tags=("another",)))


def test_no_rule_of_a_deposit_hangs_on_a_question_that_its_flow_cannot_show(knowledge):
    for kind in (RedFlag, Reversibility, Withhold, StepUp):
        for rule in knowledge.of_kind(kind):
            for test in rule.criterion.tests():
                assert knowledge.asked_by[test.finding].deposit in ("", rule.deposit), rule.id


def test_letters_go_on_after_z():
    assert [reading._letter(place) for place in (0, 25, 26, 27, 52)] == ["A", "Z", "AA", "AB", "BA"]


def test_a_tiny_flow_reads_as_it_was_written(tiny_rules):
    flow = room.flow(load(tiny_rules.folder), "chalk-toe")
    first, second = asked_in(flow)
    assert [(a.text, a.enough_for, a.counts_in) for a in first.answers] == [
        ("Quick", ("toe-sudden",), ("A",)), ("Slow", (), ()), ("None", (), ("A",)), ("the unsure", (), ("A",)),
    ]  # fmt: skip
    assert second.when == "Asked only when: Pain? “Slow”"
    assert [(rule.letter, rule.when, rule.outcome.rule) for rule in rules_in(flow)] == [
        ("", ("With no warning sign at all",), "chalk-toe"),
        ("A", ("Pain? “Quick”, “None” or “the unsure”", "OR For long? “the no” or “the unsure”"), "toe-goes"),
        ("B", ("For long? “the yes”",), "toe-stays"),
        ("C", ("Age? “Small” or “the unsure”",), "young"),
    ]


# -- where it stands ---------------------------------------------------------------------------------------------------


def crowded(answers, outcomes):
    """A flow with one question: each answer leads to every outcome, which no real question does."""
    rules = [f"rule-{number}" for number in range(outcomes)]
    asked = reading.Asked(
        id="it",
        number=1,
        text="Where does it lead?",
        when="",
        answers=tuple(
            reading.Answer(f"answer-{n}", "", "Here", (), tuple(rules), tuple("ABCDEFGHIJKL")) for n in range(answers)
        ),
        outcomes=tuple(reading.Outcome(rule, "soon", "Soon", "It leads there.") for rule in rules),
    )
    return reading.Flow((reading.Part("page", "A page", (asked,)),), ())


@pytest.fixture(scope="module")
def pictures(flows):
    drawn = {deposit: room.draw(flow) for deposit, flow in flows.items()}
    return {**drawn, "crowded": room.draw(crowded(answers=3, outcomes=4)), "one": room.draw(crowded(1, 1))}


def test_boxes_lie_inside_the_panel_and_never_on_each_other(pictures):
    for deposit, picture in pictures.items():
        for panel in panels_in(picture):
            for box in panel.boxes:
                assert box.x >= 0 and box.x + box.width <= panel.width, (deposit, panel.title)
                assert box.y >= 0 and box.y + box.height <= panel.height, (deposit, panel.title)
            for one, other in combinations(panel.boxes, 2):
                apart = (
                    one.x + one.width <= other.x
                    or other.x + other.width <= one.x
                    or one.y + one.height <= other.y
                    or other.y + other.height <= one.y
                )
                assert apart, (deposit, panel.title, one.words[0].text, other.words[0].text)


def test_every_text_fits_its_box(pictures):
    for deposit, picture in pictures.items():
        for panel in panels_in(picture):
            for box in panel.boxes:
                for line in box.words:
                    assert line.x + drawing.estimated_width(line.text, line.style) <= box.width, (deposit, line.text)
                    assert 10 <= line.y <= box.height - 4, (deposit, line.text)
                lines = [line.y for line in box.words]
                assert all(later - line >= 14 for line, later in pairwise(lines))
                for one, other in combinations(box.chips, 2):
                    assert abs(one.x - other.x) >= 22 or abs(one.y - other.y) >= 22, (deposit, one.text)
                for chip in box.chips:
                    beside = [line for line in box.words if line.y >= chip.y - 11]
                    assert all(line.x >= chip.x + 11 for line in beside), (deposit, chip.text)
                    assert 11 <= chip.x <= box.width - 11 and 11 <= chip.y <= box.height - 11, (deposit, chip.text)


def test_nothing_of_the_flow_is_left_out_of_the_picture(flows, pictures):
    for deposit, flow in flows.items():
        said = [
            " ".join(line.text for line in box.words) for panel in panels_in(pictures[deposit]) for box in panel.boxes
        ]
        for asked in asked_in(flow):
            assert f"{asked.number}. {asked.text} {asked.when}".strip() in said
            for answer in asked.answers:
                assert " ".join(filter(None, (answer.group, answer.text, *answer.notes))) in said
        for outcome in (*alone_in(flow), *(rule.outcome for rule in rules_in(flow))):
            assert " ".join((outcome.label, outcome.text, *outcome.notes, outcome.rule)) in said
        for rule in rules_in(flow):
            assert " ".join(rule.when) in said


def test_there_is_one_arrow_for_each_answer_that_is_enough_and_for_each_rule_in_words(flows, pictures):
    for deposit, flow in flows.items():
        enough = sum(len(answer.enough_for) for asked in asked_in(flow) for answer in asked.answers)
        answers = sum(len(asked.answers) for asked in asked_in(flow))
        panels = panels_in(pictures[deposit])
        assert sum(len(panel.arrows) for panel in panels) == enough + len(rules_in(flow))
        assert sum(len(panel.branches) for panel in panels) == answers
        letters = [letter for asked in asked_in(flow) for answer in asked.answers for letter in answer.counts_in]
        letters += [rule.letter for rule in rules_in(flow) if rule.letter]
        drawn = [chip.text for panel in panels for box in panel.boxes for chip in box.chips]
        assert sorted(drawn) == sorted(letters)


def test_an_arrow_begins_at_an_answer_and_ends_at_an_outcome(pictures):
    for picture in pictures.values():
        for panel in panels_in(picture):
            starts = {f"M{box.x + box.width} {box.middle}C" for box in panel.boxes}
            ends = {f"L{box.x - 1} {box.middle}L" for box in panel.boxes}
            for arrow in panel.arrows:
                assert any(arrow.startswith(start) for start in starts)
                assert any(end in arrow for end in ends)


def test_a_panel_is_no_taller_than_a_sheet_unless_a_line_would_be_cut(pictures):
    for deposit, picture in pictures.items():
        for panel in panels_in(picture):
            tallest = max(box.height for box in panel.boxes)
            assert panel.height <= max(drawing.TALLEST, tallest) + 8 or len(panel.arrows) > 1, (deposit, panel.title)


def test_every_urgency_has_a_shape_of_its_own():
    shapes = [drawing._SHAPES[urgency.word] for urgency in Urgency]
    assert len(set(shapes)) == len(Urgency)


def test_text_is_broken_between_words_and_nothing_is_lost():
    text = "a bb ccc dddd " * 9
    lines = list(drawing.wrapped(text, 60, ""))
    assert " ".join(lines).split() == text.split()
    assert len(lines) > 5
    assert drawing.estimated_width("wide", "strong") > drawing.estimated_width("wide", "")
