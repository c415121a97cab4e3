"""A school on its way through a term, step by step over HTTP; each step builds on those before."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from shared import jobs
from shared.contracts.finance import FeePublicationVerified, InvoiceSettled
from shared.contracts.vetting import StaffCleared
from shared.events import Event
from shared.ids import new_id
from tests.builders import rostering
from tests.world import World

E = "/enrollment/v1"

SECTIONS = {"school": "…", "guardian": "…", "instructor": "…", "pupil": "…"}
ELEMENTS = dict.fromkeys(("mode", "content", "time", "venue", "staff", "fee", "fee_spending", "safety"), "…")


@dataclass
class School:
    """One school of an imported register, before its term."""

    world: World
    id: UUID
    lead: UUID
    plan: Any = None
    item: Any = None
    window: Any = None
    children: list[Any] = field(default_factory=list)

    def office(self) -> Any:
        return self.world.as_("academic_affairs", school=self.id)

    def principal(self) -> Any:
        return self.world.as_("principal", school=self.id)

    def parent(self, link: Any) -> Any:
        return self.world.as_("guardian", person=UUID(link["guardian_id"]))


def run_jobs(world: World) -> None:
    node = world.suite.nodes["enrollment"]
    jobs.run_waiting(node.database, node.service.jobs)


def imported(world: World, **size: Any) -> list[Any]:
    """A register applied; the schools that came of it."""
    admin = world.as_("district_admin")
    reply = admin.request("POST", f"{E}/imports", content=rostering.bundle(1, **size))
    assert reply.status_code == 201, reply.text
    job = admin.post(f"{E}/imports/{reply.json()['id']}/apply", {}, expect=202)
    run_jobs(world)
    assert world.as_("principal").get(f"{E}/jobs/{job['id']}")["state"] == "done"
    return list(admin.get(f"{E}/schools")["items"])


def clear(world: World, person: UUID, epoch: int = 1) -> None:
    world.hear(
        StaffCleared(
            district_id=world.district,
            person_id=person,
            category="OWN_TEACHER",
            clearance_epoch=epoch,
            valid_until=world.first_day + timedelta(days=300),
        )
    )


def before_term(world: World, base: str = "p5-hebi", pupils: int = 12) -> School:
    """A week before the term: rules, days and a register; one school with a cleared teacher."""
    world.set_time(world.at(8, day=-7))
    admin = world.as_("district_admin")
    admin.post(f"{E}/policy-profiles", {"base": base, "effective_from": world.first_day - timedelta(days=60)})
    days = [day for offset in range(28) if (day := world.first_day + timedelta(days=offset)).weekday() < 5]
    term = {"title": "一", "starts_on": days[0], "ends_on": days[-1], "collection_starts_on": days[0]}
    admin.post(f"{E}/calendars", {"term_id": world.term, "school_days": days, **term})
    found = imported(world, schools=1, pupils=pupils)[0]
    teacher = admin.get(f"{E}/staff-members", role="teacher")["items"][0]
    clear(world, UUID(teacher["person_id"]))
    return School(world, UUID(found["id"]), UUID(teacher["person_id"]))


def today(school: School) -> date:
    """The day of the fixture, a week before the first."""
    return school.world.first_day - timedelta(days=7)


def survey(school: School) -> None:
    """Every family is asked; the survey is closed on its last day."""
    asked = school.office().post(
        f"{E}/surveys",
        {"school_id": school.id, "term_id": school.world.term, "closes_on": today(school)},
    )
    school.office().post(f"{E}/surveys/{asked['id']}/close")


def draft(school: School, **changes: Any) -> None:
    """A plan with one item of care for all grades."""
    world = school.world
    school.plan = school.office().post(
        f"{E}/plans",
        {"school_id": school.id, "term_id": world.term, "summary": "…", "leadership_group": [school.lead]},
    )
    draft_item(school, **changes)


def draft_item(school: School, **changes: Any) -> None:
    """One more item of the plan."""
    school.item = school.office().post(
        f"{E}/items",
        {
            "plan_id": school.plan["id"],
            "title": "看护",
            "content_type": "HOMEWORK_CARE",
            "stage": "primary",
            "grades": [1, 2, 3, 4, 5, 6],
            "segment": "service",
            "weekdays": [1, 2, 3, 4, 5],
            "starts": "16:30",
            "ends": "17:50",
            "capacity": 40,
            "fee_bearing": True,
            "lead_person_id": school.lead,
            **changes,
        },
    )


def file(school: School) -> None:
    """The plan on file."""
    school.principal().post(f"{E}/items/{school.item['id']}/approve")
    plan = school.office().post(f"{E}/plans/{school.plan['id']}/complete")
    school.office().post(f"{E}/plans/{plan['id']}/submit")
    filing = {"file_no": "1", "content_hash": plan["content_hash"]}
    school.world.as_("district_admin").post(f"{E}/plans/{plan['id']}/file", filing)


def publication(school: School, kind: Any, **more: Any) -> None:
    """Finance speaks about the item's fee."""
    publication_id = new_id()
    school.world.hear(
        kind(
            district_id=school.world.district,
            school_id=school.id,
            publication_id=publication_id,
            standard_id=new_id(),
            item_ids=(UUID(school.item["id"]),),
            **more,
        )
    )


