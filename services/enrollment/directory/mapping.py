"""How accepted OneRoster rows become the directory.

| OneRoster | here |
|---|---|
| org `district`, `school` | District, School (`identifier` = 学校标识码); other orgs are not kept |
| academicSession `schoolYear`; `term`, `semester` | SchoolYear; Term, with the nearest school year above it |
| class `homeroom` | SchoolClass (行政班) with its one grade; scheduled classes and courses are not kept |
| user | Person: names, `sms` or else `phone`, userIds `xueji` (学籍号), agents as this row states them |
| role | Role, in OneRoster's own token; one person may hold many |
| enrollment in a homeroom class | Membership |

Not taken at all: grading periods, passwords, e-mail, pronouns, metadata, demographics.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Protocol, TypeVar

from services.enrollment.directory.bundle import Row
from services.enrollment.directory.one_roster import GRADES, items
from services.enrollment.directory.row_checks import Checked, ends
from services.enrollment.directory.snapshot import (
    Directory,
    District,
    Membership,
    Person,
    Role,
    School,
    SchoolClass,
    SchoolYear,
    Term,
)

STUDENT_NUMBER = "xueji"
TERM_TYPES = frozenset({"term", "semester"})


def to_directory(checked: Checked, current: Directory | None = None) -> Directory:
    """The directory as it stands once the bundle is applied to `current` (nothing, for a first import).

    By file: a bulk file replaces what we have, an absent one leaves it, a delta changes and ends what it names. What
    we have of a row held back stays as it is, and a bulk file with a row that cannot be told by its id ends nothing:
    what could not be read is not gone.
    """
    now = current or Directory()
    classes = _after(checked, "classes", now.classes, _class)
    memberships = _after(checked, "enrollments", now.memberships, _membership)
    return Directory(
        districts=_after(checked, "orgs", now.districts, _district),
        schools=_after(checked, "orgs", now.schools, _school),
        school_years=_after(checked, "academicSessions", now.school_years, _school_year),
        terms=_after(checked, "academicSessions", now.terms, lambda row: _term(row, checked)),
        classes=classes,
        people=_after(checked, "users", now.people, _person),
        roles=_after(checked, "roles", now.roles, _role),
        memberships={key: place for key, place in memberships.items() if place.class_id in classes},
    )


class Fact(Protocol):
    @property
    def source_id(self) -> str: ...


Kept = TypeVar("Kept", bound=Fact)


def _after(
    checked: Checked, file: str, current: Mapping[str, Kept], read: Callable[[Row], Kept | None]
) -> dict[str, Kept]:
    rows = checked.rows.get(file, {})
    held = {row.source_id for row in checked.quarantined if row.file == file}
    replaces = checked.modes[file] == "bulk" and "" not in held
    kept = {key: fact for key, fact in current.items() if key in held or not (replaces or key in rows)}
    facts = (read(row) for row in rows.values() if not ends(row))
    return kept | {fact.source_id: fact for fact in facts if fact is not None}


def _district(row: Row) -> District | None:
    return District(row["sourcedId"], row["name"]) if row["type"] == "district" else None


def _school(row: Row) -> School | None:
    if row["type"] != "school":
        return None
    return School(row["sourcedId"], row["name"], row["identifier"], row["parentSourcedId"])


def _school_year(row: Row) -> SchoolYear | None:
    if row["type"] != "schoolYear":
        return None
    return SchoolYear(row["sourcedId"], row["title"], *_dates(row))


def _term(row: Row, checked: Checked) -> Term | None:
    if row["type"] not in TERM_TYPES:
        return None
    return Term(row["sourcedId"], row["title"], *_dates(row), school_year=_year_above(row, checked))


def _year_above(row: Row, checked: Checked) -> str:
    """Empty without one. A parent outside the bundle is taken to be a school year; a ring of parents ends at itself."""
    sessions, seen = checked.rows["academicSessions"], set()
    parent = row["parentSourcedId"]
    while parent in sessions and sessions[parent]["type"] != "schoolYear" and parent not in seen:
        seen.add(parent)
        parent = sessions[parent]["parentSourcedId"]
    return "" if parent in seen else parent


def _dates(row: Row) -> tuple[date, date]:
    return date.fromisoformat(row["startDate"]), date.fromisoformat(row["endDate"])


def _class(row: Row) -> SchoolClass | None:
    if row["classType"] != "homeroom":
        return None
    (grade,) = items(row["grades"])
    terms = tuple(items(row["termSourcedIds"]))
    return SchoolClass(row["sourcedId"], row["title"], GRADES[grade], row["schoolSourcedId"], terms)


def _person(row: Row) -> Person:
    numbers = dict(item[1:-1].split(":", 1) for item in items(row["userIds"]))
    grades = [GRADES[grade] for grade in items(row["grades"]) if grade in GRADES]
    return Person(
        row["sourcedId"],
        row["familyName"],
        row["givenName"],
        row["sms"] or row["phone"],
        numbers.get(STUDENT_NUMBER, ""),
        grades[0] if grades else None,
        tuple(sorted(set(items(row["agentSourcedIds"])))),
    )


def _role(row: Row) -> Role:
    return Role(row["sourcedId"], row["userSourcedId"], row["orgSourcedId"], row["role"])


def _membership(row: Row) -> Membership:
    primary = row["primary"] == "true"
    return Membership(
        row["sourcedId"], row["userSourcedId"], row["classSourcedId"], row["role"], primary, row["beginDate"]
    )
