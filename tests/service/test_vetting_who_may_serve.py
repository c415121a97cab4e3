"""Who may serve differs from plan to plan (D5): categories, qualification, insufficiency, records."""

from datetime import time
from uuid import UUID

import pytest

from shared.contracts.enrollment import ItemApproved, Slot
from shared.ids import new_id
from tests.builders import rosters, staff
from tests.world import World

SERVICES = ("vetting",)
V = "/vetting/v1"
JINAN, ANHUI, HEBI = "p1-jinan", "p2-anhui", "p5-hebi"


def under(world: World, plan: str) -> World:
    world.publish_policy(plan)
    world.publish_calendar()
    world.pin_plan()
    return world


def cited(problem: dict[str, object]) -> list[str]:
    clauses = problem["clauses"]
    assert isinstance(clauses, list)
    return [clause["id"] for clause in clauses]


ALLOWED = {
    JINAN: ("PARENT", "VOLUNTEER", "PEER_HELPER"),
    ANHUI: (
        *("RETIRED_TEACHER", "SPORTS_COACH", "FOLK_ARTIST", "CRAFTSPERSON", "HERITAGE_BEARER", "CIVIC_MINDED"),
        *("PARENT", "UNIVERSITY_STUDENT"),
    ),
    HEBI: (
        *("RETIRED_TEACHER", "ARTS_SPORTS_WORKER", "SCIENCE_COMMUNICATOR", "FOLK_ARTIST", "CRAFTSPERSON"),
        *("HERITAGE_BEARER", "PARENT"),
    ),
}
EVERYBODY = {category for categories in ALLOWED.values() for category in categories}


@pytest.mark.parametrize(
    ("plan", "clause"),
    [
        pytest.param(JINAN, "P1-2.2.4", marks=pytest.mark.clause("P1-2.2.4")),
        pytest.param(ANHUI, "P2-3.4.5", marks=pytest.mark.clause("P2-3.4.5")),
        pytest.param(HEBI, "P5-3.5.4", marks=pytest.mark.clause("P5-3.5.4")),
    ],
)
def test_each_plan_takes_in_the_people_from_outside_whom_it_names_and_nobody_else(
    world: World, plan: str, clause: str
) -> None:
    office = under(world, plan).as_("academic_affairs")
    for category in ALLOWED[plan]:
        assert office.post(f"{V}/people", {"category": category})["state"] == "REGISTERED"
    for category in EVERYBODY - set(ALLOWED[plan]):
        refusal = office.refused(f"{V}/people", {"category": category})
        assert (refusal["gate"], cited(refusal)) == ("G-CLEAR", [clause])


@pytest.mark.clause("P2-3.4.3")
def test_anhui_hires_from_outside_only_where_its_own_staff_does_not_suffice(world: World) -> None:
    office = under(world, ANHUI).as_("academic_affairs")
    person = office.post(f"{V}/people", {"category": "SPORTS_COACH"})["id"]
    wanted = {
        "school_id": world.schools[0],
        "person_id": person,
        "kind": "SERVICE_AGREEMENT",
        "starts_on": world.first_day,
        "ends_on": world.first_day,
    }
    refusal = office.refused(f"{V}/engagements", wanted)
    assert (refusal["code"], cited(refusal)) == ("insufficiency_not_declared", ["P2-3.4.3"])
    office.post(f"{V}/engagements", wanted | {"insufficiency_ref": "doc"})


@pytest.mark.clause("P2-3.4.6")
def test_anhui_clears_a_coach_only_with_a_proven_qualification(world: World) -> None:
    office, officer = under(world, ANHUI).as_("academic_affairs"), world.as_("vetting_officer")
    person = UUID(office.post(f"{V}/people", {"category": "SPORTS_COACH"})["id"])
    office.post(f"{V}/people/{person}/start-review", {"consent": True})
    for kind in staff.TEACHER_CHECKS[:-1]:
        staff.record_check(world, person, kind, "CLEAR")
    refusal = officer.refused(f"{V}/people/{person}/clear")
    assert "VOCATIONAL_CERT" in refusal["detail"]
    assert "P2-3.4.6" in cited(refusal)
    staff.record_check(world, person, "VOCATIONAL_CERT", "CLEAR")
    assert officer.post(f"{V}/people/{person}/clear")["state"] == "CLEARED"


