"""Laying sessions out, staffing them, opening them, and the gates on the way."""

from datetime import time
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.attendance import (
    HeadcountCounted,
    SafetyPackReady,
    SessionCancelled,
    SessionsScheduled,
    SessionStaffed,
    TermArchiveSealed,
    VenueCheckFailed,
    VenueCheckPassed,
)
from shared.contracts.enrollment import ExceptionApproved, GroupClosed, PlanFiled, PlanFilingRevoked, Slot
from shared.contracts.vetting import (
    AssignedSession,
    AssignmentsConfirmed,
    AssignmentsRemoved,
    GatePassesRevoked,
    GatePassIssued,
    SubstituteUnfilled,
)
from shared.ids import new_id
from tests.builders import care
from tests.builders.care import School
from tests.world import World

SERVICES = ("attendance",)
API = "/attendance/v1"
EARLY = Slot(weekdays=(1, 2, 3, 4), starts=time(15, 30), ends=time(16, 30))


@pytest.fixture
def school(world: World) -> School:
    care.open_term(world)
    return care.build_school(world)


def clause_ids(refusal: dict[str, Any]) -> list[str]:
    return [clause["id"] for clause in refusal["clauses"]]


def said(school: School, kind: type[Any]) -> list[Any]:
    return [event for event in school.world.said("attendance") if isinstance(event, kind)]


def refused_schedule(school: School) -> dict[str, Any]:
    refusal: dict[str, Any] = school.as_("academic_affairs").refused(
        f"{API}/sessions/schedule", {"group_id": school.group}
    )
    return refusal


# The series


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


# The roster


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


# The venue


