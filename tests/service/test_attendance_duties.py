"""Who leads the duty: named and not relieved by vetting, and cleared by its newest word."""

from typing import Any

import pytest

from shared.contracts.vetting import (
    DutyLeaderNamed,
    DutyLeaderRelieved,
    StaffCleared,
    StaffExited,
    StaffExpired,
    StaffSuspended,
)
from shared.events import Event
from tests.builders import care
from tests.builders.care import School
from tests.world import World

SERVICES = ("attendance",)
API = "/attendance/v1"


@pytest.fixture
def school(world: World) -> School:
    care.open_term(world)
    return care.build_school(world)


@pytest.fixture
def session(school: School) -> str:
    """Pre-checked, with its teacher in it, at its hour."""
    session = care.ready(school)
    school.check_in(session, school.teacher)
    return session


def lost(school: School, kind: str) -> Event:
    """The leader's clearance is taken away."""
    person: dict[str, Any] = {
        "district_id": school.world.district,
        "person_id": school.leader,
        "category": "OWN_TEACHER",
        "clearance_epoch": 2,
        "effective_at": school.world.at(12),
    }
    if kind == "blocked":
        return care.blocked(school.world, school.leader)
    if kind == "suspended":
        return StaffSuspended(**person, reason_class="ETHICS")
    return StaffExpired(**person) if kind == "expired" else StaffExited(**person)


def as_leader(school: School, session: str) -> Any:
    """The leader answers for the staff of a session; the problem document."""
    path = f"{API}/sessions/{session}/override"
    return school.as_("principal", school.leader).refused(path, {"reason": "断网"})


def test_whoever_was_relieved_leads_the_duty_no_more(school: School, session: str) -> None:
    named = care.duty(school, school.leader, starts=14)
    ((first,),) = school.world.read("attendance", "SELECT id FROM duties WHERE school_id = :school", school=school.id)
    school.world.hear(DutyLeaderNamed(**named))
    school.world.hear(DutyLeaderRelieved(**care.duty(school, school.leader) | {"duty_id": first}, cause="REASSIGNED"))
    path = f"{API}/sessions/{session}/override"
    school.as_("principal", school.leader).post(path, {"reason": "另一班次仍由其带班"})
    school.world.hear(DutyLeaderRelieved(**named, cause="REASSIGNED"))
    assert as_leader(school, session)["code"] == "not_duty_leader"
    assert school.do(session, "open", expect=409)["code"] == "no_duty_leader"
    visitor = {"school_id": school.id, "accompanied_by": school.leader}
    assert school.as_("gatekeeper").refused(f"{API}/gate-entries", visitor)["code"] == "company_not_on_duty"


def test_a_relief_heard_before_the_name_wins(school: School) -> None:
    ids = care.schedule(school)
    care.clear(school.world, school.teacher)
    care.clear(school.world, school.leader)
    named = DutyLeaderNamed(**care.duty(school, school.leader))
    relieved = DutyLeaderRelieved(**care.duty(school, school.leader) | {"duty_id": named.duty_id}, cause="REASSIGNED")
    for version, event in ((2, relieved), (1, named)):
        school.world._versions[event.subject] = version - 1
        school.world.hear(event)
    school.world.set_time(school.world.at(16))
    assert as_leader(school, ids[0])["code"] == "not_duty_leader"


@pytest.mark.parametrize("kind", ["blocked", "suspended", "expired", "exited"])
def test_a_duty_leader_who_lost_the_clearance_does_not_count(school: School, session: str, kind: str) -> None:
    school.world.hear(lost(school, kind))
    refusal = school.do(session, "open", expect=409)
    assert (refusal["code"], refusal["gate"]) == ("no_duty_leader", "G-STAFFED")
    assert as_leader(school, session)["code"] == "not_duty_leader"
    other = care.duty(school, school.class_teacher, starts=14)
    care.clear(school.world, school.class_teacher)
    school.world.hear(DutyLeaderNamed(**other))
    school.do(session, "open")


def test_a_duty_leader_of_whose_clearance_nothing_was_heard_does_not_count(school: School) -> None:
    ids = care.schedule(school)
    school.world.hear(DutyLeaderNamed(**care.duty(school, school.leader)))
    school.world.set_time(school.world.at(16))
    assert as_leader(school, ids[0])["code"] == "not_duty_leader"
    school.world.hear(
        StaffCleared(
            district_id=school.world.district,
            person_id=school.leader,
            category="OWN_TEACHER",
            clearance_epoch=1,
            valid_until=school.world.at(8, day=-1).date(),
        )
    )
    assert as_leader(school, ids[0])["code"] == "not_duty_leader"
    care.clear(school.world, school.leader, epoch=2)
    school.as_("principal", school.leader).post(f"{API}/sessions/{ids[0]}/override", {"reason": "断网"})


def test_a_child_fetched_late_is_not_given_to_a_blocked_duty_leader(school: School, session: str) -> None:
    school.do(session, "open")
    care.dismissed(school, session)
    school.world.hear(care.blocked(school.world, school.leader))
    for minute in (1, 21):
        school.world.set_time(school.world.at(18, minute))
        school.world.run_timers("attendance")
    assert care.chain(school, school.pupils[0])["holder_id"] == str(school.teacher)
