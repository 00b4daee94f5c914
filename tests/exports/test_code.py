"""A code on a sheet brings back exactly what was answered, and every slip in copying it is seen."""

import hashlib
import json
from datetime import date, timedelta

import pytest

from tests import codes
from triage import resources
from triage.assessment import without_engine
from triage.errors import CodeError
from triage.exports import code, digits
from triage.exports.code import Handed
from triage.exports.reopening import changes, reopen
from triage.journey import follow
from triage.knowledge import Urgency, numbering
from triage.knowledge.model import NumberedEdition, Numbering

TODAY = codes.MADE


# -- there and back ----------------------------------------------------------------------------------------------------


def test_every_answer_set_comes_back_exactly(knowledge, draw):
    for number, answers in enumerate(codes.people(knowledge, 2_000, draw)):
        sheet = codes.sheet_of(knowledge, answers, TODAY + timedelta(number))
        assert code.read(knowledge.numbering, code.write(knowledge.numbering, sheet)) == sheet


def test_what_the_rules_make_of_an_opened_sheet_is_what_they_made_of_it(knowledge, draw):
    for answers in codes.people(knowledge, 50, draw):
        sheet = codes.sheet_of(knowledge, answers)
        opened = reopen(knowledge, code.read(knowledge.numbering, code.write(knowledge.numbering, sheet)), TODAY)
        path = follow(knowledge, opened.answers)
        assert path.answers == sheet.answers and path.complete and not opened.asks_again
        assert not changes(knowledge, opened, path, without_engine(knowledge, path.findings)).any


