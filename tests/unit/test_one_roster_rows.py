"""A row that is wrong is held back with its reasons, with what depends on it; the rest goes on."""

import pytest

from services.enrollment.directory.bundle import read_bundle
from services.enrollment.directory.problems import QUARANTINED, Problem
from services.enrollment.directory.row_checks import Checked, check_rows
from tests.builders.rostering import ROW_ERRORS, TERM, Rows, Tables, bundle_with, delta, pack, plant, tables

FOUND_IN_BULK = [code for code in ROW_ERRORS if code != "datetime_invalid"]


def small() -> Tables:
    return tables(1, schools=1, pupils=12, district_name="鹤壁市", **TERM)


def check(rows: Tables) -> Checked:
    return check_rows(read_bundle(pack(rows)))


def codes(checked: Checked) -> set[str]:
    return {problem.code for row in checked.quarantined for problem in row.problems}


def held(checked: Checked) -> set[tuple[str, str]]:
    return {(row.file, row.source_id) for row in checked.quarantined}


def find(rows: Tables, file: str, source_id: str) -> dict[str, str]:
    return next(row for row in rows[file] if row["sourcedId"] == source_id)


def first(rows: Tables, file: str, prefix: str) -> dict[str, str]:
    return next(row for row in rows[file] if row["sourcedId"].startswith(prefix))


def test_a_right_bundle_has_nothing_to_hold_back() -> None:
    assert check_rows(read_bundle(bundle_with([]))).quarantined == ()


@pytest.mark.parametrize("code", FOUND_IN_BULK)
def test_a_wrong_row_is_held_back_with_its_reason(code: str) -> None:
    planted = ROW_ERRORS[code]
    checked = check_rows(read_bundle(bundle_with([code])))
    assert code in codes(checked)
    assert any(row.file == planted.file or code == "reference_quarantined" for row in checked.quarantined)
    assert checked.rows["orgs"]


def test_every_reason_to_hold_a_row_back_is_tested() -> None:
    assert set(ROW_ERRORS) == set(QUARANTINED)


def test_many_errors_are_found_in_one_run() -> None:
    planted = ["date_invalid", "boolean_invalid", "homeroom_grade_wrong", "token_unknown"]
    assert codes(check_rows(read_bundle(bundle_with(planted)))) >= set(planted)


def test_a_problem_says_which_cell_of_which_line() -> None:
    rows = small()
    plant(rows, ROW_ERRORS["boolean_invalid"])
    line = 2 + next(place for place, row in enumerate(rows["users"]) if row["enabledUser"] == "True")
    problem = Problem("users", line, "enabledUser", "boolean_invalid", "True")
    assert any(problem in row.problems for row in check(rows).quarantined)


def test_names_are_never_repeated_in_a_report() -> None:
    checked = check_rows(read_bundle(bundle_with(["line_break", "user_id_malformed"])))
    assert "轩" not in repr(checked.quarantined)


def test_what_depends_on_a_row_held_back_is_held_back_too() -> None:
    rows = small()
    wrong = first(rows, "classes", "c-")
    wrong["title"] = ""
    members = {row["sourcedId"] for row in rows["enrollments"] if row["classSourcedId"] == wrong["sourcedId"]}
    checked = check(rows)
    assert members
    assert held(checked) == {("classes", wrong["sourcedId"])} | {("enrollments", member) for member in members}


def test_it_spreads_through_rows_that_depend_on_rows_that_depend() -> None:
    rows = small()
    find(rows, "academicSessions", "y-1")["startDate"] = "1.9.2026"
    checked = check(rows)
    assert not checked.rows["academicSessions"] and not checked.rows["classes"] and not checked.rows["enrollments"]
    assert len(checked.rows["users"]) == len(rows["users"])


