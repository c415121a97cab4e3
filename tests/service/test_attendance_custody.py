"""From the class teacher to the session and between its keepers."""

from datetime import time

import pytest

from shared.contracts.enrollment import Slot
from shared.ids import new_id
from tests.builders import care
from tests.builders.care import School, chain, clause_ids, dismissed, hand_over, release
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


def test_children_pass_to_the_next_segment_by_whoever_keeps_them(school: School, session: str) -> None:
    hand_over(school, session)
    body = {"session_id": session, "pupil_ids": school.pupils, "headcount": 3, "receiver_id": school.leader}
    stranger = school.as_("instructor", new_id())
    assert stranger.refused(f"{API}/custody/transfer", body)["code"] == "pupil_not_in_your_care"
    school.as_("instructor", school.teacher).post(f"{API}/custody/transfer", body)
    assert chain(school, school.pupils[0])["holder_id"] == str(school.leader)


def test_a_caller_who_is_nobody_does_not_lead_where_nobody_leads(school: School, session: str) -> None:
    hand_over(school, session)
    school.world.change("attendance", "DELETE FROM duties")
    body = {"session_id": session, "pupil_ids": school.pupils, "headcount": 3, "receiver_id": school.teacher}
    nobody = school.as_("instructor")
    assert nobody.refused(f"{API}/custody/transfer", body)["code"] == "pupil_not_in_your_care"


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


@pytest.mark.clause("P5-4.3.4")
def test_nobody_leaves_while_children_are_in_their_name(school: School, session: str) -> None:
    hand_over(school, session)
    (presence,) = school.as_("principal").all(f"{API}/presences", session_id=session)
    leave = f"{API}/presences/{presence['id']}/check-out"
    refusal = school.as_("instructor", school.teacher).refused(leave)
    assert (refusal["code"], refusal["gate"]) == ("still_keeps_children", "G-HANDOVER")
    assert "P5-4.3.4" in clause_ids(refusal)
    body = {"session_id": session, "pupil_ids": school.pupils, "headcount": 3, "receiver_id": school.leader}
    school.as_("instructor", school.teacher).post(f"{API}/custody/transfer", body)
    school.as_("instructor", school.teacher).post(leave)


def test_children_who_join_the_next_session_are_not_late_for_the_one_before(school: School, session: str) -> None:
    world, first = school.world, school.group
    dismissed(school, session)
    school.group = new_id()
    care.confirm_group(school, slot=Slot(weekdays=(1,), starts=time(17, 50), ends=time(18)))
    care.enroll(school, school.pupils, version=1)
    following = care.open_session(school, at=(17, 50))
    body = {"session_id": following, "pupil_ids": school.pupils, "headcount": 3}
    school.as_("instructor", school.teacher).post(f"{API}/custody/transfer", body)
    world.set_time(world.at(18, 5))
    world.run_timers("attendance")
    assert school.as_("principal").all(f"{API}/late-pickups") == []
    school.group = first
    assert school.do(session, "close", {"learning_minutes": 0})["state"] == "CLOSED"
