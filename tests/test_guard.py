"""The guard reads what callgrind counted, shows what a change costs, and says loudly where it could not count."""

import re
import shutil

import pytest

from benchmarks import guard, measuring
from benchmarks.guard import Cost, beside_recorded, of_instructions, parse, per_call
from benchmarks.hot import NOTHING

CALLGRIND = f"""# callgrind format
part: 1
desc: Timerange: Basic block 0 - 9968
desc: Trigger: Client Request: {NOTHING}
events: Ir
summary: 100
fn=(1) summary: 5
12 100
totals: 101
part: 2
desc: Trigger: Client Request: page, typical
summary: 5100
part: 3
desc: Trigger: Client Request: page, typical
summary: 7100
part: 4
desc: Trigger: Client Request: page, typical
summary: 6100
part: 5
desc: Trigger: Program termination
summary: 999999
"""
FLOOR = Cost("hello", "hello", 1_000)


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder for what is recorded."""
    monkeypatch.setattr(measuring, "RESULTS", tmp_path)
    return tmp_path


def table(*costs, rules="1"):
    return of_instructions([FLOOR, *costs], rules)


def row(told, path):
    """The cells of a path, as they are printed."""
    line = next(line for line in told.markdown().splitlines() if line.startswith(f"| {path} "))
    return [cell.strip() for cell in line.strip("|").split("|")]


# -- what callgrind counted --------------------------------------------------------------------------------------------


def test_each_round_is_read_by_its_name_and_what_nobody_named_is_not():
    assert parse(CALLGRIND.splitlines(keepends=True)) == {NOTHING: [100], "page, typical": [5100, 7100, 6100]}


def test_a_call_costs_its_part_of_the_middle_round_without_what_nothing_costs():
    paths = [(NOTHING, NOTHING, 10), ("page, typical", "hello", 10)]
    assert per_call(paths, parse(CALLGRIND.splitlines())) == [Cost("page, typical", "hello", 600)]


def test_a_path_that_was_not_counted_is_an_error():
    with pytest.raises(ValueError, match="nothing down for summary"):
        per_call([(NOTHING, NOTHING, 10), ("summary", "hello", 1)], {NOTHING: [1]})


# -- beside what was recorded ------------------------------------------------------------------------------------------


def test_what_a_path_costs_more_than_recorded_is_shown_and_so_is_what_it_costs_less(results):
    table(Cost("page", "hello", 20_000), Cost("sheet", "hello", 10_000)).record(short=False)
    told = beside_recorded(table(Cost("page", "hello", 21_000), Cost("sheet", "hello", 9_000)))
    assert row(told, "page") == ["page", "21", "21", "hello", "20", "+5.0 %"]
    assert row(told, "sheet")[-1] == "-10.0 %"
    assert row(told, "hello")[-1] == "+0.0 %"


def test_a_path_that_is_new_and_one_that_is_gone_are_told(results):
    table(Cost("page", "hello", 20_000)).record(short=False)
    told = beside_recorded(table(Cost("sheet", "hello", 5_000)))
    assert row(told, "sheet")[-1] == "new"
    assert "No longer there: page." in told.markdown()


def test_other_rules_or_another_machine_are_told_because_they_change_the_counts_too(results, monkeypatch):
    table().record(short=False)
    assert "elsewhere" not in beside_recorded(table()).markdown()
    assert re.search("elsewhere.* Rules 1.$", beside_recorded(table(rules="2")).markdown().strip())
    monkeypatch.setattr(guard, "machine", lambda: "another machine")
    assert "elsewhere" in beside_recorded(table()).markdown()


def test_before_anything_is_recorded_the_counts_stand_alone(results):
    assert "Nothing was recorded" in beside_recorded(table()).markdown()


# -- without the tool --------------------------------------------------------------------------------------------------


@pytest.fixture
def without_valgrind(monkeypatch, results):
    """A machine without valgrind, on which nothing has to be there."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(guard, "timed", table)
    monkeypatch.delenv("TRIAGE_TESTS_NEED_ALL", raising=False)


@pytest.mark.usefixtures("without_valgrind")
def test_without_valgrind_one_loud_line_says_so_and_the_ratios_of_times_stand_instead(capsys):
    assert guard.main([]) == 0
    told = capsys.readouterr()
    assert told.err.startswith("INSTRUCTIONS WERE NOT COUNTED: install valgrind (") and told.err.count("\n") == 1
    assert "times its floor" in told.out


@pytest.mark.usefixtures("without_valgrind")
@pytest.mark.parametrize("words, need_all", [(["--record"], ""), ([], "yes")])
def test_it_is_an_error_where_counts_are_to_be_recorded_or_everything_must_be_there(
    words, need_all, monkeypatch, results, capsys
):
    monkeypatch.setenv("TRIAGE_TESTS_NEED_ALL", need_all)
    assert guard.main(words) == 1
    assert "NOT COUNTED" in capsys.readouterr().err and not list(results.iterdir())
