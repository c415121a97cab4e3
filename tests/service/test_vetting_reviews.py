"""Written notices and re-checks (复查): what whoever may not serve is told, and what they may do about it."""

from typing import Any
from uuid import UUID

import pytest

from shared.contracts.vetting import StaffRestored
from shared.ids import new_id
from tests.builders import staff
from tests.world import World

SERVICES = ("vetting",)
V = "/vetting/v1"


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy()
    world.publish_calendar()
    world.pin_plan()
    return world


def blocked(world: World) -> UUID:
    """A teacher with a standing hit."""
    person = staff.cleared(world, world.schools[0])
    staff.record_check(world, person, "SEX_OFFENCE_QUERY", "HIT")
    return person


def notice_of(world: World, person: UUID) -> dict[str, Any]:
    (notice,) = world.as_("vetting_officer").all(f"{V}/written-notices", person_id=person)
    return dict(notice)


def filed(world: World, person: UUID, notice: str) -> str:
    told = {"statement": "查询结果与本人不符，系同名同姓。"}
    return str(world.as_("instructor", person=person).post(f"{V}/written-notices/{notice}/file-review", told)["id"])


def state(world: World, person: UUID) -> str:
    return str(world.as_("vetting_officer").get(f"{V}/people/{person}")["state"])


def test_a_block_owes_a_written_notice_with_its_reason_class_in_both_languages_and_the_right_of_re_check(
    district: World,
) -> None:
    """INV-VET-12."""
    person = blocked(district)
    (notice,) = district.as_("instructor", person=person).all(f"{V}/written-notices")
    assert (notice["reason_class"], notice["state"], notice["due_on"]) == ("STATUTORY", "DUE", "2026-09-12")
    assert "15日内书面申请复查" in notice["text"]["zh-CN"]
    assert "bar by law" in notice["text"]["en"]
    assert "Within 15 days" in notice["text"]["en"]
    sql = "SELECT facts FROM notifications WHERE person_id = :p AND template = 'written_notice'"
    assert district.read("vetting", sql, p=person) == [({"notice_id": notice["id"]},)]


