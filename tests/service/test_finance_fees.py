"""What may be charged: approved, posted, seen by somebody else; and what is billed then."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.enrollment import CalendarPublished
from shared.contracts.finance import (
    FeePublicationInvalidated,
    FeePublicationVerified,
    FeeStandardInEffect,
    InvoiceIssued,
    InvoiceNotRequired,
    InvoiceOverdue,
)
from shared.ids import new_id
from tests.builders import fees
from tests.world import World

SERVICES = ("finance",)


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy()
    world.publish_calendar()
    world.pin_plan()
    return world


def of_type(world: World, event_type: type[Any]) -> list[Any]:
    return [event for event in world.said("finance") if isinstance(event, event_type)]


def test_a_confirmed_participation_is_billed_by_the_published_fee(district: World) -> None:
    school = district.schools[0]
    item = fees.fee_in_force(district, school)
    child = fees.child(district, school)
    district.hear(fees.confirmed(district, school, child, [item]))
    invoice = fees.invoice_of(district, child)
    assert (invoice["state"], invoice["amount_fen"], invoice["due_on"]) == ("ISSUED", 30_000, "2026-09-22")
    assert fees.balances(district, school) == {"RECEIVABLE": 30_000, "INCOME_SERVICE_FEE": -30_000}
    kinds = [type(event) for event in district.said("finance")]
    assert kinds == [FeeStandardInEffect, FeePublicationVerified, InvoiceIssued]


def test_who_joins_in_the_middle_pays_for_the_days_that_are_left(district: World) -> None:
    school = district.schools[0]
    item = fees.fee_in_force(district, school)
    child = fees.child(district, school)
    late = district.first_day + timedelta(days=3)
    district.hear(fees.confirmed(district, school, child, [item], starts_on=late))
    assert fees.invoice_of(district, child)["amount_fen"] == 12_000


@pytest.mark.clause("P5-4.2.3")
def test_an_invoice_waits_until_somebody_else_saw_the_fee_posted(district: World) -> None:
    school = district.schools[0]
    item = fees.item(district, school)
    fee = fees.standard(district, school, [item])
    child = fees.child(district, school)
    district.hear(fees.confirmed(district, school, child, [item]))
    held = fees.invoice_of(district, child)
    assert (held["state"], held["held_because"], held["held_gate"]) == ("DRAFT", "fee_not_published", "G-PUB")
    assert held["held_clauses"] == ["P5-4.2.3"]
    fees.posted(district, school, fee)
    assert fees.invoice_of(district, child)["state"] == "DRAFT"
    fees.published(district, school, fee)
    assert fees.invoice_of(district, child)["state"] == "ISSUED"


@pytest.mark.clause("P5-4.2.2")
def test_an_invoice_waits_for_an_approved_fee(district: World) -> None:
    school = district.schools[0]
    item, child = fees.item(district, school), fees.child(district, school)
    district.hear(fees.confirmed(district, school, child, [item]))
    held = fees.invoice_of(district, child)
    assert (held["held_because"], held["held_gate"], held["held_clauses"][0]) == (
        "no_fee_standard",
        "G-FEE",
        "P5-4.2.2",
    )
    fees.published(district, school, fees.standard(district, school, [item]))
    assert fees.invoice_of(district, child)["state"] == "ISSUED"


@pytest.mark.clause("P5-4.2.2")
def test_the_authorities_approve_in_the_profiles_order(district: World) -> None:
    school = district.schools[0]
    drafted = district.as_("accountant", school=school).post(
        "/finance/v1/fee-standards", fees.wanted(district, school, [fees.item(district, school)])
    )
    path = f"/finance/v1/fee-standards/{drafted['id']}"
    district.as_("accountant", school=school).post(f"{path}/submit")
    government = {"authority": "government_approval", "document_no": "2"}
    refusal = district.as_("district_admin").refused(f"{path}/approve", government)
    assert (refusal["code"], refusal["clauses"][0]["id"]) == ("wrong_authority", "P5-4.2.2")


@pytest.mark.clause("P5-2.4.1")
def test_a_fee_above_its_costs_is_a_profit_and_refused(district: World) -> None:
    school = district.schools[0]
    body = fees.wanted(district, school, [fees.item(district, school)], amount_fen=30_001)
    refusal = district.as_("accountant", school=school).refused("/finance/v1/fee-standards", body)
    assert (refusal["code"], refusal["clauses"][0]["id"]) == ("fee_above_cost", "P5-2.4.1")


@pytest.mark.clause("P5-4.2.5")
def test_a_fee_goes_to_the_schools_special_account_alone(district: World) -> None:
    school = district.schools[0]
    body = fees.wanted(district, school, [fees.item(district, school)], payee_kind="provider_account")
    refusal = district.as_("accountant", school=school).refused("/finance/v1/fee-standards", body)
    assert (refusal["code"], refusal["clauses"][0]["id"]) == ("payee_not_allowed", "P5-4.2.5")


def test_a_management_fee_is_no_cost_to_recover(district: World) -> None:
    school = district.schools[0]
    costs = {"expected_pupils": 1, "items": [{"category": "MANAGEMENT_FEE", "amount_fen": 9_000_000}]}
    body = fees.wanted(district, school, [fees.item(district, school)], costs=costs)
    refusal = district.as_("accountant", school=school).refused("/finance/v1/fee-standards", body)
    assert refusal["code"] == "category_not_spendable"


def test_the_poster_does_not_verify_the_posting(district: World) -> None:
    school, both = district.schools[0], new_id()
    fee = fees.standard(district, school, [fees.item(district, school)])
    publication = district.as_("academic_affairs", school=school, person=both).post(
        "/finance/v1/fee-publications",
        {"standard_id": fee["id"], "photo_ref": "p", "place": "board", "contents": fee["posting"]},
    )
    verifier = district.as_("leadership_member", school=school, person=both)
    path = f"/finance/v1/fee-publications/{publication['id']}/verify"
    assert verifier.refused(path, {"contents": fee["posting"]})["code"] == "same_person"


@pytest.mark.parametrize("left_out", ["items", "standard", "basis", "complaint_phone"])
def test_a_posting_without_a_demanded_element_is_not_verified(district: World, left_out: str) -> None:
    school = district.schools[0]
    fee = fees.standard(district, school, [fees.item(district, school)])
    publication = fees.posted(district, school, fee)
    seen = {name: value for name, value in fee["posting"].items() if name != left_out}
    refusal = district.as_("leadership_member", school=school).refused(
        f"/finance/v1/fee-publications/{publication['id']}/verify", {"contents": seen}
    )
    assert (refusal["code"], refusal["gate"]) == ("publication_incomplete", "G-PUB")
    assert left_out in refusal["detail"]


def test_a_posting_that_names_another_amount_is_not_verified(district: World) -> None:
    school = district.schools[0]
    fee = fees.standard(district, school, [fees.item(district, school)])
    publication = fees.posted(district, school, fee)
    seen = fee["posting"] | {"standard": {"unit": "per_term", "amount_fen": 31_000}}
    refusal = district.as_("leadership_member", school=school).refused(
        f"/finance/v1/fee-publications/{publication['id']}/verify", {"contents": seen}
    )
    assert refusal["code"] == "publication_differs"


def test_a_publication_that_nobody_sees_again_in_a_month_holds_no_more(district: World) -> None:
    school = district.schools[0]
    fees.fee_in_force(district, school)
    district.set_time(district.at(9, day=32))
    district.run_timers("finance")
    said = of_type(district, FeePublicationInvalidated)
    assert [event.cause for event in said] == ["NOT_SEEN_AGAIN"]


def test_a_new_fee_ends_the_one_before_and_its_posting(district: World) -> None:
    school = district.schools[0]
    item = fees.fee_in_force(district, school)
    fees.standard(district, school, [item], amount_fen=20_000)
    assert [event.cause for event in of_type(district, FeePublicationInvalidated)] == ["STANDARD_CHANGED"]
    states = district.as_("accountant").get("/finance/v1/fee-standards", school_id=school)["items"]
    assert [one["state"] for one in states] == ["ENDED", "IN_EFFECT"]


def test_no_fee_where_the_profile_names_none(world: World) -> None:
    world.publish_policy("p3-shanghai")
    world.publish_calendar()
    world.pin_plan()
    school = world.schools[0]
    item, child = fees.item(world, school), fees.child(world, school)
    world.hear(fees.confirmed(world, school, child, [item]))
    assert [type(event) for event in world.said("finance")] == [InvoiceNotRequired]
    body = fees.wanted(world, school, [item])
    refusal = world.as_("accountant", school=school).refused("/finance/v1/fee-standards", body)
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-FEE", "P3-3.1.4")


def test_a_place_without_a_fee_needs_no_invoice(district: World) -> None:
    school, child = district.schools[0], fees.child(district, district.schools[0])
    district.hear(fees.confirmed(district, school, child, []))
    assert [type(event) for event in district.said("finance")] == [InvoiceNotRequired]


def test_nothing_is_billed_before_the_collection_begins(district: World) -> None:
    school = district.schools[0]
    item = fees.fee_in_force(district, school)
    days = [district.first_day + timedelta(days=day) for day in range(5)]
    district.hear(
        CalendarPublished(
            district_id=district.district,
            term_id=district.term,
            starts_on=days[0],
            ends_on=days[-1],
            collection_starts_on=days[2],
            school_days=tuple(days),
        )
    )
    child = fees.child(district, school)
    district.hear(fees.confirmed(district, school, child, [item]))
    held = fees.invoice_of(district, child)
    assert (held["held_because"], held["held_gate"]) == ("collection_not_begun", "G-TERM")
    district.set_time(district.at(0, 5, day=2))
    district.run_timers("finance")
    assert fees.invoice_of(district, child)["state"] == "ISSUED"


def test_facts_that_come_before_policy_plan_and_item_are_billed_when_those_arrive(world: World) -> None:
    school, child = world.schools[0], fees.child(world, world.schools[0])
    item = new_id()
    world.hear(fees.confirmed(world, school, child, [item]))
    assert world.as_("accountant").get("/finance/v1/invoices")["items"] == []
    world.publish_calendar()
    world.publish_policy()
    world.pin_plan()
    assert world.as_("accountant").get("/finance/v1/invoices")["items"] == []
    known = fees.item(world, school, item_id=item)
    fees.published(world, school, fees.standard(world, school, [known]))
    assert fees.invoice_of(world, child)["state"] == "ISSUED"


def test_an_unpaid_invoice_becomes_overdue_and_the_child_stays(district: World) -> None:
    school = district.schools[0]
    item, child = fees.fee_in_force(district, school), fees.child(district, school)
    district.hear(fees.confirmed(district, school, child, [item]))
    district.set_time(district.at(1, day=16))
    district.run_timers("finance")
    assert fees.invoice_of(district, child)["state"] == "OVERDUE"
    assert [event.amount_fen for event in of_type(district, InvoiceOverdue)] == [30_000]


def test_another_school_and_another_district_see_no_fee(district: World) -> None:
    school, other = district.schools[:2]
    fee = fees.standard(district, school, [fees.item(district, school)])
    path = f"/finance/v1/fee-standards/{fee['id']}"
    district.as_("accountant", school=other).get(path, expect=404)
    stranger = World(district.house, district.suite)
    stranger.as_("accountant").get(path, expect=404)
    stranger.http.close()
