"""Pay follows recorded service, and stops at the instant of a block."""

from itertools import permutations
from typing import Any

import pytest

from shared.contracts.finance import PayLineAccrued, PayLineCancelled, PayLineHeld, PayLineReleased
from shared.contracts.vetting import EngagementActivated
from shared.ids import new_id
from tests.builders import fees, pay
from tests.builders.pay import Served
from tests.world import World

SERVICES = ("finance",)


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy()
    world.publish_calendar()
    world.pin_plan()
    return world


@pytest.fixture
def served(district: World) -> Served:
    """Two periods on the second day, at 40 yuan a period."""
    school = district.schools[0]
    pay.rates(district, school)
    return Served(district, school, fees.item(district, school), day=1)


def moves(world: World) -> list[str]:
    kinds = (PayLineAccrued, PayLineHeld, PayLineReleased, PayLineCancelled)
    return [type(event).__name__ for event in world.said("finance") if isinstance(event, kinds)]


def run_of(world: World, school: Any) -> Any:
    body = {"school_id": school, "term_id": world.term, "until": world.at(0, day=30).date()}
    return world.as_("accountant", school=school).post("/finance/v1/pay-runs", body)


def test_service_in_a_closed_session_is_worth_its_minutes_at_the_approved_rate(served: Served) -> None:
    served.world.hear(served.cleared(), served.recorded(), served.closed())
    assert pay.lines(served.world, served.school) == [("ACCRUED", 8_000)]
    held = fees.balances(served.world, served.school)
    assert held == {"EXPENSE_STAFF_LABOUR_PAY": 8_000, "STAFF_PAYABLE": -8_000}


def test_nothing_is_due_before_the_session_is_closed(served: Served) -> None:
    served.world.hear(served.cleared(), served.recorded())
    assert pay.lines(served.world, served.school) == []
    (record,) = served.world.as_("accountant").get("/finance/v1/service-records")["items"]
    assert record["waits_for"] == "session"


def test_service_is_never_longer_than_its_session(served: Served) -> None:
    served.world.hear(served.cleared(), served.closed(), served.recorded(minutes=500))
    assert pay.lines(served.world, served.school) == [("ACCRUED", 8_000)]


def test_service_waits_for_rates_and_is_priced_once_they_are_approved(district: World) -> None:
    school = district.schools[0]
    served = Served(district, school, fees.item(district, school))
    district.hear(served.cleared(), served.closed(), served.recorded())
    assert pay.lines(district, school) == []
    pay.rates(district, school)
    assert pay.lines(district, school) == [("ACCRUED", 8_000)]


def test_a_block_at_noon_cancels_the_afternoon_and_holds_the_day_before(served: Served) -> None:
    world = served.world
    before = Served(world, served.school, served.item, day=0, person=served.person)
    world.hear(served.cleared())
    for one in (before, served):
        world.hear(one.closed(), one.recorded())
    world.hear(served.blocked(day=1))
    assert pay.lines(world, served.school) == [("HELD", 8_000), ("CANCELLED", 8_000)]
    assert fees.balances(world, served.school)["STAFF_PAYABLE"] == -8_000
    assert run_of(world, served.school)["state"] == "CALCULATED"
    assert pay.lines(world, served.school) == [("HELD", 8_000), ("CANCELLED", 8_000)]


def test_a_restored_person_gets_exactly_what_was_held(served: Served) -> None:
    world = served.world
    world.hear(served.cleared(), served.closed(), served.recorded(), served.suspended(day=2))
    assert pay.lines(world, served.school) == [("HELD", 8_000)]
    world.hear(served.restored())
    assert pay.lines(world, served.school) == [("ACCRUED", 8_000)]
    assert moves(world) == ["PayLineAccrued", "PayLineHeld", "PayLineReleased"]
    after = Served(world, served.school, served.item, day=3, person=served.person)
    world.hear(after.closed(), after.recorded(epoch=3))
    assert pay.lines(world, served.school) == [("ACCRUED", 8_000), ("ACCRUED", 8_000)]


@pytest.mark.parametrize("order", list(permutations(range(5)))[::11])
def test_the_order_and_the_repetition_of_facts_change_nothing(district: World, order: tuple[int, ...]) -> None:
    school = district.schools[0]
    pay.rates(district, school)
    item = fees.item(district, school)
    early, late = Served(district, school, item, day=0), Served(district, school, item, day=1)
    late.person = early.person
    facts = [early.cleared(), early.blocked(day=1), early.restored(), early.recorded(), late.recorded()]
    district.hear(early.closed(), late.closed())
    district.hear(*[facts[index] for index in order], *[facts[index] for index in reversed(order)])
    assert pay.lines(district, school) == [("ACCRUED", 8_000), ("CANCELLED", 8_000)]
    assert fees.balances(district, school)["STAFF_PAYABLE"] == -8_000


