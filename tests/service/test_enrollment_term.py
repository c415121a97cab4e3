"""A term is opened, families apply, children take part and leave: the main way, and every gate on it."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared import jobs
from shared.contracts.attendance import SafetyPackReady, VenueCheckPassed
from shared.contracts.enrollment import (
    AgreementInForce,
    GroupConfirmed,
    ParticipationActivated,
    ParticipationConfirmed,
    ParticipationWithdrawn,
    ReadinessAchieved,
    RollChanged,
)
from shared.contracts.finance import FeePublicationInvalidated, FeePublicationVerified, InvoiceSettled
from shared.contracts.vetting import StaffBlocked, StaffCleared, StaffRestored
from shared.events import Event
from shared.ids import new_id
from tests.builders import rostering
from tests.world import World

SERVICES = ("enrollment",)
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


@pytest.fixture
def school(world: World) -> School:
    """A week before the term: rules, days and a register; one school with a cleared teacher."""
    world.set_time(world.at(8, day=-7))
    admin = world.as_("district_admin")
    admin.post(f"{E}/policy-profiles", {"base": "p5-hebi", "effective_from": world.first_day - timedelta(days=60)})
    days = [day for offset in range(28) if (day := world.first_day + timedelta(days=offset)).weekday() < 5]
    term = {"title": "一", "starts_on": days[0], "ends_on": days[-1], "collection_starts_on": days[0]}
    admin.post(f"{E}/calendars", {"term_id": world.term, "school_days": days, **term})
    found = imported(world, schools=1, pupils=12)[0]
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


def opened(school: School) -> None:
    """A window that families may apply in."""
    survey(school)
    draft(school)
    file(school)
    listed(school)
    told(school)
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


def confirmed_group(school: School, participation_ids: list[str]) -> Any:
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
    return school.office().post(f"{E}/groups/{group['id']}/confirm")


def of_type(world: World, kind: type[Event]) -> list[Any]:
    return [event for event in world.said("enrollment") if isinstance(event, kind)]


def state_of(school: School, participation_id: str) -> Any:
    return school.principal().get(f"{E}/participations/{participation_id}")["state"]


def test_a_child_takes_part_from_application_to_withdrawal(school: School) -> None:
    opened(school)
    link = links(school)[0]
    application = approved(school, link)
    signed(school, link, application)
    confirmed = school.office().post(f"{E}/participations", {"window_id": school.window["id"]})["items"]
    assert [one["id"] for one in confirmed] == [application["id"]]
    assert state_of(school, application["id"]) == "PENDING"
    settle(school, application["id"])
    assert state_of(school, application["id"]) == "ACTIVE"
    group = confirmed_group(school, [application["id"]])
    (roll,) = of_type(school.world, RollChanged)
    assert (str(roll.added[0]), roll.roll_version) == (link["pupil_id"], 1)
    leaving = school.world.first_day + timedelta(days=3)
    school.parent(link).post(f"{E}/participations/{application['id']}/withdraw", {"effective_on": leaving})
    assert len(of_type(school.world, RollChanged)) == 1
    school.world.set_time(school.world.at(1, day=3))
    school.world.run_timers("enrollment")
    gone = of_type(school.world, RollChanged)[-1]
    assert (str(gone.removed[0]), gone.effective_from, gone.roll_version) == (link["pupil_id"], leaving, 2)
    assert of_type(school.world, ParticipationWithdrawn)[0].effective_on == leaving
    assert [type(one) for one in school.world.said("enrollment")].count(GroupConfirmed) == 1
    entries = school.principal().get(f"{E}/rolls", group_id=group["id"])["items"]
    assert entries[0]["ends_on"] == leaving.isoformat()


def test_a_settled_fee_that_is_known_before_the_agreement_waits_for_it(school: School) -> None:
    opened(school)
    link = links(school)[0]
    application = approved(school, link)
    school.office().post(f"{E}/participations", {"application_ids": [application["id"]]})
    settle(school, application["id"])
    settle(school, application["id"])
    assert state_of(school, application["id"]) == "PENDING"
    signed(school, link, application)
    assert state_of(school, application["id"]) == "ACTIVE"
    said = [type(one) for one in school.world.said("enrollment")]
    assert said.count(ParticipationConfirmed) == said.count(ParticipationActivated) == said.count(AgreementInForce) == 1


def test_an_unpaid_child_is_let_in_on_the_first_day(school: School) -> None:
    opened(school)
    link = links(school)[0]
    application = approved(school, link)
    signed(school, link, application)
    school.office().post(f"{E}/participations", {"application_ids": [application["id"]]})
    school.world.run_timers("enrollment")
    assert state_of(school, application["id"]) == "PENDING"
    school.world.set_time(school.world.at(1))
    school.world.run_timers("enrollment")
    assert state_of(school, application["id"]) == "ACTIVE"


def test_a_plan_is_ready_and_active_when_every_point_holds(school: School) -> None:
    opened(school)
    link = links(school)[0]
    application = approved(school, link)
    signed(school, link, application)
    school.office().post(f"{E}/participations", {"application_ids": [application["id"]]})
    settle(school, application["id"])
    group = confirmed_group(school, [application["id"]])
    refusal = school.principal().refused(f"{E}/plans/{school.plan['id']}/activate")
    assert (refusal["code"], refusal["gate"]) == ("not_ready", "G-READY")
    where: dict[str, Any] = {"district_id": school.world.district, "school_id": school.id}
    until = school.world.first_day + timedelta(days=7)
    school.world.hear(VenueCheckPassed(**where, venue_id=UUID(group["venue_id"]), valid_until=until))
    school.world.hear(SafetyPackReady(**where, term_id=school.world.term, items=("gate_log",)))
    assert len(of_type(school.world, ReadinessAchieved)) == 1
    assert school.principal().post(f"{E}/plans/{school.plan['id']}/activate")["state"] == "ACTIVE"


@pytest.mark.clause("P5-3.4.1.2")
def test_no_plan_is_complete_before_every_family_was_asked(school: School) -> None:
    draft(school)
    some = [links(school)[0]["pupil_id"]]
    wanted = {"school_id": school.id, "term_id": school.world.term, "closes_on": today(school)}
    asked = school.office().post(f"{E}/surveys", {**wanted, "pupil_ids": some})
    school.office().post(f"{E}/surveys/{asked['id']}/close")
    refusal = school.office().refused(f"{E}/plans/{school.plan['id']}/complete")
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-CONSULT", "P5-3.4.1.2")


@pytest.mark.clause("P5-2.3.1")
def test_no_plan_is_complete_without_consultation(school: School) -> None:
    draft(school)
    refusal = school.office().refused(f"{E}/plans/{school.plan['id']}/complete")
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-CONSULT", "P5-2.3.1")


@pytest.mark.clause("P5-3.4.2.1")
def test_no_plan_is_complete_without_a_catalogue(school: School) -> None:
    survey(school)
    draft(school)
    refusal = school.office().refused(f"{E}/plans/{school.plan['id']}/complete")
    assert refusal["clauses"][0]["id"] == "P5-3.4.2.1"


@pytest.mark.clause("P5-3.2.3")
def test_an_item_that_ends_after_six_is_not_approved_for_primary_pupils(school: School) -> None:
    draft(school, starts="16:45", ends="18:10")
    refusal = school.principal().refused(f"{E}/items/{school.item['id']}/approve")
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-TIME", "P5-3.2.3")


@pytest.mark.clause("P5-3.3.12")
def test_collective_teaching_is_not_approved(school: School) -> None:
    draft(school, content_type="COLLECTIVE_TEACHING")
    refusal = school.principal().refused(f"{E}/items/{school.item['id']}/approve")
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-CONTENT", "P5-3.3.12")


@pytest.mark.clause("P5-3.4.0.2")
def test_no_window_opens_before_the_plan_is_filed(school: School) -> None:
    survey(school)
    draft(school)
    school.window = school.office().post(f"{E}/windows", {"plan_id": school.plan["id"]})
    refusal = school.office().refused(f"{E}/windows/{school.window['id']}/open")
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-FILE", "P5-3.4.0.2")


def test_only_what_was_submitted_is_filed_and_not_by_its_author(school: School) -> None:
    survey(school)
    draft(school)
    school.principal().post(f"{E}/items/{school.item['id']}/approve")
    both = new_id()
    author = school.world.as_("academic_affairs", school=school.id, person=both)
    plan = author.post(f"{E}/plans/{school.plan['id']}/complete")
    author.post(f"{E}/plans/{plan['id']}/submit")
    filing = {"file_no": "1", "content_hash": plan["content_hash"]}
    same = school.world.as_("district_admin", person=both).refused(f"{E}/plans/{plan['id']}/file", filing)
    assert (same["code"], same["gate"]) == ("same_person", "G-FILE")
    other = school.world.as_("district_admin").refused(
        f"{E}/plans/{plan['id']}/file", {"file_no": "1", "content_hash": "1" * 64}
    )
    assert other["code"] == "filed_content_differs"


@pytest.mark.clause("P5-4.2.3")
def test_an_item_with_an_unpublished_fee_is_not_listed(school: School) -> None:
    survey(school)
    draft(school)
    file(school)
    refusal = school.office().refused(f"{E}/items/{school.item['id']}/list")
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-PUB", "P5-4.2.3")


def test_an_item_whose_publication_falls_is_suspended(school: School) -> None:
    opened(school)
    verified = new_id()
    where: dict[str, Any] = {
        "district_id": school.world.district,
        "school_id": school.id,
        "item_ids": (UUID(school.item["id"]),),
    }
    first: dict[str, Any] = {**where, "publication_id": verified, "standard_id": new_id()}
    school.world.hear(FeePublicationVerified(**first, content_hash="0" * 64))
    school.world.hear(FeePublicationInvalidated(**first, cause="changed"))
    still = school.office().get(f"{E}/items/{school.item['id']}")
    assert still["state"] == "LISTED", "another publication of the item still stands"


@pytest.mark.clause("P5-2.3.2")
def test_a_notice_without_a_demanded_element_is_not_published(school: School) -> None:
    survey(school)
    draft(school)
    some = {name: text for name, text in ELEMENTS.items() if name != "venue"}
    wanted = {"plan_id": school.plan["id"], "elements": some, "channels": ["parents_meeting"]}
    notice = school.office().post(f"{E}/notices", wanted)
    refusal = school.office().refused(f"{E}/notices/{notice['id']}/publish")
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-NOTICE", "P5-2.3.2")
    assert "venue" in refusal["detail"]


@pytest.mark.clause("P5-3.4.2.2")
def test_a_notice_goes_out_on_the_channels_of_the_profile(school: School) -> None:
    survey(school)
    draft(school)
    notice = school.office().post(
        f"{E}/notices", {"plan_id": school.plan["id"], "elements": ELEMENTS, "channels": ["wechat"]}
    )
    refusal = school.office().refused(f"{E}/notices/{notice['id']}/publish")
    assert refusal["clauses"][0]["id"] == "P5-3.4.2.2"


@pytest.mark.clause("P5-3.4.3.1")
def test_nobody_but_a_guardian_of_the_pupil_applies(school: School) -> None:
    opened(school)
    first, *others = links(school)
    stranger = next(one for one in others if one["guardian_id"] != first["guardian_id"])
    wish = {"window_id": school.window["id"], "pupil_id": first["pupil_id"], "item_ids": [school.item["id"]]}
    refusal = school.parent(stranger).refused(f"{E}/applications", wish)
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-VOLUNTARY", "P5-3.4.3.1")


@pytest.mark.clause("P5-3.4.0.1")
def test_the_school_does_not_decide_before_the_class_reviewed(school: School) -> None:
    opened(school)
    application = apply(school, links(school)[0])
    decision = {"application_ids": [application["id"]], "decision": "approve"}
    refusal = school.principal().refused(f"{E}/applications/school-review", decision)
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-CHAIN", "P5-3.4.0.1")


def test_another_class_teacher_does_not_review(school: School) -> None:
    opened(school)
    link = links(school)[0]
    application = apply(school, link)
    stranger = school.world.as_("class_teacher", school=school.id, person=new_id())
    refusal = stranger.refused(f"{E}/applications/class-review", {"application_ids": [application["id"]]})
    assert (refusal["code"], refusal["gate"]) == ("not_your_class", "G-CHAIN")


@pytest.mark.clause("P5-2.3.5")
def test_want_of_places_is_no_reason_to_refuse_a_pupil(school: School) -> None:
    opened(school)
    link = links(school)[0]
    application = apply(school, link)
    class_teacher(school, link).post(f"{E}/applications/class-review", {"application_ids": [application["id"]]})
    decision = {"application_ids": [application["id"]], "decision": "reject", "reason_code": "CAPACITY"}
    refusal = school.principal().refused(f"{E}/applications/school-review", decision)
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-NOREFUSE", "P5-2.3.5")


@pytest.mark.clause("P5-3.4.4.1")
def test_an_agreement_names_the_duties_of_each_party(school: School) -> None:
    opened(school)
    application = approved(school, links(school)[0])
    some = {name: text for name, text in SECTIONS.items() if name != "pupil"}
    refusal = school.office().refused(f"{E}/agreements", {"application_ids": [application["id"]], "sections": some})
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-AGREE", "P5-3.4.4.1")


def test_a_group_needs_a_cleared_lead_and_old_news_changes_nothing(school: School) -> None:
    opened(school)
    link = links(school)[0]
    application = approved(school, link)
    school.office().post(f"{E}/participations", {"application_ids": [application["id"]]})
    about: dict[str, Any] = {"district_id": school.world.district, "person_id": school.lead, "category": "OWN_TEACHER"}
    school.world.hear(StaffBlocked(**about, clearance_epoch=2, effective_at=school.world.at(12), reason_class="ETHICS"))
    clear(school.world, school.lead, epoch=1)
    wanted = {"item_id": school.item["id"], "title": "一", "venue_id": new_id(), "lead_person_id": school.lead}
    group = school.office().post(f"{E}/groups", {**wanted, "capacity": 30})
    school.office().post(f"{E}/groups/{group['id']}/add-members", {"participation_ids": [application["id"]]})
    refusal = school.office().refused(f"{E}/groups/{group['id']}/confirm")
    assert (refusal["code"], refusal["gate"]) == ("lead_not_cleared", "G-CLEAR")
    assert school.office().get(f"{E}/items/{school.item['id']}")["suspended_for"] == "LEAD_NOT_CLEARED"
    until = school.world.first_day + timedelta(days=300)
    school.world.hear(StaffRestored(**about, clearance_epoch=3, valid_until=until))
    assert school.office().post(f"{E}/groups/{group['id']}/confirm")["state"] == "CONFIRMED"


def test_another_school_and_another_district_find_nothing(school: School) -> None:
    opened(school)
    application = apply(school, links(school)[0])
    path = f"{E}/applications/{application['id']}"
    school.world.as_("principal", school=new_id()).get(path, expect=404)
    World(school.world.house, school.world.suite).as_("principal").get(path, expect=404)
    stranger = school.world.as_("guardian", person=new_id())
    stranger.get(path, expect=404)
    assert stranger.get(f"{E}/applications")["items"] == []
