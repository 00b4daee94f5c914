"""What the benchmarks recorded is what is told, and each table can be asked for. Nothing is timed here."""

import ast
import html
import json
import re
from pathlib import Path

import pytest

from benchmarks import measuring, plot, readme, targets
from benchmarks.__main__ import TABLES, main
from benchmarks.measuring import Table
from benchmarks.wire import blocked

FOLDER = Path(measuring.__file__).parent
TABLE = Table(
    "birds",
    "Birds beside each other",
    {"name": "bird", "wings": "wings", "speed": "km/h"},
    [
        {"name": "**duck**", "wings": 2, "speed": 0.123456},
        {"name": "a|b", "speed": 12345.6},
        {"name": "c", "wings": True},
    ],
    ["Ducks only."],
)


# -- a table -----------------------------------------------------------------------------------------------------------


def test_a_table_is_told_as_markdown_with_three_digits_that_count():
    assert TABLE.markdown() == (
        "| bird | wings | km/h |\n| --- | --- | --- |\n| **duck** | 2 | 0.123 |\n| a/b |  | 12,346 |\n| c | True |  |"
        "\n\nDucks only.\n"
    )


def test_a_recorded_table_is_read_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "RESULTS", tmp_path / "results")
    TABLE.record(short=True)
    table, kept = measuring.recorded("birds")
    assert table.markdown() == TABLE.markdown()
    assert kept["short"] is True and kept["machine"] == measuring.machine()


def test_a_table_that_does_not_exist_is_not_asked_for(capsys):
    assert main(["--short", "birds"]) == 2
    assert "birds" in capsys.readouterr().err


@pytest.mark.parametrize("name", TABLES)
def test_every_name_is_a_module_that_gives_tables(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text("utf-8"))
    given = [part for part in tree.body if isinstance(part, ast.FunctionDef) and part.name == "tables"]
    assert [one.args.args[0].arg for one in given] == ["short"]
    assert len((ast.get_docstring(tree) or "").split()) > 20, "say what is compared with what"


def test_blocked_is_what_tasks_take_beyond_50_ms_after_the_paint():
    assert blocked([(0, 90), (100, 50), (200, 120)], paint=0) == 40 + 0 + 70
    assert blocked([(0, 90), (200, 120)], paint=100) == 70
    assert blocked([(0, 200)], paint=100) == 50


