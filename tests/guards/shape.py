"""The shape of the code, checked by reading it: docs/architecture.md §1, §10, §11 and the limits of §10.

A guard takes one source file and yields (line, what is wrong). `GUARDS` says which trees each one reads. What imports
what is not here but in `.importlinter`; style and complexity are in `ruff.toml`.
"""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

LONGEST_FUNCTION = 40
LONGEST_FILE = 400
FEWEST_WORDS = 4  # of a test's name, without `test`

VAGUE = {"util", "utils", "helper", "helpers", "manager", "managers", "base", "common"}

# What is read from the world, or made up, and the only file that may do it.
HOMES = {
    "datetime.date.today": "shared/clock.py",
    "datetime.datetime.now": "shared/clock.py",
    "datetime.datetime.today": "shared/clock.py",
    "datetime.datetime.utcnow": "shared/clock.py",
    "time.monotonic": "shared/clock.py",
    "time.time": "shared/clock.py",
    "os.environ": "shared/settings.py",
    "os.getenv": "shared/settings.py",
    "random": "shared/ids.py",
    "uuid.uuid1": "shared/ids.py",
    "uuid.uuid4": "shared/ids.py",
    "uuid_utils": "shared/ids.py",
    "aiohttp": "shared/peers.py",
    "http.client": "shared/peers.py",
    "httpx": "shared/peers.py",
    "requests": "shared/peers.py",
    "urllib.request": "shared/peers.py",
}

SERVICES = ("attendance", "enrollment", "finance", "vetting")
SERVICE_FILES = {"README.md", "__init__.py", "service.py"}
SERVICE_FOLDERS = {"migrations", "tables"}
CAPABILITY_FILES = {"__init__.py", "api.py", "commands.py", "handlers.py", "queries.py", "rules.py"}

# Pure modules beside the fixed ones, each with the reason for being one.
EXTRA_FILES = {
    # An import of a whole directory is a subject of its own: read the bundle, check the rows, map them, compare.
    "enrollment/directory": {
        "bundle.py",
        "changes.py",
        "mapping.py",
        "one_roster.py",
        "problems.py",
        "row_checks.py",
        "snapshot.py",
    },
    # A port: results come from an officer's hand or from a source, and a platform's adapter would stand beside.
    "vetting/checks": {"sources.py"},
}

PLAN = re.compile(r"\bP[1-5]-", re.IGNORECASE)
PLANS_HOME = "shared/policy/profiles/"

NOQA = re.compile(r"#\s*noqa\b(?P<codes>:\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*)?(?P<reason>.*)")
TYPE_IGNORE = re.compile(r"#\s*type:\s*ignore(?P<codes>\[[\w-]+(,\s*[\w-]+)*\])?(?P<reason>.*)")

