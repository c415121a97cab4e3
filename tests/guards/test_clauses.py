"""The count of covered clauses is honest: an unknown id ends the run, and only tests that passed count."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.clause_report import ROOT, ClauseReport
from tests.clauses import report

ROWS = [
    {"id": "P1-1", "owners": "vetting", "mode": "block", "requirement_en": "Only the cleared"},
    {"id": "P1-2", "owners": "vetting+finance", "mode": "detect+record", "requirement_en": "See the gap"},
    {"id": "P1-3", "owners": "all", "mode": "block+detect", "requirement_en": "Everybody's"},
    {"id": "P1-4", "owners": "vetting", "mode": "record", "requirement_en": "Written down"},
    {"id": "P1-5", "owners": "finance", "mode": "config", "requirement_en": "A number"},
]


def run(tmp_path: Path, test: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "test_it.py").write_text(f"import pytest\n\n{test}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.clause_report", "-p", "no:cacheprovider", "-c", "/dev/null"]
    return subprocess.run([*command, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_mark_with_an_unknown_clause_ends_the_run(tmp_path: Path) -> None:
    done = run(tmp_path, "@pytest.mark.clause('P9-9.9.9')\ndef test_it(): ...")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "test_it.py::test_it: P9-9.9.9" in done.stderr


def test_a_clause_is_covered_only_while_none_of_its_tests_fails(pytestconfig: pytest.Config) -> None:
    run = ClauseReport(pytestconfig)
    ended = partial(pytest.TestReport, "it", ("", 0, ""), {}, longrepr=None, when="call")
    run.pytest_runtest_logreport(ended(outcome="passed", user_properties=[("clause", "P1-1")]))
    run.pytest_runtest_logreport(ended(outcome="passed", user_properties=[("clause", "P1-2")]))
    run.pytest_runtest_logreport(ended(outcome="failed", user_properties=[("clause", "P1-2"), ("clause", "P1-3")]))
    assert run.covered == {"P1-1"}


def test_only_clauses_that_can_be_blocked_or_detected_are_counted() -> None:
    lines = report(ROWS, {"P1-1", "P1-4"}, ["vetting", "finance"])
    assert lines[-1] == "clauses: 1 of 3 covered"
    assert lines[1].split() == ["vetting", "1", "3", "1", "of", "4", "(25%),", "1", "shown"]
    assert lines[2].split() == ["finance", "0", "2", "1", "of", "3", "(33%),", "0", "shown"]


def test_one_service_answers_for_its_own_clauses_and_the_shared_ones() -> None:
    lines = report(ROWS, {"P1-2"}, ["finance"])
    assert lines[-1] == "clauses: 1 of 2 covered"
    assert any("P1-3" in line for line in lines)
    assert not any("P1-1" in line or "P1-2" in line for line in lines)
