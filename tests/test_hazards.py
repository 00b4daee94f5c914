"""The hazard log: hazards have controls, what is said to verify them exists, and a run that leaves one out fails."""

import os
import re
import subprocess
import sys

import pytest

from tests.hazard_log import PROOF, ROOT, HazardLog, absent, named_tests
from triage.knowledge.model import CONTROL_STATUSES, LIKELIHOODS, RISKS, SEVERITIES, risk
from triage.verify.properties import PROPERTIES

# -- what the log says -------------------------------------------------------------------------------------------------


def test_the_log_has_its_hazards_and_each_has_controls(knowledge):
    assert len(knowledge.hazards) == 25
    assert {hazard.file for hazard in knowledge.hazards} == {"hazards.toml"}
    assert len(named_tests(knowledge.hazards)) > 100


def test_every_test_that_the_log_names_exists(knowledge):
    missing = absent(named_tests(knowledge.hazards))
    assert not missing, f"rules/hazards.toml names {missing}, which do not exist"


def test_a_control_that_names_a_property_relies_on_the_proof_being_run(knowledge):
    proved = [control.what for hazard in knowledge.hazards for control in hazard.controls if control.properties]
    assert [told.partition(": ")[2] for told in named_tests(knowledge.hazards)[PROOF]] == proved
    assert proved


def test_every_property_that_the_log_names_is_one_that_is_proved_and_none_is_forgotten(knowledge):
    named = {name for hazard in knowledge.hazards for control in hazard.controls for name in control.properties}
    assert named == {prop.id for prop in PROPERTIES}


def test_a_risk_that_is_not_acceptable_says_what_is_missing(knowledge):
    for hazard in knowledge.hazards:
        assert hazard.unacceptable == (hazard.risk_after in (4, 5))
        if hazard.unacceptable:
            missing = [control.what for control in hazard.controls if control.status == "not done yet"]
            assert any("not acceptable" in what for what in missing), hazard.id


def test_a_hazard_becomes_less_likely_only_by_a_control_that_is_there(knowledge):
    for hazard in knowledge.hazards:
        if hazard.likelihood_after != hazard.likelihood_before:
            absent = CONTROL_STATUSES[-1]
            assert {control.status for control in hazard.controls} & {CONTROL_STATUSES[0], absent}, hazard.id


def test_the_matrix_never_falls_when_harm_or_likelihood_grows():
    assert tuple(RISKS) == LIKELIHOODS
    rows = [RISKS[likelihood] for likelihood in LIKELIHOODS]
    assert {len(row) for row in rows} == {len(SEVERITIES)}
    assert all(list(line) == sorted(line) for line in (*rows, *zip(*rows, strict=True)))
    assert (risk("minor", "very-low"), risk("catastrophic", "low"), risk("catastrophic", "very-high")) == (1, 4, 5)


def test_the_log_is_watched_in_this_very_run(knowledge, request):
    watching = request.config.pluginmanager.get_plugin("hazard log")
    assert isinstance(watching, HazardLog)
    assert watching.named == named_tests(knowledge.hazards)


# -- a run that leaves a control unverified ----------------------------------------------------------------------------

TESTS = '''
import pytest
def test_good(): pass
def test_other(): pass
@pytest.mark.parametrize("n", [1, 2])
def test_many(n): pass
'''  # fmt: skip
WITH_FAULTS = TESTS + '''
def test_bad(): assert False
@pytest.mark.parametrize("n", [1, 2])
def test_one_of_two_bad(n): assert n == 1
@pytest.fixture
def broken():
    yield
    raise RuntimeError("after the test")
def test_badly_cleaned(broken): pass
@pytest.mark.xfail
def test_expected_to_fail(): assert False
'''  # fmt: skip
SKIPPED = '''
import pytest
pytest.skip("NOT HERE", allow_module_level=True)
def test_elsewhere(): pass
'''  # fmt: skip
GOOD = ("good", "many")
ON_TWO = ("-p", "xdist", "-n", "2")


@pytest.fixture
def run(tmp_path):
    """Runs a small folder of tests, watched for the tests named; gives the exit code and what the log said."""

    def watched(*options, named=GOOD, text=TESTS, skipped=(), need_all=""):
        (tmp_path / "tests").mkdir(exist_ok=True)
        (tmp_path / "tests/test_a.py").write_text(text)
        (tmp_path / "tests/test_b.py").write_text(SKIPPED)
        (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests\naddopts = -q\n")
        log = {f"tests/test_a.py::test_{name}": [f"hazard: control of {name}"] for name in named}
        log |= {f"tests/test_b.py::test_{name}": [f"hazard: control of {name}"] for name in skipped}
        (tmp_path / "conftest.py").write_text(
            "from tests.hazard_log import HazardLog\n"
            f"def pytest_configure(config): config.pluginmanager.register(HazardLog({log!r}))\n"
        )
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "TRIAGE"))}
        environ |= {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TRIAGE_TESTS_NEED_ALL": need_all}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
        )
        return done.returncode, [line for line in done.stdout.splitlines() if re.match("hazard log", line, re.I)]

    return watched


@pytest.mark.parametrize("options", [(), ON_TWO, (".",)], ids=" ".join)
def test_when_every_named_test_ran_and_passed_the_log_says_how_many(run, options):
    assert run(*options) == (0, ["Hazard log: 2 tests that verify its controls ran and passed."])


@pytest.mark.parametrize("options", [(), ON_TWO], ids=" ".join)
def test_each_control_without_a_test_that_ran_and_passed_is_named_and_the_run_fails(run, options):
    wrong = {
        "bad": "did not pass",
        "one_of_two_bad": "did not pass",
        "badly_cleaned": "did not pass",
        "expected_to_fail": "did not pass",
        "missing": "did not run",
    }
    code, said = run(*options, named=(*GOOD, *wrong), text=WITH_FAULTS)
    assert code == 1
    assert said == [
        f"HAZARD LOG: unverified, because tests/test_a.py::test_{name} {why}: hazard: control of {name}"
        for name, why in wrong.items()
    ]


def test_a_named_test_that_is_not_there_fails_a_run_in_which_all_others_pass(run):
    code, said = run(named=(*GOOD, "missing"))
    assert (code, len(said)) == (1, 1)


def test_a_log_that_names_no_test_fails_the_run(run):
    assert run(named=()) == (1, ["HAZARD LOG: no control names a test"])


@pytest.mark.parametrize("options", [(), ON_TWO], ids=" ".join)
def test_a_skipped_test_is_told_and_where_all_tests_are_needed_it_is_an_error(run, options):
    code, (said,) = run(*options, skipped=("elsewhere",))
    assert (code, said) == (
        0,
        "Hazard log: 2 tests that verify its controls ran and passed; 1 more skipped on this machine.",
    )
    code, (said,) = run(*options, skipped=("elsewhere",), need_all="yes")
    assert code == 1 and "test_elsewhere was skipped" in said


@pytest.mark.parametrize(
    "options",
    [("-k", "good"), ("tests/test_a.py",), ("tests/test_a.py::test_good",), ("--co",), ("--fixtures",)],
    ids=" ".join,
)
def test_a_run_of_some_tests_says_nothing_about_the_log(run, options):
    assert run(*options, named=(*GOOD, "missing")) == (0, [])


def test_a_run_that_stopped_early_fails_by_itself_and_says_nothing_about_the_log(run):
    code, said = run("-x", named=(*GOOD, "missing"), text=WITH_FAULTS)
    assert code != 0 and said == []
