"""A day of the service: staff in, session open, children received, marked, fetched, and everybody gone."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from shared.contracts.attendance import (
    AbsenceUnexplained,
    HandoverCompleted,
    LatePickupEscalated,
    LatePickupOpened,
    LatePickupResolved,
    SessionClosed,
    SessionOpened,
    StaffServiceRecorded,
)
from shared.contracts.enrollment import GuardianLinkEnded, GuardianLinkVerified
from shared.ids import new_id
from tests.builders import care
from tests.builders.care import School
from tests.client import Answered
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


def clause_ids(refusal: dict[str, Any]) -> list[str]:
    return [clause["id"] for clause in refusal["clauses"]]


def said(school: School, kind: type[Any]) -> list[Any]:
    return [event for event in school.world.said("attendance") if isinstance(event, kind)]


def hand_over(school: School, session: str, pupils: list[UUID] | None = None, **changes: Any) -> Any:
    listed = school.pupils if pupils is None else pupils
    body = {"session_id": session, "class_id": school.class_id, "pupil_ids": listed, "headcount": len(listed)}
    expect = changes.pop("expect", 200)
    teacher = school.as_("class_teacher", changes.pop("person", school.class_teacher))
    return teacher.post(f"{API}/custody/hand-over-to-service", body | changes, expect=expect)


def mark(school: School, session: str, status: str = "PRESENT", pupils: list[UUID] | None = None, **expect: Any) -> Any:
    listed = school.pupils if pupils is None else pupils
    return school.do(session, "marks", {"marks": [{"pupil_id": one, "status": status} for one in listed]}, **expect)


def release(school: School, pupil: UUID, person: UUID | None = None, **more: Any) -> Any:
    body = {"method": more.pop("method", "KNOWN_GUARDIAN_SIGNATURE"), "person_id": person}
    expect = more.pop("expect", 200)
    releaser = school.as_("instructor", more.pop("releaser", school.teacher))
    return releaser.post(f"{API}/custody/{pupil}/release", body | more, expect=expect)


def dismissed(school: School, session: str) -> None:
    """Received, marked, and waiting to be fetched at the planned end."""
    hand_over(school, session)
    mark(school, session)
    school.do(session, "complete-roll-call")
    school.world.set_time(school.world.at(17, 50))
    school.do(session, "begin-dismissal")


def chain(school: School, pupil: UUID) -> dict[str, Any]:
    (found,) = school.as_("principal").all(f"{API}/custody", pupil_id=pupil)
    return dict(found)


# The whole day


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


def test_forty_pupils_are_received_and_marked_in_one_request_each(world: World) -> None:
    care.open_term(world)
    school = care.build_school(world, pupils=40)
    session = care.open_session(school)
    assert hand_over(school, session)["headcount"] == 40
    assert len(mark(school, session)["items"]) == 40
    roll = school.as_("instructor").get(f"{API}/sessions/{session}/roll")
    assert {line["status"] for line in roll["items"]} == {"PRESENT"}


# Receiving


@pytest.mark.clause("P5-4.3.4")
def test_children_are_received_only_when_the_headcount_is_that_of_the_list(school: School, session: str) -> None:
    refusal = hand_over(school, session, headcount=2, expect=409)
    assert (refusal["code"], refusal["gate"]) == ("headcount_differs", "G-HANDOVER")
    assert "P5-4.3.4" in clause_ids(refusal)


def test_only_the_class_teacher_hands_the_class_over(school: School, session: str) -> None:
    assert hand_over(school, session, person=school.teacher, expect=409)["code"] == "not_class_teacher"


def test_a_child_of_another_class_or_off_the_roll_is_not_received(school: School, session: str) -> None:
    assert hand_over(school, session, [new_id()], expect=409)["code"] == "pupil_not_in_class"
    late = care.add_pupil(school)
    assert hand_over(school, session, [late], expect=409)["code"] == "pupil_not_expected"


def test_children_go_to_somebody_who_is_checked_in(school: School, session: str) -> None:
    refusal = hand_over(school, session, receiver_id=new_id(), expect=409)
    assert refusal["code"] == "receiver_not_on_duty"


def test_the_roll_is_fixed_at_opening_and_a_later_change_does_not_touch_it(school: School, session: str) -> None:
    late = care.add_pupil(school)
    care.enroll(school, [late], version=2, removed=(school.pupils[0],))
    roll = school.as_("instructor").get(f"{API}/sessions/{session}/roll")
    assert {line["pupil_id"] for line in roll["items"]} == {str(one) for one in school.pupils[:3]}


def test_roll_changes_heard_in_any_order_give_the_same_roll(world: World) -> None:
    care.open_term(world)
    school = care.build_school(world, pupils=2)
    first, second = school.pupils
    third = care.add_pupil(school)
    care.enroll(school, [second], version=4)
    care.enroll(school, [third], version=3, removed=(first,))
    care.enroll(school, [first], version=2, removed=(second,))
    session = care.open_session(school)
    roll = school.as_("instructor").get(f"{API}/sessions/{session}/roll")
    assert {line["pupil_id"] for line in roll["items"]} == {str(second), str(third)}


# Roll call


def test_a_mark_is_never_changed_but_corrected_by_somebody_else(school: School, session: str) -> None:
    mark(school, session)
    again = mark(school, session, "EXCUSED", expect=409)
    assert again["code"] == "illegal_transition"
    wrong = {"pupil_id": school.pupils[0], "status": "UNEXPLAINED", "reason": "看错"}
    assert school.do(session, "marks/correct", wrong, expect=409)["code"] == "same_person"
    school.as_("instructor", new_id()).post(f"{API}/sessions/{session}/marks/correct", wrong)
    marks = school.as_("instructor").all(f"{API}/marks", session_id=session, pupil_id=school.pupils[0])
    assert [one["status"] for one in marks] == ["PRESENT", "UNEXPLAINED"]
    assert marks[1]["corrects_id"] == marks[0]["id"]
    with pytest.raises(DBAPIError, match="append-only"):
        school.world.change("attendance", "UPDATE marks SET status = 'LATE' WHERE id = :id", id=marks[0]["id"])


def test_an_excuse_needs_a_guardians_leave_request(school: School, session: str) -> None:
    pupil = school.pupils[0]
    assert mark(school, session, "EXCUSED", [pupil], expect=409)["code"] == "no_leave_request"
    leave = {"pupil_id": pupil, "on": school.world.first_day, "reason": "发烧"}
    stranger = school.as_("guardian", new_id())
    stranger.post(f"{API}/leave-requests", leave, expect=404)
    guardian = school.as_("guardian", school.guardian_of[pupil])
    guardian.post(f"{API}/leave-requests", leave, expect=201)
    mark(school, session, "EXCUSED", [pupil])
    assert stranger.all(f"{API}/leave-requests") == []
    assert len(guardian.all(f"{API}/leave-requests")) == 1


def test_the_roll_call_is_complete_when_everybody_has_a_mark(school: School, session: str) -> None:
    mark(school, session, pupils=school.pupils[:2])
    assert school.do(session, "complete-roll-call", expect=409)["code"] == "roll_call_incomplete"
    mark(school, session, "UNEXPLAINED", school.pupils[2:])
    school.do(session, "complete-roll-call")


def test_an_absence_that_nobody_explains_raises_the_alarm_after_the_profiles_minutes(
    school: School, session: str
) -> None:
    missing, found = school.pupils[:2]
    mark(school, session, "UNEXPLAINED", [missing, found])
    mark(school, session, "LATE", [found])
    school.world.set_time(school.world.at(16, 29))
    school.world.run_timers("attendance")
    assert said(school, AbsenceUnexplained) == []
    school.world.set_time(school.world.at(16, 31))
    school.world.run_timers("attendance")
    (event,) = said(school, AbsenceUnexplained)
    assert event.pupil_id == missing


# Fetching


@pytest.mark.parametrize(
    ("base", "segment", "clause"),
    [
        ("p5-hebi", "service", "EXT-23-31"),
        pytest.param("p3-shanghai", "extended", "P3-3.2.6", marks=pytest.mark.clause("P3-3.2.6")),
    ],
)
def test_an_adult_without_an_authorization_is_refused_with_the_reason(
    world: World, base: str, segment: str, clause: str
) -> None:
    care.open_term(world, base, days=20)
    school = care.build_school(world, starts_on=world.at(8, day=7).date(), segment=segment)
    world.first_day = world.at(8, day=7).date()
    world.set_time(world.at(8))
    care.trust_vetting(world)
    school.as_("duty_staff").post(f"{API}/venues/{school.venue}/checks", {"passed": True})
    session = care.open_session(school)
    dismissed(school, session)
    refusal = release(school, school.pupils[0], new_id(), expect=409)
    assert (refusal["code"], refusal["gate"]) == ("pickup_not_authorized", "G-HANDOVER")
    assert clause in clause_ids(refusal)
    assert chain(school, school.pupils[0])["state"] == "AWAITING_PICKUP"


def test_a_guardian_of_another_child_is_refused(school: School, session: str) -> None:
    dismissed(school, session)
    first, second = school.pupils[:2]
    assert release(school, first, school.guardian_of[second], expect=409)["code"] == "pickup_not_authorized"


def test_a_child_is_released_although_vetting_is_away(school: School, session: str) -> None:
    dismissed(school, session)
    care.lose_vetting(school.world)
    pupil = school.pupils[0]
    release(school, pupil, school.guardian_of[pupil])
    assert chain(school, pupil)["state"] == "RELEASED"
    assert chain(school, pupil)["holder_id"] is None


def test_a_proposed_adult_may_fetch_after_the_class_teacher_verified_them(school: School, session: str) -> None:
    dismissed(school, session)
    pupil = school.pupils[0]
    body = {
        "pupil_id": pupil,
        "kind": "ONE_DAY",
        "valid_from": school.world.first_day,
        "name": "王奶奶",
        "phone": "13800000000",
    }
    school.as_("guardian", new_id()).post(f"{API}/authorizations", body, expect=404)
    made = school.as_("guardian", school.guardian_of[pupil]).post(f"{API}/authorizations", body)
    assert release(school, pupil, authorization_id=made["id"], expect=409)["code"] == "pickup_not_authorized"
    verify = f"{API}/authorizations/{made['id']}/verify"
    assert school.as_("class_teacher", new_id()).refused(verify)["code"] == "not_class_teacher"
    school.as_("class_teacher", school.class_teacher).post(verify)
    identity = school.as_("class_teacher", school.class_teacher).get(f"{API}/authorizations/{made['id']}/identity")
    assert identity == {"name": "王奶奶", "phone": "13800000000"}
    assert release(school, pupil, authorization_id=made["id"])["receiver_kind"] == "ONE_DAY"


def test_an_authorization_of_another_day_does_not_hold(school: School, session: str) -> None:
    dismissed(school, session)
    pupil = school.pupils[0]
    body = {"pupil_id": pupil, "kind": "ONE_DAY", "valid_from": school.world.at(8, day=1).date(), "name": "王奶奶"}
    made = school.as_("guardian", school.guardian_of[pupil]).post(f"{API}/authorizations", body)
    school.as_("academic_affairs").post(f"{API}/authorizations/{made['id']}/verify")
    assert release(school, pupil, authorization_id=made["id"], expect=409)["code"] == "pickup_expired"


def test_a_denial_wins_over_a_permission_and_needs_a_paper(school: School, session: str) -> None:
    dismissed(school, session)
    pupil = school.pupils[0]
    guardian = school.guardian_of[pupil]
    (own,) = school.as_("guardian", guardian).all(f"{API}/authorizations")
    suspend = f"{API}/authorizations/{own['id']}/suspend"
    missing = school.as_("academic_affairs").refused(suspend, {})
    assert missing["code"] == "suspension_evidence_missing"
    school.as_("academic_affairs").post(suspend, {"evidence": "court_paper", "evidence_ref": "doc"})
    link = {"link_id": UUID(own["id"]), "pupil_id": pupil, "guardian_id": guardian}
    school.world.hear(GuardianLinkVerified(**school.owner, **link))
    other = school.owner | {"link_id": new_id(), "pupil_id": pupil, "guardian_id": guardian}
    school.world.hear(GuardianLinkVerified(**other))
    assert release(school, pupil, guardian, expect=409)["code"] == "pickup_suspended"
    school.world.hear(GuardianLinkEnded(**school.owner, **link))
    release(school, pupil, guardian)


def test_staff_do_not_release_their_own_child_alone(school: School, session: str) -> None:
    dismissed(school, session)
    pupil = school.pupils[0]
    link = {"link_id": new_id(), "pupil_id": pupil, "guardian_id": school.teacher}
    school.world.hear(GuardianLinkVerified(**school.owner, **link))
    refusal = release(school, pupil, school.teacher, expect=409)
    assert (refusal["code"], clause_ids(refusal)) == ("second_staff_needed", ["Q21"])
    release(school, pupil, school.teacher, releaser=school.leader)


def test_a_young_pupil_does_not_leave_alone(school: School, session: str) -> None:
    dismissed(school, session)
    pupil = school.pupils[0]
    body = {"pupil_id": pupil, "kind": "SELF_LEAVE", "valid_from": school.world.first_day}
    guardian = school.as_("guardian", school.guardian_of[pupil])
    assert guardian.refused(f"{API}/authorizations", body)["code"] == "too_young_to_leave_alone"
    assert release(school, pupil, method="SELF_LEAVE", expect=409)["code"] == "too_young_to_leave_alone"


def test_a_pupil_of_grade_four_leaves_alone_with_a_verified_authorization(world: World) -> None:
    care.open_term(world)
    school = care.build_school(world, grade=4)
    session = care.open_session(school)
    dismissed(school, session)
    pupil = school.pupils[0]
    assert release(school, pupil, method="SELF_LEAVE", expect=409)["code"] == "pickup_not_authorized"
    body = {"pupil_id": pupil, "kind": "SELF_LEAVE", "valid_from": world.first_day}
    made = school.as_("guardian", school.guardian_of[pupil]).post(f"{API}/authorizations", body)
    school.as_("academic_affairs").post(f"{API}/authorizations/{made['id']}/verify")
    assert release(school, pupil, method="SELF_LEAVE")["receiver_kind"] == "SELF_LEAVE"


def test_nobody_off_duty_releases_a_child(school: School, session: str) -> None:
    dismissed(school, session)
    pupil = school.pupils[0]
    refusal = release(school, pupil, school.guardian_of[pupil], releaser=new_id(), expect=409)
    assert refusal["code"] == "not_on_duty"


def test_only_the_duty_leader_releases_in_an_emergency(school: School, session: str) -> None:
    hand_over(school, session)
    path = f"{API}/custody/{school.pupils[0]}/emergency-release"
    body = {"method": "EMERGENCY_RELEASE", "note": "送医"}
    assert school.as_("instructor", school.teacher).refused(path, body)["code"] == "not_duty_leader"
    school.as_("principal", school.leader).post(path, body)
    assert chain(school, school.pupils[0])["state"] == "RELEASED"


def test_a_child_fetched_before_the_end_has_left_early(school: School, session: str) -> None:
    hand_over(school, session)
    mark(school, session)
    pupil = school.pupils[0]
    release(school, pupil, school.guardian_of[pupil])
    marks = school.as_("instructor").all(f"{API}/marks", session_id=session, pupil_id=pupil)
    assert [one["status"] for one in marks] == ["PRESENT", "LEFT_EARLY"]


def test_a_release_needs_an_idempotency_key_and_happens_once(school: School, session: str) -> None:
    dismissed(school, session)
    pupil = school.pupils[0]
    teacher = school.as_("instructor", school.teacher)
    body = {"method": "PICKUP_CARD", "person_id": school.guardian_of[pupil]}
    headers = {"Idempotency-Key": "key-1"}
    first = teacher.request("POST", f"{API}/custody/{pupil}/release", body=body, headers=headers)
    second = teacher.request("POST", f"{API}/custody/{pupil}/release", body=body, headers=headers)
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert len(said(school, HandoverCompleted)) == 1
    assert release(school, pupil, school.guardian_of[pupil], expect=409)["code"] == "illegal_transition"


def test_of_a_revocation_and_a_release_at_the_same_time_no_release_follows_the_revocation(world: World) -> None:
    care.open_term(world)
    school = care.build_school(world, pupils=12)
    session = care.open_session(school)
    dismissed(school, session)
    made = {}
    for pupil in school.pupils:
        body = {"pupil_id": pupil, "kind": "STANDING", "valid_from": world.first_day, "name": "王奶奶"}
        made[pupil] = school.as_("guardian", school.guardian_of[pupil]).post(f"{API}/authorizations", body)["id"]
        school.as_("academic_affairs").post(f"{API}/authorizations/{made[pupil]}/verify")

    def revoke(pupil: UUID) -> None:
        school.as_("academic_affairs").post(f"{API}/authorizations/{made[pupil]}/revoke")

    def let_go(pupil: UUID) -> None:
        try:
            release(school, pupil, authorization_id=made[pupil])
        except Answered as refused:
            assert "pickup_not_authorized" in str(refused)

    with ThreadPoolExecutor(4) as pool:
        for pupil in school.pupils:
            acts = [pool.submit(let_go, pupil), pool.submit(revoke, pupil)]
            for act in acts:
                act.result()
    for pupil in school.pupils:
        assert release(school, pupil, authorization_id=made[pupil], expect=409)["code"] in (
            "pickup_not_authorized",
            "illegal_transition",
        )


# Who keeps the children


def test_children_pass_to_the_next_segment_by_whoever_keeps_them(school: School, session: str) -> None:
    hand_over(school, session)
    body = {"session_id": session, "pupil_ids": school.pupils, "headcount": 3, "receiver_id": school.leader}
    stranger = school.as_("instructor", new_id())
    assert stranger.refused(f"{API}/custody/transfer", body)["code"] == "pupil_not_in_your_care"
    school.as_("instructor", school.teacher).post(f"{API}/custody/transfer", body)
    assert chain(school, school.pupils[0])["holder_id"] == str(school.leader)


def test_the_children_of_whoever_is_blocked_pass_to_another_keeper_at_once(school: School, session: str) -> None:
    hand_over(school, session)
    school.world.hear(care.blocked(school.world, school.teacher))
    kept = school.as_("principal").all(f"{API}/custody", session_id=session)
    assert {one["holder_id"] for one in kept} == {str(school.leader)}
    handovers = school.as_("principal").all(f"{API}/handovers", pupil_id=school.pupils[0])
    assert [(one["action"], one["note"]) for one in handovers] == [
        ("hand_to_service", None),
        ("transfer", "CLEARANCE_LOST"),
    ]
    pupil = school.pupils[0]
    refusal = release(school, pupil, school.guardian_of[pupil], expect=409)
    assert refusal["code"] in ("not_on_duty", "person_blocked")
    release(school, pupil, school.guardian_of[pupil], releaser=school.leader)


def test_every_handover_names_the_keeper_that_the_one_before_left(school: School, session: str) -> None:
    dismissed(school, session)
    pupil = school.pupils[0]
    release(school, pupil, school.guardian_of[pupil])
    handovers = school.as_("principal").all(f"{API}/handovers", pupil_id=pupil)
    assert [one["position"] for one in handovers] == [1, 2, 3]
    assert [one["from_id"] for one in handovers[1:]] == [one["to_id"] for one in handovers[:-1]]
    assert handovers[0]["from_id"] == str(school.class_teacher)
    assert handovers[-1]["to_id"] == str(school.guardian_of[pupil])


# Late


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
