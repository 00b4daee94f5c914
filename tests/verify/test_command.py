"""python -m triage verify, as somebody meets it who changed a rule."""

import json

import pytest

from triage.__main__ import main
from triage.knowledge import load
from triage.verify.properties import PROPERTIES
from triage.verify.record import read

TOE, FLAGS = "deposits/chalk-toe.toml", "red-flags/signs.toml"


@pytest.fixture
def run(tiny_rules, capsys):
    def run(*arguments):
        code = main(["--rules", str(tiny_rules.folder), *arguments])
        return code, capsys.readouterr()

    return run


def test_one_line_for_each_property_and_one_for_all(run):
    code, said = run("verify")
    lines = said.out.splitlines()
    assert code == 0
    assert [line.split()[0] for line in lines[:-1]] == [prop.id for prop in PROPERTIES]
    assert all("holds" in line for line in lines[:-1]) and "every property holds" in lines[-1]


def test_a_wrong_edit_is_told_as_a_person_whose_answers_assess_reads(run, tiny_rules, tmp_path):
    tiny_rules.change(
        TOE, 'when = { toe_pain = "sudden" }, because', 'when = { toe_pain = "sudden", is_weak = "no" }, because'
    )
    code, said = run("verify")
    assert code == 1
    lines = said.out.splitlines()
    start = next(number for number, line in enumerate(lines) if 'Ticking "Weak" lowers the urgency' in line)
    assert lines[start + 1].strip() == "Pain? Quick"
    before = next(line for line in lines[start:] if line.strip().startswith("before: routine"))
    answers = tmp_path / "answers.json"
    answers.write_text(before[before.index("{") :], encoding="utf-8")
    code, said = run("assess", str(answers))
    assert (code, json.loads(said.out)["urgency"]) == (0, "routine")


def test_only_what_depends_on_a_file(run, tiny_rules):
    tiny_rules.change(
        TOE, 'when = { toe_pain = "sudden" }, because', 'when = { toe_pain = "sudden", is_weak = "no" }, because'
    )
    assert run("verify", "--changed", str(tiny_rules.folder / TOE))[0] == 1
    code, said = run("verify", "--changed", str(tiny_rules.folder / "scope.toml"))
    assert "What depends on scope.toml" in said.out
    code, said = run("verify", "--changed", "no-such.toml")
    assert code == 2 and "there is no such file" in said.err


def test_a_recorded_proof_is_read_by_the_page_and_its_people_are_kept(run, tiny_rules):
    assert run("verify", "--record")[0] == 0
    knowledge = load(tiny_rules.folder)
    record = read(tiny_rules.folder)
    assert all(prop.holds for prop in record.properties) and not record.stale(knowledge)
    assert record.by_id.keys() == {prop.id for prop in PROPERTIES}
    kept = json.loads((tiny_rules.folder / "witnesses.json").read_text(encoding="utf-8"))
    assert kept["said_to"]["toe-sudden"] == {"toe_pain": "sudden"}


def test_a_proof_that_fails_is_not_recorded(run, tiny_rules):
    tiny_rules.change(FLAGS, 'id = "heart-pain", urgency = "emergency"', 'id = "heart-pain", urgency = "soon"')
    assert run("verify", "--record")[0] == 1
    assert not (tiny_rules.folder / "proof.json").exists()


def test_a_record_of_other_rules_does_not_stay_beside_the_new_one(run, tiny_rules):
    run("verify", "--record")
    path = tiny_rules.folder / "proof.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(
        json.dumps({**record, "rules_version": "older", "mutations": [{"kind": "x", "made": 1, "caught": 1}]})
    )
    run("verify", "--record")
    assert read(tiny_rules.folder).mutations == ()


def test_the_readings_are_compared(run, tiny_rules):
    code, said = run("verify", "--compare", "60", "--record")
    assert code == 0 and "0 differences" in said.out
    assert "people stand at the boundary" in said.out


def test_slips_are_counted_and_survivors_listed(run, tiny_rules):
    _, said = run("verify", "--mutate", "scope.toml")
    lines = said.out.splitlines()
    made = sum(int(line.split(" made")[0].split()[-1]) for line in lines if " made " in line)
    assert made and lines[-1].startswith(f"{made} wrong edits, ")


def test_what_changed_between_two_versions(run, tiny_rules, tmp_path):
    from tests.conftest import TinyRules

    old = TinyRules(tmp_path / "old").folder
    tiny_rules.change(FLAGS, 'id = "hot", urgency = "same-day"', 'id = "hot", urgency = "soon"')
    code, said = run("diff", str(old), str(tiny_rules.folder))
    assert code == 0 and "same-day -> soon (less urgent)" in said.out and "answer classes" in said.out
    code, said = run("diff", "no-such-version", str(tiny_rules.folder))
    assert code == 2 and "neither a folder nor a git revision" in said.err


def test_the_comparison_stays_where_only_words_or_cases_changed(run, tiny_rules):
    run("verify", "--compare", "20", "--record")
    tiny_rules.change(FLAGS, "A nerve.", "It can be a nerve.")
    run("verify", "--record")
    assert read(tiny_rules.folder).translation.people == 20
    tiny_rules.change(FLAGS, 'id = "numb", urgency = "soon"', 'id = "numb", urgency = "same-day"')
    run("verify", "--record")
    assert read(tiny_rules.folder).translation is None


def test_the_slips_stay_where_only_words_changed(run, tiny_rules):
    run("verify", "--record")
    run("verify", "--mutate", "--record")
    made = read(tiny_rules.folder).mutations
    assert made
    tiny_rules.change(FLAGS, "A nerve.", "It can be a nerve.")
    run("verify", "--record")
    assert read(tiny_rules.folder).mutations == made
    tiny_rules.change(FLAGS, 'id = "numb", urgency = "soon"', 'id = "numb", urgency = "same-day"')
    run("verify", "--record")
    assert read(tiny_rules.folder).mutations == ()