def test_it_spreads_to_rows_that_stand_before_what_they_depend_on() -> None:
    rows = small()
    term = find(rows, "academicSessions", "t-1")
    sessions = [
        term | {"sourcedId": "t-0", "parentSourcedId": "t-2"},
        term | {"sourcedId": "t-2", "parentSourcedId": "x"},
    ]
    checked = check({"academicSessions": sessions})
    reasons = {row.source_id: [problem.code for problem in row.problems] for row in checked.quarantined}
    assert reasons == {"t-0": ["reference_quarantined"], "t-2": ["reference_unresolved"]}


def test_a_pupil_does_not_wait_for_the_row_of_a_guardian() -> None:
    rows = small()
    pupil = first(rows, "users", "p-")
    guardian = pupil["agentSourcedIds"].split(",")[0]
    find(rows, "users", guardian)["enabledUser"] = "yes"
    checked = check(rows)
    assert held(checked) == {("users", guardian), ("roles", f"r-{guardian}-parent")}


def test_a_guardian_who_is_nowhere_is_still_an_error_of_the_pupil_s_row() -> None:
    rows = small()
    pupil = first(rows, "users", "p-")
    pupil["agentSourcedIds"] = "g-nobody"
    assert ("users", pupil["sourcedId"]) in held(check(rows))


def test_of_rows_with_one_id_none_is_taken() -> None:
    rows = small()
    rows["courses"].append(dict(rows["courses"][0]))
    checked = check(rows)
    assert not checked.rows["courses"]
    assert [row.file for row in checked.quarantined].count("courses") == 2


def test_rows_without_an_id_are_not_called_duplicates() -> None:
    rows = small()
    rows["courses"] = [row | {"sourcedId": ""} for row in rows["courses"] * 2]
    assert {p.code for row in check(rows).quarantined if row.file == "courses" for p in row.problems} == {
        "value_missing"
    }


def test_two_primary_roles_at_different_schools_are_right() -> None:
    rows = tables(1, schools=2, pupils=4, district_name="鹤壁市", **TERM)
    rows["roles"].append(find(rows, "roles", "r-h-000000-principal") | {"sourcedId": "r-x", "orgSourcedId": "s-02"})
    assert check(rows).quarantined == ()


@pytest.mark.parametrize(
    ("file", "column", "value", "code"),
    [
        ("users", "sourcedId", "a" * 255, None),
        ("users", "sourcedId", "a" * 256, "guid_invalid"),
        ("users", "sourcedId", "A-z.0_/@9", None),
        ("users", "sourcedId", "a b", "guid_invalid"),
        ("users", "userIds", "{xueji:G1},{urn:a:b}", None),
        ("users", "userIds", "{xueji:}", "user_id_malformed"),
        ("users", "enabledUser", "TRUE", "boolean_invalid"),
        ("orgs", "type", "ext:campus", None),
        ("orgs", "type", "ext:", "token_unknown"),
        ("orgs", "type", "campus", "token_unknown"),
        ("academicSessions", "type", "ext:summer", "token_unknown"),
        ("academicSessions", "startDate", "2026-W36-2", "date_invalid"),
        ("academicSessions", "startDate", "20260901", "date_invalid"),
        ("academicSessions", "startDate", "2026-09-31", "date_invalid"),
        ("academicSessions", "startDate", "2026-09-01", None),
        ("academicSessions", "schoolYear", "２０２７", "year_invalid"),
        ("classes", "grades", "01,02", "homeroom_grade_wrong"),
        ("classes", "grades", "", "homeroom_grade_wrong"),
        ("classes", "grades", "09", None),
        ("classes", "termSourcedIds", "t-1,", "list_item_empty"),
        ("classes", "termSourcedIds", "t-1,学期", "guid_invalid"),
        ("classes", "schoolSourcedId", "d-1", "reference_type_wrong"),
        ("courses", "schoolYearSourcedId", "t-1", "reference_type_wrong"),
        ("courses", "schoolYearSourcedId", "y-1", None),
        ("enrollments", "primary", "", None),
        ("enrollments", "role", "guardian", "token_unknown"),
        ("enrollments", "schoolSourcedId", "d-1", "reference_type_wrong"),
        ("roles", "role", "ext:gatekeeper", None),
        ("roles", "roleType", "main", "token_unknown"),
    ],
)
def test_a_cell_is_taken_or_refused_by_its_column(file: str, column: str, value: str, code: str | None) -> None:
    rows = small()
    rows[file][-1][column] = value
    line = len(rows[file]) + 1
    found = {
        problem.code
        for row in check(rows).quarantined
        for problem in row.problems
        if (row.file, row.line, problem.field) == (file, line, column)
    }
    assert found == ({code} if code else set())


