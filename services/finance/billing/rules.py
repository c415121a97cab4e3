"""What is charged (F3), and what stands in the way of charging it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.finance.invoices.rules import Bill
from shared.money import prorate
from shared.policy import Policy
from shared.policy.gates import g_file
from shared.refusals import Refused

UNITS = ("per_term", "per_month", "per_day")
"""Units whose number follows from the calendar."""


@dataclass(frozen=True, kw_only=True)
class Price:
    """An item's fee in force."""

    item_id: UUID
    standard_id: UUID
    unit: str
    amount_fen: int
    weekdays: Collection[int]
    """Days of the week on which the item is held, 1 is Monday."""
    is_published: bool
    payee_account: str


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A line of an invoice."""

    item_id: UUID
    standard_id: UUID
    amount_fen: int


@dataclass(frozen=True, kw_only=True)
class Billing:
    """All that decides about the invoices of one school's term today."""

    policy: Policy
    school_days: Sequence[date]
    term_starts_on: date
    term_ends_on: date
    collection_starts_on: date
    today: date
    plan_state: str | None
    is_previous_term_stated: bool
    prices: Mapping[UUID, Price]
    percents: Mapping[UUID, int]
    """Pupil to the waiver granted."""
    under_review: Collection[UUID]
    """Pupils whose waiver waits for a decision."""


@dataclass(frozen=True, kw_only=True)
class Stay:
    """What a pupil takes part in, and when; `ends_on` is the last day."""

    pupil_id: UUID
    item_ids: Sequence[UUID]
    starts_on: date
    ends_on: date


def is_free(policy: Policy, grade: int, fee_item_ids: Collection[UUID]) -> bool:
    """No fee is possible: nothing bears one, the profile allows none, or the grade is free (INV-FIN-04)."""
    allowed: bool = policy.value("fee.allowed") is True and grade not in (policy.value("fee.free_grades") or ())
    return not (allowed and fee_item_ids)


def assess(billing: Billing, stay: Stay, billed_fen: int) -> tuple[list[Charge], Bill]:
    """What to charge; raises Refused at the first gate that is shut. `billed_fen`: the pupil's other invoices."""
    g_file(billing.policy, billing.plan_state)
    prices = g_fee(billing.policy, stay.item_ids, billing.prices)
    g_pub(billing.policy, are_posted(prices))
    g_term(billing, stay)
    g_stmt(billing.policy, billing.is_previous_term_stated)
    g_waive(billing.policy, stay.pupil_id in billing.under_review)
    charges = [charge(price, stay, billing.school_days) for price in prices]
    bill = Bill(gross=sum(line.amount_fen for line in charges)).waive(billing.percents.get(stay.pupil_id, 0))
    need_combined_cap(billing.policy, billed_fen + bill.due)
    return charges, bill


def g_fee(policy: Policy, item_ids: Sequence[UUID], prices: Mapping[UUID, Price]) -> list[Price]:
    """G-FEE: an approved fee is in effect for each item; returns the prices."""
    if missing := [item_id for item_id in item_ids if item_id not in prices]:
        clauses = (*policy.clauses("fee.allowed"), *policy.clauses("fee.approval"))
        raise Refused("no_fee_standard", gate="G-FEE", clauses=clauses, item_id=str(missing[0]))
    return [prices[item_id] for item_id in item_ids]


def are_posted(prices: Collection[Price | None]) -> bool:
    """Whether every fee is in effect and verified to be posted."""
    return all(price is not None and price.is_published for price in prices)


def g_pub(policy: Policy, is_posted: bool) -> None:
    """G-PUB: what is charged is posted, and somebody else saw it there (INV-FIN-03)."""
    if policy.value("fee.block_if_unpublished") and not is_posted:
        raise Refused("fee_not_published", gate="G-PUB", clauses=policy.clauses("fee.block_if_unpublished"))


def g_term(billing: Billing, stay: Stay) -> None:
    """G-TERM: the service lies in one term, and money is asked for only once its collection has begun (INV-FIN-05)."""
    policy = billing.policy
    if stay.starts_on < billing.term_starts_on or stay.ends_on > billing.term_ends_on:
        raise Refused("crosses_terms", gate="G-TERM", clauses=policy.clauses("fee.cross_term_prepay"))
    first = collection_starts_on(policy, billing.term_starts_on, billing.collection_starts_on)
    if billing.today < first:
        clauses = (*policy.clauses("fee.cross_term_prepay"), *policy.clauses("fee.collection_start_rule"))
        raise Refused("collection_not_begun", gate="G-TERM", clauses=clauses, first=first.isoformat())


def collection_starts_on(policy: Policy, term_starts_on: date, by_calendar: date) -> date:
    """The first day on which a term's fee may be asked for."""
    return term_starts_on if policy.value("fee.collection_start_rule") == "term_first_day" else by_calendar


def g_stmt(policy: Policy, is_previous_term_stated: bool) -> None:
    """G-STMT: the account of the term before is public (INV-FIN-16)."""
    if policy.value("statement.term_end") and not is_previous_term_stated:
        raise Refused("statement_missing", gate="G-STMT", clauses=policy.clauses("statement.term_end"))


def g_waive(policy: Policy, is_under_review: bool) -> None:
    """G-WAIVE: whoever asked to be relieved is not billed before the answer (S8)."""
    if is_under_review:
        raise Refused("waiver_under_review", gate="G-WAIVE", clauses=policy.clauses("fee.waiver"))


def need_combined_cap(policy: Policy, total_fen: int) -> None:
    """A pupil's fees of a term stay under the profile's cap, where it has one (INV-FIN-06)."""
    cap = policy.value("fee.combined_term_cap_fen")
    if cap is not None and total_fen > cap:
        raise Refused("above_combined_cap", gate="G-FEE", clauses=policy.clauses("fee.combined_term_cap_fen"), cap=cap)


def charge(price: Price, stay: Stay, school_days: Sequence[date]) -> Charge:
    """An item's fee for a stay; who joins late pays for the days that are left, rounded down."""
    days = [day for day in school_days if stay.starts_on <= day <= stay.ends_on]
    amount = price.amount_fen * units_in(price.unit, price.weekdays, days)
    if price.unit == "per_term":
        amount = prorate(amount, len(days), max(1, len(school_days)))
    return Charge(item_id=price.item_id, standard_id=price.standard_id, amount_fen=amount)


def units_in(unit: str, weekdays: Collection[int], days: Sequence[date]) -> int:
    """How many units lie in some days: one term, calendar months touched, or days on which the item is held."""
    if unit == "per_term":
        return 1
    if unit == "per_month":
        return len({(day.year, day.month) for day in days})
    return sum(day.isoweekday() in weekdays for day in days)
