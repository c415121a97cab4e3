"""Clearing people, and taking clearances away."""

import pytest

from shared.contracts.vetting import StaffBlocked, StaffCleared, StaffRestored
from shared.ids import new_id
from tests.builders import staff
from tests.world import World

SERVICES = ("vetting",)


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy()
    return world


def test_a_listed_teacher_with_consent_and_checks_is_cleared_for_a_year(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    found = district.as_("vetting_officer").get(f"/vetting/v1/people/{person}")
    assert (found["state"], found["valid_until"]) == ("CLEARED", "2027-09-07")
    assert isinstance(district.said("vetting")[-1], StaffCleared)


def test_nobody_is_cleared_without_the_checks_of_the_category(district: World) -> None:
    person = staff.listed(district, district.schools[0])
    district.as_("academic_affairs").post(f"/vetting/v1/people/{person}/start-review", {"consent": True})
    refusal = district.as_("vetting_officer").refused(f"/vetting/v1/people/{person}/clear")
    assert (refusal["code"], refusal["gate"]) == ("checks_incomplete", "G-CLEAR")
    assert "TEACHER_QUALIFICATION" in refusal["detail"]


def test_no_query_is_made_without_consent(district: World) -> None:
    person = staff.listed(district, district.schools[0])
    refusal = district.as_("vetting_officer").refused(
        "/vetting/v1/checks", {"person_id": person, "kind": "SEX_OFFENCE_QUERY"}
    )
    assert refusal["code"] == "consent_missing"
    assert refusal["clauses"][0]["id"] == "EXT-2020-14"


def test_a_hit_blocks_in_the_same_transaction(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    staff.record_check(district, person, "SEX_OFFENCE_QUERY", "HIT")
    assert district.as_("vetting_officer").get(f"/vetting/v1/people/{person}")["state"] == "BLOCKED"
    assert isinstance(district.said("vetting")[-1], StaffBlocked)


@pytest.mark.clause("P5-3.5.4")
def test_a_category_that_the_profile_does_not_name_is_not_taken_in(district: World) -> None:
    refusal = district.as_("academic_affairs").refused("/vetting/v1/people", {"category": "UNIVERSITY_STUDENT"})
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-CLEAR", "P5-3.5.4")


def test_the_reporter_of_a_record_does_not_decide_it(district: World) -> None:
    person, reporter = staff.cleared(district, district.schools[0]), new_id()
    record = district.as_("principal", person=reporter).post(
        "/vetting/v1/conduct-records",
        {"person_id": person, "kind": "ETHICS_SUBSTANTIATED", "category": "E09", "account": "…", "evidence_ref": "d"},
    )
    both = district.as_("vetting_officer", person=reporter)
    both.post(f"/vetting/v1/conduct-records/{record['id']}/triage")
    refusal = both.refused(
        f"/vetting/v1/conduct-records/{record['id']}/substantiate", {"sanction": "DEMERIT", "evidence_ref": "d"}
    )
    assert refusal["code"] == "same_person"


def test_a_dismissed_serious_allegation_gives_the_clearance_back_under_a_new_epoch(district: World) -> None:
    person, officer = staff.cleared(district, district.schools[0]), district.as_("vetting_officer")
    record = staff.allegation(district, person, category="E07")
    assert officer.get(f"/vetting/v1/people/{person}")["state"] == "SUSPENDED"
    officer.post(f"/vetting/v1/conduct-records/{record}/dismiss", {"evidence_ref": "d2"})
    assert officer.get(f"/vetting/v1/people/{person}")["state"] == "CLEARED"
    restored = district.said("vetting")[-1]
    assert isinstance(restored, StaffRestored)
    assert restored.clearance_epoch == 3


def test_a_clearance_that_runs_out_expires_by_itself(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    district.set_time(district.at(8, day=366))
    district.run_timers("vetting")
    assert district.as_("vetting_officer").get(f"/vetting/v1/people/{person}")["state"] == "EXPIRED"


def test_a_school_sees_its_own_people_and_nobody_elses(district: World) -> None:
    mine, other = district.schools[:2]
    person = staff.listed(district, mine)
    assert district.as_("principal", school=mine).get(f"/vetting/v1/people/{person}")["id"] == str(person)
    district.as_("principal", school=other).get(f"/vetting/v1/people/{person}", expect=404)


def test_a_name_is_sealed_in_the_database_and_its_reading_is_logged(district: World) -> None:
    person = staff.listed(district, district.schools[0])
    identity = {"name": "欧阳晓明", "id_number": "11010519491231002X"}
    district.as_("academic_affairs").post(f"/vetting/v1/people/{person}/record-identity", identity)
    assert district.as_("vetting_officer").get(f"/vetting/v1/people/{person}/identity") == identity
    rows = district.read("vetting", "SELECT name_sealed, id_number_sealed FROM people WHERE id = :id", id=person)
    assert not any(value.encode() in bytes(sealed) for sealed in rows[0] for value in identity.values())
    assert district.read("vetting", "SELECT subjects FROM access_log ORDER BY at DESC LIMIT 1")[0][0] == [person]
