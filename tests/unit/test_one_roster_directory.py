"""From rows to people and places, and from one directory to the next."""

from datetime import date

import pytest

from services.enrollment.directory.bundle import read_bundle
from services.enrollment.directory.changes import KINDS, exceeds, plan_changes
from services.enrollment.directory.mapping import to_directory
from services.enrollment.directory.row_checks import check_rows
from services.enrollment.directory.snapshot import Directory, School, SchoolYear, Term, known_ids
from tests.builders.rostering import TERM, Tables, bundle, delta, pack, tables


def small(pupils: int = 12, schools: int = 1) -> Tables:
    return tables(1, schools=schools, pupils=pupils, district_name="鹤壁市", **TERM)


def apply(data: bytes, current: Directory | None = None) -> Directory:
    known = known_ids(current) if current else None
    return to_directory(check_rows(read_bundle(data), known), current)


def deactivated(old: Directory, new: Directory) -> dict[str, int]:
    return {kind: len(change.deactivated) for kind, change in plan_changes(old, new).items() if change.deactivated}


def find(rows: Tables, file: str, source_id: str) -> dict[str, str]:
    return next(row for row in rows[file] if row["sourcedId"] == source_id)


def a_pupil(rows: Tables) -> dict[str, str]:
    return next(row for row in rows["users"] if row["sourcedId"].startswith("p-"))


def test_a_district_of_1800_pupils_comes_through_whole() -> None:
    directory = apply(bundle(7))
    assert (len(directory.districts), len(directory.schools), len(directory.pupils)) == (1, 3, 1800)
    assert {pupil.grade for pupil in directory.pupils.values()} == set(range(1, 10))
    assert all(pupil.class_id for pupil in directory.pupils.values())
    linked = {child for guardian in directory.guardians.values() for child in guardian.pupils}
    assert linked == set(directory.pupils)
    assert sorted(one for staff in directory.staff.values() for one in staff.class_teacher_of) == sorted(
        directory.classes
    )
    assert [school.name for school in directory.schools.values()] == ["湘江小学", "淇滨小学", "福源中学"]


def test_places_and_times_are_read_as_they_stand() -> None:
    directory = apply(pack(small()))
    assert directory.districts["d-1"].name == "鹤壁市教育体育局"
    assert directory.schools["s-01"] == School("s-01", "湘江小学", "4106000001", "d-1")
    assert directory.school_years["y-1"] == SchoolYear("y-1", "2026-2027学年", date(2026, 9, 1), date(2027, 8, 31))
    assert directory.terms["t-1"] == Term("t-1", "2026-2027学年第一学期", TERM["start"], TERM["end"], "y-1")
    assert (directory.classes["c-01-3-01"].title, directory.classes["c-01-3-01"].grade) == ("三年级1班", 3)
    assert directory.classes["c-01-3-01"].terms == ("t-1",)


def test_a_term_finds_its_school_year_through_the_terms_between() -> None:
    rows = small()
    rows["academicSessions"].append(
        find(rows, "academicSessions", "t-1") | {"sourcedId": "t-2", "parentSourcedId": "t-1"}
    )
    ring = find(rows, "academicSessions", "t-1") | {"sourcedId": "t-3", "parentSourcedId": "t-3"}
    rows["academicSessions"].append(ring)
    terms = apply(pack(rows)).terms
    assert (terms["t-2"].school_year, terms["t-3"].school_year) == ("y-1", "")


def test_a_pupil_has_names_number_grade_and_class() -> None:
    rows = small()
    row = a_pupil(rows)
    pupil = apply(pack(rows)).pupils[row["sourcedId"]]
    assert (pupil.family_name, pupil.given_name) == (row["familyName"], row["givenName"])
    assert f"{{xueji:{pupil.student_number}}}" == row["userIds"]
    assert (pupil.grade, pupil.class_id, pupil.school) == (1, "c-01-1-01", "s-01")


def test_of_two_classes_the_one_begun_last_is_the_pupil_s() -> None:
    rows = small()
    row = next(row for row in rows["enrollments"] if row["role"] == "student")
    row |= {"beginDate": "2026-09-01"}
    later = {"sourcedId": "a-later", "classSourcedId": "c-01-2-01", "beginDate": "2026-10-08"}
    rows["enrollments"].append(row | later)
    assert apply(pack(rows)).pupils[row["userSourcedId"]].class_id == "c-01-2-01"


