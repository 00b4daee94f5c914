"""The page for a clinic's safety officer: shows what is proved and never more, and every hazard with its controls."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from triage import resources
from triage.verify import record
from triage.web import create_app

from ..verify.test_record import RECORD, changed
from .conftest import Page, Person

STALE = "The rules have changed since this proof was recorded."
FAILS = "Not everything that was checked holds."
MISSING = "No proof is recorded for these rules."
HEADER = "Prepared in the style of DCB0129; not signed by a clinical safety officer."

Shows = Callable[[Any], Page]


@pytest.fixture
def shown(app: Flask, person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shows:
    """The page with this record of the rules in use; None for no record."""

    def page(raw: Any) -> Page:
        if raw is not None:
            raw = {"rules_version": person.knowledge.version, **{k: v for k, v in raw.items() if k != "rules_version"}}
            (tmp_path / record.FILE).write_text(json.dumps(raw))
        monkeypatch.setitem(app.extensions, "proof", record.read(tmp_path))
        return person.get("/proof")

    return page


def alarms(page: Page) -> str:
    """What stands in the loud boxes."""
    return " ".join(box.get_text(" ", strip=True) for box in page.soup.select(".alarm"))


def rows(page: Page, caption: str) -> list[list[str]]:
    """The table with that caption, cell by cell as somebody sees it on a wide screen."""
    table = next(table for table in page.soup.find_all("table") if caption in table.caption.get_text())
    for hidden in table.select(".stack__head"):
        hidden.decompose()
    cells = [row.find_all(["th", "td"]) for row in table.tbody.find_all("tr")]
    return [[cell.get_text(" ", strip=True) for cell in row] for row in cells]


# -- the proof -------------------------------------------------------------------------------------------------------


def test_a_proof_of_the_rules_in_use_is_shown_without_an_alarm(shown: Shows) -> None:
    page = shown(RECORD)
    assert page.status == 200
    assert alarms(page) == ""
    promises = rows(page, "Promises")
    assert [promise[0] for promise in promises] == [f"{p['title']} {p['says']}" for p in RECORD["properties"]]
    assert promises[0][1:] == ["1,234 changes of one answer", "Holds"]
    assert "22 November 2026" in page.text and "z3 5.4.0" in page.text
    assert "200,000" in page.text and "12,345" in page.text
    assert rows(page, "Slips") == [["Drop a red flag", "356", "356", "0"], ["Drop a test", "9", "8", "1"]]
    assert "Both ways mean the same." in page.text
    assert "python -m triage verify" in page.text


def test_what_is_not_proved_is_said_beside_it(shown: Shows, person: Person) -> None:
    for raw in (RECORD, None):
        page = shown(raw)
        assert person.knowledge.notices["proof_not"].text in page.text
        assert f"Rules signed by a clinician 0 of {len(person.knowledge.rules):,}" in page.text


def test_a_proof_of_other_rules_is_an_alarm_and_nothing_counts_as_proved(
    shown: Shows, person: Person, app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    current = shown(RECORD)
    (tmp_path / record.FILE).write_text(json.dumps(RECORD))
    monkeypatch.setitem(app.extensions, "proof", record.read(tmp_path))
    page = person.get("/proof")
    assert STALE in alarms(page) and STALE not in current.text
    assert RECORD["rules_version"] in alarms(page) and person.knowledge.version in alarms(page)
    assert {promise[2] for promise in rows(page, "Promises")} == {"Held for other rules"}
    assert "Holds" not in page.text
    assert verified(page) < verified(current)


def verified(page: Page) -> int:
    """How many controls the page counts as verified."""
    line = next(dd for dd in page.soup.select(".glance div") if "Controls verified" in dd.get_text())
    return int(line.dd.get_text().split()[0]) if line.dd else 0


@pytest.mark.parametrize("spoil", [None, "[", "{}"], ids=["no file", "broken off", "nothing in it"])
def test_without_a_readable_record_the_page_says_that_nothing_is_proved(
    tmp_path: Path, spoil: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(resources.folder("rules"), rules, ignore=shutil.ignore_patterns(record.FILE))
    if spoil is not None:
        (rules / record.FILE).write_text(spoil)
    page = Page(create_app({}, rules).test_client().get("/proof"))
    assert page.status == 200
    assert MISSING in alarms(page)
    assert "Holds" not in page.text
    assert HEADER in page.text
    assert ("cannot be read" in caplog.text) == (spoil is not None)


def test_the_record_lies_beside_the_rules_it_is_about(tmp_path: Path, person: Person) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(resources.folder("rules"), rules)
    (rules / record.FILE).write_text(json.dumps({**RECORD, "rules_version": person.knowledge.version}))
    app = create_app({}, rules)
    assert app.extensions["assessor"].knowledge.version == person.knowledge.version, "a record is no part of the rules"
    assert alarms(Page(app.test_client().get("/proof"))) == ""


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (changed("properties", 0, "holds", to=False), "More danger never lowers urgency: Does NOT hold"),
        (changed("properties", 0, "checked", to=0), "More danger never lowers urgency: Nothing was checked"),
        (changed("translation", "differences", to=3), "3 differences in 200,000 people"),
        (changed("survivors", to=[]), "nobody explained: 1"),
    ],
)
def test_whatever_does_not_hold_is_an_alarm_that_names_it(shown: Shows, raw: Any, said: str) -> None:
    page = shown(raw)
    assert FAILS in alarms(page)
    assert said in alarms(page)


def test_a_property_that_does_not_hold_is_shown_with_who_breaks_it_and_beside_each_control(
    shown: Shows, person: Person
) -> None:
    broken = changed("properties", 0, "holds", to=False)
    broken["properties"][0]["counterexample"] = "Ticking <b>Hot</b> lowers the urgency."
    page = shown(broken)
    (first, second) = rows(page, "Promises")
    assert first[2] == "Does NOT hold Ticking <b>Hot</b> lowers the urgency."
    assert second[2] == "Holds"
    named = [c for h in person.knowledge.hazards for c in h.controls if "monotone" in c.properties]
    assert named
    assert page.text.count("Proof: More danger never lowers urgency. Does NOT hold") == len(named)


def test_a_comparison_or_slips_that_were_not_tried_are_not_shown_as_passed(shown: Shows) -> None:
    page = shown({**RECORD, "translation": None, "mutations": [], "survivors": []})
    assert page.text.count("This was not done for this record.") == 2
    assert "Differences" not in page.text


# -- the hazard log --------------------------------------------------------------------------------------------------


def test_the_log_is_headed_by_what_it_is_not(person: Person) -> None:
    page = person.get("/proof")
    assert page.text.index(HEADER) < page.text.index(person.knowledge.hazards[0].hazard)
    assert "an engineer's proposal" in page.text


def test_every_hazard_is_shown_with_its_risks_and_every_control_with_what_verifies_it(
    shown: Shows, person: Person
) -> None:
    page = shown(RECORD)
    sections = page.soup.select("section.hazard")
    assert len(sections) == len(person.knowledge.hazards) == 25
    for section, hazard in zip(sections, person.knowledge.hazards, strict=True):
        text = " ".join(section.get_text(" ").split())
        assert section["aria-labelledby"] == hazard.id
        for part in (hazard.hazard, hazard.cause, hazard.harm, hazard.id):
            assert part in text, hazard.id
        for when, risk in (("before", hazard.risk_before), ("now", hazard.risk_after)):
            means = person.knowledge.words[f"risk-{risk}"]
            assert f"Risk {when} {risk} {means} Harm {hazard.severity}" in text
        controls = section.select(".controls > li")
        assert len(controls) == len(hazard.controls)
        for item, control in zip(controls, hazard.controls, strict=True):
            shown_text = " ".join(item.get_text(" ").split())
            assert control.what in shown_text
            for test in control.tests:
                file, _, name = test.partition("::test_")
                assert file in shown_text and name.replace("_", " ") in shown_text.lower(), test
            assert shown_text.count("Proof:") == len(control.properties)
            missing = [tag.get_text() for tag in item.select(".missing")]
            assert missing == ([] if control.verified_by else [control.status.capitalize()])


def test_the_most_dangerous_hazards_come_first_and_what_cannot_be_accepted_is_counted(
    shown: Shows, person: Person
) -> None:
    page = shown(RECORD)
    risks = [int(row[2]) for row in rows(page, "All hazards")]
    assert risks == sorted(risks, reverse=True) and len(risks) == 25
    unacceptable = sum(risk > 3 for risk in risks)
    assert f"Risks not acceptable now {unacceptable} of 25" in page.text
    counted = {row[0].split()[0]: row[1:] for row in rows(page, "How many")}
    assert sum(int(now) for _, now in counted.values()) == sum(int(before) for before, _ in counted.values()) == 25
    assert int(counted["4"][1]) + int(counted["5"][1]) == unacceptable


def test_the_page_is_found_from_the_about_page_and_from_the_foot_of_every_page(person: Person) -> None:
    assert person.get("/about").soup.select_one('main a[href="/proof"]')
    assert person.get("/").soup.select_one('footer a[href="/proof"]')


def test_a_table_that_becomes_a_list_is_still_a_table_to_a_screen_reader(shown: Shows) -> None:
    roles = {"table": "table", "tbody": "rowgroup", "thead": "rowgroup", "tr": "row", "td": "cell"}
    for table in shown(RECORD).soup.select("table.stack"):
        assert table.caption and table.thead
        for tag in [table, *table.find_all(list(roles))]:
            assert tag.get("role") == roles[tag.name], tag
        headings = [cell.get_text() for cell in table.thead.find_all("th")]
        for row in table.tbody.find_all("tr"):
            assert len(row.find_all(["th", "td"])) == len(headings)
            for cell, heading in zip(row.find_all("td"), headings[1:], strict=True):
                named = cell.select_one(".stack__head")
                assert not named or named.get_text(strip=True) == f"{heading}:"
