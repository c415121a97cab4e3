"""Children come to harm, or nearly: who is told by when, who looks into it, and who may read what."""

from typing import Any
from uuid import UUID

import pytest

from shared.contracts.attendance import IncidentClosed, IncidentReported
from shared.ids import new_id
from tests.builders import care
from tests.builders.care import School, said
from tests.world import World

SERVICES = ("attendance",)
PATH = "/attendance/v1/incidents"
ACCOUNT = "在楼梯处被推搡后摔倒"
FOUND = "看护人员离岗"


@pytest.fixture
def school(world: World) -> School:
    """At 16:00 of the first day, under a duty leader."""
    care.open_term(world)
    school = care.build_school(world)
    care.name_leader(school)
    world.set_time(world.at(16))
    return school


def told(school: School, person: UUID) -> list[str]:
    """The messages to a person about incidents."""
    sql = "SELECT template FROM notifications WHERE person_id = :person AND template LIKE 'incident%' ORDER BY id"
    return [row[0] for row in school.world.read("attendance", sql, person=person)]


def report(school: School, severity: str = "MINOR", **changes: Any) -> Any:
    """A teacher reports that the first pupil was hurt just now."""
    expect = changes.pop("expect", 201)
    body = {
        "school_id": school.id,
        "happened_at": school.world.at(15, 50),
        "severity": severity,
        "pupil_ids": school.pupils[:1],
        "account": ACCOUNT,
    }
    return school.as_("instructor", school.teacher).post(PATH, body | changes, expect=expect)


def act(school: School, incident: str, verb: str, body: Any = None, **expect: Any) -> Any:
    """The duty leader answers an incident."""
    return school.as_("instructor", school.leader).post(f"{PATH}/{incident}/{verb}", body, **expect)


def answered(school: School, severity: str = "MINOR", **changes: Any) -> str:
    """Triaged, responded to, and the guardians told; its id."""
    incident: str = report(school, severity, **changes)["id"]
    act(school, incident, "triage", {"severity": severity})
    act(school, incident, "respond")
    act(school, incident, "notify-guardians")
    return incident


def later(school: School, hour: int, minute: int) -> None:
    """Time passes, and what is due is done."""
    school.world.set_time(school.world.at(hour, minute))
    school.world.run_timers("attendance")


def test_an_incident_goes_from_the_report_to_its_close(school: School) -> None:
    staff_id = new_id()
    incident = answered(school, "SERIOUS", staff_ids=[staff_id], category="E05")
    (event,) = said(school, IncidentReported)
    assert (str(event.incident_id), event.severity, event.category) == (incident, "SERIOUS", "E05")
    assert (event.person_ids, event.at) == ((staff_id,), school.world.at(15, 50))
    act(school, incident, "report-to-authority", {"authority_ref": "教体局电话记录-3"})
    school.as_("leadership_member", new_id()).post(f"{PATH}/{incident}/investigate", {"findings": FOUND})
    closed = school.as_("principal", new_id()).post(f"{PATH}/{incident}/close")
    assert closed["state"] == "CLOSED"
    assert closed["guardians_told_at"] < closed["authority_told_at"] < closed["authority_due_at"]
    (event,) = said(school, IncidentClosed)
    assert (str(event.incident_id), event.severity) == (incident, "SERIOUS")
    assert school.as_("inspector").all(PATH, state="CLOSED", severity="SERIOUS")[0]["id"] == incident


def test_guardians_of_the_pupils_involved_are_told_once_and_no_others(school: School) -> None:
    first, second, other = school.pupils
    answered(school, pupil_ids=[first, second])
    for pupil in (first, second):
        assert told(school, school.guardian_of[pupil]) == ["incident"]
    later(school, 16, 31)
    assert told(school, school.guardian_of[first]) == ["incident"]
    assert told(school, school.guardian_of[other]) == []
    assert told(school, school.leader) == []


def test_guardians_whom_nobody_told_are_told_when_it_is_due(school: School) -> None:
    incident, guardian = report(school)["id"], school.guardian_of[school.pupils[0]]
    later(school, 16, 29)
    assert told(school, guardian) == []
    later(school, 16, 31)
    assert (told(school, guardian), told(school, school.leader)) == (["incident"], ["incident_guardians_due"])
    for verb, body in (("triage", {"severity": "MINOR"}), ("respond", None), ("notify-guardians", None)):
        act(school, incident, verb, body)
    assert told(school, guardian) == ["incident"]


@pytest.mark.parametrize("reported", ["MINOR", "SERIOUS"])
def test_a_serious_incident_is_examined_once_the_authority_knows_and_the_duty_leader_is_reminded(
    school: School, reported: str
) -> None:
    incident = report(school, reported)["id"]
    act(school, incident, "triage", {"severity": "SERIOUS"})
    act(school, incident, "respond")
    act(school, incident, "notify-guardians")
    later(school, 16, 59)
    assert told(school, school.leader) == []
    later(school, 17, 1)
    assert told(school, school.leader) == ["incident_authority_due"]
    examiner, path = school.as_("academic_affairs", new_id()), f"{PATH}/{incident}/investigate"
    refusal = examiner.refused(path, {"findings": FOUND})
    assert (refusal["code"], [clause["id"] for clause in refusal["clauses"]]) == ("authority_not_told", ["S11"])
    act(school, incident, "report-to-authority", {"authority_ref": "传真-1"})
    assert examiner.post(path, {"findings": FOUND})["state"] == "INVESTIGATED"


