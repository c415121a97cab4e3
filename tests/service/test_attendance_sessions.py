"""Laying sessions out, staffing them, opening, closing and cancelling them."""

from datetime import time
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.attendance import (
    HandoverCompleted,
    SessionCancelled,
    SessionClosed,
    SessionOpened,
    SessionsScheduled,
    SessionStaffed,
    StaffServiceRecorded,
)
from shared.contracts.enrollment import (
    ExceptionApproved,
    GroupClosed,
    PlanFiled,
    PlanFilingRevoked,
    Slot,
)
from shared.contracts.vetting import (
    AssignedSession,
    AssignmentsConfirmed,
    AssignmentsRemoved,
    SubstituteUnfilled,
)
from shared.ids import new_id
from tests.builders import care
from tests.builders.care import School, clause_ids, dismissed, ready, release, said
from tests.world import World

SERVICES = ("attendance",)
API = "/attendance/v1"
EARLY = Slot(weekdays=(1, 2, 3, 4), starts=time(15, 30), ends=time(16, 30))


@pytest.fixture
def school(world: World) -> School:
    care.open_term(world)
    return care.build_school(world)


@pytest.fixture
def session(school: School) -> str:
    return care.open_session(school)


def refused_schedule(school: School) -> dict[str, Any]:
    refusal: dict[str, Any] = school.as_("academic_affairs").refused(
        f"{API}/sessions/schedule", {"group_id": school.group}
    )
    return refusal


def test_a_day_goes_from_opening_to_closing_and_says_who_served_and_who_was_there(school: School, session: str) -> None:
    assert school.session(session)["state"] == "OPEN"
    dismissed(school, session)
    for pupil in school.pupils:
        release(school, pupil, school.guardian_of[pupil])
    closed = school.do(session, "close", {"learning_minutes": 30})
    assert closed["state"] == "CLOSED"
    (opened,) = said(school, SessionOpened)
    assert opened.opened_at < school.world.at(16, 20)
    (event,) = said(school, SessionClosed)
    assert (event.expected_count, event.present_count, event.learning_minutes, event.revision) == (3, 3, 30, 1)
    (served,) = said(school, StaffServiceRecorded)
    assert (served.person_id, served.role, served.minutes) == (school.teacher, "LEAD", 90)
    assert served.started_at == school.world.at(16, 20)
    assert len(said(school, HandoverCompleted)) == 3


def test_sessions_follow_the_calendar_in_local_time_and_a_repeat_adds_nothing(school: School) -> None:
    ids = care.schedule(school)
    assert len(ids) == 5
    assert school.session(ids[0])["starts_at"] == "2026-09-07T08:20:00+00:00"
    again = school.as_("academic_affairs").post(f"{API}/sessions/schedule", {"group_id": school.group})
    assert again["scheduled"] == 0
    (event,) = said(school, SessionsScheduled)
    assert [str(one.session_id) for one in event.sessions] == ids
    assert event.lead_person_id == school.teacher


def test_sessions_are_listed_by_state_date_group_and_school(school: School) -> None:
    ids = care.schedule(school)
    assert [one["id"] for one in school.sessions(on=school.world.at(8, day=2).date())] == [ids[2]]
    assert len(school.sessions(on_from=school.world.at(8, day=2).date())) == 3
    assert school.sessions(state="OPEN") == []
    assert len(school.sessions(school_id=school.id, state="SCHEDULED")) == 5


@pytest.mark.clause("P5-3.4.0.2")
def test_without_a_filed_plan_nothing_is_scheduled(world: World) -> None:
    world.publish_policy()
    world.publish_calendar()
    care.trust_vetting(world)
    care.pin_plan(world, world.schools[0], PlanFilingRevoked)
    school = care.build_school(world)
    refusal = refused_schedule(school)
    assert (refusal["code"], refusal["gate"], clause_ids(refusal)) == ("plan_not_in_force", "G-FILE", ["P5-3.4.0.2"])


@pytest.mark.clause("P5-3.2.3")
def test_a_session_that_ends_too_late_is_refused_unless_an_exception_stands(world: World) -> None:
    care.open_term(world)
    late = Slot(weekdays=(1, 2, 3, 4, 5), starts=time(17), ends=time(18, 10))
    school = care.build_school(world, slot=late, ends_on=world.at(8, day=4).date())
    refusal = refused_schedule(school)
    assert (refusal["code"], refusal["gate"]) == ("ends_too_late", "G-TIME")
    assert "P5-3.2.3" in clause_ids(refusal)
    world.hear(
        ExceptionApproved(
            **school.owner,
            exception_id=new_id(),
            bound="end.latest.primary",
            valid_from=world.first_day,
            valid_until=world.at(8, day=4).date(),
        )
    )
    assert len(care.schedule(school)) == 5


