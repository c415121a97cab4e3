"""The roster as a file for people who work in spreadsheets."""

import csv
import io
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.builders import rosters, staff
from tests.builders.rosters import V
from tests.world import World

SERVICES = ("vetting",)
HEADING = ["date", "from", "until", "content", "role", "name", "category", "state", "person_id", "session_id"]


@pytest.fixture
def district(world: World) -> World:
    return rosters.open_term(world)


def days(world: World, **changes: Any) -> dict[str, Any]:
    span = {"starts_on": world.first_day, "ends_on": world.at(0, day=1).date()}
    return {"school_id": world.schools[0]} | span | changes


def staffed(world: World) -> tuple[str, list[str]]:
    """A teacher with a name like a formula leads for three days; who, and in which sessions."""
    school = world.schools[0]
    (person,) = rosters.add_people(world, 1, school)
    identity = {"name": "=王老师", "id_number": "110101199001011234"}
    world.as_("academic_affairs").post(f"{V}/people/{person}/record-identity", identity)
    sessions = staff.sessions(world, school, days=3)
    rosters.assign(world, school, person, sessions)
    return str(person), [str(one) for one in sessions]


def test_a_roster_is_written_as_csv_by_school_and_dates_and_its_reading_is_logged(district: World) -> None:
    person, sessions = staffed(district)
    office = district.as_("academic_affairs", school=district.schools[0])
    reply = office.request("GET", f"{V}/roster", params=days(district))
    assert reply.headers["Content-Disposition"] == 'attachment; filename="roster.csv"'
    heading, *lines = csv.reader(io.StringIO(reply.content.decode("utf-8-sig")))
    assert heading == HEADING
    who = ["'=王老师", "OWN_TEACHER", "CONFIRMED", person]
    assert lines == [
        [f"2026-09-0{7 + day}", "16:00", "17:30", "HOMEWORK_CARE", "LEAD", *who, sessions[day]] for day in range(2)
    ]
    logged = district.read("vetting", "SELECT purpose FROM access_log WHERE district_id = :d", d=district.district)
    assert ("vetting.roster",) in logged


def test_a_roster_is_written_as_xlsx_without_whoever_was_taken_off(district: World) -> None:
    _, sessions = staffed(district)
    office = district.as_("academic_affairs", school=district.schools[0])
    (first,) = rosters.roster(district, session_id=sessions[0])
    office.post(f"{V}/assignments/{first['id']}/remove")
    reply = office.request("GET", f"{V}/roster", params=days(district, form="xlsx"))
    sheet = load_workbook(io.BytesIO(reply.content)).active
    assert sheet is not None
    heading, *lines = sheet.iter_rows(values_only=True)
    assert list(heading) == HEADING
    assert [line[-1] for line in lines] == [sessions[1]]


def test_only_ones_own_school_and_a_term_at_most_go_into_a_file(district: World) -> None:
    elsewhere = district.as_("academic_affairs", school=district.schools[1])
    elsewhere.get(f"{V}/roster", expect=404, **days(district))
    office = district.as_("academic_affairs", school=district.schools[0])
    office.get(f"{V}/roster", expect=422, **days(district, ends_on=district.at(0, day=-1).date()))
    office.get(f"{V}/roster", expect=422, **days(district, ends_on=district.at(0, day=300).date()))
    district.as_("instructor", school=district.schools[0]).get(f"{V}/roster", expect=403, **days(district))
