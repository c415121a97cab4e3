"""The guards hold, and each has been seen to fail: for every guard and every import contract a violation is planted."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from importlinter.api import read_configuration

from tests.clause_report import ROOT
from tests.guards import shape

CONFIGURATION = ROOT / ".importlinter"
CONTRACTS: list[dict[str, Any]] = read_configuration(str(CONFIGURATION))["contracts_options"]

# Guard, file, content, and words of the complaint.
PLANTS = [
    ("long_file", "shared/money.py", "x = 1\n" * 401, "401 lines"),
    ("long_function", "shared/money.py", "def f() -> None:\n" + "    g()\n" * 40, "f has 41 lines"),
    ("long_function", "tests/unit/test_money.py", "async def f() -> None:\n" + "    g()\n" * 40, "f has 41 lines"),
    ("vague_name", "shared/utils.py", "", "the name utils"),
    ("vague_name", "services/vetting/common/rules.py", "", "the name common"),
    ("vague_name", "shared/date_helpers.py", "", "the name date_helpers"),
    ("vague_name", "shared/money.py", "class AccountManager: ...\n", "the name AccountManager"),
    ("foreign_source", "shared/money.py", "from datetime import datetime as d\nd.now()\n", "datetime.now outside"),
    ("foreign_source", "shared/money.py", "import datetime\ndatetime.datetime.utcnow()\n", "utcnow outside"),
    ("foreign_source", "shared/money.py", "import datetime as t\nt.date.today()\n", "date.today outside"),
    ("foreign_source", "shared/money.py", "from time import time\n", "time.time outside"),
    ("foreign_source", "shared/money.py", "import os.path\nos.environ['A']\n", "os.environ outside"),
    ("foreign_source", "shared/money.py", "from os import getenv\n", "os.getenv outside"),
    ("foreign_source", "shared/money.py", "import uuid\nuuid.uuid4()\n", "uuid.uuid4 outside"),
    ("foreign_source", "shared/money.py", "from uuid import uuid1\n", "uuid.uuid1 outside"),
    ("foreign_source", "shared/money.py", "import random\n", "random outside"),
    ("foreign_source", "services/vetting/people/commands.py", "import requests\n", "requests outside"),
    ("foreign_source", "services/vetting/people/commands.py", "from httpx import get\n", "httpx.get outside"),
    ("foreign_source", "services/vetting/people/commands.py", "import urllib.request\n", "urllib.request outside"),
    ("foreign_source", "services/vetting/people/commands.py", "from urllib import request\n", "urllib.request outside"),
    ("swallowed_exception", "shared/money.py", "try: f()\nexcept ValueError: pass\n", "swallowed"),
    ("swallowed_exception", "shared/money.py", "try: f()\nexcept: g()\n", "broad except"),
    ("swallowed_exception", "shared/money.py", "try: f()\nexcept Exception as e: g(e)\n", "broad except"),
    ("swallowed_exception", "shared/money.py", "try: f()\nexcept (OSError, Exception): g()\n", "broad except"),
    ("exemption_without_reason", "shared/money.py", "x = 1  # noqa\n", "wants a code"),
    ("exemption_without_reason", "shared/money.py", "x = 1  # noqa: E501\n", "wants a code"),
    ("exemption_without_reason", "shared/money.py", "x = 1  # type: ignore[arg-type]\n", "wants a code"),
    ("exemption_without_reason", "tests/unit/test_money.py", "x = 1  # type: ignore  # for a reason\n", "wants a code"),
    ("unclear_test_name", "tests/unit/test_money.py", "def test_add_two_fen() -> None: ...\n", "is no sentence"),
    ("named_plan", "shared/money.py", "x = 'P5-3.5.8'\n", "names a plan"),
    ("named_plan", "services/vetting/people/rules.py", "x = f'p3-shanghai {y}'\n", "names a plan"),
    ("writing_door", "services/vetting/people/api.py", "work.session.add(person)\n", "the session"),
    (
        "writing_door",
        "services/vetting/people/api.py",
        "from services.vetting.tables import Person\nPerson()\n",
        "Person(…) writes",
    ),
    ("writing_door", "services/vetting/people/api.py", "import sqlalchemy as sa\nsa.update(x)\n", "update(…) writes"),
]

# What looks like a violation and is none.
INNOCENT = [
    ("shared/clock.py", "from datetime import datetime\ndatetime.now()\n"),
    ("shared/money.py", "class C:\n    def now(self) -> None: ...\nC().now()\n"),
    ("shared/money.py", '"""Enforces P5-3.5.8."""\n'),
    ("shared/policy/profiles/names.py", "x = 'P5-3.5.8'\n"),
    ("shared/money.py", "x = 1  # noqa: E501 - the address cannot be broken\n"),
    ("shared/money.py", "x = 1  # type: ignore[arg-type]  # the stub is wrong\n"),
    ("shared/money.py", "x = '# noqa'\n"),
    ("shared/money.py", "try: f()\nexcept Exception:\n    g()\n    raise\n"),
    ("services/vetting/migrations/0001_first.py", "def upgrade() -> None:\n" + "    g()\n" * 50),
    (
        "services/vetting/people/api.py",
        "from sqlalchemy import select\nfrom services.vetting.tables import P\nselect(P)\n",
    ),
    ("services/vetting/people/api.py", "from services.vetting.people.schemas import PersonOut\nPersonOut()\n"),
    ("tests/unit/test_money.py", "def test_two_fen_are_added() -> None: ...\n"),
]

MISPLACED = [
    ("services/billing/__init__.py", "services/billing: not one of the four services"),
    ("services/vetting/models.py", "services/vetting/models.py: a service has no such file"),
    ("services/vetting/people/views.py", "services/vetting/people: views.py is none of a capability's files"),
    ("services/vetting/checks/rules.py", "services/vetting/checks: lacks __init__.py"),
]

# Contract, the file that imports too much, what it imports, and words of the complaint.
IMPORTS = [
    (
        "independent-services",
        "services/vetting/people/queries",
        "services.finance.tables",
        "services.vetting -> services.finance",
    ),
    ("spine", "shared/money", "services.vetting.tables", "shared -> services"),
    ("contracts", "shared/contracts/vetting", "shared.clock", "shared.contracts -> shared.clock"),
    ("contracts", "shared/contracts/vetting", "services.finance", "shared.contracts -> services"),
    *(
        ("rules", "services/vetting/people/rules", module, f"services.vetting.people.rules -> {module}")
        for module in (
            *("flask", "flask_smorest", "sqlalchemy", "marshmallow", "kombu", "pika", "environs"),
            *("shared.clock", "shared.settings", "services.vetting.tables"),
            *("services.vetting.people.commands", "services.vetting.people.queries"),
        )
    ),
    *(
        ("commands", f"services/vetting/people/{file}", module, f"services.vetting.people.{file} -> {module}")
        for file in ("commands", "queries")
        for module in (
            *("flask", "flask_smorest", "kombu", "pika", "shared.web"),
            *("services.vetting.people.api", "services.vetting.people.handlers"),
        )
    ),
    *(
        ("api", "services/vetting/people/api", module, f"services.vetting.people.api -> {module}")
        for module in ("kombu", "pika", "shared.messaging.rabbit")
    ),
    *(
        ("handlers", "services/vetting/people/handlers", module, f"services.vetting.people.handlers -> {module}")
        for module in ("flask", "flask_smorest", "shared.web", "services.vetting.people.api")
    ),
    (
        "cycles",
        "services/vetting/people/commands",
        "services.vetting.checks.queries",
        "allowed in services.vetting. It",
    ),
]
CLEAN = [
    *("services/__init__", "services/finance/__init__", "services/finance/tables"),
    *("services/vetting/__init__", "services/vetting/tables"),
    *(f"services/vetting/people/{file}" for file in ("__init__", "rules", "commands", "queries", "api", "handlers")),
    *("services/vetting/checks/__init__", "services/vetting/checks/queries"),
    *("shared/__init__", "shared/events", "shared/clock", "shared/settings", "shared/money", "shared/web/__init__"),
    *("shared/messaging/__init__", "shared/messaging/rabbit"),
    *("shared/contracts/__init__", "shared/contracts/vetting"),
]
ALLOWED = {
    "services/vetting/checks/queries": "services.vetting.people.queries",
    "services/vetting/people/api": "services.vetting.people.commands",
    "services/vetting/people/commands": "services.vetting.people.rules",
    "shared/contracts/vetting": "shared.events",
}


def test_the_project_has_the_shape_that_its_guards_demand() -> None:
    faults = shape.faults(ROOT)
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize(("guard", "name", "text", "complaint"), PLANTS)
def test_a_planted_violation_is_caught_by_its_guard(guard: str, name: str, text: str, complaint: str) -> None:
    check = next(check for check in shape.GUARDS if check.__name__ == guard)
    ast.parse(text)
    assert complaint in " ".join(what for _, what in check(shape.Source(name, text)))
    assert name.partition("/")[0] in shape.GUARDS[check]


def test_every_guard_has_been_seen_to_fail() -> None:
    assert {guard for guard, *_ in PLANTS} == {guard.__name__ for guard in shape.GUARDS}


@pytest.mark.parametrize(("name", "text"), INNOCENT)
def test_a_guard_lets_the_innocent_pass(name: str, text: str) -> None:
    source = shape.Source(name, text)
    assert [what for guard in shape.GUARDS for _, what in guard(source)] == []


def test_a_fault_is_reported_with_its_file_and_line(tmp_path: Path) -> None:
    write(tmp_path / "shared/money.py", '"""Money."""\nimport random\n')
    assert shape.faults(tmp_path) == ["shared/money.py:2: random outside shared/ids.py"]


@pytest.mark.parametrize(("name", "complaint"), MISPLACED)
def test_a_file_in_the_wrong_place_is_caught(tmp_path: Path, name: str, complaint: str) -> None:
    write(tmp_path / "services/vetting/people/__init__.py", "")
    assert shape.misplaced(tmp_path) == []
    write(tmp_path / name, "")
    assert shape.misplaced(tmp_path) == [complaint]


def test_a_service_that_lacks_an_entry_is_caught(tmp_path: Path) -> None:
    write(tmp_path / "services/vetting/service.py", "")
    lacking = ["README.md", "__init__.py", "migrations", "tables"]
    assert shape.misplaced(tmp_path) == [f"services/vetting: lacks {name}" for name in lacking]


def test_every_import_contract_matches_something() -> None:
    """A wildcard that matches nothing guards nothing; until all four services stand, some may match nothing yet."""
    if all((ROOT / "services" / service / "service.py").exists() for service in shape.SERVICES):
        assert shape.unmatched(ROOT, expressions()) == []


def test_an_import_contract_that_matches_nothing_is_caught(tmp_path: Path) -> None:
    write(tmp_path / "services/vetting/people/rules.py", "")
    write(tmp_path / "services/vetting/__init__.py", "")
    wanted = ["services.*.*.rules", "services.*", "services.*.*.rulez", "shared.clock"]
    assert shape.unmatched(tmp_path, wanted) == ["services.*.*.rulez", "shared.clock"]


def test_every_import_contract_has_been_seen_to_fail() -> None:
    assert {contract for contract, *_ in IMPORTS} == {contract["id"] for contract in CONTRACTS}


def test_what_the_import_contracts_allow_passes(tmp_path: Path) -> None:
    for name in CLEAN:
        write(tmp_path / f"{name}.py", f"import {ALLOWED.get(name, 'typing')}\n")
    assert "0 broken" in lint(tmp_path)


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What import-linter says of a tree in which every import of IMPORTS is planted, on one line."""
    root = tmp_path_factory.mktemp("planted")
    for name in CLEAN:
        planted = [module for _, file, module, _ in IMPORTS if file == name]
        write(root / f"{name}.py", "".join(f"import {module}\n" for module in [ALLOWED.get(name, "typing"), *planted]))
    yield lint(root)


@pytest.mark.parametrize(("contract", "file", "module", "complaint"), IMPORTS)
def test_a_planted_import_is_caught(complaints: str, contract: str, file: str, module: str, complaint: str) -> None:
    name = next(options["name"] for options in CONTRACTS if options["id"] == contract)
    assert f"{name} BROKEN" in complaints
    assert complaint.replace(" -> ", " is not allowed to import ") in complaints


def expressions() -> list[str]:
    """Every module of ours that a contract names, whether as source, as forbidden or otherwise."""
    named = {
        word
        for contract in CONTRACTS
        for key in ("modules", "source_modules", "forbidden_modules", "ancestors")
        for word in contract.get(key, [])
    }
    return sorted(word for word in named if word.partition(".")[0] in {"services", "shared"})


def lint(root: Path) -> str:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", str(CONFIGURATION)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return " ".join((done.stdout + done.stderr).split())


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
