"""People in every stage of vetting, made through its API."""

from uuid import UUID

from shared.contracts.attendance import Scheduled, SessionsScheduled
from shared.contracts.enrollment import StaffMemberListed
from shared.ids import new_id
from tests.world import World

TEACHER_CHECKS = ("IDENTITY", "SEX_OFFENCE_QUERY", "VIOLENCE_ABUSE_TRAFFICKING_QUERY", "TEACHER_QUALIFICATION")

PROVIDER_CHECKS = (*TEACHER_CHECKS[:3], "PLATFORM_QUERY", "NO_CRIME_CERT", "TRAINING_BLACKLIST", "VOCATIONAL_CERT")


def listed(world: World, *schools: UUID) -> UUID:
    """A teacher of the rostering data, on the staff lists of schools."""
    person = new_id()
    for school in schools:
        world.hear(StaffMemberListed(district_id=world.district, school_id=school, person_id=person, role="teacher"))
    return person


def cleared(world: World, *schools: UUID) -> UUID:
    """A teacher with consent, checks and clearance."""
    person = listed(world, *schools)
    check_and_clear(world, person)
    return person


def check_and_clear(world: World, person: UUID) -> None:
    """Consent, every check, clearance."""
    officer = world.as_("vetting_officer")
    world.as_("academic_affairs").post(f"/vetting/v1/people/{person}/start-review", {"consent": True})
    for kind in TEACHER_CHECKS:
        record_check(world, person, kind, "CLEAR")
    officer.post(f"/vetting/v1/people/{person}/clear")


def record_check(world: World, person: UUID, kind: str, result: str) -> None:
    """A check from request to result."""
    officer = world.as_("vetting_officer")
    check = officer.post("/vetting/v1/checks", {"person_id": person, "kind": kind})
    officer.post(f"/vetting/v1/checks/{check['id']}/submit")
    officer.post(
        f"/vetting/v1/checks/{check['id']}/record-result",
        {"result": result, "as_of": world.first_day, "evidence_ref": "doc"},
    )


def allegation(world: World, person: UUID, category: str = "E09") -> str:
    """A conduct record under investigation; its id."""
    record = world.as_("principal").post(
        "/vetting/v1/conduct-records",
        {
            "person_id": person,
            "kind": "ETHICS_SUBSTANTIATED",
            "category": category,
            "account": "据家长反映",
            "evidence_ref": "doc",
        },
    )
    world.as_("vetting_officer").post(f"/vetting/v1/conduct-records/{record['id']}/triage")
    return str(record["id"])


def substantiate(world: World, record: str) -> None:
    """A second person decides that it is true."""
    world.as_("vetting_officer").post(
        f"/vetting/v1/conduct-records/{record}/substantiate", {"sanction": "DEMERIT", "evidence_ref": "doc"}
    )


def engaged(world: World, person: UUID, school: UUID) -> str:
    """A labor contract of a school's week with a person, signed by both; its id."""
    terms = {
        "school_id": school,
        "person_id": person,
        "kind": "LABOUR_CONTRACT",
        "starts_on": world.first_day,
        "ends_on": world.at(0, day=4).date(),
    }
    contract = str(world.as_("academic_affairs", school=school).post("/vetting/v1/engagements", terms)["id"])
    path = f"/vetting/v1/engagements/{contract}/sign"
    world.as_("principal", school=school).post(path, {"party": "school"})
    world.as_("external_instructor", school=school, person=person).post(path, {"party": "person"})
    return contract


def let_time_act(world: World) -> None:
    """Fire every timer of vetting that is due, those of other tests included."""
    while world.run_timers("vetting"):
        pass


def sessions(
    world: World,
    school: UUID,
    *,
    first: int = 0,
    days: int = 5,
    hour: int = 16,
    lead: UUID | None = None,
    group: UUID | None = None,
    content_type: str = "HOMEWORK_CARE",
    item: UUID | None = None,
) -> list[UUID]:
    """A group's sessions, one a day from the term's `first` day (0) on, as attendance would lay them out."""
    slots = [
        Scheduled(
            session_id=new_id(),
            on=world.at(hour, day=day).date(),
            starts_at=world.at(hour, day=day),
            ends_at=world.at(hour + 1, 30, day=day),
        )
        for day in range(first, first + days)
    ]
    world.hear(
        SessionsScheduled(
            district_id=world.district,
            school_id=school,
            group_id=group or new_id(),
            item_id=item or new_id(),
            term_id=world.term,
            segment="service",
            content_type=content_type,
            lead_person_id=lead or new_id(),
            sessions=tuple(slots),
        )
    )
    return [slot.session_id for slot in slots]
