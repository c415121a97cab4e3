"""A term's series, who may hold which role in it, and how much of it a school's own lead."""

from uuid import UUID

import pytest

from shared.contracts.vetting import AssignmentsConfirmed
from shared.ids import new_id
from tests.builders import rosters, staff
from tests.builders.rosters import V, assign
from tests.world import World

SERVICES = ("vetting",)


@pytest.fixture
def district(world: World) -> World:
    return rosters.open_term(world)


def series(world: World, person: UUID, group: UUID, **changes: object) -> dict[str, object]:
    span = {"starts_on": world.first_day, "ends_on": world.at(0, day=4).date()}
    return {"person_id": person, "group_id": group, "role": "LEAD"} | span | changes


def test_a_series_assigns_what_a_group_is_to_hold_between_two_dates(district: World) -> None:
    school, group = district.schools[0], new_id()
    person = staff.cleared(district, school)
    planned = staff.sessions(district, school, days=8, group=group)
    office = district.as_("academic_affairs", school=school)
    wanted = series(district, person, group, starts_on=district.at(0, day=1).date())
    made = office.post(f"{V}/assignments/series", wanted)
    assert made["assigned"] == 4
    assert {item["session_id"] for item in rosters.roster(district, person_id=person)} == set(map(str, planned[1:5]))
    elsewhere = district.as_("academic_affairs", school=district.schools[1])
    elsewhere.post(f"{V}/assignments/series", wanted, expect=404)
    office.post(f"{V}/assignments/series", series(district, person, new_id()), expect=404)


def test_a_series_is_assigned_whole_or_not_at_all_and_names_all_that_is_in_the_way(district: World) -> None:
    school, group = district.schools[0], new_id()
    person, other = staff.cleared(district, school), staff.cleared(district, school)
    planned = staff.sessions(district, school, group=group)
    elsewhere = staff.sessions(district, school)
    assign(district, school, person, elsewhere[1:2], role="ASSIST")
    assign(district, school, other, planned[3:4])
    office = district.as_("academic_affairs", school=school)
    refusal = office.refused(f"{V}/assignments/series", series(district, person, group))
    assert refusal["errors"] == {str(planned[3]): "lead_taken", str(planned[1]): "double_booking"}
    assert len(rosters.roster(district, person_id=person)) == 1


def test_a_series_of_more_than_five_hundred_is_said_in_collective_events(district: World) -> None:
    school, group = district.schools[0], new_id()
    (person,) = rosters.add_people(district, 1, school)
    for hour in (8, 10, 12):
        staff.sessions(district, school, days=200, hour=hour, group=group)
    wanted = series(district, person, group, ends_on=district.at(0, day=250).date())
    made = district.as_("academic_affairs").post(f"{V}/assignments/series", wanted)
    said = [event for event in district.said("vetting") if isinstance(event, AssignmentsConfirmed)]
    assert (made["assigned"], [len(event.assigned) for event in said]) == (600, [500, 100])


def test_a_minor_helps_and_never_supervises(district: World) -> None:
    school = district.schools[0]
    (minor,) = rosters.add_people(district, 1, school)
    district.change("vetting", "UPDATE people SET is_minor = true WHERE id = :id", id=minor)
    sessions = staff.sessions(district, school)
    for role in ("LEAD", "ASSIST"):
        body = {"person_id": minor, "session_ids": sessions, "role": role}
        assert district.as_("academic_affairs").refused(f"{V}/assignments", body)["code"] == "may_not_supervise"
    assign(district, school, minor, sessions, role="HELPER")


@pytest.mark.parametrize(
    ("base", "clauses"),
    [
        pytest.param("p1-jinan", ["P1-4.3.2"], marks=pytest.mark.clause("P1-4.3.2")),
        pytest.param(
            "p3-shanghai",
            ["P3-2.1.4", "P3-2.2.7", "P3-3.2.7"],
            marks=[pytest.mark.clause("P3-2.1.4"), pytest.mark.clause("P3-3.2.7")],
        ),
        pytest.param("p4-shuangjing", ["P4-4.3.2"], marks=pytest.mark.clause("P4-4.3.2")),
    ],
)
def test_who_is_no_teacher_of_the_schools_own_leads_only_beside_one(
    world: World, base: str, clauses: list[str]
) -> None:
    rosters.open_term(world, base=base)
    school = world.schools[0]
    teacher, clerk = rosters.add_people(world, 2, school)
    world.change("vetting", "UPDATE people SET category = 'OWN_STAFF' WHERE id = :id", id=clerk)
    sessions = staff.sessions(world, school)
    body = {"person_id": clerk, "session_ids": sessions, "role": "LEAD"}
    office = world.as_("academic_affairs", school=school)
    refusal = office.refused(f"{V}/assignments", body)
    assert (refusal["code"], refusal["gate"]) == ("no_teacher_in_charge", "G-STAFFED")
    assert [one["id"] for one in refusal["clauses"]] == clauses
    assert refusal["errors"] == dict.fromkeys(map(str, sessions), "no_teacher_in_charge")
    assign(world, school, teacher, sessions, role="ASSIST")
    office.post(f"{V}/assignments", body)


@pytest.mark.parametrize(
    ("base", "clause"),
    [
        pytest.param("p1-jinan", "P1-2.2.3", marks=pytest.mark.clause("P1-2.2.3")),
        pytest.param("p2-anhui", "P2-3.4.1", marks=pytest.mark.clause("P2-3.4.1")),
        pytest.param("p5-hebi", "P5-3.5.1", marks=pytest.mark.clause("P5-3.5.1")),
    ],
)
def test_the_share_that_a_schools_own_lead_is_reported_and_blocks_nothing(world: World, base: str, clause: str) -> None:
    rosters.open_term(world, base=base)
    school, other = world.schools[:2]
    (teacher,), (elsewhere,) = rosters.add_people(world, 1, school), rosters.add_people(world, 1, other)
    guest = rosters.outsider(world, school, category="PARENT")
    sessions = staff.sessions(world, school)
    assign(world, school, teacher, sessions, role="ASSIST")
    assign(world, school, guest, sessions[:3])
    assign(world, school, teacher, staff.sessions(world, school, days=2, hour=18))
    assign(world, other, elsewhere, staff.sessions(world, other))
    path = f"{V}/own-lead-shares"
    report = world.as_("academic_affairs", school=school).get(path, term_id=world.term)
    line = {"school_id": str(school), "sessions": 5, "own_share_bp": 4000, "reaches_least": False}
    assert report == {"least_bp": 5000, "clauses": [clause], "items": [line]}
    everywhere = world.as_("academic_affairs").get(path, term_id=world.term)["items"]
    assert {one["school_id"]: one["own_share_bp"] for one in everywhere} == {str(school): 4000, str(other): 10_000}
    assert world.as_("academic_affairs").get(path, term_id=world.term, school_id=school)["items"] == [line]
