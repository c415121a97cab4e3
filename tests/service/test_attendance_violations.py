"""A prohibition seems to be broken, and somebody on the spot writes it down."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DatabaseError

from shared.contracts.attendance import ViolationDetected
from shared.ids import new_id
from tests.builders import care
from tests.builders.care import School, said
from tests.world import World

SERVICES = ("attendance",)
PATH = "/attendance/v1/violations"
ACCOUNT = "课间向学生发放培训机构传单"


@pytest.fixture
def school(world: World) -> School:
    care.open_term(world, "p2-anhui")
    return care.build_school(world)


def seen(school: School, code: str = "PB09", **changes: Any) -> dict[str, Any]:
    """What somebody saw of a provider today."""
    told = {"prohibition_code": code, "target_kind": "PROVIDER", "target_id": new_id()}
    return {"school_id": school.id, "on": school.world.first_day, "account": ACCOUNT, "evidence_ref": "照片-1"} | (
        told | changes
    )


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("PB09", marks=pytest.mark.clause("P2-5.4.9")),
        pytest.param("PB10", marks=pytest.mark.clause("P2-5.4.10")),
    ],
)
def test_an_inspector_notes_a_breach_and_it_is_said_without_its_account(school: School, code: str) -> None:
    inspector, body = school.as_("inspector", new_id()), seen(school, code)
    noted = inspector.post(PATH, body)
    assert "account" not in noted
    (event,) = said(school, ViolationDetected)
    assert (str(event.violation_id), event.prohibition_code) == (noted["id"], code)
    assert (event.target_kind, event.target_id, event.on) == ("PROVIDER", body["target_id"], school.world.first_day)
    assert [one["id"] for one in inspector.all(PATH, prohibition_code=code, target_id=body["target_id"])] == [
        noted["id"]
    ]
    assert inspector.all(PATH, prohibition_code="PB01") == []


def test_the_account_is_sealed_and_who_reads_it_is_logged(school: School) -> None:
    inspector, body = school.as_("inspector", new_id()), seen(school)
    noted = inspector.post(PATH, body)
    ((sealed,),) = school.world.read(
        "attendance", "SELECT account_sealed FROM violations WHERE id = :id", id=noted["id"]
    )
    assert ACCOUNT.encode() not in bytes(sealed)
    assert inspector.get(f"{PATH}/{noted['id']}/account") == {"account": ACCOUNT}
    logged = school.world.read(
        "attendance",
        "SELECT subjects FROM access_log WHERE district_id = :district AND purpose = 'attendance.violation_account'",
        district=school.world.district,
    )
    assert logged == [([body["target_id"]],)]
    school.as_("principal").get(f"{PATH}/{noted['id']}/account", expect=403)


def test_only_who_looks_after_the_service_or_leads_the_duty_notes_a_breach(school: School) -> None:
    for role in ("inspector", "principal", "leadership_member", "academic_affairs"):
        school.as_(role, new_id()).post(PATH, seen(school), expect=201)
    for role in ("guardian", "gatekeeper", "external_instructor"):
        school.as_(role, new_id()).post(PATH, seen(school), expect=403)
    care.name_leader(school)
    school.world.set_time(school.world.at(16))
    assert school.as_("instructor", school.teacher).refused(PATH, seen(school))["code"] == "not_duty_leader"
    school.as_("instructor", school.leader).post(PATH, seen(school), expect=201)


def test_a_breach_lies_in_the_past_at_the_school_where_it_was_seen(school: School) -> None:
    inspector = school.as_("inspector", new_id())

    def errors(**changes: Any) -> Any:
        return inspector.refused(PATH, seen(school, **changes), status=422)["errors"]

    assert errors(on=school.world.at(8, day=1).date()) == {"on": "in_the_future"}
    assert errors(target_kind="SCHOOL") == {"target_id": "another_school"}
    assert "prohibition_code" in errors(prohibition_code="PB11")["json"]
    inspector.post(PATH, seen(school, target_kind="SCHOOL", target_id=school.id), expect=201)
    inspector.refused(PATH, seen(school, session_id=new_id()), status=404)
    school.as_("inspector").refused(PATH, seen(school) | {"school_id": school.world.schools[1]}, status=404)


def test_a_breach_names_a_session_of_its_own_school_alone(world: World) -> None:
    care.open_term(world)
    here, elsewhere = care.build_school(world), care.build_school(world, 1)
    session = care.schedule(here)[0]
    inspector = world.as_("inspector", person=new_id())
    inspector.refused(PATH, seen(elsewhere, session_id=session), status=404)
    noted = inspector.post(PATH, seen(here, session_id=session))
    assert [one["id"] for one in inspector.all(PATH, session_id=session)] == [noted["id"]]


def test_what_was_noted_never_changes(school: School) -> None:
    noted = UUID(school.as_("inspector", new_id()).post(PATH, seen(school))["id"])
    for change in ("UPDATE violations SET target_kind = 'PERSON'", "DELETE FROM violations"):
        with pytest.raises(DatabaseError, match="append-only"):
            school.world.change("attendance", f"{change} WHERE id = :id", id=noted)
