"""The hazard log is live: a run of all tests fails when one that verifies a control is missing, failed or did not run.

A plugin for pytest, registered in `conftest.py`. It looks at the reports of the tests, so it also works when they run
in other processes (`-n`). What a part of the tests can tell, that each named test exists, is in `test_hazards.py`.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from triage.knowledge.model import Hazard

ROOT = Path(__file__).resolve().parents[1]
PARTIAL = (
    "keyword", "markexpr", "deselect", "ignore", "ignore_glob", "collectonly", "lf", "stepwise", "setuponly",
    "setupplan",
)  # fmt: skip
"""The options of pytest that choose among the tests, or run none."""

PROOF = "tests/verify/test_whole_proof.py::test_a_property_holds_for_everybody"
"""Proves every property, so that it stands behind each control that names one."""


def named_tests(hazards: Iterable[Hazard]) -> dict[str, list[str]]:
    """Every test that the log relies on, with the controls it verifies."""
    named: dict[str, list[str]] = {}
    for hazard in hazards:
        for control in hazard.controls:
            for test in (*control.tests, *([PROOF] if control.properties else ())):
                named.setdefault(test, []).append(f"{hazard.id}: {control.what}")
    return named


def absent(tests: Collection[str]) -> list[str]:
    """Those of these tests, each named as file::name, that do not exist."""
    there: dict[str, set[str]] = {}
    for file in {test.partition("::")[0] for test in tests}:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8")) if (ROOT / file).is_file() else ast.parse("")
        there[file] = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return [test for test in tests if test.partition("::")[2] not in there[test.partition("::")[0]]]


class HazardLog:
    """Watches a run of the tests. `problems` says which controls it left unverified."""

    def __init__(self, named: Mapping[str, Sequence[str]]) -> None:
        self.named = named
        self.began = False
        self.ran: set[str] = set()
        self.skipped: set[str] = set()
        self.failed: set[str] = set()
        self.problems: list[str] = []
        self.checked = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Tests are about to run; listing options never come as far as this."""
        self.began = True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A whole file may be skipped, and then its tests are never heard of."""
        if report.skipped:
            self.skipped.add(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test; each value of a parametrised test is one."""
        test = report.nodeid.partition("[")[0]
        if report.failed or hasattr(report, "wasxfail"):
            self.failed.add(test)
        elif report.skipped:
            self.skipped.add(test)
        elif report.when == "call":
            self.ran.add(test)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """After a run of all tests: every named one has to have run and passed."""
        if hasattr(session.config, "workerinput") or not self._whole(session, exitstatus):
            return
        self.checked = True
        self.problems = list(self._unverified(need_all=bool(os.environ.get("TRIAGE_TESTS_NEED_ALL"))))
        if self.problems:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """One line for each control that is unverified, or one that says how many tests verify the controls."""
        for problem in self.problems:
            terminalreporter.write_line(f"HAZARD LOG: {problem}", red=True)
        if self.checked and not self.problems:
            missed = len(self.named.keys() - self.ran)
            skipped = f"; {missed} more skipped on this machine" if missed else ""
            ran = len(self.ran & self.named.keys())
            terminalreporter.write_line(f"Hazard log: {ran} tests that verify its controls ran and passed{skipped}.")

    def _whole(self, session: pytest.Session, exitstatus: int) -> bool:
        """Whether all tests were asked for, and the run came to its end."""
        config = session.config
        asked = [(config.invocation_params.dir / arg).resolve() for arg in config.args]
        wanted = [(config.rootpath / path).resolve() for path in config.getini("testpaths") or ["."]]
        return (
            self.began
            and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
            and not (session.shouldstop or session.shouldfail)
            and not any(getattr(config.option, name, None) for name in PARTIAL)
            and all(any(path.is_relative_to(place) for place in asked) for path in wanted)
        )

    def _unverified(self, need_all: bool) -> Iterator[str]:
        if not self.named:
            yield "no control names a test"
        for test, controls in self.named.items():
            skipped = bool({test, test.partition("::")[0]} & self.skipped)
            if test in self.failed:
                why = "did not pass"
            elif skipped and need_all:
                why = "was skipped"
            elif test in self.ran or skipped:
                continue
            else:
                why = "did not run"
            for control in controls:
                yield f"unverified, because {test} {why}: {control}"
