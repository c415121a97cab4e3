"""A roster is planned before everybody on it is cleared; only what is confirmed holds."""

from typing import Any
from uuid import UUID

import pytest

from shared.contracts.attendance import SessionClosed
from shared.contracts.vetting import AssignmentsConfirmed, SubstituteFilled
from shared.ids import new_id
from tests.builders import rosters, staff
from tests.builders.rosters import V
from tests.world import World

SERVICES = ("vetting",)


@pytest.fixture
def district(world: World) -> World:
    return rosters.open_term(world)


def proposed(world: World, person: UUID, sessions: list[UUID], role: str = "LEAD") -> list[str]:
    """The ids of what is proposed."""
    body = {"person_id": person, "session_ids": sessions, "role": role}
    items = world.as_("academic_affairs", school=world.schools[0]).post(f"{V}/assignments/propose", body)["items"]
    assert {item["state"] for item in items} == {"PROPOSED"}
    return [item["id"] for item in items]


def confirm(world: World, *ids: str, expect: int = 200) -> Any:
    office = world.as_("academic_affairs", school=world.schools[0])
    return office.post(f"{V}/assignments/confirm", {"assignment_ids": ids}, expect=expect)


def confirmed(world: World) -> list[AssignmentsConfirmed]:
    return [event for event in world.said("vetting") if isinstance(event, AssignmentsConfirmed)]


def test_a_proposal_binds_nobody_and_holds_once_the_person_is_cleared_and_it_is_confirmed(district: World) -> None:
    school = district.schools[0]
    person = staff.listed(district, school)
    sessions = staff.sessions(district, school)
    ids = proposed(district, person, sessions)
    assert confirm(district, *ids, expect=409)["code"] == "not_cleared"
    assert confirmed(district) == []
    staff.check_and_clear(district, person)
    assert {item["state"] for item in confirm(district, *ids)["items"]} == {"CONFIRMED"}
    (said,) = confirmed(district)
    assert ({one.session_id for one in said.assigned}, said.clearance_epoch) == (set(sessions), 1)
    assert confirm(district, *ids, expect=409)["code"] == "illegal_transition"


def test_what_is_confirmed_passes_the_gates_of_that_moment_all_or_none(district: World) -> None:
    school = district.schools[0]
    person, other = rosters.add_people(district, 2, school)
    sessions = staff.sessions(district, school)
    ids = proposed(district, person, sessions)
    rosters.assign(district, school, other, sessions[:1])
    refusal = confirm(district, *ids, expect=409)
    assert (refusal["code"], refusal["errors"]) == ("lead_taken", {str(sessions[0]): "lead_taken"})
    assert len(rosters.roster(district, person_id=person, state="PROPOSED")) == 5
    confirm(district, *ids[1:])
    mixed = [ids[0], *proposed(district, other, sessions[1:2], "ASSIST")]
    fields = confirm(district, *mixed, expect=422)["errors"]
    assert fields == {"assignment_ids": "of_several_people_schools_or_roles"}
    stranger = district.as_("academic_affairs", school=district.schools[1])
    stranger.post(f"{V}/assignments/confirm", {"assignment_ids": ids[:1]}, expect=404)


def test_who_may_not_hold_the_role_is_not_proposed_and_nobody_is_twice(district: World) -> None:
    school = district.schools[0]
    minor, teacher = rosters.add_people(district, 2, school)
    district.change("vetting", "UPDATE people SET is_minor = true WHERE id = :id", id=minor)
    sessions = staff.sessions(district, school)
    office = district.as_("academic_affairs", school=school)
    body = {"person_id": minor, "session_ids": sessions, "role": "LEAD"}
    assert office.refused(f"{V}/assignments/propose", body)["code"] == "may_not_supervise"
    proposed(district, teacher, sessions[:2])
    again = body | {"person_id": teacher}
    assert office.refused(f"{V}/assignments/propose", again)["code"] == "already_exists"


def test_a_proposal_is_withdrawn_or_ends_with_its_session_and_nobody_is_sought_for_it(district: World) -> None:
    school = district.schools[0]
    (person,) = rosters.add_people(district, 1, school)
    sessions = staff.sessions(district, school, days=2)
    first, second = proposed(district, person, sessions)
    office = district.as_("academic_affairs", school=school)
    assert office.post(f"{V}/assignments/{first}/remove")["cause"] == "WITHDRAWN"
    closed = SessionClosed(
        district_id=district.district,
        school_id=school,
        session_id=sessions[1],
        group_id=new_id(),
        item_id=new_id(),
        term_id=district.term,
        on=district.at(0, day=1).date(),
        opened_at=district.at(16, day=1),
        closed_at=district.at(17, 30, day=1),
        expected_count=1,
        present_count=1,
        learning_minutes=0,
        revision=1,
    )
    district.hear(closed)
    (ended,) = [one for one in rosters.roster(district) if one["id"] == second]
    assert (ended["state"], ended["cause"]) == ("REMOVED", "SESSION_OVER")
    assert office.all(f"{V}/substitute-requests") == []


def test_somebody_is_sought_by_hand_for_a_session_that_never_had_a_lead(district: World) -> None:
    school = district.schools[0]
    (session,) = staff.sessions(district, school, first=2, days=1)
    (person,) = rosters.add_people(district, 1, school)
    office = district.as_("academic_affairs", school=school)
    wanted = {"session_id": session, "role": "LEAD"}
    request = office.post(f"{V}/substitute-requests", wanted)
    assert (request["state"], request["level"]) == ("OPEN", 0)
    (best,) = office.get(f"{V}/substitute-requests/{request['id']}/candidates")["items"]
    assert (best["person_id"], best["is_free"], best["same_category"]) == (str(person), True, False)
    district.set_time(district.at(16, day=1))
    staff.let_time_act(district)
    them = district.as_("instructor", school=school, person=person)
    them.post(f"{V}/substitute-requests/{request['id']}/accept")
    assert any(isinstance(event, SubstituteFilled) for event in district.said("vetting"))
    assert office.refused(f"{V}/substitute-requests", wanted)["code"] == "lead_taken"
    district.set_time(district.at(18, day=2))
    assert office.refused(f"{V}/substitute-requests", wanted | {"role": "ASSIST"})["code"] == "session_not_open"
    there = district.as_("academic_affairs", school=district.schools[1])
    there.post(f"{V}/substitute-requests", wanted, expect=404)