def test_a_pupil_without_a_class_is_listed_all_the_same() -> None:
    rows = small()
    rows["enrollments"] = [row for row in rows["enrollments"] if row["role"] != "student"]
    pupil = apply(pack(rows)).pupils[a_pupil(rows)["sourcedId"]]
    assert (pupil.grade, pupil.class_id, pupil.school) == (1, None, "s-01")


@pytest.mark.parametrize("stated_by", ["pupil", "guardian", "both"])
def test_a_guardian_is_linked_by_either_row(stated_by: str) -> None:
    rows = small()
    pupil = a_pupil(rows)
    guardian = find(rows, "users", pupil["agentSourcedIds"].split(",")[0])
    for row in rows["users"]:
        row["agentSourcedIds"] = ""
    if stated_by != "guardian":
        pupil["agentSourcedIds"] = guardian["sourcedId"]
    if stated_by != "pupil":
        guardian["agentSourcedIds"] = pupil["sourcedId"]
    found = apply(pack(rows)).guardians[guardian["sourcedId"]]
    assert found.pupils == (pupil["sourcedId"],)
    assert found.phone == guardian["sms"]


def test_a_relative_is_no_guardian() -> None:
    rows = small()
    guardian = a_pupil(rows)["agentSourcedIds"].split(",")[0]
    find(rows, "roles", f"r-{guardian}-parent")["role"] = "relative"
    directory = apply(pack(rows))
    assert guardian not in directory.guardians and guardian not in directory.staff


def test_a_teacher_who_is_a_parent_is_one_person_in_two_views() -> None:
    rows = small()
    teacher = next(row["userSourcedId"] for row in rows["roles"] if row["role"] == "teacher")
    a_pupil(rows)["agentSourcedIds"] += f",{teacher}"
    role = find(rows, "roles", f"r-{teacher}-teacher")
    rows["roles"].append(role | {"sourcedId": "r-x", "role": "guardian", "roleType": "secondary"})
    directory = apply(pack(rows))
    assert directory.guardians[teacher].pupils == (a_pupil(rows)["sourcedId"],)
    assert directory.staff[teacher].posts == (("s-01", "teacher"),)
    assert directory.staff[teacher].class_teacher_of == ("c-01-1-01",)
    assert len(directory.people) == len(rows["users"])


def test_only_the_primary_teacher_of_a_homeroom_is_its_class_teacher() -> None:
    rows = small()
    row = next(row for row in rows["enrollments"] if row["role"] == "teacher")
    row["primary"] = "false"
    assert apply(pack(rows)).staff[row["userSourcedId"]].class_teacher_of == ()


def test_scheduled_classes_are_not_kept_nor_is_anybody_in_them() -> None:
    rows = small()
    rows["classes"].append(rows["classes"][0] | {"sourcedId": "x", "classType": "scheduled"})
    member = next(row for row in rows["enrollments"] if row["role"] == "student")
    rows["enrollments"].append(member | {"sourcedId": "e-x", "classSourcedId": "x", "beginDate": "2026-12-01"})
    directory = apply(pack(rows))
    assert "x" not in directory.classes and "e-x" not in directory.memberships
    assert directory.pupils[member["userSourcedId"]].class_id == "c-01-1-01"


def test_the_same_bundle_again_changes_nothing_even_in_another_order() -> None:
    rows = small(60)
    directory = apply(pack(rows))
    again = apply(pack({file: lines[::-1] for file, lines in rows.items()}), directory)
    assert all(
        change.counts == {"added": 0, "changed": 0, "deactivated": 0}
        for change in plan_changes(directory, again).values()
    )


def test_whoever_a_bulk_bundle_leaves_out_is_deactivated() -> None:
    rows = small()
    directory = apply(pack(rows))
    gone = a_pupil(rows)["sourcedId"]
    less = {
        file: [row for row in lines if gone not in (row["sourcedId"], row.get("userSourcedId"))]
        for file, lines in rows.items()
    }
    changes = plan_changes(directory, apply(pack(less), directory))
    assert changes["pupils"].deactivated == (gone,)
    assert changes["pupils"].counts == {"added": 0, "changed": 0, "deactivated": 1}
    assert not changes["classes"].deactivated and not changes["schools"].deactivated


def test_a_file_that_a_bundle_does_not_hold_says_nothing() -> None:
    rows = small()
    directory = apply(pack(rows))
    assert deactivated(directory, apply(pack({"orgs": rows["orgs"]}), directory)) == {}


def test_a_row_held_back_deactivates_nobody() -> None:
    rows = small()
    directory = apply(pack(rows))
    row = a_pupil(rows)
    row["enabledUser"] = "perhaps"
    later = apply(pack(rows), directory)
    assert later.pupils[row["sourcedId"]] == directory.pupils[row["sourcedId"]]
    assert deactivated(directory, later) == {}