@pytest.mark.clause("P2-5.4.6")
def test_anhui_keeps_a_teacher_with_a_finding_of_ethics_away_while_the_sanction_runs(world: World) -> None:
    person = staff.cleared(under(world, ANHUI), world.schools[0])
    staff.substantiate(world, staff.allegation(world, person))
    wanted = {"person_id": person, "session_ids": staff.sessions(world, world.schools[0]), "role": "LEAD"}
    office = world.as_("academic_affairs")
    for path, body in ((f"{V}/assignments", wanted), (f"{V}/people/{person}/start-review", {"consent": True})):
        refusal = office.refused(path, body)
        assert refusal["code"] == "person_blocked"
        assert "P2-5.4.6" in cited(refusal)


@pytest.mark.parametrize(
    ("plan", "clause"),
    [
        pytest.param(ANHUI, "P2-5.4.7", marks=pytest.mark.clause("P2-5.4.7")),
        pytest.param(HEBI, "P5-3.5.8", marks=pytest.mark.clause("P5-3.5.8")),
    ],
)
def test_a_hit_is_a_bad_record_that_keeps_a_person_off_every_roster(world: World, plan: str, clause: str) -> None:
    person = staff.cleared(under(world, plan), world.schools[0])
    staff.record_check(world, person, "VIOLENCE_ABUSE_TRAFFICKING_QUERY", "HIT")
    wanted = {"person_id": person, "session_ids": staff.sessions(world, world.schools[0]), "role": "LEAD"}
    office = world.as_("academic_affairs")
    for path, body in ((f"{V}/assignments", wanted), (f"{V}/people/{person}/start-review", {"consent": True})):
        refusal = office.refused(path, body)
        assert refusal["code"] == "person_blocked"
        assert clause in cited(refusal)


def order(world: World, person: UUID, school: UUID, days: int = 3) -> dict[str, object]:
    span = {"starts_on": world.first_day, "ends_on": world.at(0, day=days - 1).date()}
    return {"school_id": school, "person_id": person, "evidence_ref": "交流轮岗文件"} | span


@pytest.mark.clause("P2-3.4.4")
def test_anhui_sends_a_teacher_of_one_school_to_another_for_a_time(world: World) -> None:
    home, weak = under(world, ANHUI).schools[:2]
    teacher, beside = staff.cleared(world, home), staff.cleared(world, weak)
    days = staff.sessions(world, weak)
    office = world.as_("academic_affairs", school=weak)
    office.post(f"{V}/assignments", {"person_id": beside, "session_ids": days, "role": "ASSIST"})
    wanted = {"person_id": teacher, "session_ids": days[:3], "role": "LEAD"}
    assert office.refused(f"{V}/assignments", wanted)["code"] == "engagement_missing"
    office.post(f"{V}/secondments", order(world, teacher, weak), expect=403)
    terms = order(world, teacher, weak) | {"kind": "SECONDMENT"}
    del terms["evidence_ref"]
    assert office.refused(f"{V}/engagements", terms)["code"] == "contract_kind_not_allowed"
    sent = world.as_("district_admin").post(f"{V}/secondments", order(world, teacher, weak))
    assert (sent["kind"], sent["state"]) == ("SECONDMENT", "ACTIVE")
    office.post(f"{V}/assignments", wanted)
    assert office.refused(f"{V}/assignments", wanted | {"session_ids": days[3:]})["code"] == "engagement_missing"
    district = world.as_("district_admin")
    fields = district.post(f"{V}/secondments", order(world, teacher, home), expect=422)["errors"]
    assert fields == {"person_id": "of_no_other_school"}
    district.post(f"{V}/engagements/{sent['id']}/terminate")
    states = {one["state"] for one in world.as_("vetting_officer").all(f"{V}/assignments", person_id=teacher)}
    assert states == {"REMOVED"}