def test_a_common_code_is_short_enough_to_type(knowledge):
    lengths = sorted(len(typed.replace("-", "")) for typed in codes.case_codes(knowledge))
    assert lengths[len(lengths) // 2] <= 16
    assert lengths[len(lengths) * 95 // 100] <= 32


def test_case_spaces_hyphens_and_letters_that_look_alike_do_not_matter(knowledge, some_codes):
    for typed in some_codes:
        sheet = code.read(knowledge.numbering, typed)
        sloppy = typed.lower().replace("0", "o").replace("1", "l").replace("-", " \u2013 ")
        for other in (sloppy, typed.replace("-", ""), typed.replace("1", "I"), f"  {typed}\n"):
            assert code.read(knowledge.numbering, other) == sheet
    assert not {"I", "L", "O", "U"} & {*"".join(some_codes)}


def test_answers_for_keeping_come_back_exactly_on_the_path_or_off_it(knowledge, draw):
    for answers in codes.people(knowledge, 200, draw):
        some = {name: given for name, given in codes.accepted(knowledge, answers).items() if draw.random() < 0.8}
        assert code.unpack(knowledge.numbering, *code.pack(knowledge.numbering, some)) == some


# -- slips -------------------------------------------------------------------------------------------------------------


def test_every_wrong_letter_and_every_exchange_of_neighbours_is_refused(knowledge, some_codes):
    for typed in some_codes[1::2] + some_codes[:10]:
        assert not [slip for slip in codes.slips(typed) if codes.reads(knowledge, slip)]


def test_a_slip_is_looked_for_in_the_group_it_is_in(knowledge, some_codes, draw):
    for typed in (typed for typed in some_codes if len(typed.replace("-", "")) <= 31):
        letters = typed.replace("-", "")
        for slip in draw.sample([*codes.slips(typed)], 20):
            places = {place // 4 + 1 for place in range(len(letters)) if slip[place] != letters[place]}
            with pytest.raises(CodeError) as refused:
                code.read(knowledge.numbering, slip)
            assert places <= {*refused.value.groups}
            assert len(refused.value.groups) <= 2


def test_a_sign_or_a_missing_letter_is_named_by_its_group(knowledge, some_codes):
    groups = some_codes[1].split("-")
    for second, named in ((groups[1][:3], 2), (groups[1] + "7", 2), (groups[1][:3] + "U", 2), (groups[1][:3] + "?", 2)):
        with pytest.raises(CodeError) as refused:
            code.read(knowledge.numbering, " ".join([groups[0], second, *groups[2:]]))
        assert refused.value.groups == (named,)


def test_no_error_repeats_the_code(knowledge, some_codes):
    for slip in [*codes.slips(some_codes[1])][::40]:
        with pytest.raises(CodeError) as refused:
            code.read(knowledge.numbering, slip)
        assert slip not in str(refused.value)


@pytest.mark.parametrize(
    "garbage", ["", " ", "-", "0", "0000", "0" * 12, "é" * 8, "A" * 100_000, "0000-0000", "\0" * 8]
)
def test_garbage_is_refused(knowledge, garbage):
    assert not codes.reads(knowledge, garbage)


def test_a_whole_group_left_out_or_typed_twice_is_refused(knowledge, some_codes):
    for typed in some_codes:
        groups = typed.split("-")
        for place in range(len(groups)):
            assert not codes.reads(knowledge, "".join([*groups[:place], *groups[place + 1 :]]))
            assert not codes.reads(knowledge, "".join([*groups[: place + 1], *groups[place:]]))
        assert not codes.reads(knowledge, "0000" + typed)


def test_random_texts_are_refused(knowledge, draw):
    texts = ("".join(draw.choices(digits.DIGITS, k=16)) for _ in range(20_000))
    assert not [text for text in texts if codes.reads(knowledge, text)]


def test_what_is_left_over_after_reading_is_refused(knowledge, some_codes):
    """Numbers with perfect check digits that no answers lead to."""
    number = digits.read(some_codes[1])
    for other in range(1, 2_000):
        typed = digits.write(number + other)
        if codes.reads(knowledge, typed):
            assert code.write(knowledge.numbering, code.read(knowledge.numbering, typed)) == typed


# -- for ever ----------------------------------------------------------------------------------------------------------

FROZEN = sorted(codes.FROZEN.glob("edition-*.json"))


def frozen(file):
    return json.loads(file.read_text(encoding="utf-8"))


def test_every_edition_of_the_numbering_is_frozen(knowledge):
    names = {f"edition-{number}.json" for number in range(1, knowledge.numbering.newest + 1)}
    assert {file.name for file in FROZEN} == names, "after 'python -m triage numbering': python -m tests.codes --freeze"


@pytest.mark.parametrize("file", FROZEN, ids=lambda file: file.stem)
def test_the_numbering_only_grows_at_its_end(file):
    told = frozen(file)
    text = (resources.folder("rules") / numbering.FILE).read_bytes()
    assert hashlib.sha256(text[: told["bytes"]]).hexdigest() == told["sha256"], f"{numbering.FILE} was changed"


@pytest.mark.parametrize("file", FROZEN, ids=lambda file: file.stem)
def test_the_codes_of_every_edition_can_be_read_for_ever(knowledge, file):
    for typed, told in frozen(file)["codes"].items():
        assert codes.sheet_json(code.read(knowledge.numbering, typed)) == told
    assert len(frozen(file)["codes"]) >= 40


def test_a_numbering_that_was_changed_would_be_noticed(knowledge):
    first, *rest = knowledge.numbering.questions
    text = FROZEN[0].read_text(encoding="utf-8")
    swapped = Numbering(knowledge.numbering.editions, (*rest, first))
    told = [typed for typed in json.loads(text)["codes"] if codes.reads(knowledge, typed)]
    assert told
    wrong = 0
    for typed in told:
        try:
            wrong += code.read(swapped, typed) != code.read(knowledge.numbering, typed)
        except CodeError:
            wrong += 1
    assert wrong == len(told)


def test_a_code_of_a_newer_guide_is_refused(knowledge):
    newer = Numbering((*knowledge.numbering.editions, NumberedEdition(version="x", dated=TODAY)), ())
    sheet = Handed(newer.newest, TODAY, Urgency.SOON, {})
    with pytest.raises(CodeError, match="newer"):
        code.read(knowledge.numbering, code.write(newer, sheet))


@pytest.mark.parametrize("edition", [1, 14, 15, 16, 31, 100])
def test_there_is_no_last_edition(edition):
    many = Numbering(tuple(NumberedEdition(version="x", dated=TODAY) for _ in range(edition)), ())
    sheet = Handed(edition, TODAY, Urgency.SOON, {})
    assert code.read(many, code.write(many, sheet)) == sheet


def test_a_code_made_after_the_last_day_it_can_name_is_taken_for_old(knowledge):
    sheet = Handed(knowledge.numbering.newest, date(2050, 1, 1), Urgency.SOON, {})
    read = code.read(knowledge.numbering, code.write(knowledge.numbering, sheet))
    assert reopen(knowledge, read, date(2050, 1, 1)).old