@pytest.mark.clause("P5-3.3.13")
def test_a_pupils_learning_activity_of_a_day_stays_within_one_class_period(world: World) -> None:
    care.open_term(world)
    period = Slot(weekdays=(1, 2, 3, 4, 5), starts=time(16, 20), ends=time(17))
    school = care.build_school(world, content_type="HOMEWORK_TUTORING", slot=period)
    care.schedule(school)
    school.group = new_id()
    more = Slot(weekdays=(5,), starts=time(17), ends=time(17, 30))
    care.confirm_group(school, content_type="QA", slot=more)
    care.enroll(school, school.pupils[:1], version=1)
    refusal = refused_schedule(school)
    assert (refusal["code"], refusal["gate"], clause_ids(refusal)) == ("too_much_learning", "G-TIME", ["P5-3.3.13"])
    care.enroll(school, [], version=2, removed=(school.pupils[0],))
    assert len(care.schedule(school)) == 1


def test_a_removal_heard_before_its_confirmation_wins(school: School) -> None:
    ids = care.schedule(school)
    care.clear(school.world, school.teacher)
    assignment = new_id()
    removed = (AssignedSession(assignment_id=assignment, session_id=UUID(ids[0])),)
    school.world.hear(
        AssignmentsRemoved(
            **school.owner, person_id=school.teacher, cause="CANCELLED", clearance_epoch=1, removed=removed
        ),
        AssignmentsConfirmed(
            **school.owner, person_id=school.teacher, role="LEAD", clearance_epoch=1, assigned=removed
        ),
    )
    assert school.session(ids[0])["state"] == "UNSTAFFED"
    assert school.check_in(ids[0], school.teacher, expect=409)["code"] == "not_assigned"