def test_what_turns_out_to_be_minor_need_not_be_reported(school: School) -> None:
    incident = report(school, "SERIOUS")["id"]
    found = act(school, incident, "triage", {"severity": "MINOR"})
    assert found["authority_due_at"] is None
    act(school, incident, "respond")
    act(school, incident, "notify-guardians")
    later(school, 17, 1)
    assert told(school, school.leader) == []
    school.as_("academic_affairs", new_id()).post(f"{PATH}/{incident}/investigate", {"findings": FOUND})


def test_a_guardian_sees_incidents_of_their_own_child_without_others_and_without_the_account(school: School) -> None:
    first, second, other = school.pupils
    incident = report(school, pupil_ids=[first, second])["id"]
    guardian = school.as_("guardian", school.guardian_of[first])
    assert [one["id"] for one in guardian.all(PATH)] == [incident]
    assert not {"account", "category", "staff_ids"} & guardian.get(f"{PATH}/{incident}").keys()
    assert guardian.all("/attendance/v1/incident-pupils") == [{"incident_id": incident, "pupil_id": str(first)}]
    guardian.get(f"{PATH}/{incident}/account", expect=403)
    stranger = school.as_("guardian", school.guardian_of[other])
    assert stranger.all(PATH) == stranger.all("/attendance/v1/incident-pupils") == []
    stranger.get(f"{PATH}/{incident}", expect=404)


def test_the_account_is_sealed_and_who_reads_it_is_logged(school: School) -> None:
    staff_id = new_id()
    incident = answered(school, staff_ids=[staff_id], category="E06")
    examiner = school.as_("leadership_member", new_id())
    examiner.post(f"{PATH}/{incident}/investigate", {"findings": FOUND})
    ((sealed, findings),) = school.world.read(
        "attendance", "SELECT account_sealed, findings_sealed FROM incidents WHERE id = :id", id=incident
    )
    assert ACCOUNT.encode() not in bytes(sealed)
    assert FOUND.encode() not in bytes(findings)
    what = {"staff_ids": [str(staff_id)], "category": "E06", "account": ACCOUNT, "findings": FOUND}
    assert examiner.get(f"{PATH}/{incident}/account") == what
    ((subjects,),) = school.world.read(
        "attendance",
        "SELECT subjects FROM access_log WHERE district_id = :district AND purpose = 'attendance.incident_account'",
        district=school.world.district,
    )
    assert set(subjects) == {school.pupils[0], staff_id}
    teacher = school.as_("instructor", school.teacher)
    teacher.get(f"{PATH}/{incident}/account", expect=403)
    teacher.get("/attendance/v1/incident-pupils", expect=403)
    assert len(examiner.all("/attendance/v1/incident-pupils", incident_id=incident)) == 1


def test_nobody_who_is_involved_reads_the_account_or_acts_on_it(school: School) -> None:
    accused = new_id()
    incident = report(school, staff_ids=[accused, school.leader], category="E05")["id"]
    refusal = act(school, incident, "triage", {"severity": "MINOR"}, expect=409)
    assert refusal["code"] == "involved_in_incident"
    school.as_("principal", accused).get(f"{PATH}/{incident}/account", expect=409)
    principal = school.as_("principal", new_id())
    for verb, body in (("triage", {"severity": "MINOR"}), ("respond", None), ("notify-guardians", None)):
        principal.post(f"{PATH}/{incident}/{verb}", body)
    path, findings = f"{PATH}/{incident}/investigate", {"findings": FOUND}
    assert school.as_("academic_affairs", accused).refused(path, findings)["code"] == "involved_in_incident"
    school.as_("academic_affairs", new_id()).post(path, findings)
    assert school.as_("principal", accused).refused(f"{PATH}/{incident}/close")["code"] == "involved_in_incident"


def test_whoever_looked_into_an_incident_does_not_close_it(school: School) -> None:
    incident, both = answered(school), new_id()
    school.as_("academic_affairs", both).post(f"{PATH}/{incident}/investigate", {"findings": FOUND})
    assert school.as_("principal", both).refused(f"{PATH}/{incident}/close")["code"] == "same_person"
    school.as_("principal", new_id()).post(f"{PATH}/{incident}/close")


def test_only_the_leadership_or_the_duty_leader_answers_an_incident(school: School) -> None:
    incident = report(school)["id"]
    path, body = f"{PATH}/{incident}/triage", {"severity": "MINOR"}
    assert school.as_("instructor", school.teacher).refused(path, body)["code"] == "not_duty_leader"
    school.as_("leadership_member", new_id()).post(path, body)


def test_a_report_is_of_the_past_and_of_pupils_of_the_school_and_says_nothing_of_nobody(school: School) -> None:
    assert report(school, happened_at=school.world.at(16, 1), expect=422)["errors"] == {"happened_at": "in_the_future"}
    assert report(school, category="E05", expect=422)["errors"] == {"category": "for_staff_only"}
    report(school, pupil_ids=[], expect=422)
    report(school, pupil_ids=[new_id()], expect=404)
    report(school, session_id=new_id(), expect=404)
    elsewhere = care.build_school(school.world, 1)
    report(school, pupil_ids=[*school.pupils[:1], *elsewhere.pupils[:1]], expect=404)
    assert said(school, IncidentReported) == []
