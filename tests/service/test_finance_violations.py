"""Money that moves as a prohibition forbids is said, once, and nothing else is called a violation (S12)."""

from typing import Any

import pytest

from shared.contracts.finance import MoneyViolationDetected
from tests.builders import fees
from tests.world import World

SERVICES = ("finance",)


@pytest.fixture
def started(world: World) -> tuple[World, Any, fees.Child, Any]:
    """A district where the payment of a published fee was started."""
    world.publish_policy()
    world.publish_calendar()
    world.pin_plan()
    school = world.schools[0]
    item, child = fees.fee_in_force(world, school), fees.child(world, school)
    world.hear(fees.confirmed(world, school, child, [item]))
    return world, school, child, fees.start(world, school, child)


def violations(world: World) -> list[MoneyViolationDetected]:
    return [event for event in world.said("finance") if isinstance(event, MoneyViolationDetected)]


def transferred(world: World, payment: Any, **changes: Any) -> int:
    """The status of the answer to the gateway's word."""
    return fees.call_back(world, fees.word(world, payment, **changes)).status_code


@pytest.mark.clause("P2-5.4.4")
def test_money_for_a_fee_that_is_not_posted_is_a_violation_and_goes_back(started: Any) -> None:
    world, school, child, payment = started
    fees.take_down(world, school)
    assert transferred(world, payment) == 200
    (said,) = violations(world)
    assert (said.prohibition_code, said.evidence_ref) == ("PB04", f"payment:{payment['id']}")
    assert (said.school_id, said.on) == (school, world.first_day)
    assert [one["amount_fen"] for one in fees.refund_of(world, child)] == [30_000]


def test_a_violation_is_said_of_a_payment_once(started: Any) -> None:
    world, school, _, payment = started
    fees.take_down(world, school)
    for transaction in ("one", "one", "two"):
        assert transferred(world, payment, transaction_id=f"{transaction}-{payment['id']}") == 200
    assert len(violations(world)) == 1
    assert fees.balances(world, school)["SUSPENSE"] == -60_000


@pytest.mark.parametrize(
    ("wrong", "status"), [({"amount_fen": 20_000}, 200), ({"payee_account": "somebody-else"}, 409)]
)
def test_another_amount_or_account_is_no_violation(started: Any, wrong: dict[str, Any], status: int) -> None:
    world, _, _, payment = started
    assert transferred(world, payment, **wrong) == status
    assert violations(world) == []


def test_money_that_the_invoice_needs_no_more_is_no_violation_whatever_is_posted(started: Any) -> None:
    world, school, child, payment = started
    world.hear(fees.withdrawn(world, school, child, after_days=0))
    fees.take_down(world, school)
    assert transferred(world, payment) == 200
    assert violations(world) == []


def test_what_comes_again_for_a_fee_that_was_paid_is_no_violation_whatever_is_posted(started: Any) -> None:
    world, school, _, payment = started
    transferred(world, payment)
    fees.take_down(world, school)
    assert transferred(world, payment, transaction_id=f"again-{payment['id']}") == 200
    assert violations(world) == []
