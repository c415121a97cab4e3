"""Judge the rows of a bundle: the wrong ones are held back with their reasons, the rest goes on.

Three passes. Each row alone (values, shapes, vocabularies, the status rules of bulk and delta); rows against each
other (unique ids, one primary role); and references, repeated until nothing more falls, because a row that depends on
a row held back is held back too. A row marked `tobedeleted` needs only its id: an ending must not wait for the rest of
the row to be right.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.enrollment.directory.bundle import Bundle, Row
from services.enrollment.directory.one_roster import (
    COLUMNS,
    GRADES,
    OPEN_VOCABULARIES,
    STATUSES,
    VOCABULARIES,
    Column,
    Mode,
    items,
)
from services.enrollment.directory.problems import Problem

GUID = re.compile(r"[0-9A-Za-z._/@-]{1,255}")
USER_ID = re.compile(r"\{[^{}:,]+:[^{},]+\}")
UNKEPT_FILES = frozenset({"courses"})
"""We keep nothing of these, so a reference to one is checked only where the bundle has the whole file."""


@dataclass(frozen=True)
class Quarantined:
    """A row held back; `source_id` is empty where the row has no id that could be trusted."""

    file: str
    line: int
    source_id: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Checked:
    """`rows` are the accepted ones of each opened file by sourcedId, with those marked tobedeleted among them."""

    modes: Mapping[str, Mode]
    rows: Mapping[str, Mapping[str, Row]]
    quarantined: tuple[Quarantined, ...]


def check_rows(bundle: Bundle, known: Mapping[str, set[str]] | None = None) -> Checked:
    """Accept or hold back every row. `known` has ids that we keep, by file, for what the bundle does not hold whole.

    `known` may also tell types apart by keys such as `orgs:school` (see `snapshot.known_ids`).
    """
    faults = {row: list(_row_problems(row, bundle.modes[file])) for file, rows in bundle.rows.items() for row in rows}
    for file, rows in bundle.rows.items():
        for row, problem in (*_duplicates(rows), *(_second_primaries(rows) if file == "roles" else ())):
            faults[row].append(problem)
    accepted = {file: {row["sourcedId"]: row for row in rows if not faults[row]} for file, rows in bundle.rows.items()}
    _drop_unresolved(bundle, accepted, faults, known or {})
    quarantined = tuple(
        Quarantined(row.file, row.line, row["sourcedId"] if GUID.fullmatch(row["sourcedId"]) else "", tuple(problems))
        for row, problems in faults.items()
        if problems
    )
    return Checked(bundle.modes, accepted, quarantined)


def ends(row: Row) -> bool:
    """Whether a delta ends the thing of this row."""
    return row["status"] == "tobedeleted"


def _row_problems(row: Row, mode: Mode) -> Iterator[Problem]:
    if not row.well_formed:
        yield Problem(row.file, row.line, "", "cell_count_wrong", str(row.cells))
        return
    yield from _status_problems(row, mode)
    for column in COLUMNS[row.file]:
        if column.name in row.values and (not ends(row) or column.name == "sourcedId"):
            code = _cell_fault(column, row[column.name])
            if code:
                yield _problem(row, column.name, code, row[column.name])
    if row.file == "classes" and not ends(row) and _lacks_grade(row):
        yield _problem(row, "grades", "homeroom_grade_wrong", row["grades"])


def _lacks_grade(row: Row) -> bool:
    return row["classType"] == "homeroom" and [grade in GRADES for grade in items(row["grades"])] != [True]


def _problem(row: Row, field: str, code: str, value: str) -> Problem:
    """Free text may be a name or a phone, so its value is not repeated."""
    shown = None if code in {"line_break", "value_missing", "user_id_malformed"} else value[:80]
    return Problem(row.file, row.line, field, code, shown)


def _status_problems(row: Row, mode: Mode) -> Iterator[Problem]:
    for field, is_valid, code in (
        ("status", STATUSES.__contains__, "token_unknown"),
        ("dateLastModified", _is_datetime, "datetime_invalid"),
    ):
        value = row[field]
        if mode == "bulk" and value:
            yield _problem(row, field, "blank_in_bulk", value)
        elif mode == "delta" and not value:
            yield _problem(row, field, "value_missing", value)
        elif mode == "delta" and not is_valid(value):
            yield _problem(row, field, code, value)


def _cell_fault(column: Column, cell: str) -> str | None:
    if "\n" in cell or "\r" in cell:
        return "line_break"
    if not cell.strip():
        return "value_missing" if column.required else None
    if column.refers_to:
        return _ids_fault(items(cell) if column.many else [cell])
    if column.kind in VOCABULARIES:
        return None if _is_token(column.kind, cell) else "token_unknown"
    is_valid, code = SHAPES.get(column.kind, (bool, ""))
    return None if is_valid(cell) else code


def _ids_fault(ids: list[str]) -> str | None:
    if not all(ids):
        return "list_item_empty"
    return None if all(map(GUID.fullmatch, ids)) else "guid_invalid"


def _is_token(vocabulary: str, cell: str) -> bool:
    extended = vocabulary in OPEN_VOCABULARIES and re.fullmatch(r"ext:\S+", cell) is not None
    return extended or cell in VOCABULARIES[vocabulary]


def _is_date(cell: str) -> bool:
    """The shape is asked for first, because Python also reads week dates and dates without hyphens."""
    return re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell) is not None and _reads(date.fromisoformat, cell)


def _is_datetime(cell: str) -> bool:
    shape = r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}\.[0-9]{3}Z"
    return re.fullmatch(shape, cell) is not None and _reads(datetime.fromisoformat, cell)


def _reads(parse: Callable[[str], date], cell: str) -> bool:
    try:
        parse(cell)
    except ValueError:
        return False
    return True


SHAPES: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "guid": (lambda cell: GUID.fullmatch(cell) is not None, "guid_invalid"),
    "date": (_is_date, "date_invalid"),
    "year": (lambda cell: re.fullmatch(r"[0-9]{4}", cell) is not None, "year_invalid"),
    "boolean": (lambda cell: cell in {"true", "false"}, "boolean_invalid"),
    "list": (lambda cell: all(items(cell)), "list_item_empty"),
    "userIds": (lambda cell: all(map(USER_ID.fullmatch, items(cell))), "user_id_malformed"),
}


def _duplicates(rows: tuple[Row, ...]) -> Iterator[tuple[Row, Problem]]:
    """Of rows with the same id all are held back: which of them is right is not ours to guess."""
    times = Counter(row["sourcedId"] for row in rows)
    for row in rows:
        if row["sourcedId"] and times[row["sourcedId"]] > 1:
            yield row, _problem(row, "sourcedId", "source_id_duplicate", row["sourcedId"])


def _second_primaries(roles: tuple[Row, ...]) -> Iterator[tuple[Row, Problem]]:
    primaries = [row for row in roles if row["roleType"] == "primary" and not ends(row)]
    times = Counter((row["userSourcedId"], row["orgSourcedId"]) for row in primaries)
    for row in primaries:
        if times[row["userSourcedId"], row["orgSourcedId"]] > 1:
            yield row, _problem(row, "roleType", "primary_role_duplicate", "primary")


def _drop_unresolved(
    bundle: Bundle,
    accepted: dict[str, dict[str, Row]],
    faults: Mapping[Row, list[Problem]],
    known: Mapping[str, set[str]],
) -> None:
    """Moves rows out of `accepted` into `faults` until every reference left holds; each round may fell more."""
    stated = {file: {row["sourcedId"] for row in rows} for file, rows in bundle.rows.items()}

    def fault(column: Column, wanted: str) -> str | None:
        file, target_type = column.refers_to, column.target_type
        target = accepted.get(file, {}).get(wanted)
        if target is not None:
            return "reference_type_wrong" if target_type and target["type"] != target_type else None
        whole = bundle.modes[file] == "bulk"
        if not whole and (file in UNKEPT_FILES or wanted in known.get(f"{file}:{target_type}", known.get(file, ()))):
            return None
        if wanted in stated.get(file, ()):
            return "reference_quarantined" if column.depends else None
        return "reference_unresolved"

    fallen = True
    while fallen:
        fallen = False
        for row in [row for rows in accepted.values() for row in rows.values() if not ends(row)]:
            found = [
                _problem(row, column.name, code, wanted)
                for column, wanted in _references(row)
                if (code := fault(column, wanted))
            ]
            if found:
                faults[row].extend(found)
                del accepted[row.file][row["sourcedId"]]
                fallen = True


def _references(row: Row) -> Iterator[tuple[Column, str]]:
    for column in COLUMNS[row.file]:
        if column.refers_to and row[column.name].strip():
            for wanted in items(row[column.name]) if column.many else [row[column.name]]:
                yield column, wanted