def test_a_correction_is_paid_as_the_difference(served: Served) -> None:
    served.world.hear(served.cleared(), served.closed(), served.recorded())
    served.world.hear(served.recorded(minutes=40, revision=2), served.recorded(minutes=80, revision=1))
    assert sorted(pay.lines(served.world, served.school)) == [("ACCRUED", -4_000), ("ACCRUED", 8_000)]
    assert fees.balances(served.world, served.school)["STAFF_PAYABLE"] == -4_000


@pytest.mark.clause("P5-3.5.7")
@pytest.mark.clause("P5-4.2.4")
def test_an_outside_person_is_paid_as_agreed_and_not_before_there_is_an_agreement(served: Served) -> None:
    world = served.world
    world.hear(served.cleared("RETIRED_TEACHER"), served.closed(), served.recorded())
    assert pay.lines(world, served.school) == []
    world.hear(
        EngagementActivated(
            district_id=world.district,
            school_id=served.school,
            engagement_id=new_id(),
            person_id=served.person,
            kind="SERVICE_AGREEMENT",
            starts_on=world.first_day,
            ends_on=world.at(0, day=30).date(),
            rate_fen=5_500,
        )
    )
    assert pay.lines(world, served.school) == [("ACCRUED", 11_000)]
    (line,) = world.as_("accountant").get("/finance/v1/pay-lines")["items"]
    assert line["category"] == "EXTERNAL_LABOUR_FEE"


def test_a_run_is_prepared_approved_and_paid_by_three_from_money_that_is_there(served: Served) -> None:
    world, school = served.world, served.school
    world.hear(served.cleared(), served.closed(), served.recorded())
    path = f"/finance/v1/pay-runs/{run_of(world, school)['id']}"
    world.as_("principal", school=school).post(f"{path}/approve")
    refusal = world.as_("cashier").refused(f"{path}/pay")
    assert (refusal["code"], refusal["gate"]) == ("insufficient_funds", "G-SPEND")
    child, item = fees.child(world, school), fees.fee_in_force(world, school)
    world.hear(fees.confirmed(world, school, child, [item]))
    fees.paid(world, school, child)
    world.as_("cashier").post(f"{path}/pay")
    assert pay.lines(world, school) == [("PAID", 8_000)]
    assert fees.balances(world, school)["SPECIAL_ACCOUNT_SERVICE_FEE"] == 22_000


def test_the_preparer_of_a_run_does_not_approve_it(served: Served) -> None:
    world, both = served.world, new_id()
    world.hear(served.cleared(), served.closed(), served.recorded())
    body = {"school_id": served.school, "term_id": world.term, "until": world.at(0, day=30).date()}
    run = world.as_("accountant", person=both).post("/finance/v1/pay-runs", body)
    principal = world.as_("principal", person=both)
    assert principal.refused(f"/finance/v1/pay-runs/{run['id']}/approve")["code"] == "same_person"


def test_a_block_between_approval_and_payment_takes_the_line_out_of_the_run(served: Served) -> None:
    world, school = served.world, served.school
    world.hear(served.cleared(), served.closed(), served.recorded())
    path = f"/finance/v1/pay-runs/{run_of(world, school)['id']}"
    world.as_("principal", school=school).post(f"{path}/approve")
    world.hear(served.blocked(day=2))
    assert world.as_("cashier").get(path)["total_fen"] == 0
    world.as_("cashier").post(f"{path}/pay")
    assert pay.lines(world, school) == [("HELD", 8_000)]


def test_service_fees_pay_no_teacher_from_a_source_that_the_profile_does_not_name(district: World) -> None:
    body = {
        "school_id": district.schools[0],
        "effective_from": district.first_day,
        "rates": [pay.RATE | {"funding_source": "FISCAL_SUBSIDY"}],
    }
    refusal = district.as_("accountant").refused("/finance/v1/rate-tables", body)
    assert (refusal["gate"], refusal["code"]) == ("G-PAY", "source_not_for_category")


def test_another_school_sees_no_pay(served: Served) -> None:
    world = served.world
    world.hear(served.cleared(), served.closed(), served.recorded())
    run = run_of(world, served.school)
    world.as_("accountant", school=world.schools[1]).get(f"/finance/v1/pay-runs/{run['id']}", expect=404)
    assert world.as_("accountant", school=world.schools[1]).get("/finance/v1/pay-lines")["items"] == []
