"""The record of the last proof: read in full or not at all, and never taken for more than it says."""

import copy
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from triage.verify.record import FILE, read

RECORD = {
    "rules_version": "2026.11+abcd1234",
    "recorded": "2026-11-22",
    "solver": "z3 5.4.0",
    "seconds": 41,
    "properties": [
        {"id": "monotone", "title": "More danger never lowers urgency", "says": "One more sign never lowers it.",
         "checked": 1234, "unit": "changes of one answer", "seconds": 3.1, "holds": True, "counterexample": None},
        {"id": "suppression", "title": "Nothing soothing beside an alarm", "says": "No sentence soothes.",
         "checked": 812, "unit": "sentences", "seconds": 4.4, "holds": True, "counterexample": None},
    ],
    "translation": {"people": 200000, "boundary": 12345, "differences": 0, "seconds": 300, "decided": "0a1b2c3d"},
    "mutations": [{"kind": "drop a red flag", "made": 356, "caught": 356},
                  {"kind": "drop a test", "made": 9, "caught": 8}],
    "survivors": [{"rule": "toe-goes", "told": "'toe-goes' is looser", "because": "Both ways mean the same."}],
    "mutated": "4e5f6a7b",
}  # fmt: skip


def changed(*path, to):
    """The record with one thing changed; a path of nothing replaces it all."""
    raw = copy.deepcopy(RECORD)
    if not path:
        return to
    inner = raw
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return raw


@pytest.fixture
def recorded(tmp_path):
    """Writes a record and reads it back."""

    def written(raw=RECORD):
        (tmp_path / FILE).write_text(json.dumps(raw))
        return read(tmp_path)

    return written


def test_a_record_is_read_as_it_was_written(recorded):
    record = recorded()
    assert (record.recorded, record.seconds, record.solver) == (date(2026, 11, 22), 41.0, "z3 5.4.0")
    assert [prop.title for prop in record.properties] == [prop["title"] for prop in RECORD["properties"]]
    assert record.by_id["monotone"].checked == 1234
    assert (record.translation.people, record.translation.agrees) == (200000, True)
    assert [mutation.missed for mutation in record.mutations] == [0, 1]
    assert record.survivors[0].because == "Both ways mean the same."
    assert record.holds and record.unexplained == 0


def test_where_there_is_no_record_there_is_none(tmp_path):
    assert read(tmp_path) is None


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(changed(to=[]), id="no object"),
        pytest.param(changed("seconds", to="41"), id="a number in quotes"),
        pytest.param(changed("seconds", to=True), id="a number that is true"),
        pytest.param(changed("recorded", to="yesterday"), id="a day that is none"),
        pytest.param(changed("recorded", to=20261122), id="a day without quotes"),
        pytest.param(changed("extra", to=1), id="a key that nobody knows"),
        pytest.param({key: value for key, value in RECORD.items() if key != "solver"}, id="a key that is missing"),
        pytest.param(changed("properties", to=[]), id="no property at all"),
        pytest.param(changed("properties", to=RECORD["properties"][:1] * 2), id="a property twice"),
        pytest.param(changed("properties", to={"monotone": True}), id="properties that are no list"),
        pytest.param(changed("properties", 0, "holds", to="false"), id="a word for yes or no"),
        pytest.param(changed("properties", 0, "holds", to=1), id="a number for yes or no"),
        pytest.param(changed("properties", 0, "checked", to=1.5), id="half a question"),
        pytest.param(changed("properties", 0, "counterexample", to=[]), id="a counterexample that is no text"),
        pytest.param(changed("translation", to={}), id="an empty translation"),
        pytest.param(changed("mutations", 0, to="all"), id="a mutation that is no object"),
        pytest.param(changed("survivors", to=None), id="no list of survivors"),
    ],
)
def test_a_record_that_is_not_whole_is_no_record_and_that_is_logged(recorded, caplog, raw):
    assert recorded(raw) is None
    assert FILE in caplog.text or "cannot be read" in caplog.text


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '"\xff'], ids=["empty", "broken off", "deep", "not UTF-8"])
def test_a_file_that_is_no_json_is_no_record(tmp_path, caplog, text):
    (tmp_path / FILE).write_bytes(text.encode("latin-1"))
    assert read(tmp_path) is None
    assert "cannot be read" in caplog.text


def test_a_comparison_and_slips_that_were_left_out_are_told_from_none_that_differed(recorded):
    record = recorded({**RECORD, "translation": None, "mutations": [], "survivors": []})
    assert record.translation is None and record.mutations == () and record.holds


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(changed("properties", 1, "holds", to=False), id="a property that does not hold"),
        pytest.param(changed("properties", 1, "checked", to=0), id="a property for which nothing was looked at"),
        pytest.param(changed("translation", "differences", to=1), id="a difference"),
        pytest.param(changed("translation", "people", to=0), id="a comparison of nobody"),
        pytest.param(changed("survivors", to=[]), id="a slip that nothing caught and nobody explains"),
        pytest.param(changed("survivors", 0, "because", to=""), id="an explanation that is empty"),
    ],
)
def test_what_did_not_come_out_as_it_must_is_not_taken_for_a_proof(recorded, raw):
    assert not recorded(raw).holds


def test_more_caught_than_made_does_not_make_up_for_what_was_missed(recorded):
    raw = changed("mutations", 0, "caught", to=400)
    assert recorded({**raw, "survivors": []}).unexplained == 1


def test_a_record_is_about_one_text_of_the_rules_and_proves_nothing_of_another(recorded, knowledge):
    other = recorded()
    assert other.stale(knowledge) and other.proved(knowledge) == frozenset()
    ours = recorded({**changed("properties", 1, "holds", to=False), "rules_version": knowledge.version})
    assert not ours.stale(knowledge)
    assert ours.proved(knowledge) == {"monotone"}


def test_whoever_shows_a_record_needs_no_solver():
    program = "import sys; sys.modules['z3'] = None; import triage.web; assert 'triage.verify.record' in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