def listed(school: School) -> None:
    """The item on the list, with a published fee."""
    publication(school, FeePublicationVerified, content_hash="0" * 64)
    school.office().post(f"{E}/items/{school.item['id']}/list")


def told(school: School, elements: Any = None) -> Any:
    """A notice about the plan."""
    wanted = {"plan_id": school.plan["id"], "elements": elements or ELEMENTS, "channels": ["parents_meeting"]}
    notice = school.office().post(f"{E}/notices", wanted)
    return school.office().post(f"{E}/notices/{notice['id']}/publish")


def opened(school: School, **changes: Any) -> None:
    """A window that families may apply in; `changes` are of the item."""
    survey(school)
    draft(school, **changes)
    file(school)
    listed(school)
    told(school)
    open_window(school)


def open_window(school: School) -> None:
    """One more window of the plan."""
    school.window = school.office().post(f"{E}/windows", {"plan_id": school.plan["id"]})
    school.office().post(f"{E}/windows/{school.window['id']}/open")


def links(school: School) -> list[Any]:
    """One guardian for each pupil."""
    found = school.principal().all(f"{E}/guardian-links", school_id=school.id)
    return list({link["pupil_id"]: link for link in found}.values())


def apply(school: School, link: Any) -> Any:
    wish = {"window_id": school.window["id"], "pupil_id": link["pupil_id"], "item_ids": [school.item["id"]]}
    return school.parent(link).post(f"{E}/applications", wish)


def class_teacher(school: School, link: Any) -> Any:
    """The class teacher of a pupil's class, as a caller."""
    classes = {one["id"]: one for one in school.principal().all(f"{E}/classes")}
    pupil = next(one for one in school.principal().all(f"{E}/pupils") if one["id"] == link["pupil_id"])
    person = UUID(classes[pupil["class_id"]]["teacher_id"])
    return school.world.as_("class_teacher", school=school.id, person=person)


def approved(school: School, link: Any) -> Any:
    """An application through the whole chain."""
    application = apply(school, link)
    class_teacher(school, link).post(f"{E}/applications/class-review", {"application_ids": [application["id"]]})
    decision = {"application_ids": [application["id"]], "decision": "approve"}
    return school.principal().post(f"{E}/applications/school-review", decision)["items"][0]


def signed(school: School, link: Any, application: Any) -> None:
    """An agreement in force."""
    offered = school.office().post(f"{E}/agreements", {"application_ids": [application["id"]], "sections": SECTIONS})[
        "items"
    ][0]
    school.parent(link).post(f"{E}/agreements/{offered['id']}/sign")
    school.principal().post(f"{E}/agreements/countersign", {"agreement_ids": [offered["id"]]})


def settle(school: School, participation_id: str) -> None:
    """Finance says that nothing is owed any more."""
    school.world.hear(
        InvoiceSettled(
            district_id=school.world.district,
            school_id=school.id,
            invoice_id=new_id(),
            participation_id=UUID(participation_id),
            amount_fen=1,
            settled_by="payment",
        )
    )


def confirmed_group(school: School, participation_ids: list[str], *, expect: int = 200, **start: Any) -> Any:
    """A group on the roll."""
    group = school.office().post(
        f"{E}/groups",
        {
            "item_id": school.item["id"],
            "title": "一班",
            "venue_id": new_id(),
            "lead_person_id": school.lead,
            "capacity": 30,
        },
    )
    school.office().post(f"{E}/groups/{group['id']}/add-members", {"participation_ids": participation_ids})
    return school.office().post(f"{E}/groups/{group['id']}/confirm", start, expect=expect)


def of_type(world: World, kind: type[Event]) -> list[Any]:
    return [event for event in world.said("enrollment") if isinstance(event, kind)]


def state_of(school: School, participation_id: str) -> Any:
    return school.principal().get(f"{E}/participations/{participation_id}")["state"]
