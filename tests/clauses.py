"""`make clauses`: how much of the law do passing tests cover, and what is missing?

It reads the record of the last whole run (tests/clause_report.py), and runs the marked tests first when a source is
newer than that. Only clauses that can be blocked or detected are counted; beside them stands the share of those that
the services can only record or be configured for, and of how many of these a test shows that they do.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Collection, Iterable

from tests.clause_report import FINISHED, RECORD, ROOT, read_clauses

SERVICES = ("enrollment", "attendance", "finance", "vetting")
ENFORCEABLE = {"block", "detect"}
RECORDED_ONLY = {"record", "config"}

Row = dict[str, str]


def main() -> int:
    """Print the coverage of all services or of one; return what the shell shall see."""
    parser = argparse.ArgumentParser(prog="make clauses", description=__doc__)
    parser.add_argument("--service", choices=SERVICES)
    services = (chosen,) if (chosen := parser.parse_args().service) else SERVICES
    if not _is_fresh() and (code := _run_marked_tests()) not in FINISHED:
        return code
    covered = set(json.loads(RECORD.read_text(encoding="utf-8"))["covered"])
    print("\n".join(report(read_clauses().values(), covered, services)))
    return 0


def report(rows: Collection[Row], covered: set[str], services: Iterable[str]) -> list[str]:
    """What to print: a line for each service, what it is missing, and the sum, in which a shared row counts once."""
    owned = {service: [row for row in rows if _owns(service, row)] for service in services}
    lines = ["service      covered    of   recorded or configured only, of these shown"]
    lines += [_summary(service, own, covered) for service, own in owned.items()]
    for service, own in owned.items():
        missing = [row for row in own if _is_enforceable(row) and row["id"] not in covered]
        lines += ["", f"{service}, missing {len(missing)}:"]
        lines += [f"  {row['id']:<12} {row['mode']:<14} {row['requirement_en']}" for row in missing]
    wanted = {row["id"] for own in owned.values() for row in own if _is_enforceable(row)}
    return [*lines, "", f"clauses: {len(wanted & covered)} of {len(wanted)} covered"]


def _summary(service: str, rows: list[Row], covered: set[str]) -> str:
    wanted = {row["id"] for row in rows if _is_enforceable(row)}
    recorded = {row["id"] for row in rows if _modes(row) <= RECORDED_ONLY}
    share = f"{len(recorded)} of {len(rows)} ({len(recorded) / max(len(rows), 1):.0%}), {len(recorded & covered)} shown"
    return f"{service:<11} {len(wanted & covered):>8} {len(wanted):>5}   {share}"


def _owns(service: str, row: Row) -> bool:
    return not {service, "all"}.isdisjoint(row["owners"].split("+"))


def _modes(row: Row) -> set[str]:
    return set(row["mode"].split("+"))


def _is_enforceable(row: Row) -> bool:
    return not ENFORCEABLE.isdisjoint(_modes(row))


def _is_fresh() -> bool:
    if not RECORD.exists():
        return False
    started = json.loads(RECORD.read_text(encoding="utf-8"))["started"]
    sources = (path for tree in ("services", "shared", "tests") for path in (ROOT / tree).rglob("*"))
    return all(path.stat().st_mtime < started for path in sources if path.is_file() and path.suffix != ".pyc")


def _run_marked_tests() -> int:
    print("the last record is older than the sources: running the tests that cover clauses")
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-m", "clause"], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
