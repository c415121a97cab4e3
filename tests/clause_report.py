"""Pytest plugin: which clauses do passing tests cover? A run of the whole suite writes the answer to var/clauses.json.

A clause counts as covered when it has tests and none of them failed. A run of a part of the suite writes nothing,
since it cannot know about the rest.
"""

import csv
import json
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
CLAUSES = ROOT / "shared/policy/clauses.csv"
RECORD = ROOT / "var/clauses.json"

FINISHED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
_WHOLE = ("", "clause")  # the mark expressions that leave no clause's test out
_NARROWING = ("keyword", "deselect", "maxfail", "lf", "collectonly")


@cache
def read_clauses() -> dict[str, dict[str, str]]:
    """Clause id to its row of clauses.csv: plan, owners, mode, requirement_en …"""
    with CLAUSES.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def pytest_configure(config: pytest.Config) -> None:
    """Start a report for this run, in the process that hears of every test."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(ClauseReport(config), "clause report of this run")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Read the marks; an id that clauses.csv does not know ends the run, or a typing error would cover nothing."""
    unknown = []
    for item in items:
        marked = [str(clause) for mark in item.iter_markers("clause") for clause in mark.args]
        item.user_properties += [("clause", clause) for clause in marked]  # these travel with the reports
        unknown += [f"{item.nodeid}: {clause}" for clause in marked if clause not in read_clauses()]
    if unknown:
        raise pytest.UsageError("these marks name clauses that clauses.csv does not have:\n" + "\n".join(unknown))


class ClauseReport:
    """What happened to the tests of each clause in one run."""

    def __init__(self, config: pytest.Config) -> None:
        self._whole = _runs_everything(config)
        self._started = time.time()
        self._passed: set[str] = set()
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has passed when its call passed and neither its setup nor its teardown failed."""
        clauses = {str(value) for name, value in report.user_properties if name == "clause"}
        if report.failed:
            self._failed |= clauses
        elif report.when == "call" and report.passed:
            self._passed |= clauses

    @property
    def covered(self) -> set[str]:
        """The clauses that have tests, none of which failed."""
        return self._passed - self._failed

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the record, if the run was whole and came to its end."""
        if self._whole and exitstatus in FINISHED:
            RECORD.parent.mkdir(exist_ok=True)
            record: dict[str, Any] = {"started": self._started, "covered": sorted(self.covered)}
            RECORD.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _runs_everything(config: pytest.Config) -> bool:
    narrowed = any(config.getoption(option, None) for option in _NARROWING)
    return not narrowed and config.option.markexpr in _WHOLE and config.args == config.getini("testpaths")
