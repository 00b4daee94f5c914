"""The measuring of sheets: every limit can be broken, and every item of PEMAT-P can be missed."""

from dataclasses import replace

import pytest

from tests import sheets
from tests.sheets import ITEMS, Measured, Seen, broken, table
from triage.journey import with_usual
from triage.knowledge.model import Rule
from triage.sheet import InShort, Passage, make_sheet

WELL = Measured("well", 1, 2, (2, 2, 4, 4), 5.0, 20, 0, (True,) * len(ITEMS))


@pytest.fixture(scope="module")
def seen(knowledge, assessor):
    """The sheet of somebody who gives the usual answers."""
    journey = with_usual(knowledge, {})
    assessment = assessor.assess(journey.findings)
    return Seen(assessor, assessment, journey, make_sheet(knowledge, assessment, journey, {}))


def test_a_sheet_within_all_limits_breaks_none():
    assert list(broken([WELL])) == []
    assert "1 sheets" in next(table([WELL]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pages": (2, 3, 4, 4)}, "3 pages on letter"),
        ({"grade": 8.1}, "grade 8.1"),
        ({"longest": 21}, "21 words"),
        ({"without_source": 1}, "without a source"),
        ({"items": (False, False, *WELL.items[2:])}, "PEMAT-P understand"),
        ({"items": (*WELL.items[:-1], False)}, "PEMAT-P act"),
    ],
)
def test_each_limit_is_named_when_it_is_broken(change, said):
    assert any(said in problem for problem in broken([replace(WELL, **change)]))


PURPOSE = Rule(id="purpose", file="")


def says(seen, *texts):
    """The same sheet if it said this."""
    return shows(seen, passages=tuple((text, PURPOSE) for text in texts))


def shows(seen, **parts):
    """The same sheet with other parts."""
    return replace(seen, sheet=replace(seen.sheet, **parts))


LONG = Passage("Go. " * 6 + "Go.", "purpose", ())
MISSED = {
    "understand_2": lambda seen: replace(seen, assessment=replace(seen.assessment, held=frozenset())),
    "understand_3": lambda seen: says(seen, "You may get a fever."),
    "understand_4": lambda seen: says(seen, "It is calcified."),
    "understand_5": lambda seen: says(seen, "It was removed.", "It is watched."),
    "understand_8": lambda seen: shows(seen, limits=(LONG,)),
    "understand_10": lambda seen: says(seen, "This is for you."),
    "understand_11": lambda seen: shows(seen, in_short=InShort("Today", (), "Call.")),
    "understand_12": lambda seen: shows(seen, by_then=LONG, kind_only=LONG),
    "act_20": lambda seen: shows(seen, steps=()),
    "act_21": lambda seen: shows(seen, steps=(Passage("Patients call the clinic.", "purpose", ()),)),
    "act_22": lambda seen: shows(seen, next_steps=(LONG,)),
    "act_23": lambda seen: shows(seen, by_then=None),
}


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.__name__)
def test_each_item_can_be_met_and_missed(seen, item):
    kind, number, *_ = item.__name__.split("_")
    assert item(seen)
    assert item(MISSED[f"{kind}_{number}"](seen)) is False


def test_some_sheets_measured_as_the_command_does_it():
    sheets._begin()
    measured = [one for one in map(sheets._measure, range(0, 900, 180)) if one]
    assert len(measured) > 2 and list(broken(measured)) == []
