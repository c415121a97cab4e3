"""Who may be let near the children: vetting's word, kept in any order, trusted only while it is fresh."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.attendance import SessionStaffed, SessionUnstaffed
from shared.contracts.vetting import (
    AssignedSession,
    AssignmentsConfirmed,
    AssignmentsRemoved,
    StaffBlocked,
    StaffCleared,
    StaffRestored,
)
from shared.events import Event
from shared.ids import new_id
from tests.builders import care
from tests.builders.care import School, clause_ids
from tests.world import House, World

SERVICES = ("attendance",)


@pytest.fixture
def school(world: World) -> School:
    care.open_term(world)
    return care.build_school(world)


def test_a_cleared_and_assigned_person_is_let_in_once(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    assert school.session(ids[0])["state"] == "STAFFED"
    presence = school.check_in(ids[0], school.teacher, expect=201)
    assert presence["role"] == "LEAD"
    assert school.check_in(ids[0], school.teacher, expect=409)["code"] == "already_exists"
    school.as_("instructor").post(f"/attendance/v1/presences/{presence['id']}/check-out")
    school.check_in(ids[0], school.teacher, expect=201)


def test_a_person_checks_in_on_the_day_of_the_session_only(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    assert school.check_in(ids[1], school.teacher, expect=409)["code"] == "session_not_today"


@pytest.mark.clause("P5-3.5.8")
def test_a_blocked_person_is_refused_at_the_door_with_the_clause(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    school.world.hear(care.blocked(school.world, school.teacher))
    refusal = school.check_in(ids[0], school.teacher, expect=409)
    assert (refusal["code"], refusal["gate"]) == ("person_blocked", "G-CLEAR")
    assert "P5-3.5.8" in clause_ids(refusal)
    assert {session["state"] for session in school.sessions()} == {"UNSTAFFED"}


def test_a_block_holds_although_its_removals_have_not_come_yet(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    said = school.world.said("attendance")
    assert sum(isinstance(event, SessionStaffed) for event in said) == len(ids)
    school.world.hear(care.blocked(school.world, school.teacher))
    said = school.world.said("attendance")
    assert sum(isinstance(event, SessionUnstaffed) for event in said) == len(ids)


def test_somebody_without_an_assignment_is_refused(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    refusal = school.check_in(ids[0], school.leader, expect=409)
    assert (refusal["code"], refusal["gate"]) == ("not_assigned", "G-STAFFED")


def test_a_stale_word_of_vetting_lets_nobody_in(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    care.lose_vetting(school.world)
    refusal = school.check_in(ids[0], school.teacher, expect=409)
    assert (refusal["code"], refusal["gate"]) == ("clearance_unconfirmed", "G-STAFFED")
    assert "EXT-2020-14" in clause_ids(refusal)
    care.trust_vetting(school.world)
    school.check_in(ids[0], school.teacher, expect=201)


def test_the_duty_leader_answers_for_cleared_staff_while_vetting_is_away_but_not_for_blocked(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    other = new_id()
    care.clear(school.world, other)
    care.assign(school, other, ids[:1], role="ASSIST")
    school.world.hear(care.blocked(school.world, other))
    care.lose_vetting(school.world)
    school.world.set_time(school.world.at(16))
    override = f"/attendance/v1/sessions/{ids[0]}/override"
    stranger = school.as_("principal", new_id()).refused(override, {"reason": "断网"})
    assert stranger["code"] == "not_duty_leader"
    session = school.as_("principal", school.leader).post(override, {"reason": "断网"})
    assert session["override_by"] == str(school.leader)
    school.check_in(ids[0], school.teacher, expect=201)
    assert school.check_in(ids[0], other, expect=409)["code"] == "person_blocked"


def test_a_parked_word_about_a_person_refuses_that_person_alone(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    other = new_id()
    care.clear(school.world, other)
    care.assign(school, other, ids[:1], role="ASSIST")
    school.world.change(
        "attendance",
        "UPDATE inbox SET status = 'parked' WHERE source = '/vetting' AND subject = :person",
        person=str(other),
    )
    assert school.check_in(ids[0], other, expect=409)["code"] == "clearance_unconfirmed"
    school.check_in(ids[0], school.teacher, expect=201)


def test_the_roster_shows_who_may_be_let_in_now_and_until_when(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    other = new_id()
    care.clear(school.world, other)
    care.assign(school, other, ids[:1], role="ASSIST")
    school.world.hear(care.blocked(school.world, other))
    roster = school.as_("gatekeeper").get("/attendance/v1/roster", session_id=ids[0])
    assert roster["fresh_until"] is not None
    assert [(line["person_id"], line["may_enter"], line["reason"]) for line in roster["items"]] == [
        (str(school.teacher), True, None),
        (str(other), False, "person_blocked"),
    ]
    care.lose_vetting(school.world)
    roster = school.as_("gatekeeper").get("/attendance/v1/roster", session_id=ids[0])
    assert roster["fresh_until"] is None
    assert [line["reason"] for line in roster["items"]] == ["clearance_unconfirmed", "person_blocked"]


def test_whoever_is_blocked_while_checked_in_is_out_at_once_and_the_duty_leader_knows(school: School) -> None:
    session = care.open_session(school)
    school.world.hear(care.blocked(school.world, school.teacher))
    (presence,) = school.as_("principal").all("/attendance/v1/presences", session_id=session)
    assert presence["checkout_cause"] == "CLEARANCE_LOST"
    told = school.world.read(
        "attendance", "SELECT template FROM notifications WHERE person_id = :leader", leader=school.leader
    )
    assert ("staff_lost_clearance",) in told
    assert school.check_in(session, school.teacher, expect=409)["code"] == "person_blocked"


def test_another_school_and_another_district_see_no_session(school: School, house: House) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    elsewhere = school.world.as_("instructor", school=school.world.schools[1], person=school.teacher)
    body = {"session_id": ids[0], "person_id": school.teacher}
    assert elsewhere.post("/attendance/v1/presences", body, expect=404)["code"] == "not_found"
    stranger = World(house, school.world.suite)
    stranger.as_("instructor").post("/attendance/v1/presences", body, expect=404)
    stranger.as_("academic_affairs").get(f"/attendance/v1/sessions/{ids[0]}", expect=404)
    assert stranger.as_("academic_affairs").all("/attendance/v1/sessions") == []


def test_a_restoration_tells_that_every_assignment_before_it_is_gone(school: School) -> None:
    ids = care.schedule(school)
    care.staff(school, ids)
    person: dict[str, Any] = {"district_id": school.world.district, "person_id": school.teacher}
    until = school.world.first_day + timedelta(days=300)
    restored = StaffRestored(**person, category="OWN_TEACHER", clearance_epoch=3, valid_until=until)
    school.world.hear(restored)
    assert {session["state"] for session in school.sessions()} == {"UNSTAFFED"}
    assert school.check_in(ids[0], school.teacher, expect=409)["code"] == "not_assigned"
    care.assign(school, school.teacher, ids[:1], epoch=3)
    school.check_in(ids[0], school.teacher, expect=201)


@pytest.mark.clause("P5-3.5.8")
def test_a_block_and_a_check_in_at_the_same_moment_leave_nobody_blocked_inside(school: School) -> None:
    (session, *_), world = care.schedule(school), school.world
    people = [new_id() for _ in range(8)]
    for person in people:
        care.clear(world, person)
        care.assign(school, person, [session], role="ASSIST")
    with ThreadPoolExecutor(2) as pool:
        for person in people:
            door = pool.submit(school.check_in, session, person, expect=(201, 409))
            pool.submit(world.hear, care.blocked(world, person)).result()
            door.result()
    inside = world.read(
        "attendance",
        "SELECT person_id FROM presences WHERE session_id = :session AND checked_out_at IS NULL",
        session=session,
    )
    assert inside == []


# Any order


def story(school: School, session: str) -> list[Event]:
    """Cleared and assigned, blocked and removed, restored, a substitute assigned."""
    world, until = school.world, school.world.first_day + timedelta(days=300)
    person: dict[str, Any] = {"district_id": world.district, "person_id": school.teacher, "category": "OWN_TEACHER"}
    old = AssignedSession(assignment_id=new_id(), session_id=UUID(session))
    new = AssignedSession(assignment_id=new_id(), session_id=UUID(session))
    roster: dict[str, Any] = school.owner | {"role": "LEAD"}
    return [
        StaffCleared(**person, clearance_epoch=1, valid_until=until),
        AssignmentsConfirmed(**roster, person_id=school.teacher, clearance_epoch=1, assigned=(old,)),
        StaffBlocked(**person, clearance_epoch=2, effective_at=world.at(12), reason_class="ETHICS"),
        AssignmentsRemoved(
            **school.owner, person_id=school.teacher, cause="BLOCKED", clearance_epoch=2, removed=(old,)
        ),
        StaffRestored(**person, clearance_epoch=3, valid_until=until),
        StaffCleared(
            district_id=world.district,
            person_id=school.leader,
            category="OWN_TEACHER",
            clearance_epoch=1,
            valid_until=until,
        ),
        AssignmentsConfirmed(**roster, person_id=school.leader, clearance_epoch=1, assigned=(new,)),
    ]


def outcome(school: School, session: str) -> tuple[Any, ...]:
    """What is kept, and what the door answers."""
    people = [school.teacher, school.leader]
    kept = school.world.read(
        "attendance",
        "SELECT category, state, epoch, lost_epoch, valid_until FROM clearances WHERE id = ANY(:people) ORDER BY epoch",
        people=people,
    )
    roster = school.world.read(
        "attendance",
        "SELECT state, role, clearance_epoch, cause FROM assignments WHERE person_id = ANY(:people) ORDER BY state",
        people=people,
    )
    lines = school.as_("gatekeeper").get("/attendance/v1/roster", session_id=session)["items"]
    told = sorted((line["person_id"] == str(school.leader), line["reason"]) for line in lines)
    return kept, roster, told, school.session(session)["state"]


@pytest.fixture(scope="module")
def shared_house(house: House) -> House:
    return house


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(7)), again=st.lists(st.integers(0, 6), max_size=4))
def test_any_order_and_repetition_of_vettings_words_end_in_the_same_state_and_answers(
    shared_house: House, order: list[int], again: list[int]
) -> None:
    suite = shared_house.suite(SERVICES)
    try:
        school = staged(World(shared_house, suite))
        (session,) = care.schedule(school)
        events = story(school, session)
        for index in (*order, *again):
            school.world.hear(events[index])
        kept, roster, told, state = outcome(school, session)
    finally:
        suite.stop()
    assert [row[:4] for row in kept] == [("OWN_TEACHER", "CLEARED", 1, 0), ("OWN_TEACHER", "CLEARED", 3, 2)]
    assert roster == [("CONFIRMED", "LEAD", 1, None), ("REMOVED", "LEAD", 1, "BLOCKED")]
    assert told == [(False, "not_assigned"), (True, None)]
    assert state == "STAFFED"


def staged(world: World) -> School:
    """A school with one session and nobody assigned."""
    care.open_term(world, days=1)
    return care.build_school(world, pupils=0)
