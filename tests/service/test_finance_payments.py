"""Paying, not paying, being relieved, and getting money back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from services.finance.payments.rules import callback_key, sign
from shared.contracts.enrollment import ItemDelisted
from shared.contracts.finance import InvoiceSettled, ItemRefundsClosed, RefundClosedZero, RefundPaid, WaiverGranted
from shared.ids import new_id
from tests.builders import fees
from tests.world import KEYRING, World

SERVICES = ("finance",)


@pytest.fixture
def district(world: World) -> World:
    world.publish_policy()
    world.publish_calendar()
    world.pin_plan()
    return world


@pytest.fixture
def billed(district: World) -> tuple[World, Any, fees.Child]:
    """A district with a child who owes 300 yuan."""
    school = district.schools[0]
    item, child = fees.fee_in_force(district, school), fees.child(district, school)
    district.hear(fees.confirmed(district, school, child, [item]))
    return district, school, child


def of_type(world: World, event_type: type[Any]) -> list[Any]:
    return [event for event in world.said("finance") if isinstance(event, event_type)]


def aid(world: World, child: fees.Child, **changes: Any) -> Any:
    row = {"pupil_id": child.pupil, "basis": "ORPHAN", "starts_on": world.first_day, "ends_on": world.first_day}
    body = {"document_no": "鹤教助〔2026〕1号", "rows": [row | changes]}
    return world.as_("district_admin").post("/finance/v1/waivers/import", body)


# Paying


def test_a_signed_callback_settles_the_invoice_once_however_often_it_comes(billed: Any) -> None:
    district, school, child = billed
    body = fees.word(district, fees.start(district, school, child))
    for _ in range(3):
        assert fees.call_back(district, body).json()["state"] == "CONFIRMED"
    assert fees.balances(district, school) == {"SPECIAL_ACCOUNT_SERVICE_FEE": 30_000, "INCOME_SERVICE_FEE": -30_000}
    assert [event.settled_by for event in of_type(district, InvoiceSettled)] == ["payment"]
    assert fees.invoice_of(district, child)["state"] == "SETTLED"


def test_a_family_with_two_invoices_has_settled_when_both_are(district: World) -> None:
    school, child = district.schools[0], fees.child(district, district.schools[0])
    own, foreign = fees.fee_in_force(district, school), fees.item(district, school, provider=new_id())
    fees.published(district, school, fees.standard(district, school, [foreign], kind="AGENCY_FEE"))
    district.hear(fees.confirmed(district, school, child, [own, foreign]))
    guardian = district.as_("guardian", person=child.guardian)
    for invoice in guardian.all("/finance/v1/invoices", pupil_id=child.pupil):
        payment = guardian.post("/finance/v1/payments", {"invoice_id": invoice["id"]})
        fees.call_back(district, fees.word(district, payment))
    assert [event.open_invoices for event in of_type(district, InvoiceSettled)] == [1, 0]


def test_the_same_callback_from_eight_threads_is_posted_once(billed: Any) -> None:
    district, school, child = billed
    body = fees.word(district, fees.start(district, school, child))
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: fees.call_back(district, body).status_code, range(8)))
    assert replies == [200] * 8
    postings = district.as_("accountant").all("/finance/v1/ledger/postings", kind="PAYMENT")
    assert len(postings) == 1
    assert fees.balances(district, school)["SPECIAL_ACCOUNT_SERVICE_FEE"] == 30_000


@pytest.mark.parametrize("signature", ["", "00", "a" * 64])
def test_a_callback_that_is_not_signed_changes_nothing(billed: Any, signature: str) -> None:
    district, school, child = billed
    before = fees.balances(district, school)
    body = fees.word(district, fees.start(district, school, child))
    reply = fees.call_back(district, body, signature=signature)
    assert (reply.status_code, reply.json()["code"]) == (401, "bad_signature")
    assert fees.balances(district, school) == before


def test_an_altered_callback_changes_nothing(billed: Any) -> None:
    district, school, child = billed
    payment = fees.start(district, school, child)
    good = fees.word(district, payment)
    signed = sign(callback_key(KEYRING.index_key, district.district), good)
    altered = fees.word(district, payment, amount_fen=1)
    assert fees.call_back(district, altered, signature=signed).status_code == 401
    assert fees.call_back(district, b"{", signature=signed).status_code == 401
    assert fees.invoice_of(district, child)["state"] == "ISSUED"


def test_a_transaction_that_is_told_differently_is_refused(billed: Any) -> None:
    district, school, child = billed
    payment = fees.start(district, school, child)
    assert fees.call_back(district, fees.word(district, payment)).status_code == 200
    reply = fees.call_back(district, fees.word(district, payment, amount_fen=29_999))
    assert (reply.status_code, reply.json()["code"]) == (409, "callback_contradicts")
    assert fees.balances(district, school)["SPECIAL_ACCOUNT_SERVICE_FEE"] == 30_000


def test_another_amount_than_was_started_goes_to_suspense_and_back(billed: Any) -> None:
    district, school, child = billed
    payment = fees.start(district, school, child)
    assert fees.call_back(district, fees.word(district, payment, amount_fen=20_000)).status_code == 200
    assert fees.balances(district, school)["SUSPENSE"] == -20_000
    (refund,) = fees.refund_of(district, child)
    assert (refund["cause"], refund["amount_fen"], refund["state"]) == ("NOT_COLLECTABLE", 20_000, "CALCULATED")
    assert fees.invoice_of(district, child)["state"] == "ISSUED"


@pytest.mark.clause("P5-4.2.5")
def test_money_to_another_account_is_no_payment(billed: Any) -> None:
    district, school, child = billed
    payment = fees.start(district, school, child)
    reply = fees.call_back(district, fees.word(district, payment, payee_account="somebody-else"))
    assert (reply.status_code, reply.json()["clauses"][0]["id"]) == (409, "P5-4.2.5")
    assert fees.invoice_of(district, child)["state"] == "ISSUED"


@pytest.mark.clause("P5-4.2.3")
def test_no_payment_starts_once_the_posting_holds_no_more(billed: Any) -> None:
    district, school, child = billed
    fees.take_down(district, school)
    guardian = district.as_("guardian", school=school, person=child.guardian)
    refusal = guardian.refused("/finance/v1/payments", {"invoice_id": fees.invoice_of(district, child)["id"]})
    assert (refusal["gate"], refusal["clauses"][0]["id"]) == ("G-PUB", "P5-4.2.3")


def test_money_that_comes_after_the_posting_fell_goes_to_suspense_and_back(billed: Any) -> None:
    district, school, child = billed
    payment = fees.start(district, school, child)
    fees.take_down(district, school)
    assert fees.call_back(district, fees.word(district, payment)).status_code == 200
    held = fees.balances(district, school)
    assert (held["SUSPENSE"], held["RECEIVABLE"]) == (-30_000, 30_000)
    (refund,) = fees.refund_of(district, child)
    refusal = district.as_("principal").refused(f"/finance/v1/refunds/{refund['id']}/reject", {"reason": "keep it"})
    assert refusal["code"] == "suspense_goes_back"
    district.as_("principal").post(f"/finance/v1/refunds/{refund['id']}/approve")
    district.as_("cashier").post(f"/finance/v1/refunds/{refund['id']}/pay")
    assert "SUSPENSE" not in fees.balances(district, school)


def test_a_family_sees_and_pays_its_own_invoices_alone(billed: Any) -> None:
    district, school, child = billed
    stranger = district.as_("guardian", school=school, person=new_id())
    invoice = fees.invoice_of(district, child)
    assert stranger.get("/finance/v1/invoices")["items"] == []
    stranger.get(f"/finance/v1/invoices/{invoice['id']}", expect=404)
    stranger.post("/finance/v1/payments", {"invoice_id": invoice["id"]}, expect=404)
    own = district.as_("guardian", school=school, person=child.guardian)
    assert [one["id"] for one in own.get("/finance/v1/invoices")["items"]] == [invoice["id"]]


def test_another_school_and_another_district_see_no_invoice(billed: Any) -> None:
    district, _, child = billed
    path = f"/finance/v1/invoices/{fees.invoice_of(district, child)['id']}"
    district.as_("accountant", school=district.schools[1]).get(path, expect=404)
    stranger = World(district.house, district.suite)
    stranger.as_("accountant").get(path, expect=404)
    stranger.http.close()


# Being relieved


@pytest.mark.clause("P5-2.4.3")
def test_a_pupil_on_the_aid_list_never_sees_a_demand(district: World) -> None:
    school = district.schools[0]
    item, child = fees.fee_in_force(district, school), fees.child(district, school)
    assert aid(district, child)["granted"] == 1
    district.hear(fees.confirmed(district, school, child, [item]))
    invoice = fees.invoice_of(district, child)
    assert (invoice["state"], invoice["amount_fen"], invoice["waived_fen"]) == ("SETTLED", 30_000, 30_000)
    assert [event.settled_by for event in of_type(district, InvoiceSettled)] == ["waiver"]
    assert fees.balances(district, school) == {}


@pytest.mark.clause("P5-2.4.3")
def test_a_part_is_not_enough_where_the_profile_says_free(district: World) -> None:
    child = fees.child(district, district.schools[0])
    told = aid(district, child, percent=50)
    (error,) = told["errors"]
    assert (told["granted"], error["row"], error["code"]) == (0, 1, "waiver_must_be_full")
    assert (error["gate"], error["clauses"]) == ("G-WAIVE", ["P5-2.4.3"])
    assert error["detail"]["en"] == "Needy pupils are free; 50 percent is not enough."
    assert of_type(district, WaiverGranted) == []


def test_rows_of_strangers_and_of_unknown_hardships_are_reported(district: World) -> None:
    child = fees.child(district, district.schools[0])
    assert aid(district, fees.Child())["errors"][0]["code"] == "pupil_unknown"
    assert aid(district, child, basis="LAZINESS")["errors"][0]["code"] == "hardship_basis_unknown"


def test_nobody_is_billed_while_a_waiver_is_under_review(district: World) -> None:
    school = district.schools[0]
    item, child = fees.fee_in_force(district, school), fees.child(district, school)
    told = {"pupil_id": child.pupil, "basis": "ORPHAN", "evidence_ref": "doc", "consent": True}
    dates = {"starts_on": district.first_day, "ends_on": district.first_day + timedelta(days=100)}
    waiver = district.as_("guardian", person=child.guardian).post("/finance/v1/waivers", told | dates)
    district.hear(fees.confirmed(district, school, child, [item]))
    assert fees.invoice_of(district, child)["held_because"] == "waiver_under_review"
    refusal = district.as_("principal").refused(f"/finance/v1/waivers/{waiver['id']}/grant", {"percent": 60})
    assert (refusal["gate"], refusal["code"]) == ("G-WAIVE", "waiver_must_be_full")
    district.as_("principal").post(f"/finance/v1/waivers/{waiver['id']}/deny")
    assert fees.invoice_of(district, child)["state"] == "ISSUED"


def test_a_waiver_after_the_payment_gives_the_money_back_once(billed: Any) -> None:
    district, school, child = billed
    fees.paid(district, school, child)
    aid(district, child)
    aid(district, child)
    (refund,) = fees.refund_of(district, child)
    assert (refund["cause"], refund["amount_fen"], refund["state"]) == ("WAIVER_LATE", 30_000, "CALCULATED")
    held = {"SPECIAL_ACCOUNT_SERVICE_FEE": 30_000, "REFUND_PAYABLE": -30_000}
    assert fees.balances(district, school) == held


def test_a_waiver_after_the_bill_settles_it(billed: Any) -> None:
    district, school, child = billed
    aid(district, child)
    assert fees.invoice_of(district, child)["state"] == "SETTLED"
    assert fees.balances(district, school) == {}


# Getting money back


@pytest.mark.parametrize("after_days", [0, 1, 4, 5])
def test_a_withdrawal_gives_back_what_was_not_delivered(billed: Any, after_days: int) -> None:
    district, school, child = billed
    fees.paid(district, school, child)
    district.hear(fees.withdrawn(district, school, child, after_days=after_days))
    (refund,) = fees.refund_of(district, child)
    assert refund["amount_fen"] == 30_000 - 6_000 * after_days
    assert refund["state"] == ("CALCULATED" if after_days < 5 else "ZERO")


def test_a_refund_is_prepared_approved_and_paid_by_three(billed: Any) -> None:
    district, school, child = billed
    fees.paid(district, school, child)
    district.hear(fees.withdrawn(district, school, child, after_days=2))
    (refund,) = fees.refund_of(district, child)
    path = f"/finance/v1/refunds/{refund['id']}"
    assert district.as_("principal", person=child.guardian).refused(f"{path}/approve")["code"] == "same_person"
    district.as_("cashier").refused(f"{path}/pay")
    district.as_("principal").post(f"{path}/approve")
    district.as_("cashier").post(f"{path}/pay")
    (paid,) = of_type(district, RefundPaid)
    assert (paid.amount_fen, paid.cause) == (18_000, "WITHDRAWAL")
    held = fees.balances(district, school)
    assert held == {"SPECIAL_ACCOUNT_SERVICE_FEE": 12_000, "INCOME_SERVICE_FEE": -12_000}
    assert fees.invoice_of(district, child)["state"] == "CREDITED"


def test_a_withdrawal_told_twice_is_decided_once(billed: Any) -> None:
    district, school, child = billed
    fees.paid(district, school, child)
    for days in (2, 3):
        district.hear(fees.withdrawn(district, school, child, after_days=days))
    assert [one["amount_fen"] for one in fees.refund_of(district, child)] == [18_000]


def test_who_withdraws_unpaid_owes_the_delivered_days_and_what_comes_beyond_goes_back(billed: Any) -> None:
    district, school, child = billed
    payment = fees.start(district, school, child)
    district.hear(fees.withdrawn(district, school, child, after_days=2))
    assert fees.balances(district, school)["RECEIVABLE"] == 12_000
    assert len(of_type(district, RefundClosedZero)) == 1
    assert fees.call_back(district, fees.word(district, payment)).status_code == 200
    refunds = {one["cause"]: one["amount_fen"] for one in fees.refund_of(district, child)}
    assert refunds == {"WITHDRAWAL": 0, "NOT_COLLECTABLE": 18_000}
    assert fees.invoice_of(district, child)["state"] == "SETTLED"


def test_who_withdraws_before_the_first_day_owes_nothing(billed: Any) -> None:
    district, school, child = billed
    district.hear(fees.withdrawn(district, school, child, after_days=0))
    assert fees.invoice_of(district, child)["state"] == "VOID"
    assert fees.balances(district, school) == {}


@pytest.mark.parametrize("late", ["policies", "terms"])
def test_who_withdrew_before_the_rules_arrived_owes_what_they_would_have_owed(district: World, late: str) -> None:
    school = district.schools[0]
    item, child = fees.fee_in_force(district, school), fees.child(district, school)
    district.change("finance", f"DELETE FROM {late} WHERE district_id = :d", d=district.district)
    district.hear(
        fees.confirmed(district, school, child, [item]), fees.withdrawn(district, school, child, after_days=2)
    )
    assert fees.refund_of(district, child) == []
    district.publish_policy()
    district.publish_calendar()
    district.run_timers("finance")
    assert fees.balances(district, school) == {"RECEIVABLE": 12_000, "INCOME_SERVICE_FEE": -12_000}
    assert [one["state"] for one in fees.refund_of(district, child)] == ["ZERO"]


def test_no_more_goes_back_than_was_paid(billed: Any) -> None:
    district, school, child = billed
    fees.paid(district, school, child)
    invoice = fees.invoice_of(district, child)
    accountant = district.as_("accountant", school=school)
    told = {"invoice_id": invoice["id"], "cause": "OVERCHARGE", "reason": "counted twice"}
    path = f"/finance/v1/refunds/{accountant.post('/finance/v1/refunds', told)['id']}"
    assert accountant.refused(f"{path}/calculate", {"amount_fen": 30_001})["code"] == "refund_above_payment"
    assert accountant.post(f"{path}/calculate", {"amount_fen": 30_000})["state"] == "CALCULATED"


def test_a_refused_refund_stays_income(billed: Any) -> None:
    district, school, child = billed
    fees.paid(district, school, child)
    told = {"invoice_id": fees.invoice_of(district, child)["id"], "cause": "OVERCHARGE", "reason": "?"}
    accountant = district.as_("accountant", school=school)
    path = f"/finance/v1/refunds/{accountant.post('/finance/v1/refunds', told)['id']}"
    accountant.post(f"{path}/calculate", {"amount_fen": 10_000})
    district.as_("principal").post(f"{path}/reject", {"reason": "counted right"})
    assert fees.balances(district, school) == {"SPECIAL_ACCOUNT_SERVICE_FEE": 30_000, "INCOME_SERVICE_FEE": -30_000}


# An item is offered no more (S4)


def delisted(world: World, school: Any, item: Any) -> None:
    owner = {"district_id": world.district, "school_id": school}
    world.hear(ItemDelisted(**owner, item_id=item, term_id=world.term, provider_id=new_id()))


def closed_items(world: World) -> list[Any]:
    return [event.item_id for event in of_type(world, ItemRefundsClosed)]


def test_a_delisted_item_that_nobody_paid_for_owes_no_refund(district: World) -> None:
    school = district.schools[0]
    item = fees.fee_in_force(district, school)
    delisted(district, school, item)
    delisted(district, school, item)
    assert closed_items(district) == [item]


def test_the_refunds_of_a_delisted_item_are_closed_when_the_last_is_paid(district: World) -> None:
    school = district.schools[0]
    item, leaving = fees.fee_in_force(district, school), [fees.child(district, school) for _ in range(2)]
    for child in leaving:
        district.hear(fees.confirmed(district, school, child, [item]))
        fees.paid(district, school, child)
    district.hear(*(fees.withdrawn(district, school, child, after_days=2) for child in leaving))
    delisted(district, school, item)
    for child in leaving:
        assert closed_items(district) == []
        (refund,) = fees.refund_of(district, child)
        district.as_("principal").post(f"/finance/v1/refunds/{refund['id']}/approve")
        district.as_("cashier").post(f"/finance/v1/refunds/{refund['id']}/pay")
    assert closed_items(district) == [item]


@pytest.mark.parametrize("decision", ["pay", "reject", "zero"])
def test_who_stays_and_paid_for_a_delisted_item_is_owed_a_decision(district: World, decision: str) -> None:
    school = district.schools[0]
    item, child = fees.fee_in_force(district, school), fees.child(district, school)
    district.hear(fees.confirmed(district, school, child, [item]))
    fees.paid(district, school, child)
    delisted(district, school, item)
    (refund,) = fees.refund_of(district, child)
    assert (refund["state"], refund["cause"], closed_items(district)) == ("REQUESTED", "PROVIDER_EXIT", [])
    path, principal = f"/finance/v1/refunds/{refund['id']}", district.as_("principal", person=new_id())
    if decision == "reject":
        principal.post(f"{path}/reject", {"reason": "已全部上完"})
    else:
        amount_fen = 0 if decision == "zero" else 5_000
        district.as_("accountant").post(f"{path}/calculate", {"amount_fen": amount_fen})
    if decision == "pay":
        principal.post(f"{path}/approve")
        assert closed_items(district) == []
        district.as_("cashier").post(f"{path}/pay")
    assert closed_items(district) == [item]