@pytest.mark.clause("P5-4.3.3")
def test_a_venue_without_a_fresh_check_hosts_no_session(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    school.as_("duty_staff").post(f"{API}/venues/{school.venue}/checks", {"passed": False, "note": "消防通道堵塞"})
    refusal = school.do(ids[0], "pre-check", expect=409)
    assert (refusal["code"], refusal["gate"]) == ("venue_check_failed", "G-VENUE")
    assert "P5-4.3.3" in clause_ids(refusal)
    school.as_("duty_staff").post(f"{API}/venues/{school.venue}/checks", {"passed": True})
    school.do(ids[0], "pre-check")
    assert len(said(school, VenueCheckPassed)) == 2
    assert len(said(school, VenueCheckFailed)) == 1


@pytest.mark.clause("P5-4.3.3")
def test_a_check_grows_old(world: World) -> None:
    care.open_term(world, days=10)
    school = care.build_school(world)
    ids = care.schedule(school)
    care.staff(school, ids)
    assert school.do(ids[-1], "pre-check", expect=409)["code"] == "venue_check_missing"


@pytest.mark.clause("P5-4.3.5")
def test_a_critical_hazard_shuts_the_venue_until_another_person_finds_it_gone(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    inspector = school.as_("inspector", new_id())
    hazard = {"area": "FIRE", "severity": "CRITICAL", "description": "灭火器过期"}
    opened = inspector.post(f"{API}/venues/{school.venue}/hazards", hazard)
    refusal = school.do(ids[0], "pre-check", expect=409)
    assert (refusal["code"], refusal["gate"], clause_ids(refusal)) == ("venue_hazard_open", "G-VENUE", ["P5-4.3.5"])
    school.as_("duty_staff").post(f"{API}/hazards/{opened['id']}/rectify")
    school.as_("principal", new_id()).post(f"{API}/hazards/{opened['id']}/close")
    school.do(ids[0], "pre-check")


@pytest.mark.clause("P4-2.2.1")
def test_a_plan_that_stays_on_campus_takes_no_venue_outside(world: World) -> None:
    care.open_term(world, "p4-shuangjing")
    body = {"school_id": world.schools[0], "name": "少年宫", "scope": "off_campus"}
    refusal = world.as_("academic_affairs").refused(f"{API}/venues", body)
    assert (refusal["code"], refusal["gate"], clause_ids(refusal)) == ("venue_out_of_scope", "G-VENUE", ["P4-2.2.1"])


# Opening


def ready(school: School, *, at: tuple[int, int] = (16, 15)) -> str:
    ids = care.schedule(school)
    care.staff(school, ids)
    school.do(ids[0], "pre-check")
    school.world.set_time(school.world.at(*at))
    return ids[0]


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
    outsider = new_id()
    care.clear(world, outsider, category="SPORTS_COACH")
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
    assert (refusal["code"], refusal["gate"], clause_ids(refusal)) == ("too_few_adults", "G-STAFFED", ["Q17"])


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


# Ends


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


# Gate


def at_gate(school: School, person: Any, **more: Any) -> dict[str, Any]:
    body = {"school_id": school.id, "person_id": person} | more
    refusal: dict[str, Any] = school.as_("gatekeeper").refused(f"{API}/gate-entries", body)
    return refusal


@pytest.mark.clause("P5-4.3.3")
def test_the_gate_lets_in_who_holds_a_pass_now_and_nobody_else_from_outside(school: School) -> None:
    world, person, gate_pass = school.world, new_id(), new_id()
    care.clear(world, person, category="FOLK_ARTIST")
    refusal = at_gate(school, person)
    assert (refusal["code"], refusal["gate"]) == ("no_gate_pass", "G-GATE")
    assert "P5-4.3.3" in clause_ids(refusal)
    window: dict[str, Any] = {"valid_from": world.at(16), "valid_to": world.at(18)}
    world.hear(GatePassIssued(**school.owner, pass_id=gate_pass, person_id=person, **window))
    assert at_gate(school, person)["code"] == "gate_pass_not_now"
    world.set_time(world.at(16, 10))
    care.lose_vetting(world)
    assert at_gate(school, person)["code"] == "clearance_unconfirmed"
    care.trust_vetting(world)
    entry = school.as_("gatekeeper").post(f"{API}/gate-entries", {"school_id": school.id, "person_id": person})
    assert (entry["state"], entry["pass_id"]) == ("ON_CAMPUS", str(gate_pass))
    assert school.as_("gatekeeper").post(f"{API}/gate-entries/{entry['id']}/leave")["state"] == "LEFT"


@pytest.mark.clause("P5-3.5.8")
def test_a_blocked_person_does_not_pass_the_gate_even_accompanied(school: School) -> None:
    care.open_session(school)
    person = new_id()
    care.clear(school.world, person, category="FOLK_ARTIST")
    school.world.hear(care.blocked(school.world, person))
    refusal = at_gate(school, person, accompanied_by=school.teacher)
    assert (refusal["code"], refusal["gate"]) == ("person_blocked", "G-GATE")
    assert "P5-3.5.8" in clause_ids(refusal)
    body = {"school_id": school.id, "person_id": person, "reason": "已停用"}
    assert school.as_("gatekeeper").post(f"{API}/gate-entries/refuse", body)["state"] == "REFUSED"
    visitor = {"school_id": school.id, "accompanied_by": school.teacher}
    school.as_("gatekeeper").post(f"{API}/gate-entries", visitor, expect=201)
    assert at_gate(school, None, accompanied_by=new_id())["code"] == "company_not_on_duty"


def test_a_pass_whose_revocation_came_first_stays_revoked(school: School) -> None:
    world, person, gate_pass = school.world, new_id(), new_id()
    care.clear(world, person, category="FOLK_ARTIST")
    window: dict[str, Any] = {"valid_from": world.at(7), "valid_to": world.at(18)}
    world.hear(
        GatePassesRevoked(**school.owner, person_id=person, pass_ids=(gate_pass,), cause="CANCELLED"),
        GatePassIssued(**school.owner, pass_id=gate_pass, person_id=person, **window),
    )
    assert at_gate(school, person)["code"] == "gate_pass_revoked"


# Before and after a term


@pytest.mark.clause("P5-4.3.2")
@pytest.mark.clause("P5-2.2.2")
def test_a_safety_pack_holds_every_system_of_the_profile(school: School) -> None:
    names = [
        "attendance",
        "supervision",
        "shift_handover",
        "gate_log",
        "venue_check",
        "emergency_plan",
        "hazard_removal",
    ]
    items = [{"name": name, "document_ref": f"doc-{name}"} for name in (*names, "pickup_rules")]
    body = {"school_id": school.id, "term_id": school.world.term}
    refusal = school.as_("principal").refused(f"{API}/safety-packs", body | {"items": items[:-2]})
    assert (refusal["code"], refusal["gate"]) == ("safety_pack_incomplete", "G-READY")
    assert {"P5-4.3.2", "P5-2.2.2"} <= set(clause_ids(refusal))
    assert "hazard_removal, pickup_rules" in refusal["detail"]
    school.as_("principal").post(f"{API}/safety-packs", body | {"items": items}, expect=201)
    (event,) = said(school, SafetyPackReady)
    assert set(event.items) == {*names, "pickup_rules"}


@pytest.mark.clause("P4-4.3.5")
@pytest.mark.clause("P4-4.3.6")
def test_a_term_is_sealed_when_each_class_has_its_record_of_each_week_and_changes_no_more(world: World) -> None:
    care.open_term(world, "p4-shuangjing")
    school = care.build_school(world, pupils=0, segment="class_activity", slot=EARLY)
    session = ready(school, at=(15, 25))
    school.check_in(session, school.teacher)
    for verb in ("open", "complete-roll-call", "begin-dismissal"):
        school.do(session, verb)
    which = {"school_id": school.id, "term_id": world.term}
    principal = school.as_("principal", new_id())
    principal_refused = principal.refused(f"{API}/term-archives", which)
    assert principal_refused["code"] == "sessions_running"
    school.do(session, "close", {"learning_minutes": 0})
    refusal = principal.refused(f"{API}/term-archives", which)
    assert (refusal["code"], clause_ids(refusal)) == ("records_missing", ["P4-4.3.5"])
    record = {"class_id": school.class_id, "term_id": world.term, "week": 1, "content": "阅读与手工"}
    assert (
        school.as_("class_teacher", new_id()).refused(f"{API}/activity-records", record)["code"] == "not_class_teacher"
    )
    teacher = school.as_("class_teacher", school.class_teacher)
    made = teacher.post(f"{API}/activity-records", record)
    school.as_("leadership_member").post(f"{API}/activity-records/{made['id']}/accept")
    principal.post(f"{API}/term-archives", which, expect=201)
    assert len(said(school, TermArchiveSealed)) == 1
    again = teacher.refused(f"{API}/activity-records", record | {"week": 2})
    assert (again["code"], clause_ids(again)) == ("archive_sealed", ["P4-4.3.6"])


def test_the_headcount_counts_who_really_came_in_half_of_the_weeks(world: World) -> None:
    care.open_term(world, days=10)
    school = care.build_school(world, pupils=3)
    steady, once, _ = school.pupils
    ids = care.schedule(school)
    for session, present in ((ids[0], [steady, once]), (ids[5], [steady]), (ids[6], [steady])):
        close_with(world, session, present)
    body = {"school_id": school.id, "term_id": world.term}
    counted = school.as_("principal").post(f"{API}/headcounts", body)
    assert counted["basis"] == "actual_participants"
    assert counted["pupil_count"] == 2
    (event,) = said(school, HeadcountCounted)
    assert event.pupil_count == 2


def close_with(world: World, session: str, present: list[Any]) -> None:
    """A held session, straight into the database: its day is told elsewhere."""
    world.change("attendance", "UPDATE sessions SET state = 'CLOSED' WHERE id = :id", id=session)
    for pupil in present:
        world.change(
            "attendance",
            "INSERT INTO marks (id, district_id, school_id, version, session_id, pupil_id, status, at, marked_by)"
            " SELECT gen_random_uuid(), district_id, school_id, 1, id, :pupil, 'PRESENT', now(), 'test'"
            " FROM sessions WHERE id = :session",
            session=session,
            pupil=pupil,
        )
