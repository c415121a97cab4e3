"""Conduct records: what is not found has no effect, what is found lasts as long as its sanction."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from shared.contracts.attendance import IncidentReported
from shared.contracts.vetting import StaffBlocked
from shared.ids import new_id
from tests.builders import staff
from tests.world import World

SERVICES = ("vetting",)
V = "/vetting/v1"


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy()
    return world


def record_of(world: World, record: str) -> dict[str, Any]:
    return dict(world.as_("vetting_officer").get(f"{V}/conduct-records/{record}"))


def state(world: World, person: UUID) -> str:
    return str(world.as_("vetting_officer").get(f"{V}/people/{person}")["state"])


def found(world: World, person: UUID, sanction: str) -> str:
    record = staff.allegation(world, person)
    finding = {"sanction": sanction, "evidence_ref": "d"}
    world.as_("vetting_officer").post(f"{V}/conduct-records/{record}/substantiate", finding)
    return record


@pytest.mark.parametrize(("sanction", "last_day"), [("WARNING", 181), ("DEMERIT", 365), ("DEMOTION_OR_REMOVAL", 731)])
def test_a_record_lapses_when_its_sanction_ends_and_clears_nobody_by_itself(
    district: World, sanction: str, last_day: int
) -> None:
    """Warning 6 months, demerit 12, demotion or removal 24 (Q1)."""
    person = staff.cleared(district, district.schools[0])
    record = found(district, person, sanction)
    office = district.as_("academic_affairs")
    district.set_time(district.at(23, day=last_day))
    staff.let_time_act(district)
    assert record_of(district, record)["state"] == "SUBSTANTIATED"
    assert office.refused(f"{V}/people/{person}/start-review", {"consent": True})["code"] == "person_blocked"
    district.set_time(district.at(0, day=last_day + 1))
    staff.let_time_act(district)
    assert record_of(district, record)["state"] == "LAPSED"
    assert state(district, person) == "BLOCKED"
    assert office.post(f"{V}/people/{person}/start-review", {"consent": True})["state"] == "UNDER_REVIEW"


def test_a_dismissal_and_a_lost_qualification_never_end(district: World) -> None:
    """INV-VET-05."""
    dismissed, unqualified = (staff.cleared(district, district.schools[0]) for _ in range(2))
    found(district, dismissed, "DISMISSAL")
    told = {"person_id": unqualified, "kind": "QUALIFICATION_LOST", "account": "判决书", "evidence_ref": "d"}
    record = district.as_("principal").post(f"{V}/conduct-records", told)["id"]
    officer = district.as_("vetting_officer")
    officer.post(f"{V}/conduct-records/{record}/triage")
    finding = {"evidence_ref": "d", "until": district.at(0, day=30).date()}
    assert officer.post(f"{V}/conduct-records/{record}/substantiate", finding)["effective_until"] is None
    district.set_time(district.at(8, day=7300))
    staff.let_time_act(district)
    for person in (dismissed, unqualified):
        office = district.as_("academic_affairs")
        assert office.refused(f"{V}/people/{person}/start-review", {"consent": True})["code"] == "person_blocked"


def test_a_courts_ban_lasts_until_the_day_that_the_court_set(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    told = {"person_id": person, "kind": "COURT_BAN", "account": "判决书", "evidence_ref": "d"}
    record = district.as_("principal").post(f"{V}/conduct-records", told)["id"]
    officer, path = district.as_("vetting_officer"), f"{V}/conduct-records/{record}"
    officer.post(f"{path}/triage")
    assert officer.refused(f"{path}/substantiate", {"evidence_ref": "d"})["code"] == "sanction_unknown"
    until = district.at(0, day=1200).date()
    decided = officer.post(f"{path}/substantiate", {"evidence_ref": "d", "until": until})
    assert decided["effective_until"] == until.isoformat()


def test_a_breach_of_ethics_is_not_called_substantiated_before_it_is(district: World) -> None:
    """INV-VET-13."""
    person = staff.cleared(district, district.schools[0])
    record = staff.allegation(district, person)
    assert record_of(district, record)["kind"] == "ETHICS_UNDER_INVESTIGATION"
    assert state(district, person) == "CLEARED"
    staff.substantiate(district, record)
    assert record_of(district, record)["kind"] == "ETHICS_SUBSTANTIATED"


def test_a_dismissed_allegation_leaves_no_trace_in_the_clearance(district: World) -> None:
    """INV-VET-13."""
    person, officer = staff.cleared(district, district.schools[0]), district.as_("vetting_officer")
    before = officer.get(f"{V}/people/{person}")
    record = staff.allegation(district, person, category="E07")
    officer.post(f"{V}/conduct-records/{record}/dismiss", {"evidence_ref": "d2"})
    after = officer.get(f"{V}/people/{person}")
    assert {**after, "clearance_epoch": 0} == {**before, "clearance_epoch": 0}
    assert record_of(district, record)["kind"] == "ETHICS_UNDER_INVESTIGATION"
    assert officer.all(f"{V}/written-notices", person_id=person) == []
    assert not [said for said in district.said("vetting") if isinstance(said, StaffBlocked)]


def test_nobody_is_cleared_while_a_serious_allegation_is_examined(district: World) -> None:
    person = staff.listed(district, district.schools[0])
    district.as_("academic_affairs").post(f"{V}/people/{person}/start-review", {"consent": True})
    for kind in staff.TEACHER_CHECKS:
        staff.record_check(district, person, kind, "CLEAR")
    light, grave = staff.allegation(district, person, "E09"), staff.allegation(district, person, "E05")
    officer = district.as_("vetting_officer")
    refusal = officer.refused(f"{V}/people/{person}/clear")
    assert (refusal["code"], refusal["clauses"][0]["id"]) == ("allegation_open", "Q1")
    officer.post(f"{V}/conduct-records/{grave}/dismiss", {"evidence_ref": "d"})
    assert record_of(district, light)["state"] == "UNDER_INVESTIGATION"
    assert officer.post(f"{V}/people/{person}/clear")["state"] == "CLEARED"


def test_an_appeal_is_the_persons_own_and_comes_within_the_days(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    path = f"{V}/conduct-records/{found(district, person, 'DEMERIT')}/appeal"
    district.as_("instructor", person=new_id()).post(path, expect=404)
    district.set_time(district.at(0, day=31))
    refusal = district.as_("instructor", person=person).refused(path)
    assert (refusal["code"], refusal["gate"]) == ("too_late_to_object", "G-CLEAR")
    district.set_time(district.at(23, day=30))
    assert district.as_("instructor", person=person).post(path)["state"] == "APPEALED"


def test_a_sanction_that_ends_while_it_is_appealed_lapses_once_it_is_upheld(district: World) -> None:
    person = staff.cleared(district, district.schools[0])
    record = found(district, person, "WARNING")
    district.as_("instructor", person=person).post(f"{V}/conduct-records/{record}/appeal")
    district.set_time(district.at(8, day=200))
    staff.let_time_act(district)
    assert record_of(district, record)["state"] == "APPEALED"
    district.as_("district_admin").post(f"{V}/conduct-records/{record}/uphold", {"evidence_ref": "复核决定"})
    staff.let_time_act(district)
    assert record_of(district, record)["state"] == "LAPSED"


def test_each_decision_names_its_own_action_when_it_wants_another_person(district: World) -> None:
    person, officer = staff.cleared(district, district.schools[0]), new_id()
    record = staff.allegation(district, person)
    decider = district.as_("vetting_officer", person=officer)
    decider.post(f"{V}/conduct-records/{record}/substantiate", {"sanction": "DEMERIT", "evidence_ref": "d"})
    district.as_("instructor", person=person).post(f"{V}/conduct-records/{record}/appeal")
    for verb in ("uphold", "reverse"):
        for one in (officer, person):
            admin = district.as_("district_admin", person=one, language="en")
            refusal = admin.refused(f"{V}/conduct-records/{record}/{verb}", {"evidence_ref": "d"})
            assert (refusal["code"], refusal["detail"].split()[0]) == ("same_person", verb)


@pytest.mark.parametrize(
    ("kind", "category", "fault"),
    [
        ("ETHICS_SUBSTANTIATED", None, {"category": "required_for_ethics"}),
        ("COURT_BAN", "E01", {"category": "for_ethics_only"}),
    ],
)
def test_a_record_is_of_a_kind_and_category_of_the_code_list(
    district: World, kind: str, category: str | None, fault: dict[str, str]
) -> None:
    told = {"person_id": staff.listed(district, district.schools[0]), "account": "…", "evidence_ref": "d"}
    principal = district.as_("principal")
    more = {"kind": kind} | ({"category": category} if category else {})
    assert principal.refused(f"{V}/conduct-records", told | more, status=422)["errors"] == fault
    principal.refused(f"{V}/conduct-records", told | {"kind": "GOSSIP"}, status=422)
    principal.refused(f"{V}/conduct-records", told | {"kind": kind, "category": "E12"}, status=422)


def test_each_decision_keeps_its_own_evidence_for_ever(district: World) -> None:
    """INV-VET-15."""
    person = staff.cleared(district, district.schools[0])
    record = found(district, person, "DEMERIT")
    district.as_("instructor", person=person).post(f"{V}/conduct-records/{record}/appeal")
    district.as_("district_admin").post(f"{V}/conduct-records/{record}/reverse", {"evidence_ref": "复核决定"})
    path = f"{V}/conduct-records/{record}/decisions"
    kept = [(one["action"], one["evidence_ref"]) for one in district.as_("vetting_officer").get(path)["items"]]
    assert [action for action, _ in kept] == ["substantiate", "reverse"]
    assert kept[1] == ("reverse", "复核决定")
    district.as_("principal").get(path, expect=403)
    with pytest.raises(DBAPIError, match="append-only"):
        district.change("vetting", "UPDATE decisions SET evidence_ref = 'x' WHERE subject_id = :id", id=record)


@pytest.mark.parametrize(("category", "state"), [("E05", "SUSPENDED"), ("E09", "CLEARED"), (None, "CLEARED")])
def test_staff_of_whom_an_incident_says_a_breach_are_examined_and_a_grave_one_suspends(
    district: World, category: str | None, state: str
) -> None:
    person, stranger = staff.cleared(district, district.schools[0]), new_id()
    incident = IncidentReported(
        district_id=district.district,
        school_id=district.schools[0],
        incident_id=new_id(),
        severity="SERIOUS",
        category=category,
        person_ids=(person, stranger),
        at=district.at(16),
    )
    district.hear(incident, incident)
    officer = district.as_("vetting_officer")
    assert officer.get(f"{V}/people/{person}")["state"] == state
    records = officer.all(f"{V}/conduct-records", person_id=person)
    assert [(one["kind"], one["state"]) for one in records] == [("ETHICS_UNDER_INVESTIGATION", "UNDER_INVESTIGATION")][
        : 1 if category else 0
    ]
    assert not officer.all(f"{V}/conduct-records", person_id=stranger)
    for one in records:
        officer.get(f"{V}/conduct-records/{one['id']}/account", expect=404)
