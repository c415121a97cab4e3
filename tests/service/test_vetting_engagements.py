"""People from outside a school's staff: contracts, qualification, and the pass that a block takes away."""

from typing import Any
from uuid import UUID

import pytest

from shared.contracts.vetting import (
    EngagementActivated,
    EngagementTerminated,
    GatePassesRevoked,
    GatePassIssued,
    StaffBlocked,
)
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


def assigned(world: World, person: UUID, school: UUID, hour: int = 16) -> None:
    wanted = {"person_id": person, "session_ids": staff.sessions(world, school, hour=hour), "role": "ASSIST"}
    world.as_("academic_affairs", school=school).post("/vetting/v1/assignments", wanted)


def ends(world: World, person: UUID) -> set[tuple[str, str | None]]:
    found = world.as_("vetting_officer").all("/vetting/v1/assignments", person_id=person)
    return {(item["state"], item["cause"]) for item in found}


def test_a_terminated_contract_takes_what_it_alone_carried_at_that_school(district: World) -> None:
    here, there = district.schools[:2]
    person = staff.cleared(district, there)
    contract = staff.engaged(district, person, here)
    assigned(district, person, here, hour=14)
    assigned(district, person, there, hour=16)
    district.as_("principal").post(f"/vetting/v1/engagements/{contract}/terminate")
    assert ends(district, person) == {("REMOVED", "ENGAGEMENT_ENDED"), ("CONFIRMED", None)}
    (terminated,) = [said for said in district.said("vetting") if isinstance(said, EngagementTerminated)]
    assert terminated.ended_on == district.first_day
    assert len(district.as_("academic_affairs").all("/vetting/v1/substitute-requests", school_id=here)) == 5


@pytest.mark.parametrize("also", ["another contract", "the staff list"])
def test_what_something_else_carries_stays_when_a_contract_ends(district: World, also: str) -> None:
    school = district.schools[0]
    person = staff.cleared(district, school if also == "the staff list" else district.schools[1])
    contracts = [staff.engaged(district, person, school)]
    if also == "another contract":
        contracts.append(staff.engaged(district, person, school))
    assigned(district, person, school)
    district.as_("principal").post(f"/vetting/v1/engagements/{contracts[0]}/terminate")
    assert ends(district, person) == {("CONFIRMED", None)}


def test_a_contract_ends_by_itself_after_its_last_day(district: World) -> None:
    person = staff.cleared(district, district.schools[1])
    contract = staff.engaged(district, person, district.schools[0])
    states = []
    for hour, day in ((23, 4), (0, 5)):
        district.set_time(district.at(hour, day=day))
        staff.let_time_act(district)
        (found,) = district.as_("principal").all("/vetting/v1/engagements", person_id=person)
        states.append(found["state"])
    assert states == ["ACTIVE", "ENDED"]
    (terminated,) = [said for said in district.said("vetting") if isinstance(said, EngagementTerminated)]
    assert (str(terminated.engagement_id), terminated.ended_on) == (contract, district.at(0, day=4).date())


@pytest.mark.clause("P5-3.5.3")
def test_a_principals_declaration_lets_a_school_hire_in_its_time_and_no_other_school(district: World) -> None:
    here, there = district.schools[:2]
    office, person = district.as_("academic_affairs"), retired_teacher(district)
    stated = {
        "school_id": here,
        "starts_on": district.first_day,
        "ends_on": district.at(0, day=10).date(),
        "evidence_ref": "校务会纪要",
    }
    office.post("/vetting/v1/insufficiency-declarations", stated, expect=403)
    district.as_("principal", school=here).post("/vetting/v1/insufficiency-declarations", stated)
    wanted = terms(district, person, insufficiency_ref=None)
    office.post("/vetting/v1/engagements", wanted)
    late = {"starts_on": district.at(0, day=11).date(), "ends_on": district.at(0, day=20).date()}
    for other in ({"school_id": there}, late):
        refusal = office.refused("/vetting/v1/engagements", wanted | other)
        assert (refusal["code"], refusal["clauses"][0]["id"]) == ("insufficiency_not_declared", "P5-3.5.3")


@pytest.mark.clause("P5-4.1.5")
def test_the_bureau_that_protects_staff_reads_what_they_are_engaged_for_and_changes_nothing(district: World) -> None:
    person = retired_teacher(district)
    engaged(district, person)
    bureau = district.as_("oversight_hr")
    (contract,) = bureau.all("/vetting/v1/engagements", person_id=person)
    assert (contract["kind"], contract["state"], contract["signed_by"]) == (
        "SERVICE_AGREEMENT",
        "ACTIVE",
        ["person", "school"],
    )
    bureau.post(f"/vetting/v1/engagements/{contract['id']}/terminate", expect=403)