def test_a_row_whose_id_cannot_be_read_deactivates_nobody() -> None:
    rows = small()
    directory = apply(pack(rows))
    a_pupil(rows)["sourcedId"] = "学生"
    assert deactivated(directory, apply(pack(rows), directory)) == {}


def test_a_delta_leaves_alone_what_it_does_not_name() -> None:
    rows = small()
    directory = apply(pack(rows))
    row = a_pupil(rows) | {"givenName": "新名"}
    changes = plan_changes(directory, apply(delta({"users": [row]}), directory))
    assert changes["pupils"].changed == changes["people"].changed == (row["sourcedId"],)
    assert all(not change.added and not change.deactivated for change in changes.values())


def test_a_delta_ends_what_it_marks() -> None:
    rows = small()
    directory = apply(pack(rows))
    pupil = a_pupil(rows)["sourcedId"]
    later = apply(delta({"users": [{"sourcedId": pupil, "status": "tobedeleted"}]}), directory)
    assert plan_changes(directory, later)["pupils"].deactivated == (pupil,)
    assert all(pupil not in guardian.pupils for guardian in later.guardians.values())


def test_a_delta_moves_a_pupil_to_another_class() -> None:
    rows = small()
    directory = apply(pack(rows))
    place = next(row for row in rows["enrollments"] if row["role"] == "student")
    moved = place | {"sourcedId": "e-new", "classSourcedId": "c-01-2-01"}
    later = apply(delta({"enrollments": [place | {"status": "tobedeleted"}, moved]}), directory)
    pupil = later.pupils[place["userSourcedId"]]
    assert (pupil.class_id, pupil.grade) == ("c-01-2-01", 2)
    assert plan_changes(directory, later)["pupils"].changed == (pupil.source_id,)


def test_a_delta_that_no_longer_names_a_guardian_ends_the_link_only_if_nobody_else_states_it() -> None:
    rows = small()
    pupil = a_pupil(rows)
    guardian = pupil["agentSourcedIds"].split(",")[0]
    directory = apply(pack(rows))
    without = {"users": [pupil | {"agentSourcedIds": ""}]}
    assert pupil["sourcedId"] not in apply(delta(without), directory).guardians[guardian].pupils
    find(rows, "users", guardian)["agentSourcedIds"] = pupil["sourcedId"]
    directory = apply(pack(rows))
    assert pupil["sourcedId"] in apply(delta(without), directory).guardians[guardian].pupils


def test_a_delta_brings_a_new_teacher_in() -> None:
    directory = apply(pack(small()))
    one = {"sourcedId": "t-9", "username": "t-9", "enabledUser": "true", "familyName": "韩", "givenName": "静"}
    role = {
        "sourcedId": "r-9",
        "userSourcedId": "t-9",
        "roleType": "primary",
        "role": "teacher",
        "orgSourcedId": "s-01",
    }
    changes = plan_changes(directory, apply(delta({"users": [one], "roles": [role]}), directory))
    assert changes["staff"].added == ("t-9",)


def test_an_org_that_turns_out_to_be_a_school_is_no_longer_a_district() -> None:
    rows = small()
    directory = apply(pack(rows))
    row = find(rows, "orgs", "d-1") | {"type": "school"}
    later = apply(delta({"orgs": [row]}), directory)
    assert "d-1" in later.schools and "d-1" not in later.districts


@pytest.mark.parametrize(
    ("gone", "renamed", "refused"),
    [(0, 0, []), (2, 0, []), (3, 0, ["pupils"]), (0, 3, ["pupils"]), (1, 2, ["pupils"])],
)
def test_a_run_that_changes_too_great_a_share_is_told(gone: int, renamed: int, refused: list[str]) -> None:
    rows = small(20)
    directory = apply(pack(rows))
    pupils = [row for row in rows["users"] if row["sourcedId"].startswith("p-")]
    lines = [{"sourcedId": row["sourcedId"], "status": "tobedeleted"} for row in pupils[:gone]]
    lines += [row | {"givenName": "改名"} for row in pupils[gone : gone + renamed]]
    changes = plan_changes(directory, apply(delta({"users": lines}), directory))
    assert exceeds(changes, directory, {"pupils": 0.1, "schools": 0.0}) == refused


def test_a_first_import_exceeds_nothing() -> None:
    directory = apply(pack(small()))
    assert exceeds(plan_changes(Directory(), directory), Directory(), dict.fromkeys(KINDS, 0.0)) == []
