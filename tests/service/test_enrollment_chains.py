"""A school under a profile with another chain: asked for by word of mouth, then by form, and no agreement to sign."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.finance import InvoiceNotRequired
from shared.ids import new_id
from tests.builders.enrollment import (
    SECTIONS,
    E,
    School,
    before_term,
    class_teacher,
    confirmed_group,
    draft,
    draft_item,
    links,
    state_of,
)
from tests.client import Client
from tests.world import World

SERVICES = ("enrollment",)
CARE = {"segment": "extended", "starts": "16:20", "ends": "17:50", "fee_bearing": False}


@pytest.fixture
def school(world: World) -> School:
    """A window is open: care after 16:20, for families in difficulty."""
    school = before_term(world, "p3-shanghai")
    draft(school, **CARE)
    put_on_offer(school)
    return school


def put_on_offer(school: School) -> None:
    """The plan adopted, its item listed, the families told, a window open."""
    school.principal().post(f"{E}/items/{school.item['id']}/approve")
    school.office().post(f"{E}/plans/{school.plan['id']}/complete")
    school.principal().post(f"{E}/plans/{school.plan['id']}/adopt")
    school.office().post(f"{E}/items/{school.item['id']}/list")
    told = {"plan_id": school.plan["id"], "elements": {"plan_text": "…"}, "channels": ["campus_website"]}
    notice = school.office().post(f"{E}/notices", told)
    school.office().post(f"{E}/notices/{notice['id']}/publish")
    school.window = school.office().post(f"{E}/windows", {"plan_id": school.plan["id"]})
    school.office().post(f"{E}/windows/{school.window['id']}/open")


def asked(school: School, link: Any) -> Any:
    wish = {"window_id": school.window["id"], "pupil_id": link["pupil_id"], "item_ids": [school.item["id"]]}
    oral = wish | {"guardian_id": link["guardian_id"]}
    return class_teacher(school, link).post(f"{E}/applications/register-oral", oral)


def step(school: School, link: Any, application: Any, verb: str) -> Any:
    body = {"application_ids": [application["id"]]}
    return class_teacher(school, link).post(f"{E}/applications/{verb}", body)["items"][0]


def decide(school: School, application: Any, decision: str, **more: Any) -> Any:
    body = {"application_ids": [application["id"]], "decision": decision, **more}
    return school.principal().post(f"{E}/applications/school-review", body)["items"][0]


@pytest.mark.clause("P3-2.2.10")
@pytest.mark.clause("P3-2.2.11")
@pytest.mark.clause("P3-2.2.12")
@pytest.mark.clause("P3-2.2.14")
def test_care_is_asked_for_orally_and_decided_on_a_form_in_that_order_only(school: School) -> None:
    link = links(school)[0]
    wish = {"window_id": school.window["id"], "pupil_id": link["pupil_id"], "item_ids": [school.item["id"]]}
    assert school.parent(link).refused(f"{E}/applications", wish)["clauses"][0]["id"] == "P3-2.2.10"
    application = asked(school, link)
    early = {"application_ids": [application["id"]]}
    refusal = class_teacher(school, link).refused(f"{E}/applications/issue-form", early)
    assert (refusal["gate"], refusal["code"]) == ("G-CHAIN", "step_out_of_order")
    assert "P3-2.2.12" in [clause["id"] for clause in refusal["clauses"]]
    early_decision = school.principal().refused(f"{E}/applications/school-review", early | {"decision": "approve"})
    assert "P3-2.2.14" in [clause["id"] for clause in early_decision["clauses"]]
    assert step(school, link, application, "prelim-review")["state"] == "PRELIM_PASSED"
    assert step(school, link, application, "issue-form")["state"] == "FORM_ISSUED"
    form = {"evidence_ref": "stamped-1"}
    assert school.parent(link).post(f"{E}/applications/{application['id']}/submit-form", form)["state"] == "SUBMITTED"
    assert decide(school, application, "approve")["state"] == "APPROVED"


@pytest.mark.clause("P3-2.2.13")
def test_the_form_is_not_taken_without_the_employers_stamp(school: School) -> None:
    link = links(school)[0]
    application = asked(school, link)
    step(school, link, application, "prelim-review")
    step(school, link, application, "issue-form")
    refusal = school.parent(link).refused(f"{E}/applications/{application['id']}/submit-form", {"evidence_ref": " "})
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-ELIG", "P3-2.2.13")


@pytest.mark.clause("P3-2.2.1")
def test_care_may_be_refused_where_there_is_no_difficulty_and_for_no_unnamed_reason(school: School) -> None:
    link = links(school)[0]
    application = asked(school, link)
    step(school, link, application, "prelim-review")
    step(school, link, application, "issue-form")
    school.parent(link).post(f"{E}/applications/{application['id']}/submit-form", {"evidence_ref": "stamped-1"})
    wanted = {"application_ids": [application["id"]], "decision": "reject", "reason_code": "CAPACITY"}
    refusal = school.principal().refused(f"{E}/applications/school-review", wanted)
    assert "P3-2.2.1" in [clause["id"] for clause in refusal["clauses"]]
    assert decide(school, application, "reject", reason_code="NO_DIFFICULTY")["state"] == "REJECTED"


@pytest.mark.parametrize("account", ["", "account-7"])
def test_no_class_teacher_reviews_the_application_for_their_own_child(school: School, account: str) -> None:
    link = links(school)[0]
    world, person = school.world, UUID(link["guardian_id"])
    pupil = next(one for one in school.principal().all(f"{E}/pupils") if one["id"] == link["pupil_id"])
    world.change("enrollment", "UPDATE classes SET teacher_id = :p WHERE id = :c", p=person, c=pupil["class_id"])
    application = asked(school, link)

    def token_for(service: str) -> str:
        return world.house.issuer.token(
            subject=account or str(person),
            roles=["class_teacher"],
            district_ids=[world.district],
            school_ids=[school.id],
            person_id=person,
            audience=service,
            lifetime=timedelta(hours=1),
        )

    body = {"application_ids": [application["id"]]}
    refusal = Client(world.http, token_for).refused(f"{E}/applications/prelim-review", body)
    assert (refusal["gate"], refusal["code"]) == ("G-CHAIN", "same_person")


def test_a_class_teacher_registers_pupils_of_their_own_class_only(school: School) -> None:
    link = links(school)[0]
    oral = {"window_id": school.window["id"], "pupil_id": link["pupil_id"], "item_ids": [school.item["id"]]}
    stranger = school.world.as_("class_teacher", school=school.id, person=new_id())
    refusal = stranger.refused(f"{E}/applications/register-oral", oral | {"guardian_id": link["guardian_id"]})
    assert (refusal["gate"], refusal["code"]) == ("G-CHAIN", "not_your_class")
    refusal = class_teacher(school, link).refused(
        f"{E}/applications/register-oral", oral | {"guardian_id": str(school.lead)}
    )
    assert (refusal["gate"], refusal["code"]) == ("G-VOLUNTARY", "not_a_guardian_of_the_pupil")


def test_a_child_takes_part_once_the_guardian_knows_whose_duties_are_which(school: School) -> None:
    link = links(school)[0]
    application = asked(school, link)
    step(school, link, application, "prelim-review")
    step(school, link, application, "issue-form")
    school.parent(link).post(f"{E}/applications/{application['id']}/submit-form", {"evidence_ref": "stamped-1"})
    decide(school, application, "approve")
    body = {"application_ids": [application["id"]]}
    (participation,) = school.office().post(f"{E}/participations", body)["items"]
    keep_free(school, participation["id"])
    assert state_of(school, participation["id"]) == "PENDING"
    (offered,) = school.office().post(f"{E}/agreements", body | {"sections": SECTIONS})["items"]
    refusal = school.parent(link).refused(f"{E}/agreements/{offered['id']}/sign")
    assert (refusal["gate"], refusal["code"]) == ("G-AGREE", "agreement_other_way")
    assert school.parent(link).post(f"{E}/agreements/{offered['id']}/acknowledge")["state"] == "IN_FORCE"
    assert state_of(school, participation["id"]) == "ACTIVE"


def keep_free(school: School, participation_id: str) -> None:
    """Finance says that nothing is due."""
    school.world.hear(
        InvoiceNotRequired(
            district_id=school.world.district, school_id=school.id, participation_id=UUID(participation_id)
        )
    )


def taking_part(school: School) -> str:
    """A child whose family was granted care; the participation's id."""
    link = links(school)[0]
    application = asked(school, link)
    step(school, link, application, "prelim-review")
    step(school, link, application, "issue-form")
    school.parent(link).post(f"{E}/applications/{application['id']}/submit-form", {"evidence_ref": "stamped-1"})
    decide(school, application, "approve")
    body = {"application_ids": [application["id"]]}
    return str(school.office().post(f"{E}/participations", body)["items"][0]["id"])


