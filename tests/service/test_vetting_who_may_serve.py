"""Who may serve differs from plan to plan (D5): categories, qualification, insufficiency, records."""

from uuid import UUID

import pytest

from tests.builders import staff
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