def test_a_substitute_staffs_the_session_again(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    school.world.hear(care.blocked(school.world, school.teacher))
    substitute = new_id()
    care.clear(school.world, substitute)
    care.assign(school, substitute, ids[:1])
    assert [one["state"] for one in school.sessions()] == ["STAFFED"] + ["UNSTAFFED"] * 4
    school.check_in(ids[0], substitute, expect=201)
    assert len(said(school, SessionStaffed)) == 6


def test_the_duty_leader_hears_that_nobody_was_found(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    school.world.hear(care.blocked(school.world, school.teacher))
    school.world.hear(SubstituteUnfilled(**school.owner, request_id=new_id(), session_id=UUID(ids[0])))
    told = school.world.read(
        "attendance", "SELECT template FROM notifications WHERE person_id = :leader", leader=school.leader
    )
    assert ("session_without_staff",) in told


def test_a_session_opens_at_its_hour_and_no_earlier(school: School) -> None:
    session = ready(school, at=(16, 0))
    school.check_in(session, school.teacher)
    assert school.do(session, "open", expect=409)["code"] == "not_opening_hour"
    school.world.set_time(school.world.at(16, 6))
    assert school.do(session, "open")["roll_version"] == 1


@pytest.mark.parametrize(
    ("base", "clause"),
    [
        pytest.param("p4-shuangjing", "P4-4.3.2", marks=pytest.mark.clause("P4-4.3.2")),
        pytest.param("p1-jinan", "P1-4.3.2", marks=pytest.mark.clause("P1-4.3.2")),
    ],
)
def test_a_session_opens_only_with_a_teacher_of_the_school_in_charge(world: World, base: str, clause: str) -> None:
    care.open_term(world, base)
    school = care.build_school(world, segment="class_activity", slot=EARLY)
    session = ready(school, at=(15, 25))
    refusal = school.do(session, "open", expect=409)
    assert (refusal["code"], refusal["gate"]) == ("no_teacher_in_charge", "G-STAFFED")
    assert clause in clause_ids(refusal)
    for category in ("SPORTS_COACH", "OWN_TEACHER"):  # the second is another school's own
        outsider = new_id()
        care.clear(world, outsider, category=category)
        care.assign(school, outsider, [session], role="ASSIST")
        school.check_in(session, outsider, expect=201)
        assert school.do(session, "open", expect=409)["code"] == "no_teacher_in_charge"
    school.check_in(session, school.teacher)
    school.do(session, "open")


def test_a_session_opens_only_under_a_duty_leader(school: School) -> None:
    ids = care.schedule(school)
    care.clear(school.world, school.teacher)
    care.assign(school, school.teacher, ids)
    school.do(ids[0], "pre-check")
    school.world.set_time(school.world.at(16, 15))
    school.check_in(ids[0], school.teacher)
    refusal = school.do(ids[0], "open", expect=409)
    assert (refusal["code"], refusal["gate"]) == ("no_duty_leader", "G-STAFFED")


def test_a_session_with_more_pupils_than_its_adults_may_keep_is_refused(world: World) -> None:
    care.open_term(world)
    school = care.build_school(world, pupils=41)
    session = ready(school)
    school.check_in(session, school.teacher)
    refusal = school.do(session, "open", expect=409)
    assert (refusal["code"], refusal["gate"], clause_ids(refusal)) == ("too_few_adults", "G-STAFFED", ["Q17", "SYS"])


@pytest.mark.parametrize(
    ("base", "segment", "starts", "clause"),
    [
        pytest.param("p1-jinan", "class_activity", time(15, 30), "P1-2.3.5", marks=pytest.mark.clause("P1-2.3.5")),
        pytest.param("p3-shanghai", "extended", time(16, 30), "P3-3.2.5", marks=pytest.mark.clause("P3-3.2.5")),
    ],
)
def test_a_session_opens_only_with_as_many_staff_as_its_pupils_need(
    world: World, base: str, segment: str, starts: time, clause: str
) -> None:
    care.open_term(world, base, days=20)
    world.first_day = world.at(8, day=7).date()
    world.set_time(world.at(8))
    care.trust_vetting(world)
    slot = Slot(weekdays=(1, 2, 3, 4), starts=starts, ends=time(starts.hour + 1, starts.minute))
    school = care.build_school(world, pupils=41, segment=segment, slot=slot)
    session = ready(school, at=(starts.hour, starts.minute))
    school.check_in(session, school.teacher)
    refusal = school.do(session, "open", expect=409)
    assert (refusal["code"], refusal["gate"]) == ("too_few_adults", "G-STAFFED")
    assert clause in clause_ids(refusal)
    second = new_id()
    care.clear(world, second)
    care.assign(school, second, [session], role="ASSIST")
    school.check_in(session, second, expect=201)
    assert school.do(session, "open")["state"] == "OPEN"


def test_a_stale_word_of_vetting_opens_no_session_unless_the_duty_leader_answers(school: School) -> None:
    session = ready(school)
    school.check_in(session, school.teacher)
    care.lose_vetting(school.world)
    refusal = school.do(session, "open", expect=409)
    assert (refusal["code"], refusal["gate"]) == ("clearance_unconfirmed", "G-STAFFED")
    school.as_("principal", school.leader).post(f"{API}/sessions/{session}/override", {"reason": "断网"})
    school.do(session, "open")


def test_a_session_opens_only_under_an_active_plan(world: World) -> None:
    world.publish_policy()
    world.publish_calendar()
    care.trust_vetting(world)
    care.pin_plan(world, world.schools[0], PlanFiled)
    school = care.build_school(world)
    session = ready(school)
    school.check_in(session, school.teacher)
    assert school.do(session, "open", expect=409)["code"] == "plan_not_in_force"


def test_a_session_that_has_not_begun_is_cancelled_and_an_open_one_is_not(school: School) -> None:
    session = care.open_session(school)
    office = school.as_("academic_affairs")
    assert office.refused(f"{API}/sessions/{session}/cancel", {"cause": "WEATHER"})["code"] == "illegal_transition"
    other = school.sessions(state="STAFFED")[0]["id"]
    assert office.post(f"{API}/sessions/{other}/cancel", {"cause": "WEATHER"})["state"] == "CANCELLED"
    (event,) = said(school, SessionCancelled)
    assert (str(event.session_id), event.cause) == (other, "WEATHER")


def test_a_closed_groups_coming_sessions_are_cancelled(school: School) -> None:
    care.schedule(school)
    school.world.hear(GroupClosed(**school.owner, group_id=school.group))
    assert {one["state"] for one in school.sessions()} == {"CANCELLED"}
    assert len(said(school, SessionCancelled)) == 5