# -- what the README shows of it ---------------------------------------------------------------------------------------


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Some birds were measured, in a folder of their own; the README would show them all but their wings."""
    monkeypatch.setattr(measuring, "RESULTS", tmp_path)
    monkeypatch.setattr(readme, "SHOWN", {"birds": readme.Shown("zoo", ("name", "speed")), "fish": readme.Shown("zoo")})
    TABLE.record(short=False)


@pytest.mark.usefixtures("recorded")
def test_the_marked_part_becomes_the_table_with_its_command_and_machine_and_nothing_else_changes():
    before = (
        "# A\n\n<!-- figures: birds -->\nold\n<!-- end -->\n\n<!-- figures: fish -->\nNot yet.\n<!-- end -->\nend\n"
    )
    after = readme.filled(before)
    assert "| bird | km/h |\n| --- | --- |\n| **duck** | 0.123 |" in after and "wings" not in after
    assert "`python -m benchmarks zoo`" in after and measuring.machine() in after
    assert "old" not in after and "<!-- figures: fish -->\nNot yet.\n<!-- end -->\nend\n" in after
    assert readme.filled(after) == after


@pytest.mark.usefixtures("recorded")
def test_only_the_rows_that_are_wanted_are_shown(monkeypatch):
    monkeypatch.setattr(readme, "SHOWN", {"birds": readme.Shown("zoo", (), {"name": "c"})})
    assert "duck" not in readme.figures("birds") and "| c |" in readme.figures("birds")


@pytest.mark.usefixtures("recorded")
def test_in_full_nothing_is_left_out():
    assert TABLE.markdown() in readme.in_full()


# -- what was recorded -------------------------------------------------------------------------------------------------

MARKED = re.findall(r"<!-- figures: ([a-z-]+) -->", readme.README.read_text("utf-8"))


def test_the_readme_has_a_place_for_every_table_it_is_to_show():
    assert sorted(MARKED) == sorted([*readme.SHOWN, *readme.MADE])
    assert {shown.measured_by for shown in readme.SHOWN.values()} <= set(TABLES)


@pytest.mark.parametrize("name", MARKED)
def test_the_tables_in_the_readme_are_those_that_were_recorded(name):
    assert readme.figures(name) in readme.README.read_text("utf-8"), "run: python -m benchmarks.readme"


def test_the_tables_in_full_are_those_that_were_recorded():
    path = measuring.RESULTS / "README.md"
    assert path.exists(), "run: make bench"
    assert path.read_text("utf-8") == readme.in_full(), "run: python -m benchmarks.readme"


def test_every_record_names_its_machine_and_day_and_was_no_short_run():
    records = sorted(measuring.RESULTS.glob("*.json"))
    assert records, "run: make bench"
    for path in records:
        kept = json.loads(path.read_text("utf-8"))
        assert re.fullmatch(r"\d+ × .+, \d+ GiB, \w+ [\d.]+, \w+ 3\.\d+\.\d+", kept["machine"]), path.name
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", kept["day"]), path.name
        assert kept["short"] is False, f"{path.name} is of a short run: make bench"


def test_the_picture_shows_what_was_recorded():
    assert plot.FILE.exists(), "run: make bench, or python -m benchmarks --record rules"
    table, _ = measuring.recorded("rules")
    drawn = [html.unescape(words) for words in re.findall(r"<text[^>]*>([^<]*)</text>", plot.FILE.read_text("utf-8"))]
    for one in plot.points(table):
        assert one.name in drawn and one.told in drawn, f"{one.name}: run: python -m benchmarks.plot"


def test_a_contestant_that_was_not_measured_is_not_in_the_picture():
    rows = [
        {"contestant": "**ours**", "p50": 31.4, "ratio": 1.57},
        {"contestant": "plain", "p50": 20.0, "ratio": 1.0},
        {"contestant": "absent", "note": "not measured here"},
        {"contestant": "slow", "p50": 4321.0, "ratio": 2160.5},
    ]
    told = [(one.name, one.told, one.ours) for one in plot.points(Table("rules", "", {}, rows))]
    assert told == [
        ("plain", "1 ×, 20 µs", False),
        ("ours", "1.6 ×, 31 µs", True),
        ("slow", "2,160 ×, 4,321 µs", False),
    ]


# -- what we aim at ----------------------------------------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The recorded tables, in a folder where they can be changed."""
    for path in measuring.RESULTS.glob("*.json"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(measuring, "RESULTS", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "row", "column", "wrong", "aim"),
    [
        ("growth-knowledge", {"copies": 10}, "assess-ratio", 1.6, "an assessment with 10 times the deposits"),
        ("start", {"what": "until the first page is answered"}, "guide", 1200, "from nothing to the first page"),
        ("wire", {"page": "start"}, "kilobytes", 21, "the start page over the wire"),
        ("memory", {"what": "a worker, PSS"}, "guide", 81, "memory of a worker (PSS)"),
        ("pages", {"page": "summary", "server": "gunicorn sync"}, "share", 19.9, "summary"),
    ],
)
def test_an_aim_that_was_missed_is_told_as_missed(copied, name, row, column, wrong, aim):
    path = copied / f"{name}.json"
    content = json.loads(path.read_text("utf-8"))
    (meant,) = (one for one in content["rows"] if row.items() <= one.items())
    meant[column] = wrong
    path.write_text(json.dumps(content), "utf-8")
    (told,) = (one for one in targets.table().rows if one["aim"] == aim)
    assert told["held"] == "no" and f"{wrong:g}"[:2] in told["measured"].replace(",", "").replace("1.2 s", "1200")


def test_every_aim_that_was_missed_is_explained_in_the_readme():
    missed = [row["aim"] for row in targets.table().rows if row["held"] != "yes"]
    explained = readme.README.read_text("utf-8").partition("Where an aim is missed")[2].partition("\n### ")[0]
    assert not [aim for aim in missed if f"*{aim}*" not in explained]


def test_the_size_of_a_deployment_follows_from_what_was_recorded(copied):
    path = copied / "scale.json"
    content = json.loads(path.read_text("utf-8"))
    for row in content["rows"]:
        row["per_core"] = 0.5
    path.write_text(json.dumps(content), "utf-8")
    # 10,000,000 / 30 × 0.1 / 3,600 × 3 / 0.5
    assert "= 55.6 cores, so 28 machines" in targets.sizing()
