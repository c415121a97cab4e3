"""People from outside a school's staff: contracts, qualification, and the pass that a block takes away."""

from typing import Any
from uuid import UUID

import pytest

from shared.contracts.vetting import EngagementActivated, GatePassesRevoked, GatePassIssued, StaffBlocked
from tests.builders import staff
from tests.world import World

SERVICES = ("vetting",)


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy()
    world.publish_calendar()
    world.pin_plan()
    return world


def retired_teacher(world: World) -> UUID:
    return UUID(world.as_("academic_affairs").post("/vetting/v1/people", {"category": "RETIRED_TEACHER"})["id"])


def terms(world: World, person: UUID, **more: Any) -> dict[str, Any]:
    return {
        "school_id": world.schools[0],
        "person_id": person,
        "kind": "SERVICE_AGREEMENT",
        "starts_on": world.first_day,
        "ends_on": world.at(0, day=4).date(),
        "insufficiency_ref": "doc-1",
    } | more


def engaged(world: World, person: UUID) -> None:
    """Drafted, and signed by both."""
    office = world.as_("academic_affairs")
    path = f"/vetting/v1/engagements/{office.post('/vetting/v1/engagements', terms(world, person))['id']}/sign"
    world.as_("principal").post(path, {"party": "school"})
    world.as_("external_instructor", person=person).post(path, {"party": "person"})


@pytest.mark.clause("P5-3.5.5")
def test_a_retired_teacher_without_a_proven_qualification_is_not_cleared(district: World) -> None:
    person, officer = retired_teacher(district), district.as_("vetting_officer")
    district.as_("academic_affairs").post(f"/vetting/v1/people/{person}/start-review", {"consent": True})
    for kind in staff.TEACHER_CHECKS[:-1]:
        staff.record_check(district, person, kind, "CLEAR")
    refusal = officer.refused(f"/vetting/v1/people/{person}/clear")
    assert "TEACHER_QUALIFICATION" in refusal["detail"]
    assert "P5-3.5.5" in [clause["id"] for clause in refusal["clauses"]]


@pytest.mark.clause("P5-3.5.3")
def test_nobody_from_outside_is_hired_unless_the_school_says_that_its_own_staff_does_not_suffice(
    district: World,
) -> None:
    wanted = terms(district, retired_teacher(district), insufficiency_ref=None)
    refusal = district.as_("academic_affairs").refused("/vetting/v1/engagements", wanted)
    assert (refusal["code"], refusal["clauses"][0]["id"]) == ("insufficiency_not_declared", "P5-3.5.3")


@pytest.mark.clause("P5-3.5.6")
def test_only_a_labour_contract_or_a_service_agreement_is_signed(district: World) -> None:
    wanted = terms(district, retired_teacher(district), kind="VOLUNTEER_AGREEMENT")
    refusal = district.as_("academic_affairs").refused("/vetting/v1/engagements", wanted)
    assert (refusal["code"], refusal["clauses"][0]["id"]) == ("contract_kind_not_allowed", "P5-3.5.6")


def test_a_contract_is_in_force_when_both_have_signed_and_is_said_once(district: World) -> None:
    engaged(district, retired_teacher(district))
    assert [type(said) for said in district.said("vetting")].count(EngagementActivated) == 1


def test_a_block_revokes_the_pass_of_an_assigned_person_in_the_same_transaction(district: World) -> None:
    person, school = retired_teacher(district), district.schools[0]
    staff.check_and_clear(district, person)
    engaged(district, person)
    office = district.as_("academic_affairs", school=school)
    pass_ = {"person_id": person, "school_id": school, "on": district.first_day}
    assert office.refused("/vetting/v1/gate-passes", pass_)["code"] == "no_assignment_that_day"
    sessions = staff.sessions(district, school)
    office.post("/vetting/v1/assignments", {"person_id": person, "session_ids": sessions, "role": "ASSIST"})
    (issued,) = office.post("/vetting/v1/gate-passes", pass_)["items"]
    assert isinstance(district.said("vetting")[-1], GatePassIssued)
    staff.substantiate(district, staff.allegation(district, person))
    (found,) = office.all("/vetting/v1/gate-passes", person_id=person)
    assert found["state"] == "REVOKED"
    (revoked,) = [said for said in district.said("vetting") if isinstance(said, GatePassesRevoked)]
    assert (revoked.pass_ids, revoked.cause) == ((UUID(issued["id"]),), "BLOCKED")
    assert any(isinstance(said, StaffBlocked) for said in district.said("vetting"))


def test_a_duty_leader_is_somebody_cleared(district: World) -> None:
    person, school = staff.listed(district, district.schools[0]), district.schools[0]
    hours = {"starts_at": district.at(15), "ends_at": district.at(19)}
    wanted = {"school_id": school, "person_id": person} | hours
    principal = district.as_("principal", school=school)
    assert principal.refused("/vetting/v1/duties", wanted)["gate"] == "G-CLEAR"
    staff.check_and_clear(district, person)
    assert principal.post("/vetting/v1/duties", wanted)["on"] == district.first_day.isoformat()
