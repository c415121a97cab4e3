"""A child that waits too long."""

import pytest

from shared.contracts.attendance import (
    LatePickupEscalated,
    LatePickupOpened,
    LatePickupResolved,
    StaffServiceRecorded,
)
from tests.builders import care
from tests.builders.care import School, chain, dismissed, hand_over, mark, release, said
from tests.world import World

SERVICES = ("attendance",)
API = "/attendance/v1"


@pytest.fixture
def school(world: World) -> School:
    care.open_term(world)
    return care.build_school(world)


@pytest.fixture
def session(school: School) -> str:
    return care.open_session(school)


def test_a_session_does_not_close_while_a_child_is_there_or_was_never_received(school: School, session: str) -> None:
    hand_over(school, session, school.pupils[:2])
    mark(school, session)
    school.do(session, "complete-roll-call")
    school.do(session, "begin-dismissal")
    refusal = school.do(session, "close", {"learning_minutes": 0}, expect=409)
    assert (refusal["code"], refusal["gate"]) == ("children_in_care", "G-HANDOVER")
    assert "3" in refusal["detail"]


def test_a_child_fetched_late_is_escalated_level_by_level_and_resolved(school: School, session: str) -> None:
    dismissed(school, session)
    late, *others = school.pupils
    for pupil in others:
        release(school, pupil, school.guardian_of[pupil])
    world = school.world
    world.set_time(world.at(18, 1))
    world.run_timers("attendance")
    (opened,) = said(school, LatePickupOpened)
    assert (opened.pupil_id, opened.minutes_late) == (late, 11)
    assert chain(school, late)["state"] == "LATE"
    (case,) = school.as_("principal").all(f"{API}/late-pickups")
    contacts = f"{API}/late-pickups/{case['id']}/contacts"
    school.as_("instructor", school.teacher).post(contacts, {"outcome": "NO_ANSWER"})
    world.set_time(world.at(18, 21))
    world.run_timers("attendance")
    assert chain(school, late)["holder_id"] == str(school.leader)
    world.set_time(world.at(19, 55))
    world.run_timers("attendance")
    assert [event.level for event in said(school, LatePickupEscalated)] == [1, 2, 3]
    release(school, late, school.guardian_of[late], releaser=school.leader)
    (resolved,) = said(school, LatePickupResolved)
    assert resolved.minutes_late == 125
    world.set_time(world.at(22))
    assert world.run_timers("attendance") == 0
    school.do(session, "close", {"learning_minutes": 0})
    (served,) = said(school, StaffServiceRecorded)
    assert served.minutes == 90


def test_a_child_fetched_in_time_opens_no_case(school: School, session: str) -> None:
    dismissed(school, session)
    for pupil in school.pupils:
        release(school, pupil, school.guardian_of[pupil])
    school.world.set_time(school.world.at(18, 30))
    school.world.run_timers("attendance")
    assert said(school, LatePickupOpened) == []