def test_a_hit_that_blocks_nobody_owes_a_notice_as_well(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    staff.record_check(district, person, "TEACHER_QUALIFICATION", "HIT")
    notice = notice_of(district, person)
    assert (notice["code"], notice["reason_class"]) == ("HIT", "QUALIFICATION")


def test_a_person_reads_their_own_notice_and_nobody_elses(district: World) -> None:
    person, other = blocked(district), blocked(district)
    reader = district.as_("instructor", person=person)
    assert [item["person_id"] for item in reader.all(f"{V}/written-notices")] == [str(person)]
    theirs = notice_of(district, other)["id"]
    reader.get(f"{V}/written-notices/{theirs}", expect=404)
    reader.post(f"{V}/written-notices/{theirs}/file-review", {"statement": "…"}, expect=404)
    reader.post(f"{V}/written-notices/{theirs}/deliver", {"evidence_ref": "d"}, expect=403)
    assert district.as_("instructor").all(f"{V}/written-notices") == []


def test_a_notice_that_is_not_delivered_in_time_is_listed_until_it_is(district: World) -> None:
    person = blocked(district)
    officer, notice = district.as_("vetting_officer"), notice_of(district, person)["id"]
    district.set_time(district.at(23, day=5))
    assert officer.all(f"{V}/written-notices/overdue") == []
    district.set_time(district.at(1, day=6))
    assert [item["id"] for item in officer.all(f"{V}/written-notices/overdue")] == [notice]
    delivered = officer.post(f"{V}/written-notices/{notice}/deliver", {"evidence_ref": "签收单"})
    assert (delivered["state"], delivered["review_until"]) == ("DELIVERED", "2026-09-28")
    assert officer.all(f"{V}/written-notices/overdue") == []
    refusal = officer.refused(f"{V}/written-notices/{notice}/deliver", {"evidence_ref": "d"})
    assert refusal["code"] == "illegal_transition"


def test_a_re_check_is_asked_for_within_the_days_from_delivery_and_once(district: World) -> None:
    person, late = blocked(district), blocked(district)
    for one in (person, late):
        path = f"{V}/written-notices/{notice_of(district, one)['id']}/deliver"
        district.as_("vetting_officer").post(path, {"evidence_ref": "签收单"})
    district.set_time(district.at(23, day=15))
    filed(district, person, notice_of(district, person)["id"])
    again = district.as_("instructor", person=person)
    path = f"{V}/written-notices/{notice_of(district, person)['id']}/file-review"
    assert again.refused(path, {"statement": "…"})["code"] == "already_exists"
    district.set_time(district.at(0, day=16))
    path = f"{V}/written-notices/{notice_of(district, late)['id']}/file-review"
    refusal = district.as_("instructor", person=late).refused(path, {"statement": "…"})
    assert (refusal["code"], refusal["gate"]) == ("too_late_to_object", "G-CLEAR")


def test_an_officer_files_only_what_the_person_put_on_paper(district: World) -> None:
    person = blocked(district)
    officer, notice = district.as_("vetting_officer"), notice_of(district, person)["id"]
    path = f"{V}/written-notices/{notice}/file-review"
    problem = officer.refused(path, {"statement": "…"}, status=422)
    assert problem["errors"] == {"paper_ref": "required_when_filed_for_somebody"}
    assert officer.post(path, {"statement": "…", "paper_ref": "申请书"})["state"] == "FILED"


def test_what_a_person_says_is_sealed_and_its_reading_is_logged(district: World) -> None:
    person = blocked(district)
    review = filed(district, person, notice_of(district, person)["id"])
    (sealed,) = district.read("vetting", "SELECT statement_sealed FROM review_requests WHERE id = :r", r=review)
    assert "同名同姓".encode() not in bytes(sealed[0])
    read = district.as_("district_admin").get(f"{V}/review-requests/{review}/statement")
    assert "同名同姓" in read["statement"]
    sql = "SELECT subjects FROM access_log WHERE purpose = 'vetting.review_statement' AND :p = ANY(subjects)"
    assert district.read("vetting", sql, p=person) == [([person],)]
    district.as_("principal").get(f"{V}/review-requests/{review}/statement", expect=403)


def test_an_upheld_decision_leaves_everything_as_it_was(district: World) -> None:
    person = blocked(district)
    review, admin = filed(district, person, notice_of(district, person)["id"]), district.as_("district_admin")
    assert admin.refused(f"{V}/review-requests/{review}/uphold", {"evidence_ref": "d"})["code"] == "illegal_transition"
    admin.post(f"{V}/review-requests/{review}/examine")
    assert state(district, person) == "BLOCKED"
    assert admin.post(f"{V}/review-requests/{review}/uphold", {"evidence_ref": "d"})["state"] == "UPHELD"
    office = district.as_("academic_affairs")
    assert office.refused(f"{V}/people/{person}/start-review", {"consent": True})["code"] == "person_blocked"


def test_an_overturned_decision_opens_the_way_and_gives_nothing_back_by_itself(district: World) -> None:
    """INV-VET-05, INV-VET-16."""
    person, school = staff.cleared(district, district.schools[0]), district.schools[0]
    body = {"person_id": person, "session_ids": staff.sessions(district, school), "role": "LEAD"}
    district.as_("academic_affairs").post(f"{V}/assignments", body)
    staff.record_check(district, person, "SEX_OFFENCE_QUERY", "HIT")
    review, admin = filed(district, person, notice_of(district, person)["id"]), district.as_("district_admin")
    admin.post(f"{V}/review-requests/{review}/examine")
    admin.post(f"{V}/review-requests/{review}/overturn", {"evidence_ref": "复查结论"})
    assert state(district, person) == "BLOCKED"
    district.as_("academic_affairs").post(f"{V}/people/{person}/start-review", {"consent": True})
    officer = district.as_("vetting_officer")
    assert officer.refused(f"{V}/people/{person}/clear")["code"] == "checks_incomplete"  # the hit is still the answer
    staff.record_check(district, person, "SEX_OFFENCE_QUERY", "CLEAR")
    officer.post(f"{V}/people/{person}/clear")
    restored = district.said("vetting")[-1]
    assert isinstance(restored, StaffRestored)
    assert restored.clearance_epoch == 3
    found = officer.all(f"{V}/assignments", person_id=person)
    assert {item["state"] for item in found} == {"REMOVED"}


def test_one_overturned_decision_does_not_lift_another(district: World) -> None:
    person = blocked(district)
    staff.substantiate(district, staff.allegation(district, person))
    officer, admin = district.as_("vetting_officer"), district.as_("district_admin")
    first, second = officer.all(f"{V}/written-notices", person_id=person, sort="id")
    assert (first["reason_class"], second["reason_class"]) == ("STATUTORY", "ETHICS")
    review = filed(district, person, second["id"])
    admin.post(f"{V}/review-requests/{review}/examine")
    admin.post(f"{V}/review-requests/{review}/overturn", {"evidence_ref": "d"})
    office = district.as_("academic_affairs")
    assert office.refused(f"{V}/people/{person}/start-review", {"consent": True})["code"] == "person_blocked"


def test_whoever_decided_before_filed_it_or_is_the_subject_does_not_decide_the_re_check(district: World) -> None:
    """INV-VET-15."""
    officer, person = new_id(), staff.cleared(district, district.schools[0])
    checker = district.as_("vetting_officer", person=officer)
    check = checker.post(f"{V}/checks", {"person_id": person, "kind": "SEX_OFFENCE_QUERY"})["id"]
    checker.post(f"{V}/checks/{check}/submit")
    answer = {"result": "HIT", "as_of": district.first_day, "evidence_ref": "d"}
    checker.post(f"{V}/checks/{check}/record-result", answer)
    review = filed(district, person, notice_of(district, person)["id"])
    for one in (officer, person):
        admin = district.as_("district_admin", person=one)
        assert admin.refused(f"{V}/review-requests/{review}/examine")["code"] == "same_person"
    district.as_("district_admin").post(f"{V}/review-requests/{review}/examine")
    for verb in ("uphold", "overturn"):
        admin = district.as_("district_admin", person=officer)
        refusal = admin.refused(f"{V}/review-requests/{review}/{verb}", {"evidence_ref": "d"})
        assert refusal["code"] == "same_person"


def test_another_districts_officer_finds_no_notice(district: World) -> None:
    notice = notice_of(district, blocked(district))["id"]
    stranger = World(district.house, district.suite)
    stranger.as_("vetting_officer").get(f"{V}/written-notices/{notice}", expect=404)
    stranger.as_("vetting_officer").post(f"{V}/written-notices/{notice}/deliver", {"evidence_ref": "d"}, expect=404)
