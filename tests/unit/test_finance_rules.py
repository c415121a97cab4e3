"""Finance's sums, which have to agree for every input."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.finance.expenditures.rules import EXPENDITURE
from services.finance.fee_standards.rules import FEE_STANDARD
from services.finance.invoices import rules as invoices
from services.finance.invoices.rules import INVOICE, Bill
from services.finance.ledger.rules import balanced
from services.finance.pay import rules as pay
from services.finance.pay.rules import PAY_LINE, Priced, Service, Stand, Waits
from services.finance.payments import rules as payments
from services.finance.publications.rules import content_hash, contents
from services.finance.refunds import rules as refunds
from services.finance.settlements import rules as settlements
from services.finance.statements.rules import fold
from services.finance.subsidies import rules as subsidies
from shared.policy import Policy, effective
from shared.refusals import Refused
from shared.states import Machine

POLICY = effective("p5-hebi")
MONDAY = date(2026, 9, 7)
DAYS = [MONDAY + timedelta(days=day) for day in range(60) if (MONDAY + timedelta(days=day)).weekday() < 5]
NOON = datetime(2026, 9, 8, 4, tzinfo=UTC)
fen = st.integers(0, 10**9)


def with_value(path: str, value: object) -> Policy:
    """The policy with one value changed."""
    return Policy("changed", 1, {**POLICY.document, path: {**POLICY.document[path], "value": value}})


# INV-FIN-01, -02


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=6))
def test_a_posting_that_does_not_add_up_is_never_made(amounts: list[int]) -> None:
    by_account = {str(index): amount for index, amount in enumerate(amounts)}
    if sum(amounts):
        with pytest.raises(ValueError, match="adds up"):
            balanced(by_account)
    else:
        assert balanced(by_account) == {account: amount for account, amount in by_account.items() if amount}


STEPS: dict[str, Callable[[Bill, int], Bill]] = {
    "waive": lambda bill, amount: bill.waive(amount % 101),
    "credit": lambda bill, amount: bill.credit(amount),
    "pay": lambda bill, amount: bill.pay(amount),
}


@given(fen, st.lists(st.tuples(st.sampled_from(sorted(STEPS)), fen), max_size=12))
def test_an_invoice_adds_up_after_every_step(gross: int, steps: list[tuple[str, int]]) -> None:
    bill = Bill(gross=gross)
    for name, amount in steps:
        bill = STEPS[name](bill, amount)
        kept = bill.paid - bill.overpaid
        parts = (bill.waived, bill.credited, kept, bill.outstanding)
        assert min(*parts, bill.overpaid) >= 0
        assert sum(parts) == bill.gross


@given(fen, st.integers(0, 100))
def test_the_odd_fen_of_a_waiver_is_the_familys(gross: int, percent: int) -> None:
    waived = invoices.waived_of(gross, percent)
    assert 0 <= waived * 100 - gross * percent < 100


# INV-FIN-08, -09


@given(fen, st.integers(0, 59), st.integers(0, 59), st.integers(-5, 70))
def test_a_refund_falls_with_every_day_and_refund_and_earned_are_the_whole(
    due: int, first: int, length: int, after: int
) -> None:
    stay = (MONDAY + timedelta(days=first), MONDAY + timedelta(days=first + length))
    day = MONDAY + timedelta(days=after)
    now = refunds.unused(POLICY, due, DAYS, stay, day)
    later = refunds.unused(POLICY, due, DAYS, stay, day + timedelta(days=1))
    assert now is not None
    assert later is not None
    assert 0 <= later <= now <= due
    days = [one for one in DAYS if stay[0] <= one <= stay[1]]
    earned = due - now
    assert earned * max(1, len(days)) <= due * sum(one < day for one in days)


def test_a_rule_that_nobody_programmed_waits_for_a_person() -> None:
    by_hand = with_value("fee.refund_rule", "monthly_half_month")
    assert refunds.unused(by_hand, 100, DAYS, (DAYS[0], DAYS[-1]), DAYS[3]) is None


@given(fen, fen, fen)
def test_no_more_goes_back_than_came(amount: int, paid: int, refunded: int) -> None:
    if amount + refunded > paid:
        with pytest.raises(Refused, match="refund_above_payment"):
            refunds.need_within_paid(amount, paid, refunded, POLICY)
    else:
        refunds.need_within_paid(amount, paid, refunded, POLICY)


# INV-FIN-11


@given(st.integers(0, 10**6), st.integers(0, 2000), st.integers(0, 5000), fen, fen)
def test_no_claim_passes_the_cap(cap: int, uplift: int, pupils: int, claimed: int, amount: int) -> None:
    capped = with_value("subsidy.cap_per_pupil_year_fen", cap)
    most = cap * (10_000 + uplift) // 10_000 * pupils
    if claimed + amount > most:
        with pytest.raises(Refused, match="above_subsidy_cap"):
            subsidies.g_subcap(capped, claimed, amount, pupils, uplift)
    else:
        subsidies.g_subcap(capped, claimed, amount, pupils, uplift)


def test_a_school_year_begins_in_september() -> None:
    assert subsidies.school_year(POLICY, date(2027, 2, 22)) == date(2026, 9, 1)
    assert subsidies.school_year(POLICY, date(2026, 9, 1)) == date(2026, 9, 1)


# INV-FIN-13, -19

CLEARED = Stand(epoch=1, status="CLEARED", category="OWN_TEACHER")
BLOCKED = Stand(epoch=2, status="BLOCKED", category="OWN_TEACHER", effective_at=NOON)
RESTORED = Stand(epoch=3, status="CLEARED", category="OWN_TEACHER")
EXPIRED = Stand(epoch=2, status="EXPIRED", category="OWN_TEACHER", effective_at=NOON)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("started_at", "epoch", "stands", "state"),
    [
        (NOON, 1, [CLEARED], "ACCRUED"),
        (NOON - MINUTE, 1, [CLEARED, BLOCKED], "HELD"),
        (NOON, 1, [CLEARED, BLOCKED], "CANCELLED"),
        (NOON, 2, [CLEARED, BLOCKED], "CANCELLED"),
        (NOON - MINUTE, 1, [CLEARED, BLOCKED, RESTORED], "ACCRUED"),
        (NOON, 1, [CLEARED, BLOCKED, RESTORED], "CANCELLED"),
        (NOON + MINUTE, 3, [CLEARED, BLOCKED, RESTORED], "ACCRUED"),
        (NOON - MINUTE, 1, [CLEARED, EXPIRED], "ACCRUED"),
        (NOON, 1, [CLEARED, EXPIRED], "CANCELLED"),
    ],
)
def test_a_line_follows_from_the_set_of_standings(
    started_at: datetime, epoch: int, stands: list[Stand], state: str
) -> None:
    for order in permutations(stands):
        assert pay.wanted_state(started_at, epoch, order) == state


@given(st.integers(1, 6), st.integers(-600, 600), st.permutations([CLEARED, BLOCKED, RESTORED, EXPIRED]))
def test_what_is_barred_stays_barred_whatever_is_heard_later(epoch: int, minutes: int, stands: list[Stand]) -> None:
    started_at = NOON + timedelta(minutes=minutes)
    seen = [pay.is_barred(started_at, epoch, stands[:known]) for known in range(len(stands) + 1)]
    assert seen == sorted(seen)


def test_minutes_over_the_session_are_not_paid_and_a_part_of_a_fen_neither() -> None:
    service = Service(
        on=MONDAY, started_at=NOON, minutes=50, nature="SPORT", epoch=1, session_minutes=41, stage="primary"
    )
    rates = [{"category": "OWN_TEACHER", "nature": None, "rate_fen": 4_001, "funding_source": "SERVICE_FEE"}]
    priced = pay.price(service, [CLEARED], None, rates, POLICY)
    assert isinstance(priced, Priced)
    assert (priced.minutes, priced.amount_fen) == (41, 4_001 * 41 // 40)


def test_a_rate_for_the_nature_of_the_service_goes_before_the_general_one() -> None:
    rates: list[dict[str, Any]] = [
        {"category": "OWN_TEACHER", "nature": None, "rate_fen": 1, "funding_source": "SERVICE_FEE"},
        {"category": "OWN_TEACHER", "nature": "SPORT", "rate_fen": 2, "funding_source": "SERVICE_FEE"},
    ]
    assert [pay.rate_of(rates, "OWN_TEACHER", nature) for nature in ("SPORT", "ART")] == [rates[1], rates[0]]


def test_nothing_is_due_for_volunteers() -> None:
    stand = Stand(epoch=1, status="CLEARED", category="VOLUNTEER")
    service = Service(
        on=MONDAY, started_at=NOON, minutes=40, nature="SPORT", epoch=1, session_minutes=80, stage="primary"
    )
    assert pay.price(service, [stand], None, [], POLICY) == Waits(reason=None)


# The gateway, the posting, the statement


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_only_the_signed_bytes_pass(signed: bytes, shown: bytes) -> None:
    key = payments.callback_key(b"k" * 32, UUID(int=1))
    if signed == shown:
        payments.need_signature(key, shown, payments.sign(key, signed))
    else:
        with pytest.raises(payments.BadSignature):
            payments.need_signature(key, shown, payments.sign(key, signed))


def test_another_district_has_another_key() -> None:
    assert payments.callback_key(b"k" * 32, UUID(int=1)) != payments.callback_key(b"k" * 32, UUID(int=2))


@given(fen, fen, fen, st.booleans())
def test_an_invoice_never_takes_more_than_is_owed(amount: int, expected: int, owed: int, may_collect: bool) -> None:
    taken = payments.taken(amount, expected, owed, may_collect=may_collect)
    assert 0 <= taken <= min(amount, owed)
    assert taken == 0 or (may_collect and amount == expected)


def test_the_order_of_items_does_not_change_what_is_posted() -> None:
    one, other = UUID(int=1), UUID(int=2)
    posted = contents([one, other], "per_term", 30_000, ["1"], "12345")
    assert content_hash(posted) == content_hash(contents([other, one], "per_term", 30_000, ["1"], "12345"))
    assert content_hash(posted) != content_hash(contents([one], "per_term", 30_000, ["1"], "12345"))


@given(st.dictionaries(st.sampled_from(["PAYMENT", "REFUND", "SUBSIDY"]), st.integers(-(10**6), 10**6)))
def test_a_statement_balances_whatever_moved(by_kind: dict[str, int]) -> None:
    totals = fold(by_kind, [])
    assert totals["income_fen"] - totals["expense_fen"] == totals["balance_fen"] == sum(by_kind.values())


# States


@pytest.mark.parametrize(
    ("machine", "state", "action"),
    [
        (FEE_STANDARD, "DRAFT", "approve"),
        (INVOICE, "SETTLED", "void"),
        (INVOICE, "VOID", "settle"),
        (PAY_LINE, "HELD", "include"),
        (PAY_LINE, "PAID", "cancel"),
        (EXPENDITURE, "CHECKED", "pay"),
        (refunds.REFUND, "CALCULATED", "pay"),
        (refunds.REFUND, "ZERO", "approve"),
    ],
)
def test_what_must_not_happen_has_no_move(machine: Machine, state: str, action: str) -> None:
    with pytest.raises(Refused, match="illegal_transition"):
        machine.move(state, action)


def test_a_delivered_session_is_worth_the_cheapest_contract_that_covers_it() -> None:
    first, second, uncovered = (
        settlements.Delivered(session_id=uuid4(), content_type=content, on=on)
        for content, on in (("SCIENCE", MONDAY), ("SCIENCE", MONDAY + timedelta(days=9)), ("ART", MONDAY))
    )
    spans = ((12_000, 0, 20), (9_000, 5, 20), (1, 30, 40))
    agreed = [
        settlements.Agreed(
            content_type="SCIENCE",
            price_fen=price,
            starts_on=MONDAY + timedelta(days=start),
            ends_on=MONDAY + timedelta(days=end),
        )
        for price, start, end in spans
    ]
    found = settlements.prices([first, second, uncovered], agreed)
    assert found == {first.session_id: 12_000, second.session_id: 9_000}
