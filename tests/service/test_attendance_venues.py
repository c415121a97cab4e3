"""Venues, and the gate to them."""

from typing import Any

import pytest

from shared.contracts.attendance import EntryRefused, VenueCheckFailed, VenueCheckPassed
from shared.contracts.vetting import GatePassesRevoked, GatePassIssued
from shared.ids import new_id
from tests.builders import care
from tests.builders.care import School, clause_ids, said
from tests.world import World

SERVICES = ("attendance",)
API = "/attendance/v1"


@pytest.fixture
def school(world: World) -> School:
    care.open_term(world)
    return care.build_school(world)


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
    refused = school.as_("gatekeeper").post(f"{API}/gate-entries/refuse", body)
    assert refused["state"] == "REFUSED"
    (event,) = said(school, EntryRefused)
    assert (str(event.entry_id), event.person_id) == (refused["id"], person)
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
