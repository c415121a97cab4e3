"""S3: a teacher with a conduct record is off every roster of the district the moment the record is decided.

Vetting and attendance run with all their loops, over loopback and over RabbitMQ. Business time is noon of the first
service day; what enrollment would have said is said for it.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from datetime import time as clock_time
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.enrollment import GroupConfirmed, Slot
from shared.contracts.vetting import AssignmentsConfirmed, AssignmentsRemoved, StaffBlocked, StaffCleared, StaffRestored
from shared.events import Event
from shared.ids import new_id
from tests.builders import staff
from tests.world import House, World

SERVICES = ("vetting", "attendance")
PATIENCE_SECONDS = 20.0


def eventually(read: Callable[[], Any], wanted: Any) -> float:
    """Seconds until `read` gives what is wanted; fails with the last reading when it never does."""
    began = time.monotonic()
    while (last := read()) != wanted:
        assert time.monotonic() - began < PATIENCE_SECONDS, last
        time.sleep(0.01)
    return time.monotonic() - began


@dataclass
class District:
    """Three schools with a group each, and two cleared teachers on all three staff lists."""

    world: World
    teacher: UUID
    other: UUID
    groups: list[UUID]

    def office(self, school: UUID | None = None) -> Any:
        return self.world.as_("academic_affairs", school=school)

    def sessions(self, group: UUID) -> list[dict[str, Any]]:
        return list(self.office().all("/attendance/v1/sessions", group_id=group, sort="starts_at"))

    def states(self) -> list[str]:
        return [one["state"] for group in self.groups for one in self.sessions(group)]

    def check_in(self, person: UUID, session: str, **expect: Any) -> Any:
        body = {"session_id": session, "person_id": person}
        return self.world.as_("duty_staff").post("/attendance/v1/presences", body, **expect)


@pytest.fixture
def district(house: House, broker_url: str | None) -> Iterator[District]:
    suite = house.suite(SERVICES, broker_url=broker_url)
    world = World(house, suite)
    try:
        world.publish_policy()
        world.publish_calendar()
        world.pin_plan()
        suite.start()
        yield furnish(world)
    finally:
        world.http.close()
        suite.stop()


def furnish(world: World) -> District:
    """Groups with their sessions, the teacher assigned to all of them, everything heard by attendance."""
    teacher, other = staff.cleared(world, *world.schools), staff.cleared(world, *world.schools)
    groups = [group_at(world, school, hour, teacher) for hour, school in zip((13, 15, 16), world.schools, strict=True)]
    district = District(world, teacher, other, groups)
    for group, school in zip(groups, world.schools, strict=True):
        district.office(school).post("/attendance/v1/sessions/schedule", {"group_id": group})
        sessions = [one["id"] for one in district.sessions(group)]
        assert len(sessions) == 5
        eventually(lambda: known_to_vetting(district, group), 5)  # noqa: B023  # read at once
        body = {"person_id": teacher, "session_ids": sessions, "role": "LEAD"}
        district.office(school).post("/vetting/v1/assignments", body)
    eventually(district.states, ["STAFFED"] * 15)
    world.set_time(world.at(12))
    return district


def known_to_vetting(district: District, group: UUID) -> int:
    return len(district.office().all("/vetting/v1/sessions", group_id=group))


def group_at(world: World, school: UUID, hour: int, lead: UUID) -> UUID:
    group = new_id()
    last: date = world.first_day + timedelta(days=4)
    world.hear(
        GroupConfirmed(
            district_id=world.district,
            school_id=school,
            group_id=group,
            item_id=new_id(),
            term_id=world.term,
            stage="primary",
            segment="service",
            content_type="READING",
            slot=Slot(weekdays=(1, 2, 3, 4, 5), starts=clock_time(hour, 30), ends=clock_time(hour + 1, 30)),
            capacity=40,
            venue_id=new_id(),
            lead_person_id=lead,
            starts_on=world.first_day,
            ends_on=last,
        )
    )
    return group


@pytest.mark.clause("P5-3.5.8")
def test_the_door_is_shut_within_half_a_second_of_the_decision_and_a_substitute_opens_it(district: District) -> None:
    world, teacher, other = district.world, district.teacher, district.other
    today = district.sessions(district.groups[0])[0]["id"]
    record = staff.allegation(world, teacher)
    staff.substantiate(world, record)
    assert eventually(lambda: may_enter(district, today, teacher), "person_blocked") < 0.5
    refusal = district.check_in(teacher, today, expect=409)
    cited = {clause["id"]: clause["quote"] for clause in refusal["clauses"]}
    assert (refusal["gate"], "P5-3.5.8" in cited) == ("G-CLEAR", True)
    assert "不良记录" in cited["P5-3.5.8"]

    eventually(district.states, ["UNSTAFFED"] * 15)
    school = world.schools[0]
    (request,) = district.office(school).all("/vetting/v1/substitute-requests", session_id=today)
    district.office(school).post(f"/vetting/v1/substitute-requests/{request['id']}/offer", {"person_id": other})
    world.as_("instructor", school=school, person=other).post(f"/vetting/v1/substitute-requests/{request['id']}/accept")
    eventually(lambda: district.sessions(district.groups[0])[0]["state"], "STAFFED")
    assert district.check_in(other, today)["role"] == "LEAD"

    restore(district, record)
    eventually(lambda: clearance(world, teacher), "CLEARED")
    assert district.check_in(teacher, today, expect=409)["code"] == "not_assigned"


def may_enter(district: District, session: str, person: UUID) -> str | None:
    """Why the roster at the door keeps a person out; None when it does not."""
    lines = district.world.as_("duty_staff").get("/attendance/v1/roster", session_id=session)["items"]
    return next((line["reason"] for line in lines if line["person_id"] == str(person)), "unknown")


def restore(district: District, record: str) -> None:
    """The finding is overturned on appeal and the teacher reviewed anew."""
    world = district.world
    world.as_("instructor", person=district.teacher).post(f"/vetting/v1/conduct-records/{record}/appeal")
    world.as_("district_admin").post(f"/vetting/v1/conduct-records/{record}/reverse", {"evidence_ref": "doc"})
    staff.check_and_clear(world, district.teacher)


def clearance(world: World, person: UUID) -> str:
    rows = world.read("attendance", "SELECT state FROM clearances WHERE id = :p", p=person)
    return str(rows[0][0]) if rows else "UNKNOWN"


def told(world: World, person: UUID) -> list[Event]:
    """What vetting said about one person that attendance must follow."""
    kinds = (StaffCleared, StaffBlocked, StaffRestored, AssignmentsConfirmed, AssignmentsRemoved)
    return [said for said in world.said("vetting") if isinstance(said, kinds) and said.person_id == person]


def test_what_vetting_said_in_any_order_and_twice_leaves_the_same_door_shut(house: House) -> None:
    """INV-X-07 and INV-VET-03: every permutation of the messages, each delivered twice, ends in the same place."""
    suite = house.suite(SERVICES)
    original = World(house, suite)
    original.publish_policy()
    original.publish_calendar()
    original.pin_plan()
    school = original.schools[0]
    person = staff.cleared(original, school)
    sessions = staff.sessions(original, school, days=1)
    body = {"person_id": person, "session_ids": sessions, "role": "LEAD"}
    original.as_("academic_affairs").post("/vetting/v1/assignments", body)
    staff.substantiate(original, staff.allegation(original, person))
    said = told(original, person)
    assert [type(one).__name__ for one in said] == [
        "StaffCleared",
        "AssignmentsConfirmed",
        "StaffBlocked",
        "AssignmentsRemoved",
    ]
    sql = "SELECT state, epoch, lost_epoch FROM clearances WHERE id = :p"
    roster = "SELECT state, cause FROM assignments WHERE person_id = :p"
    seen = set()
    for order in itertools.permutations(said):
        for statement in ("DELETE FROM clearances WHERE id = :p", "DELETE FROM assignments WHERE person_id = :p"):
            original.change("attendance", statement, p=person)
        listener = World(house, suite, district=original.district)
        listener.tell("attendance", *order, *order)
        seen.add((*original.read("attendance", sql, p=person), *original.read("attendance", roster, p=person)))
    assert seen == {(("BLOCKED", 2, 2), ("REMOVED", "BLOCKED"))}
    suite.stop()