def test_a_plan_that_sends_no_teachers_refuses_it(world: World) -> None:
    home, weak = under(world, HEBI).schools[:2]
    teacher = staff.cleared(world, home)
    refusal = world.as_("district_admin").refused(f"{V}/secondments", order(world, teacher, weak))
    assert (refusal["code"], refusal["gate"]) == ("secondment_not_allowed", "G-CLEAR")


def offered(world: World, school: UUID, *grades: int) -> UUID:
    """An item of tutoring for some grades."""
    item = new_id()
    slot = Slot(weekdays=(1,), starts=time(16), ends=time(17, 30))
    world.hear(
        ItemApproved(
            district_id=world.district,
            school_id=school,
            item_id=item,
            plan_id=new_id(),
            term_id=world.term,
            content_type="HOMEWORK_TUTORING",
            stage="primary",
            grades=grades,
            segment="class_activity",
            slot=slot,
            capacity=40,
            fee_bearing=False,
        )
    )
    return item


@pytest.mark.clause("P1-4.2.6")
def test_jinan_has_homework_tutored_by_teachers_of_the_subjects_of_the_grade(world: World) -> None:
    school = under(world, JINAN).schools[0]
    office = world.as_("academic_affairs", school=school)
    teachers = {subject: staff.cleared(world, school) for subject in ("英语", "体育")}
    for subject, person in teachers.items():
        world.as_("academic_affairs").post(f"{V}/people/{person}/record-specialities", {"specialities": [subject]})
    upper = staff.sessions(world, school, content_type="HOMEWORK_TUTORING", item=offered(world, school, 3, 4))
    lower = staff.sessions(world, school, hour=18, content_type="HOMEWORK_TUTORING", item=offered(world, school, 2, 3))

    def refused(person: UUID, sessions: list[UUID]) -> dict[str, object]:
        body = {"person_id": person, "session_ids": sessions, "role": "LEAD"}
        return dict(office.refused(f"{V}/assignments", body))

    refusal = refused(teachers["体育"], upper)
    assert (refusal["code"], cited(refusal)) == ("not_of_subject", ["P1-4.2.5", "P1-4.2.6"])
    assert refused(teachers["英语"], lower)["code"] == "not_of_subject"
    rosters.assign(world, school, teachers["体育"], upper, role="ASSIST")
    rosters.assign(world, school, teachers["英语"], upper)
    care = staff.sessions(world, school, hour=20)
    rosters.assign(world, school, teachers["体育"], care)


def test_only_who_could_tutor_is_a_candidate_for_tutoring(world: World) -> None:
    school = under(world, JINAN).schools[0]
    office = world.as_("academic_affairs", school=school)
    chinese, mathematics, sports = rosters.add_people(world, 3, school)
    for person, subject in ((chinese, "语文"), (mathematics, "数学"), (sports, "体育")):
        office.post(f"{V}/people/{person}/record-specialities", {"specialities": [subject]})
    (session,) = staff.sessions(
        world, school, first=2, days=1, content_type="HOMEWORK_TUTORING", item=offered(world, school, 3)
    )
    (assignment,) = rosters.assign(world, school, chinese, [session])
    office.post(f"{V}/assignments/{assignment}/remove")
    (request,) = office.all(f"{V}/substitute-requests", session_id=session)
    found = office.get(f"{V}/substitute-requests/{request['id']}/candidates")["items"]
    assert {one["person_id"] for one in found} == {str(chinese), str(mathematics)}


def test_who_was_hired_before_a_plan_asked_for_a_statement_is_not_assigned_without_one(world: World) -> None:
    """INV-VET-14 holds when a contract is used as well as when it is written."""
    school = under(world, JINAN).schools[0]
    parent = rosters.outsider(world, school, category="PARENT")
    world.change("vetting", "UPDATE engagements SET insufficiency_ref = NULL WHERE person_id = :id", id=parent)
    under(world, ANHUI)
    sessions = staff.sessions(world, school, hour=10)
    body = {"person_id": parent, "session_ids": sessions, "role": "ASSIST"}
    refusal = world.as_("academic_affairs", school=school).refused(f"{V}/assignments", body)
    assert (refusal["code"], cited(refusal)) == ("insufficiency_not_declared", ["P2-3.4.3"])