def test_a_scheduled_class_needs_no_grade() -> None:
    rows = small()
    rows["classes"].append(rows["classes"][0] | {"sourcedId": "x", "classType": "scheduled", "grades": ""})
    assert check(rows).quarantined == ()


def user(**cells: str) -> Rows:
    return [
        {"sourcedId": "p-1", "username": "p-1", "enabledUser": "true", "familyName": "王", "givenName": "一"} | cells
    ]


def check_delta(rows: Tables, known: dict[str, set[str]] | None = None) -> Checked:
    return check_rows(read_bundle(delta(rows)), known)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({}, None),
        ({"status": "tobedeleted"}, None),
        ({"status": "inactive"}, "token_unknown"),
        ({"status": ""}, "value_missing"),
        ({"dateLastModified": ""}, "value_missing"),
        ({"dateLastModified": "2026-09-01"}, "datetime_invalid"),
        ({"dateLastModified": "2026-09-01T25:00:00.000Z"}, "datetime_invalid"),
    ],
)
def test_a_row_of_a_delta_says_whether_it_lives_and_since_when(cells: dict[str, str], code: str | None) -> None:
    assert codes(check_delta({"users": user(**cells)})) == ({code} if code else set())


def test_a_row_of_a_bulk_file_says_nothing_of_the_kind() -> None:
    assert codes(check({"users": user(dateLastModified="2026-09-01T00:00:00.000Z")})) == {"blank_in_bulk"}


def test_a_row_that_ends_something_needs_only_its_id() -> None:
    ended = {"sourcedId": "r-1", "status": "tobedeleted"}
    checked = check_delta({"roles": [ended, ended | {"sourcedId": "r-2", "userSourcedId": "long-gone", "role": "?"}]})
    assert set(checked.rows["roles"]) == {"r-1", "r-2"} and not checked.quarantined


ENROLLMENT = {
    "sourcedId": "e-1",
    "classSourcedId": "c-1",
    "schoolSourcedId": "s-1",
    "userSourcedId": "p-1",
    "role": "student",
}
KNOWN = {"classes": {"c-1"}, "orgs": {"s-1", "d-1"}, "orgs:school": {"s-1"}, "users": {"p-1"}}


def test_a_delta_refers_to_what_is_known() -> None:
    assert not check_delta({"enrollments": [ENROLLMENT]}, KNOWN).quarantined
    assert codes(check_delta({"enrollments": [ENROLLMENT]})) == {"reference_unresolved"}
    at_district = ENROLLMENT | {"schoolSourcedId": "d-1"}
    assert codes(check_delta({"enrollments": [at_district]}, KNOWN)) == {"reference_unresolved"}


def test_a_bulk_file_refers_to_nothing_outside_the_bundle() -> None:
    rows = small()
    rows["enrollments"].append(ENROLLMENT)
    assert ("enrollments", "e-1") in held(check_rows(read_bundle(pack(rows)), KNOWN))


def test_a_known_person_whose_new_row_is_wrong_is_known_all_the_same() -> None:
    checked = check_delta({"users": user(enabledUser="?"), "enrollments": [ENROLLMENT]}, KNOWN)
    assert held(checked) == {("users", "p-1")}


def test_a_delta_may_name_courses_because_we_keep_none() -> None:
    known = KNOWN | {"academicSessions": {"t-1"}}
    row = {"sourcedId": "c-2", "title": "一年级2班", "grades": "01", "classType": "homeroom", "courseSourcedId": "k-9"}
    row |= {"schoolSourcedId": "s-1", "termSourcedIds": "t-1"}
    assert not check_delta({"classes": [row]}, known).quarantined
