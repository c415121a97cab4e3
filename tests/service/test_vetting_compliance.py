"""Breaches of the prohibitions: opened, examined and decided by different people, sanctioned, counted (S12)."""

from typing import Any
from uuid import UUID

import pytest

from shared.contracts.attendance import EntryRefused, ViolationDetected
from shared.contracts.enrollment import ComplaintOpened
from shared.contracts.finance import MoneyViolationDetected
from shared.contracts.vetting import (
    ComplianceCaseClosed,
    ComplianceCaseOpened,
    ComplianceCaseSanctioned,
    ProviderExiting,
    StaffSuspended,
)
from shared.ids import new_id
from tests.builders import providers, staff
from tests.builders.providers import V
from tests.world import World

SERVICES = ("vetting",)

CASES = f"{V}/compliance-cases"


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy("p2-anhui")
    world.publish_calendar(100)
    world.pin_plan()
    return world


def opened(world: World, target_kind: str, target_id: UUID | str, code: str = "PB09", **changes: Any) -> str:
    """A case opened by the inspector; its id."""
    body = {
        "prohibition_code": code,
        "target_kind": target_kind,
        "target_id": target_id,
        "happened_on": world.first_day,
        "account": "在校门口向家长推销课程",
        "evidence_ref": "督学记录",
    } | changes
    return str(world.as_("inspector").post(CASES, body)["id"])


def examined(world: World, target_kind: str, target_id: UUID | str, code: str = "PB09", **changes: Any) -> str:
    """A case under investigation; its id."""
    case = opened(world, target_kind, target_id, code, **changes)
    world.as_("inspector").post(f"{CASES}/{case}/investigate")
    return case


def confirmed(world: World, target_kind: str, target_id: UUID | str, code: str = "PB09", **changes: Any) -> str:
    """A confirmed case; its id."""
    case = examined(world, target_kind, target_id, code, **changes)
    body = {"severity": "SERIOUS", "evidence_ref": "调查报告"}
    category = {"category": "E10"} if target_kind == "PERSON" else {}
    world.as_("district_admin").post(f"{CASES}/{case}/confirm", body | category)
    return case


def sanctioned(world: World, case: str, *sanctions: str, expect: int = 200) -> Any:
    body = {"sanctions": sanctions, "evidence_ref": "处理决定"}
    return world.as_("district_admin").post(f"{CASES}/{case}/sanction", body, expect=expect)


@pytest.mark.clause("P2-5.4.9")
def test_a_case_about_a_school_goes_from_the_first_word_to_its_close(district: World) -> None:
    school = district.schools[0]
    case = confirmed(district, "SCHOOL", school)
    found = sanctioned(district, case, "TALK", "CRITICISM")
    assert (found["state"], found["sanctions"], found["school_id"]) == (
        "SANCTIONED",
        ["CRITICISM", "TALK"],
        str(school),
    )
    closed = district.as_("district_admin").post(f"{CASES}/{case}/close")
    assert closed["state"] == "CLOSED"
    said = [event for event in district.said("vetting") if getattr(event, "case_id", None) == UUID(case)]
    assert [type(event) for event in said] == [ComplianceCaseOpened, ComplianceCaseSanctioned, ComplianceCaseClosed]


@pytest.mark.clause("P2-5.1.6")
@pytest.mark.clause("P2-5.1.7")
@pytest.mark.clause("P2-5.4.11")
def test_who_refuses_pupils_without_reason_is_on_record_by_severity_and_out_of_the_years_commendation(
    district: World,
) -> None:
    school, other = district.schools[:2]
    case = confirmed(district, "SCHOOL", school, "PB01")
    sanctioned(district, case, "COMMENDATION_BAR", "CRITICISM", "ACCOUNTABILITY")
    sanctioned(district, confirmed(district, "SCHOOL", other, "PB01"), "TALK")
    year = {"happened_on_from": district.first_day, "happened_on_to": district.first_day}
    barred = district.as_("district_admin").all(CASES, sanctions="COMMENDATION_BAR", **year)
    assert [(one["target_id"], one["severity"]) for one in barred] == [(str(school), "SERIOUS")]
    (kept,) = district.as_("principal", school=school).all(CASES)
    assert (kept["id"], kept["sanctions"]) == (case, ["ACCOUNTABILITY", "COMMENDATION_BAR", "CRITICISM"])


@pytest.mark.clause("P2-5.4.10")
def test_premises_given_to_a_business_are_a_case_like_any_other(district: World) -> None:
    case = examined(district, "SCHOOL", district.schools[0], "PB10")
    body = {"evidence_ref": "现场核查"}
    assert district.as_("district_admin").post(f"{CASES}/{case}/dismiss", body)["state"] == "UNFOUNDED"
    last = district.said("vetting")[-1]
    assert isinstance(last, ComplianceCaseClosed)
    assert (last.prohibition_code, last.outcome) == ("PB10", "UNFOUNDED")
    assert sanctioned(district, case, "TALK", expect=409)["code"] == "illegal_transition"


