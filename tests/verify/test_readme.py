"""The figures of the proof in the README are those of the record, so nobody types them."""

from pathlib import Path

import pytest

from triage import resources
from triage.verify.record import read

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def record():
    return read(resources.folder("rules"))


def figures(record):
    """The table as the README has it, from the record."""
    made, caught = (sum(getattr(one, name) for one in record.mutations) for name in ("made", "caught"))
    rows = [
        ("answers of the solver behind the ten properties", f"{sum(one.checked for one in record.properties):,}"),
        (
            "people whom formulas, witness and durable-rules read alike",
            f"{record.translation.people:,} at random and {record.translation.boundary:,} at a boundary; "
            f"{record.translation.differences} differences",
        ),
        ("wrong edits noticed by check, cases or proof", f"{caught:,} of {made:,} ({caught / made:.1%})"),
    ]
    rows += [(f"... {one.kind}", f"{one.caught:,} of {one.made:,}") for one in record.mutations]
    unexplained = sum(not one.because for one in record.survivors)
    rows.append(("the others", f"{len(record.survivors) - unexplained} change nothing (proved), {unexplained} do"))
    return "\n".join(f"| {what} | {figure} |" for what, figure in rows)


def test_the_figures_in_the_readme_are_those_of_the_record(record):
    assert figures(record) in README.read_text(encoding="utf-8"), f"\n{figures(record)}"