Faults = Iterator[tuple[int, str]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file; `name` is its path from the root of the project, with slashes."""

    name: str
    text: str

    @property
    def is_migration(self) -> bool:
        """A migration is a list of statements, however long: cutting it up would only hide its order."""
        return "/migrations/" in self.name

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.text, self.name)))

    @cached_property
    def functions(self) -> list[Function]:
        return [node for node in self.nodes if isinstance(node, Function)]


def long_file(source: Source) -> Faults:
    lines = source.text.count("\n")
    if lines > LONGEST_FILE and not source.is_migration:
        yield lines, f"file of {lines} lines, more than {LONGEST_FILE}"


def long_function(source: Source) -> Faults:
    for function in source.functions:
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > LONGEST_FUNCTION and not source.is_migration:
            yield function.lineno, f"{function.name} has {lines} lines, more than {LONGEST_FUNCTION}"


def vague_name(source: Source) -> Faults:
    for part in Path(source.name).with_suffix("").parts:
        if not VAGUE.isdisjoint(part.split("_")):
            yield 1, f"the name {part} says nothing"
    for node in source.nodes:
        if isinstance(node, ast.ClassDef) and not VAGUE.isdisjoint(re.findall("[a-z]+", _snake(node.name))):
            yield node.lineno, f"the name {node.name} says nothing"


def foreign_source(source: Source) -> Faults:
    """A clock, an environment, an identifier or an HTTP client that is not reached through its one home."""
    imported: dict[str, str] = {}
    for node in source.nodes:
        imported |= _imported(node)
    for node in source.nodes:
        for name in (*_imported(node).values(), _dotted(node, imported)):
            for taboo, home in HOMES.items():
                if f"{name}.".startswith(f"{taboo}.") and source.name != home:
                    yield getattr(node, "lineno", 1), f"{name} outside {home}"


def swallowed_exception(source: Source) -> Faults:
    """A broad except that does not raise again, unless the line says why; an except that does nothing at all."""
    lines = source.text.splitlines()
    for node in source.nodes:
        if not isinstance(node, ast.ExceptHandler):
            continue
        if all(isinstance(statement, ast.Pass) for statement in node.body):
            yield node.lineno, "the exception is swallowed; contextlib.suppress names what may be ignored"
        elif _is_broad(node.type) and not _raises(node) and "noqa: BLE001" not in lines[node.lineno - 1]:
            yield node.lineno, "a broad except that does not raise again"


def exemption_without_reason(source: Source) -> Faults:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            for pattern in (NOQA, TYPE_IGNORE):
                found = pattern.search(token.string)
                if found and not (found["codes"] and re.search(r"\w{3}", found["reason"])):
                    yield token.start[0], f"{token.string} wants a code and a reason"


def unclear_test_name(source: Source) -> Faults:
    for function in source.functions:
        words = function.name.split("_")
        if words[0] == "test" and len(words) <= FEWEST_WORDS:
            yield function.lineno, f"{function.name} is no sentence"


def named_plan(source: Source) -> Faults:
    """A plan named in code: the law is data. Docstrings may cite clauses."""
    prose = {id(node.value) for node in source.nodes if isinstance(node, ast.Expr)}
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            found = PLAN.search(node.value)
            if found and not source.name.startswith(PLANS_HOME):
                yield node.lineno, f"{node.value!r} names a plan outside {PLANS_HOME}"


def writing_door(source: Source) -> Faults:
    """An `api.py` that writes: it may read tables, but rows are made, changed and removed by commands."""
    if Path(source.name).name != "api.py":
        return
    imported: dict[str, str] = {}
    for node in source.nodes:
        imported |= _imported(node)
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and node.attr == "session":
            yield node.lineno, "an HTTP door leaves the session to commands and queries"
        elif isinstance(node, ast.Call) and (name := _dotted(node.func, imported)):
            owner, _, last = name.rpartition(".")
            is_row = owner.endswith(".tables") and last[0].isupper()
            if is_row or name in {"sqlalchemy.insert", "sqlalchemy.update", "sqlalchemy.delete"}:
                yield node.lineno, f"{last}(…) writes; a command does that"


CODE = ("services", "shared")
GUARDS: dict[Callable[[Source], Faults], tuple[str, ...]] = {
    long_file: (*CODE, "tests"),
    long_function: (*CODE, "tests"),
    vague_name: (*CODE, "tests"),
    foreign_source: CODE,
    swallowed_exception: (*CODE, "tests"),
    exemption_without_reason: (*CODE, "tests"),
    unclear_test_name: ("tests",),
    named_plan: CODE,
    writing_door: ("services",),
}


def faults(root: Path) -> list[str]:
    """Everything that is wrong with the files under `root`, a line each: file, line number, what."""
    found = misplaced(root)
    for path in sorted(path for tree in (*CODE, "tests") for path in (root / tree).rglob("*.py")):
        name = path.relative_to(root).as_posix()
        source = Source(name, path.read_text(encoding="utf-8"))
        for guard, trees in GUARDS.items():
            if name.partition("/")[0] in trees:
                found += [f"{name}:{line}: {what}" for line, what in guard(source)]
    return found


def misplaced(root: Path) -> list[str]:
    """What a service has too much or lacks. One that has no service.py yet is being built and may lack things."""
    found = [
        f"services/{entry.name}: not one of the four services"
        for entry in _entries(root / "services")
        if entry.name not in {*SERVICES, "__init__.py"}
    ]
    for service in SERVICES:
        folder = root / "services" / service
        present = {entry.name for entry in _entries(folder)}
        wanted = {*SERVICE_FILES, *SERVICE_FOLDERS} if "service.py" in present else set()
        found += [f"services/{service}: lacks {name}" for name in sorted(wanted - present)]
        for entry in _entries(folder):
            found += _misplaced_entry(entry, f"{service}/{entry.name}")
    return found


def unmatched(root: Path, expressions: list[str]) -> list[str]:
    """The module expressions of import contracts that match no file, and so guard nothing."""
    return [
        expression
        for expression in expressions
        if not any(list(root.glob(expression.replace(".", "/") + suffix)) for suffix in (".py", "/__init__.py"))
    ]


def _misplaced_entry(entry: Path, name: str) -> list[str]:
    if entry.is_file():
        return [] if entry.name in SERVICE_FILES else [f"services/{name}: a service has no such file"]
    if entry.name in SERVICE_FOLDERS:
        return []
    present = {file.name for file in _entries(entry)}
    strangers = present - CAPABILITY_FILES - EXTRA_FILES.get(name, set())
    missing = {"__init__.py"} - present
    return [f"services/{name}: {stranger} is none of a capability's files" for stranger in sorted(strangers)] + [
        f"services/{name}: lacks {file}" for file in missing
    ]


def _entries(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.glob("*") if entry.name != "__pycache__")


def _snake(name: str) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _imported(node: ast.AST) -> dict[str, str]:
    """The names that an import statement brings, with what they stand for."""
    if isinstance(node, ast.Import):
        whole = {alias.asname or alias.name: alias.name for alias in node.names}
        return whole | {name.partition(".")[0]: name.partition(".")[0] for name in whole if "." in name}
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return {}


def _dotted(node: ast.AST, imported: dict[str, str]) -> str:
    """The full name that a chain of attributes reaches, or nothing where it does not begin with an import."""
    if isinstance(node, ast.Name):
        return imported.get(node.id, "")
    if isinstance(node, ast.Attribute) and (owner := _dotted(node.value, imported)):
        return f"{owner}.{node.attr}"
    return ""


def _is_broad(caught: ast.expr | None) -> bool:
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(kind is None or getattr(kind, "id", "") in {"Exception", "BaseException"} for kind in kinds)


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for statement in handler.body for node in ast.walk(statement))
