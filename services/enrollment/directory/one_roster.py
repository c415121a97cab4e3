"""OneRoster 1.2 CSV as data: its files, their columns in order, and its vocabularies (1EdTech CSV Binding 1.2.1).

Reading (`bundle.py`) and checking (`row_checks.py`) are loops over these tables. A column is written as one string,
`name[!] [kind]`: `!` asks for a value, and the kind is one of

- a shape: `guid`, `date`, `datetime`, `year`, `boolean`, `list`, `userIds`; nothing means any text;
- a vocabulary: a key of VOCABULARIES;
- `>file` one id of that file, `>>file` a list of them, `>file:type` one id of a row of that type; the row
  depends on them;
- `~file` a list of ids that must exist, but on which the row does not depend (a child does not wait for its guardian).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Mode = Literal["absent", "bulk", "delta"]


@dataclass(frozen=True)
class Column:
    """One column; `kind` is a shape or a vocabulary, `refers_to` a file, or neither is set."""

    name: str
    required: bool
    kind: str = ""
    refers_to: str = ""
    target_type: str = ""
    many: bool = False
    depends: bool = True


def _column(text: str) -> Column:
    name, _, kind = text.partition(" ")
    required = name.endswith("!")
    name = name.rstrip("!")
    reference = re.fullmatch(r"(>>?|~)(\w+):?(\w*)", kind)
    if reference is None:
        return Column(name, required, kind)
    arrow, file, target_type = reference.groups()
    return Column(name, required, "", file, target_type, many=arrow != ">", depends=arrow != "~")


def _columns(*texts: str) -> tuple[Column, ...]:
    return tuple(map(_column, ("sourcedId! guid", "status", "dateLastModified", *texts)))


COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "academicSessions": _columns(
        "title!", "type! sessionType", "startDate! date", "endDate! date", "parentSourcedId >academicSessions",
        "schoolYear! year",
    ),
    "orgs": _columns("name!", "type! orgType", "identifier", "parentSourcedId >orgs"),
    "courses": _columns(
        "schoolYearSourcedId >academicSessions:schoolYear", "title!", "courseCode", "grades list",
        "orgSourcedId! >orgs", "subjects list", "subjectCodes list",
    ),
    "classes": _columns(
        "title!", "grades list", "courseSourcedId! >courses", "classCode", "classType! classType", "location",
        "schoolSourcedId! >orgs:school", "termSourcedIds! >>academicSessions", "subjects list", "subjectCodes list",
        "periods list",
    ),
    "users": _columns(
        "enabledUser! boolean", "username!", "userIds userIds", "givenName!", "familyName!", "middleName", "identifier",
        "email", "sms", "phone", "agentSourcedIds ~users", "grades list", "password", "userMasterIdentifier",
        "preferredGivenName", "preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId >orgs", "pronouns",
    ),
    "roles": _columns(
        "userSourcedId! >users", "roleType! roleType", "role! role", "beginDate date", "endDate date",
        "orgSourcedId! >orgs", "userProfileSourcedId",
    ),
    "enrollments": _columns(
        "classSourcedId! >classes", "schoolSourcedId! >orgs:school", "userSourcedId! >users", "role! enrollmentRole",
        "primary boolean", "beginDate date", "endDate date",
    ),
}  # fmt: skip
"""The files that we open. The others of the standard, demographics among them, are known by name and stay closed."""

NEVER_TAKEN = frozenset({"password"})

FILES = (
    *COLUMNS, "categories", "classResources", "courseResources", "demographics", "lineItemLearningObjectiveIds",
    "lineItems", "lineItemScoreScales", "resources", "resultLearningObjectiveIds", "results", "resultScoreScales",
    "scoreScales", "userProfiles", "userResources",
)  # fmt: skip
"""All 21 files; the manifest has a row for each."""

VERSIONS = {"manifest.version": "1.0", "oneroster.version": "1.2"}
OPTIONAL_PROPERTIES = frozenset({"source.systemName", "source.systemCode"})
FILE_PROPERTIES = {f"file.{name}": name for name in FILES}
MODES: Mapping[str, Mode] = {"absent": "absent", "bulk": "bulk", "delta": "delta"}

STATUSES = frozenset({"active", "tobedeleted"})
VOCABULARIES: Mapping[str, frozenset[str]] = {
    "orgType": frozenset({"department", "school", "district", "local", "state", "national"}),
    "sessionType": frozenset({"gradingPeriod", "semester", "schoolYear", "term"}),
    "classType": frozenset({"homeroom", "scheduled"}),
    "roleType": frozenset({"primary", "secondary"}),
    "role": frozenset({
        "aide", "counselor", "districtAdministrator", "guardian", "parent", "principal", "proctor", "relative",
        "siteAdministrator", "student", "systemAdministrator", "teacher",
    }),
    "enrollmentRole": frozenset({"administrator", "proctor", "student", "teacher"}),
}  # fmt: skip
OPEN_VOCABULARIES = frozenset({"orgType", "role", "enrollmentRole"})
"""These also take tokens of a district's own, written `ext:…`."""

GRADES = {f"{grade:02}": grade for grade in range(1, 10)}
"""The grades of compulsory schooling, which the service is for: 01–06 primary, 07–09 junior."""


def items(cell: str) -> list[str]:
    """The items of a list cell, which separates them by commas; an empty cell is an empty list."""
    return [item.strip() for item in cell.split(",")] if cell.strip() else []
