"""Who may fetch a child, and letting it go."""

from concurrent.futures import ThreadPoolExecutor, wait
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.contracts.attendance import HandoverCompleted
from shared.contracts.enrollment import (
    GuardianLinkEnded,
    GuardianLinkVerified,
)
from shared.ids import new_id
from tests.builders import care
from tests.builders.care import School, chain, clause_ids, dismissed, hand_over, mark, release, said
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
    assert release(school, pupil, new_id(), method="SELF_LEAVE")["receiver_kind"] == "SELF_LEAVE"
    (handover,) = school.as_("principal").all(f"{API}/handovers", pupil_id=pupil, action="release")
    assert handover["to_id"] is None, "whoever was named was never asked for an authorization"


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


def test_a_release_waits_for_a_revocation_under_way_and_is_refused_after_it(school: School, session: str) -> None:
    dismissed(school, session)
    pupil, world = school.pupils[0], school.world
    revoke = text("UPDATE pickup_authorizations SET state = 'ENDED' WHERE pupil_id = :pupil")
    with ThreadPoolExecutor(1) as pool:
        with world.house.past_walls("attendance") as connection:
            connection.execute(revoke, {"pupil": pupil})
            released = pool.submit(release, school, pupil, school.guardian_of[pupil], expect=(200, 409))
            done, _ = wait([released], timeout=1)
            assert not done
        assert released.result()["code"] == "pickup_not_authorized"
    assert chain(school, pupil)["state"] == "AWAITING_PICKUP"
