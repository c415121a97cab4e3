"""Every gate on the way through a term refuses, and cites its clause."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.enrollment import ApplicationStalled
from shared.contracts.finance import FeePublicationInvalidated, FeePublicationVerified
from shared.contracts.vetting import StaffBlocked, StaffRestored
from shared.ids import new_id
from tests.builders.enrollment import (
    ELEMENTS,
    SECTIONS,
    E,
    School,
    apply,
    approved,
    before_term,
    class_teacher,
    clear,
    draft,
    draft_item,
    file,
    links,
    listed,
    of_type,
    open_window,
    opened,
    survey,
    today,
    told,
)
from tests.world import World

SERVICES = ("enrollment",)


@pytest.fixture
def school(world: World) -> School:
    return before_term(world)


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
    assert (refusal["code"], refusal["gate"]) == ("step_out_of_order", "G-CHAIN")
    assert refusal["clauses"][0]["id"] == "P5-3.4.0.1"


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


@pytest.mark.clause("P5-3.4.3.3")
def test_a_family_whose_item_is_full_is_offered_another(school: School) -> None:
    opened(school, capacity=1)
    first, second = links(school)[:2]
    approved(school, first)
    application = apply(school, second)
    class_teacher(school, second).post(f"{E}/applications/class-review", {"application_ids": [application["id"]]})
    which = {"application_ids": [application["id"]]}
    refusal = school.principal().refused(f"{E}/applications/school-review", {**which, "decision": "approve"})
    assert (refusal["code"], refusal["clauses"][0]["id"]) == ("item_full", "P5-3.4.3.3")
    draft_item(school, title="看护二班")
    school.principal().post(f"{E}/items/{school.item['id']}/approve")
    listed(school)
    offer = {**which, "decision": "reallocate", "item_ids": [school.item["id"]]}
    school.principal().post(f"{E}/applications/school-review", offer)
    taken = school.parent(second).post(f"{E}/applications/{application['id']}/accept")
    assert (taken["state"], taken["item_ids"]) == ("APPROVED", [school.item["id"]])


def test_an_offer_that_clashes_with_another_wish_of_the_child_is_not_taken(school: School) -> None:
    survey(school)
    draft(school, weekdays=[1], capacity=1)
    items = [school.item]
    for _ in range(2):
        school.principal().post(f"{E}/items/{school.item['id']}/approve")
        draft_item(school, weekdays=[2])
        items.append(school.item)
    file(school)
    for item in items:
        school.item = item
        listed(school)
    told(school)
    open_window(school)
    full, wanted, offered = items
    first, second = links(school)[:2]
    school.item = full
    approved(school, first)
    application = apply(school, second)
    class_teacher(school, second).post(f"{E}/applications/class-review", {"application_ids": [application["id"]]})
    decision = {"application_ids": [application["id"]], "decision": "reallocate", "item_ids": [offered["id"]]}
    school.principal().post(f"{E}/applications/school-review", decision)
    open_window(school)
    school.item = wanted
    other = apply(school, second)
    parent = school.parent(second)
    assert parent.refused(f"{E}/applications/{application['id']}/accept")["code"] == "items_overlap"
    parent.post(f"{E}/applications/{other['id']}/withdraw")
    assert parent.post(f"{E}/applications/{application['id']}/accept")["state"] == "APPROVED"


@pytest.mark.parametrize("confirmed", [False, True])
def test_no_group_outgrows_what_one_adult_may_look_after(school: School, confirmed: bool) -> None:
    one_each = {"grouping": {"pupils_per_adult": {"care": {"value": 1}}}}
    whole = {"base": "p5-hebi", "overlay": one_each, "effective_from": today(school)}
    school.world.as_("district_admin").post(f"{E}/policy-profiles", whole)
    opened(school)
    applications = [approved(school, link)["id"] for link in links(school)[:2]]
    school.office().post(f"{E}/participations", {"application_ids": applications})
    wanted = {"item_id": school.item["id"], "title": "一", "venue_id": new_id(), "lead_person_id": school.lead}
    group = school.office().post(f"{E}/groups", {**wanted, "capacity": 30})
    path = f"{E}/groups/{group['id']}"
    school.office().post(f"{path}/add-members", {"participation_ids": applications[:1]})
    if confirmed:
        school.office().post(f"{path}/confirm")
    refusal = school.office().refused(f"{path}/add-members", {"participation_ids": applications})
    assert (refusal["code"], refusal["gate"]) == ("group_full", "G-STAFFED")


def test_other_content_than_was_filed_is_not_approved_under_the_same_filing(school: School) -> None:
    opened(school)
    draft_item(school, title="阅读", content_type="READING")
    refusal = school.principal().refused(f"{E}/items/{school.item['id']}/approve")
    assert (refusal["code"], refusal["gate"]) == ("plan_changed_since_filing", "G-FILE")


@pytest.mark.clause("P5-2.3.5")
def test_an_application_that_waits_too_long_is_reported_each_period(school: School) -> None:
    opened(school)
    application = apply(school, links(school)[0])
    for day, reports in ((-1, 0), (0, 1), (6, 1), (8, 2)):
        school.world.set_time(school.world.at(9, day=day))
        school.world.run_timers("enrollment")
        stalled = of_type(school.world, ApplicationStalled)
        assert [str(one.application_id) for one in stalled] == [application["id"]] * reports