@pytest.mark.clause("P3-2.2.9")
def test_a_group_of_care_does_not_meet_before_the_second_week(school: School) -> None:
    participation = taking_part(school)
    refusal = confirmed_group(school, [participation], expect=409)
    assert (refusal["gate"], refusal["code"]) == ("G-TIME", "starts_too_early_in_term")
    assert refusal["clauses"][0]["id"] == "P3-2.2.9"
    second_week = school.world.at(8, day=7).date()
    assert confirmed_group(school, [participation], starts_on=second_week)["starts_on"] == str(second_week)


@pytest.mark.clause("P3-2.2.7")
@pytest.mark.parametrize(("lacks", "code"), [("venue_id", "venue_missing"), ("lead_person_id", "lead_not_cleared")])
def test_no_group_is_registered_without_its_teacher_and_its_place(school: School, lacks: str, code: str) -> None:
    wanted = {"item_id": school.item["id"], "title": "一班", "capacity": 30}
    fixed = {"venue_id": new_id(), "lead_person_id": school.lead, lacks: None}
    group = school.office().post(f"{E}/groups", wanted | fixed)
    members = {"participation_ids": [taking_part(school)]}
    school.office().post(f"{E}/groups/{group['id']}/add-members", members)
    start = {"starts_on": school.world.at(8, day=7).date()}
    refusal = school.office().refused(f"{E}/groups/{group['id']}/confirm", start)
    assert (refusal["code"], "P3-2.2.7" in [one["id"] for one in refusal["clauses"]]) == (code, True)


