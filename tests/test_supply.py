"""What the guide is made of: locked with hashes, listed for scanners, new enough, never called audited by mistake."""

import json
import re
import subprocess

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests import sbom
from tests.audit import audit, locked
from tests.hazard_log import absent

FLOORS = {
    "flask": (3, 1, 3),  # 3.1.1 signs with the newest key; 3.1.3 says that a page differs by cookie
    "gunicorn": (23, 0),  # from 22.0 on it refuses smuggled requests
    "werkzeug": (3, 1, 4),
    "jinja2": (3, 1, 6),
    "cryptography": (44, 0, 1),
    "itsdangerous": (2, 2),
    "flask-wtf": (1, 2, 2),
    "wtforms": (3, 2),
}
"""Below these, something is known that touches this guide. Whether more is known today, `make audit` asks."""


def version(text):
    return tuple(int(number) for number in re.findall(r"\d+", text))


# -- the bill of materials ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bill():
    return sbom.bill()


def test_the_bill_that_is_shipped_is_the_one_that_the_lock_file_gives(bill):
    assert sbom.FILE.read_text(encoding="utf-8") == sbom.text(bill), "run: make sbom"


def test_everything_that_is_locked_stands_in_it_with_its_hashes(bill):
    assert {part["name"]: part["version"] for part in bill["components"]} == locked()
    hashes = {
        digest
        for part in bill["components"]
        for source in part["externalReferences"]
        for digest in (found["content"] for found in source["hashes"])
    }
    assert all(any(source["hashes"] for source in part["externalReferences"]) for part in bill["components"])
    assert hashes == set(re.findall(r"sha256:([0-9a-f]{64})", sbom.LOCK.read_text(encoding="utf-8")))


def test_it_is_cyclonedx_and_tells_neither_a_day_nor_a_machine(bill):
    text = sbom.text(bill)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert "serialNumber" not in bill and "timestamp" not in bill["metadata"]
    assert set(re.findall(r"https?://[^/\"]+", text)) == {"http://cyclonedx.org"}


def test_a_changed_lock_file_changes_it(bill, tmp_path):
    changed = tmp_path / "run.txt"
    changed.write_text(sbom.LOCK.read_text(encoding="utf-8").replace("flask==3.1.3", "flask==3.1.2"))
    assert sbom.text(sbom.bill(changed)) != sbom.text(bill)


def test_nothing_is_locked_without_a_hash():
    for lock in sorted(sbom.LOCK.parent.glob("*.txt")):
        parts = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip())
        assert parts and not [part.split()[0] for part in parts if "==" not in part or "--hash=sha256:" not in part]


# -- old or vulnerable -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", FLOORS)
def test_what_is_locked_is_new_enough(package):
    assert version(locked()[package]) >= FLOORS[package]


def answering(code, looked=None, said=""):
    """What stands in for pip-audit."""
    text = json.dumps({"dependencies": looked}) if looked is not None else ""
    return lambda command: subprocess.CompletedProcess(command, code, text, said)


def looked_up(**changed):
    """What pip-audit says of each package; no vulnerability but where it is changed."""
    return [{"name": name, "version": at, "vulns": [], **changed.get(name, {})} for name, at in locked().items()]


def test_an_audit_that_looked_at_everything_says_so():
    code, said = audit(answering(0, looked_up()), "pip-audit")
    assert code == 0 and said.startswith(f"0 known vulnerabilities in {len(locked())} packages")


@pytest.mark.parametrize(
    "answer",
    [
        answering(1, said="ERROR: flask: Dependency not found on PyPI and could not be audited"),
        answering(0, []),
        answering(0, looked_up()[1:]),
        answering(0, looked_up(flask={"skip_reason": "Dependency not found on PyPI"})),
        answering(1, looked_up()),
        answering(0, said=""),
    ],
)
def test_an_audit_that_could_not_look_at_everything_never_says_that_all_is_well(answer):
    code, said = audit(answer, "pip-audit")
    assert code == 2 and said.startswith("NOT AUDITED: ")


def test_a_vulnerability_is_named_with_what_mends_it():
    hole = {"vulns": [{"id": "PYSEC-1", "fix_versions": ["9.9"], "aliases": []}]}
    code, said = audit(answering(1, looked_up(flask=hole)), "pip-audit")
    assert code == 1 and said.startswith("flask ") and "PYSEC-1" in said and "9.9" in said


# -- what the checkers are told to overlook ----------------------------------------------------------------------------


def test_every_security_finding_that_is_overlooked_says_why():
    overlooked = [
        line.strip()
        for folder in ("triage", "tests")
        for path in sorted((sbom.ROOT / folder).rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"#\s*noqa: S\d", line)
    ]
    assert overlooked
    assert not [line for line in overlooked if not re.search(r"# noqa: S\d+(, S\d+)* - \S+( \S+)+$", line)]


# -- SECURITY.md -------------------------------------------------------------------------------------------------------

SECURITY = (sbom.ROOT / "SECURITY.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"\d+\.\d+\.\d+(( to|,) \d+\.\d+\.\d+)*")


def rows(heading):
    """The rows of the table that begins with this heading, cell by cell."""
    table = SECURITY.partition(f"| number | {heading}")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_every_requirement_that_is_said_to_be_met_names_tests_that_exist():
    met = rows("asks")
    assert len(met) > 25
    for number, _, shown in met:
        named = re.findall(r"`(tests/[^`]+::[^`]+)`", shown)
        assert NUMBER.fullmatch(number) and named, number
        assert not absent(named), number
    assert not absent(re.findall(r"tests/[\w/]+\.py::\w+", SECURITY))


def test_what_is_deviated_from_is_declared_and_not_said_to_be_met_as_well():
    deviations = {number for number, _ in rows("how")}
    assert {"3.4.7", "3.7.4", "7.4.1"} <= deviations
    met = {number for row in rows("asks") for number in re.findall(r"\d+\.\d+\.\d+", row[0])}
    assert not (deviations & met) - {"3.4.3"}  # met on every page, and not for a PDF


def test_whoever_reports_something_is_sent_to_somebody_who_is_there():
    assert "TRIAGE_CLINICAL_SAFETY_CONTACT" in SECURITY
    assert not re.search(r"[\w.]+@[\w.]+|example\.(org|com)|TODO|TBD", SECURITY)
