"""Clearing people, and taking clearances away."""

import csv
import io
from uuid import UUID

import pytest
from openpyxl import load_workbook

from shared.contracts.vetting import EngagementTerminated, StaffBlocked, StaffCleared, StaffExited, StaffRestored
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


def test_whoever_leaves_is_off_every_roster_with_passes_and_contracts_ended(district: World) -> None:
    district.publish_calendar()
    district.pin_plan()
    here, there = district.schools[:2]
    person, office = staff.cleared(district, here), district.as_("academic_affairs")
    engagement = staff.engaged(district, person, there)
    for school, hour, role in ((here, 14, "LEAD"), (there, 16, "ASSIST")):
        wanted = {"person_id": person, "session_ids": staff.sessions(district, school, hour=hour), "role": role}
        office.post("/vetting/v1/assignments", wanted)
    pass_ = {"person_id": person, "school_id": there, "on": district.first_day}
    office.post("/vetting/v1/gate-passes", pass_)
    officer = district.as_("vetting_officer")
    assert officer.post(f"/vetting/v1/people/{person}/leave")["state"] == "EXITED"
    said = district.said("vetting")
    assert [event.clearance_epoch for event in said if isinstance(event, StaffExited)] == [2]
    assert [event.engagement_id for event in said if isinstance(event, EngagementTerminated)] == [UUID(engagement)]
    found = officer.all("/vetting/v1/assignments", person_id=person)
    assert {(item["state"], item["cause"]) for item in found} == {("REMOVED", "EXITED")}
    assert {item["state"] for item in office.all("/vetting/v1/gate-passes", person_id=person)} == {"REVOKED"}
    wanted = {"person_id": person, "session_ids": staff.sessions(district, here, hour=18), "role": "LEAD"}
    assert office.refused("/vetting/v1/assignments", wanted)["code"] == "not_cleared"


def test_a_blocked_person_who_left_is_still_not_reviewed_anew(district: World) -> None:
    person, officer = staff.cleared(district, district.schools[0]), district.as_("vetting_officer")
    staff.substantiate(district, staff.allegation(district, person))
    officer.post(f"/vetting/v1/people/{person}/leave")
    assert not [event for event in district.said("vetting") if isinstance(event, StaffExited)]
    office = district.as_("academic_affairs")
    refusal = office.refused(f"/vetting/v1/people/{person}/start-review", {"consent": True})
    assert refusal["code"] == "person_blocked"


def test_whoever_left_and_comes_back_is_reviewed_like_anybody(district: World) -> None:
    person, officer = staff.cleared(district, district.schools[0]), district.as_("vetting_officer")
    officer.post(f"/vetting/v1/people/{person}/leave")
    district.as_("academic_affairs").post(f"/vetting/v1/people/{person}/start-review", {"consent": True})
    assert officer.post(f"/vetting/v1/people/{person}/clear")["clearance_epoch"] == 3


@pytest.mark.clause("P2-3.4.2")
@pytest.mark.clause("P5-3.5.2")
def test_a_school_finds_its_own_people_by_what_they_can_guide_beside_their_post(district: World) -> None:
    mine, other = district.schools[:2]
    skilled, plain, elsewhere = (staff.listed(district, school) for school in (mine, mine, other))
    for person, words in ((skilled, [" 书法", "足球", "书法", " "]), (plain, ["数学"]), (elsewhere, ["书法"])):
        path = f"/vetting/v1/people/{person}/record-specialities"
        district.as_("academic_affairs").post(path, {"specialities": words})
    office = district.as_("academic_affairs", school=mine)
    listed = office.all("/vetting/v1/people", specialities="书法")
    assert [(one["id"], one["specialities"]) for one in listed] == [(str(skilled), ["书法", "足球"])]
    office.post(f"/vetting/v1/people/{skilled}/record-specialities", {"specialities": []})
    assert office.all("/vetting/v1/people", specialities="书法") == []
    office.post(f"/vetting/v1/people/{elsewhere}/record-specialities", {"specialities": ["数学"]}, expect=404)
    assert office.get(f"/vetting/v1/people/{plain}")["specialities"] == ["数学"]


def test_whoever_represents_a_provider_records_nothing_about_others_people(district: World) -> None:
    person, stranger = staff.listed(district, district.schools[0]), district.as_("provider_admin", person=new_id())
    stranger.post(f"/vetting/v1/people/{person}/record-specialities", {"specialities": ["书法"]}, expect=404)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_register_of_clearances_goes_out_without_details_as_a_file(district: World, form: str) -> None:
    mine, other = district.schools[:2]
    person, blocked = staff.cleared(district, mine), staff.cleared(district, mine)
    staff.cleared(district, other)
    identity = {"name": "欧阳晓明", "id_number": "11010519491231002X"}
    district.as_("academic_affairs").post(f"/vetting/v1/people/{person}/record-identity", identity)
    staff.substantiate(district, staff.allegation(district, blocked))
    principal = district.as_("principal", school=mine)
    reply = principal.request("GET", "/vetting/v1/clearance-register", params={"form": form})
    assert f'filename="clearance-register.{form}"' in reply.headers["Content-Disposition"]
    heading, *rows = read_table(reply.content, form)
    assert heading == ["person_id", "name", "category", "state", "reason_class", "valid_until"]
    assert sorted(rows) == sorted(
        [
            [str(person), "欧阳晓明", "OWN_TEACHER", "CLEARED", "", "2027-09-07"],
            [str(blocked), "", "OWN_TEACHER", "BLOCKED", "ETHICS", ""],
        ]
    )
    sql = "SELECT count(*) FROM access_log WHERE purpose = 'vetting.clearance_register' AND :p = ANY(subjects)"
    assert district.read("vetting", sql, p=person) == [(1,)]
    district.as_("academic_affairs").get("/vetting/v1/clearance-register", expect=403)


def read_table(content: bytes, form: str) -> list[list[str]]:
    """The cells of a downloaded file, as text."""
    if form == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    rows = load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
    return [["" if value is None else str(value) for value in row] for row in rows]