@pytest.mark.clause("P3-4.2.4")
def test_no_session_opens_before_pupils_teachers_places_and_pickup_rules_were_gone_through_again(
    school: School,
) -> None:
    points = school.principal().get(f"{E}/plans/{school.plan['id']}/readiness")
    again = {"roll", "staffing", "venue", "pickup_rules"}
    assert (again - set(points["missing"]), points["due_on"]) == (set(), "2027-03-20")
    refusal = school.principal().refused(f"{E}/plans/{school.plan['id']}/activate")
    assert (refusal["code"], refusal["gate"]) == ("not_ready", "G-READY")
    assert "P3-4.2.4" in [one["id"] for one in refusal["clauses"]]


@pytest.mark.clause("P3-2.1.4")
def test_clubs_are_of_the_arts_the_sciences_and_sports_and_of_nothing_else(world: World) -> None:
    school = before_term(world, "p3-shanghai")
    club = {"segment": "club", "starts": "16:20", "ends": "17:20", "fee_bearing": False}
    draft(school, **club, content_type="GAMES")
    refusal = school.principal().refused(f"{E}/items/{school.item['id']}/approve")
    assert (refusal["code"], refusal["gate"]) == ("content_not_allowed", "G-CONTENT")
    assert "P3-2.1.4" in [one["id"] for one in refusal["clauses"]]
    for content_type in ("ART", "SCIENCE", "SPORT"):
        draft_item(school, **club, content_type=content_type)
        school.principal().post(f"{E}/items/{school.item['id']}/approve")


@pytest.mark.clause("P3-2.2.3")
def test_ordinary_care_does_not_go_on_after_twenty_past_four(world: World) -> None:
    school = before_term(world, "p3-shanghai")
    draft(school, segment="ordinary", starts="15:30", ends="16:30", fee_bearing=False)
    refusal = school.principal().refused(f"{E}/items/{school.item['id']}/approve")
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-TIME", "P3-2.2.3")


@pytest.mark.clause("P3-2.2.4")
def test_extended_care_ends_at_six_and_no_exception_helps(world: World) -> None:
    school = before_term(world, "p3-shanghai")
    draft(school, segment="extended", starts="16:20", ends="18:10", fee_bearing=False)
    refusal = school.principal().refused(f"{E}/items/{school.item['id']}/approve")
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-TIME", "P3-2.2.4")
    wish = {"school_id": school.id, "bound": "extended_care.latest_end", "reason": "…"}
    days = {"valid_from": world.first_day, "valid_until": world.first_day}
    refusal = school.office().refused(f"{E}/exceptions", wish | days)
    assert (refusal["code"], refusal["clauses"][0]["id"]) == ("bound_is_hard", "P3-2.2.4")


def test_a_bound_in_principle_is_passed_by_an_approved_exception_and_only_while_it_stands(world: World) -> None:
    school = before_term(world)
    draft(school, starts="16:50", ends="18:10")
    late = f"{E}/items/{school.item['id']}/approve"
    assert school.principal().refused(late)["code"] == "ends_too_late"
    wish = {"school_id": school.id, "bound": "end.latest.primary", "reason": "公交班次", "valid_from": world.first_day}
    asked_for = school.office().post(f"{E}/exceptions", wish | {"valid_until": world.at(8, day=40).date()})
    assert school.principal().refused(late)["code"] == "ends_too_late"
    path = f"{E}/exceptions/{asked_for['id']}"
    assert school.principal().post(f"{path}/approve", {"document_no": "1"}, expect=403)["code"] == "forbidden"
    world.as_("district_admin").post(f"{path}/approve", {"document_no": "鹤教体〔2026〕1号"})
    school.principal().post(late)
    draft_item(school, starts="16:50", ends="18:10")
    world.as_("district_admin").post(f"{path}/end")
    assert school.principal().refused(f"{E}/items/{school.item['id']}/approve")["code"] == "ends_too_late"