@pytest.mark.parametrize("action", ["confirm", "dismiss"])
def test_whoever_opened_a_case_does_not_decide_it(district: World, action: str) -> None:
    inspector = new_id()
    body = {
        "prohibition_code": "PB01",
        "target_kind": "SCHOOL",
        "target_id": district.schools[0],
        "happened_on": district.first_day,
        "account": "…",
        "evidence_ref": "投诉",
    }
    case = district.as_("inspector", person=inspector).post(CASES, body)["id"]
    district.as_("inspector").post(f"{CASES}/{case}/investigate")
    decision = {"evidence_ref": "报告"} | ({"severity": "MINOR"} if action == "confirm" else {})
    both = district.as_("district_admin", person=inspector)
    assert both.refused(f"{CASES}/{case}/{action}", decision)["code"] == "same_person"
    district.as_("district_admin").post(f"{CASES}/{case}/{action}", decision)


def test_nobody_decides_a_case_about_oneself(district: World) -> None:
    person = staff.listed(district, district.schools[0])
    case = examined(district, "PERSON", person, "PB06")
    body = {"severity": "SERIOUS", "category": "E10", "evidence_ref": "报告"}
    oneself = district.as_("district_admin", person=person)
    assert oneself.refused(f"{CASES}/{case}/confirm", body)["code"] == "same_person"


