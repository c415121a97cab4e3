"""How much people served in a term: for flexible hours, titles, awards and performance pay."""

import csv
import io
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.attendance import SessionClosed
from shared.ids import new_id
from tests.builders import rosters, staff
from tests.builders.rosters import V
from tests.world import World

SERVICES = ("vetting",)
PATH = f"{V}/service-records"


@pytest.fixture
def district(world: World) -> World:
    return rosters.open_term(world, base="p2-anhui")


def hold(world: World, school: UUID, *sessions: UUID) -> None:
    """Attendance closes sessions."""
    for session in sessions:
        world.hear(
            SessionClosed(
                district_id=world.district,
                school_id=school,
                session_id=session,
                group_id=new_id(),
                item_id=new_id(),
                term_id=world.term,
                on=world.first_day,
                opened_at=world.at(16),
                closed_at=world.at(17),
                expected_count=1,
                present_count=1,
                learning_minutes=0,
                revision=1,
            )
        )


def served(world: World, school: UUID, *, days: int, role: str = "LEAD", hour: int = 16) -> UUID:
    """A teacher who is assigned for a week and served its first days."""
    (person,) = rosters.add_people(world, 1, school)
    sessions = staff.sessions(world, school, hour=hour)
    rosters.assign(world, school, person, sessions, role)
    hold(world, school, *sessions[:days])
    return person


def line(person: UUID, school: UUID, sessions: int, led: int) -> dict[str, Any]:
    return {
        "person_id": str(person),
        "school_id": str(school),
        "sessions": sessions,
        "minutes": sessions * 90,
        "sessions_led": led,
    }


@pytest.mark.clause("P2-3.1.11")
def test_what_was_served_is_recorded_by_person_for_flexible_hours(district: World) -> None:
    here, there = district.schools[:2]
    leading, beside = served(district, here, days=3), served(district, here, days=2, role="ASSIST")
    away = served(district, there, days=1)
    found = district.as_("academic_affairs", school=here).get(PATH, term_id=district.term)
    assert (found["flexible_hours"], found["clauses"], found["next"]) == (True, ["P2-3.1.11"], None)
    assert sorted(found["items"], key=lambda one: -one["sessions"]) == [
        line(leading, here, 3, 3),
        line(beside, here, 2, 0),
    ]
    admin, term = district.as_("district_admin"), district.term
    assert line(away, there, 1, 1) in admin.get(PATH, term_id=term)["items"]
    assert admin.get(PATH, term_id=term, school_id=there)["items"] == [line(away, there, 1, 1)]
    tuesday, wednesday = (district.at(0, day=day).date() for day in (1, 2))
    found = district.as_("principal", school=here).get(PATH, term_id=term, starts_on=tuesday, ends_on=wednesday)
    assert sorted(one["sessions"] for one in found["items"]) == [1, 2]
    assert admin.get(PATH, term_id=new_id())["items"] == []


def test_whoever_only_serves_sees_nobody_elses_record(district: World) -> None:
    here = district.schools[0]
    person, other = served(district, here, days=2), served(district, here, days=1, hour=18)
    mine = district.as_("instructor", school=here, person=person)
    assert mine.get(PATH, term_id=district.term)["items"] == [line(person, here, 2, 2)]
    assert district.as_("class_teacher", person=other).get(PATH, term_id=district.term)["items"][0]["sessions"] == 1
    mine.get(f"{PATH}/export", expect=403, term_id=district.term, school_id=here)


def test_a_long_list_of_records_is_read_in_parts(district: World) -> None:
    here = district.schools[0]
    people = [served(district, here, days=1, hour=hour) for hour in (14, 16, 18)]
    principal = district.as_("principal", school=here)
    pages = [principal.get(PATH, term_id=district.term, after=after, limit=2) for after in (0, 2)]
    assert [page["next"] for page in pages] == [2, None]
    assert [one["person_id"] for page in pages for one in page["items"]] == sorted(str(person) for person in people)


@pytest.mark.clause("P2-5.3.8")
def test_a_schools_records_go_out_with_names_as_a_file_and_that_is_logged(district: World) -> None:
    here, there = district.schools[:2]
    person = served(district, here, days=3)
    served(district, there, days=1)
    identity = {"name": "王老师", "id_number": "110101199001011234"}
    district.as_("academic_affairs").post(f"{V}/people/{person}/record-identity", identity)
    which = {"term_id": district.term, "school_id": here}
    reply = district.as_("principal", school=here).request("GET", f"{PATH}/export", params=which)
    assert reply.headers["Content-Disposition"] == 'attachment; filename="service-records.csv"'
    assert list(csv.reader(io.StringIO(reply.content.decode("utf-8-sig")))) == [
        ["name", "category", "sessions", "minutes", "sessions_led", "person_id"],
        ["王老师", "OWN_TEACHER", "3", "270", "3", str(person)],
    ]
    sql = "SELECT subjects FROM access_log WHERE purpose = 'vetting.service_records' AND district_id = :d"
    assert district.read("vetting", sql, d=district.district) == [([person],)]
    district.as_("principal", school=there).get(f"{PATH}/export", expect=404, **which)