@pytest.mark.clause("P2-5.4.6")
def test_a_confirmed_case_about_a_person_is_examined_as_a_conduct_record(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    case = examined(district, "PERSON", person, "PB06")
    admin = district.as_("district_admin")
    missing = admin.post(f"{CASES}/{case}/confirm", {"severity": "SERIOUS", "evidence_ref": "报告"}, expect=422)
    assert missing["errors"] == {"category": "required_for_people"}
    body = {"severity": "SERIOUS", "category": "E07", "evidence_ref": "报告"}
    record = admin.post(f"{CASES}/{case}/confirm", body)["conduct_record_id"]
    found = admin.get(f"{V}/conduct-records/{record}")
    assert (found["person_id"], found["state"], found["category"]) == (str(person), "UNDER_INVESTIGATION", "E07")
    assert isinstance(district.said("vetting")[-1], StaffSuspended)
    staff.substantiate(district, record)
    assert admin.get(f"{V}/people/{person}")["state"] == "BLOCKED"


def test_an_unfounded_case_leaves_no_trace_at_the_person(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    case = examined(district, "PERSON", person, "PB06")
    admin = district.as_("district_admin")
    admin.post(f"{CASES}/{case}/dismiss", {"evidence_ref": "报告"})
    assert admin.get(f"{V}/conduct-records", person_id=person)["items"] == []
    assert admin.get(f"{V}/people/{person}")["state"] == "CLEARED"


@pytest.mark.clause("P2-5.2.11")
def test_a_provider_whose_qualification_is_revoked_leaves_at_once_and_for_good(district: World) -> None:
    leaving = providers.serving(district, district.schools[0])
    case = confirmed(district, "PROVIDER", leaving.provider)
    sanctioned(district, case, "QUALIFICATION_REVOKED")
    found = district.as_("district_admin").get(f"{V}/providers/{leaving.provider}")
    assert (found["state"], found["exit_reason"]) == ("EXITING", "PROHIBITION_BREACH")
    assert leaving.assignments().keys() == {"REMOVED"}
    assert any(isinstance(event, ProviderExiting) for event in district.said("vetting"))
    body = providers.wanted(providers.called(district))
    again = district.as_("provider_admin", person=leaving.owner)
    assert again.refused(f"{V}/providers", body)["code"] == "qualification_revoked"


def test_a_qualification_is_a_providers_and_sanctions_are_the_profiles(district: World) -> None:
    case = confirmed(district, "SCHOOL", district.schools[0])
    for wanted in ("QUALIFICATION_REVOKED", "EXPULSION"):
        problem = sanctioned(district, case, wanted, expect=409)
        assert problem["code"] == "sanction_not_allowed"
        assert "P2-5.4.11" in [clause["id"] for clause in problem["clauses"]]


def test_where_the_plan_knows_fewer_sanctions_no_others_are_given(world: World) -> None:
    world.publish_policy("p5-hebi")
    case = confirmed(world, "SCHOOL", world.schools[0])
    assert sanctioned(world, case, "COMMENDATION_BAR", expect=409)["code"] == "sanction_not_allowed"
    sanctioned(world, case, "ACCOUNTABILITY")


def test_evidence_is_kept_in_order_and_every_look_at_the_account_is_logged(district: World) -> None:
    person = staff.listed(district, district.schools[0])
    case = examined(district, "PERSON", person, "PB06")
    inspector, admin = district.as_("inspector"), district.as_("district_admin")
    inspector.post(f"{CASES}/{case}/add-evidence", {"evidence_ref": "录音"})
    admin.post(f"{CASES}/{case}/dismiss", {"evidence_ref": "报告"})
    assert inspector.refused(f"{CASES}/{case}/add-evidence", {"evidence_ref": "…"})["code"] == "illegal_transition"
    kept = admin.get(f"{CASES}/{case}/evidence")["items"]
    assert [(one["action"], one["evidence_ref"]) for one in kept] == [
        ("open", "督学记录"),
        ("add_evidence", "录音"),
        ("dismiss", "报告"),
    ]
    assert admin.get(f"{CASES}/{case}/account") == {"account": "在校门口向家长推销课程"}
    logged = "SELECT purpose, subjects FROM access_log WHERE district_id = :d"
    assert district.read("vetting", logged, d=district.district) == [("vetting.compliance_account", [person])]
    sealed = district.read("vetting", "SELECT account_sealed FROM compliance_cases WHERE id = :id", id=UUID(case))
    assert "推销".encode() not in bytes(sealed[0][0])


def test_a_school_sees_what_happened_there_and_no_account_of_it(district: World) -> None:
    here, there = district.schools[:2]
    case = opened(district, "SCHOOL", here)
    opened(district, "SCHOOL", there)
    principal = district.as_("principal", school=here)
    assert [one["id"] for one in principal.get(CASES)["items"]] == [case]
    assert principal.get(f"{CASES}/{case}/account", expect=403)["code"] == "forbidden"
    assert district.as_("principal", school=there).get(f"{CASES}/{case}", expect=404)["code"] == "not_found"


def test_a_case_names_somebody_of_the_district_and_a_day_that_has_been(district: World) -> None:
    body = {
        "prohibition_code": "PB09",
        "target_kind": "PERSON",
        "target_id": new_id(),
        "happened_on": district.first_day,
        "account": "…",
        "evidence_ref": "投诉",
    }
    inspector = district.as_("inspector")
    assert inspector.post(CASES, body, expect=404)["code"] == "not_found"
    late = body | {"target_kind": "SCHOOL", "happened_on": district.at(8, day=1).date()}
    assert inspector.post(CASES, late, expect=422)["errors"] == {"happened_on": "in_the_future"}
    assert inspector.post(CASES, body | {"prohibition_code": "PB11"}, expect=422)["code"] == "invalid_fields"


def test_the_district_counts_cases_and_sanctions(district: World) -> None:
    here, there = district.schools[:2]
    first = confirmed(district, "SCHOOL", here)
    sanctioned(district, first, "TALK", "CRITICISM")
    opened(district, "SCHOOL", here)
    opened(district, "SCHOOL", there, "PB10", happened_on="2026-05-04")
    counted = district.as_("district_admin").get(f"{V}/compliance-statistics")
    about: dict[str, Any] = {
        "prohibition_code": "PB09",
        "target_kind": "SCHOOL",
        "school_id": str(here),
        "month": "2026-09",
    }
    assert counted["cases"] == [
        about | {"state": "OPENED", "count": 1},
        about | {"state": "SANCTIONED", "count": 1},
        about
        | {"state": "OPENED", "count": 1, "prohibition_code": "PB10", "school_id": str(there), "month": "2026-05"},
    ]
    assert counted["sanctions"] == [about | {"sanction": one, "count": 1} for one in ("CRITICISM", "TALK")]
    recent = district.as_("district_admin").get(f"{V}/compliance-statistics", happened_from=district.first_day)
    assert sum(one["count"] for one in recent["cases"]) == 2
    school = district.as_("principal", school=there).get(f"{V}/compliance-statistics")
    assert [one["prohibition_code"] for one in school["cases"]] == ["PB10"]


def heard(world: World, source_id: UUID) -> list[dict[str, Any]]:
    """The cases that something told by another service opened."""
    cases = world.as_("district_admin").all(CASES)
    return [one for one in cases if one["source_id"] == str(source_id)]


def complaint(world: World, **changes: Any) -> ComplaintOpened:
    facts: dict[str, Any] = {
        "district_id": world.district,
        "school_id": world.schools[0],
        "complaint_id": new_id(),
        "topic": "PROVIDER",
        "prohibition_code": "PB09",
        "target_kind": None,
        "target_id": None,
        "on": world.first_day,
    }
    return ComplaintOpened(**facts | changes)


@pytest.mark.clause("P2-5.4.9")
def test_a_complaint_that_names_a_prohibition_is_examined_and_its_end_is_told_with_where_it_came_from(
    district: World,
) -> None:
    person = staff.listed(district, district.schools[0])
    said = complaint(district, target_kind="PERSON", target_id=person)
    district.hear(said, said)
    (case,) = heard(district, said.complaint_id)
    assert (case["state"], case["source"]) == ("OPENED", "enrollment.complaint.opened")
    assert (case["target_kind"], case["target_id"], case["school_id"]) == ("PERSON", str(person), str(said.school_id))
    path = f"{CASES}/{case['id']}"
    assert district.as_("inspector").get(f"{path}/account") == {"account": None}
    (opened_on,) = district.as_("inspector").get(f"{path}/evidence")["items"]
    assert opened_on["evidence_ref"] == f"enrollment.complaint.opened:{said.complaint_id}"
    district.as_("inspector").post(f"{path}/investigate")
    body = {"severity": "SERIOUS", "category": "E10", "evidence_ref": "调查报告"}
    assert district.as_("district_admin").post(f"{path}/confirm", body)["conduct_record_id"]
    sanctioned(district, case["id"], "TALK")
    district.as_("district_admin").post(f"{path}/close")
    closed = district.said("vetting")[-1]
    assert isinstance(closed, ComplianceCaseClosed)
    assert closed.source_id == said.complaint_id


def test_a_complaint_about_nobody_known_is_a_case_about_the_school_and_one_without_a_prohibition_none(
    district: World,
) -> None:
    unknown = complaint(district, target_kind="PERSON", target_id=new_id())
    plain = complaint(district, prohibition_code=None)
    district.hear(unknown, plain)
    (case,) = heard(district, unknown.complaint_id)
    assert (case["target_kind"], case["target_id"]) == ("SCHOOL", str(unknown.school_id))
    assert heard(district, plain.complaint_id) == []


def test_what_is_seen_on_the_spot_or_in_the_books_opens_a_case_on_its_evidence(district: World) -> None:
    leaving = providers.serving(district, district.schools[0])
    where = {"district_id": district.district, "school_id": district.schools[0], "violation_id": new_id()}
    seen = ViolationDetected(
        **where,
        prohibition_code="PB10",
        target_kind="PROVIDER",
        target_id=UUID(leaving.provider),
        on=district.first_day,
        evidence_ref="照片三张",
    )
    booked = MoneyViolationDetected(
        **where | {"violation_id": new_id()},
        prohibition_code="PB04",
        on=district.first_day,
        evidence_ref="payment:1",
    )
    district.hear(seen, booked)
    for said, target, code in ((seen, leaving.provider, "PB10"), (booked, str(district.schools[0]), "PB04")):
        (case,) = heard(district, said.violation_id)
        assert (case["target_id"], case["prohibition_code"]) == (target, code)
        (opened_on,) = district.as_("inspector").get(f"{CASES}/{case['id']}/evidence")["items"]
        assert opened_on["evidence_ref"] == said.evidence_ref


@pytest.mark.clause("P2-5.4.8")
def test_a_blocked_person_at_a_gate_is_a_case_and_one_without_a_pass_is_none(district: World) -> None:
    school = district.schools[0]
    blocked, other = staff.cleared(district, school), staff.cleared(district, school)
    staff.substantiate(district, staff.allegation(district, blocked))
    for person, cases in ((blocked, 1), (other, 0), (None, 0)):
        entry = EntryRefused(
            district_id=district.district, school_id=school, entry_id=new_id(), person_id=person, at=district.at(16)
        )
        district.hear(entry)
        assert len(heard(district, entry.entry_id)) == cases


def test_what_is_told_again_of_the_same_day_is_evidence_of_one_case_and_each_complaint_a_case_of_its_own(
    district: World,
) -> None:
    def unposted(day: int) -> MoneyViolationDetected:
        return MoneyViolationDetected(
            district_id=district.district,
            school_id=district.schools[0],
            violation_id=new_id(),
            prohibition_code="PB04",
            on=district.at(0, day=-day).date(),
            evidence_ref=f"payment:{new_id()}",
        )

    first, again, day_before = unposted(0), unposted(0), unposted(1)
    district.hear(first, again, day_before)
    assert [len(heard(district, said.violation_id)) for said in (first, again, day_before)] == [1, 0, 1]
    (case,) = heard(district, first.violation_id)
    kept = district.as_("inspector").get(f"{CASES}/{case['id']}/evidence")["items"]
    assert [one["evidence_ref"] for one in kept] == [first.evidence_ref, again.evidence_ref]
    complaints = complaint(district), complaint(district)
    district.hear(*complaints)
    assert [len(heard(district, said.complaint_id)) for said in complaints] == [1, 1]
