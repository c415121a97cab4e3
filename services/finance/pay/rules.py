"""Pricing service, and what a person's standings do to it (F10, F11, G-PAY)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.money import prorate
from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

RATE_TABLE = Machine("补助标准 rate table", "DRAFT", {("DRAFT", "approve"): "APPROVED", ("APPROVED", "end"): "ENDED"})

PAY_LINE = Machine(
    "补助明细 pay line",
    "ACCRUED",
    {
        ("ACCRUED", "hold"): "HELD",
        ("IN_RUN", "hold"): "HELD",
        ("HELD", "release"): "ACCRUED",
        ("ACCRUED", "include"): "IN_RUN",
        ("IN_RUN", "pay"): "PAID",
    }
    | {(state, "cancel"): "CANCELLED" for state in ("ACCRUED", "IN_RUN", "HELD")},
)

PAY_RUN = Machine(
    "发放批次 pay run",
    "OPEN",
    {("OPEN", "calculate"): "CALCULATED", ("CALCULATED", "approve"): "APPROVED", ("APPROVED", "pay"): "PAID"},
)

AWAY = frozenset({"BLOCKED", "SUSPENDED", "EXPIRED", "EXITED"})
HOLDING = frozenset({"BLOCKED", "SUSPENDED"})

INTERNAL, EXTERNAL = "STAFF_LABOUR_PAY", "EXTERNAL_LABOUR_FEE"


@dataclass(frozen=True, kw_only=True)
class Stand:
    """What vetting said under one epoch; `effective_at` is set for what takes a clearance away."""

    epoch: int
    status: str
    category: str
    effective_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Service:
    """Recorded service. `session_minutes` None: the session is not known to be closed."""

    on: date
    started_at: datetime
    minutes: int
    nature: str
    epoch: int
    session_minutes: int | None
    stage: str | None


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """A contract that covers the day; `rate_fen` None: the school's table holds."""

    rate_fen: int | None


@dataclass(frozen=True, kw_only=True)
class Priced:
    """What service is worth: fen for the minutes, of this category and source."""

    minutes: int
    rate_fen: int
    amount_fen: int
    category: str
    funding_source: str


@dataclass(frozen=True, kw_only=True)
class Waits:
    """Something is still unknown; or None: nothing is due for this category."""

    reason: str | None


def is_barred(started_at: datetime, epoch: int, stands: Collection[Stand]) -> bool:
    """Whether the service lies at or after the end of the clearance that it was done under.

    A standing of a later clearance (smaller epoch than the service's) is past and does not matter.
    """
    return any(
        stand.status in AWAY
        and stand.epoch >= epoch
        and stand.effective_at is not None
        and started_at >= stand.effective_at
        for stand in stands
    )


def wanted_state(started_at: datetime, epoch: int, stands: Collection[Stand]) -> str:
    """What an unpaid line is to be: CANCELLED, HELD or ACCRUED, the same in whatever order the facts came."""
    if is_barred(started_at, epoch, stands):
        return "CANCELLED"
    newest = max(stands, key=lambda stand: stand.epoch, default=None)
    return "HELD" if newest is not None and newest.status in HOLDING else "ACCRUED"


def price(
    service: Service,
    stands: Collection[Stand],
    agreed: Agreed | None,
    rates: Sequence[Mapping[str, Any]],
    policy: Policy,
) -> Priced | Waits:
    """G-PAY: closed session × recorded minutes × approved or agreed rate, for whom vetting knows (INV-FIN-12)."""
    if service.session_minutes is None or service.stage is None:
        return Waits(reason="session" if service.session_minutes is None else "item")
    if not any(stand.status != "REGISTERED" for stand in stands):
        return Waits(reason="clearance")
    category = max(stands, key=lambda stand: stand.epoch).category
    if category in policy.value("pay.unpaid_categories"):
        return Waits(reason=None)
    row = rate_of(rates, category, service.nature)
    is_external = category not in policy.value("staff.internal_categories")
    rate = _rate(is_external, agreed, row)
    if rate is None:
        return Waits(reason="rate")
    source = row["funding_source"] if row else source_for(EXTERNAL, policy)
    if source is None:
        return Waits(reason="funding_source")
    minutes = min(service.minutes, service.session_minutes)
    period = policy.value(f"class_period_minutes.{service.stage}")
    return Priced(
        minutes=minutes,
        rate_fen=rate,
        amount_fen=prorate(rate, minutes, period),
        category=EXTERNAL if is_external else INTERNAL,
        funding_source=source,
    )


def _rate(is_external: bool, agreed: Agreed | None, row: Mapping[str, Any] | None) -> int | None:
    """An outside person is paid as agreed; without an agreement nothing is due yet (劳务报酬由双方协议确定)."""
    if is_external:
        if agreed is None:
            return None
        if agreed.rate_fen is not None:
            return agreed.rate_fen
    return None if row is None else int(row["rate_fen"])


def rate_of(rates: Sequence[Mapping[str, Any]], category: str, nature: str) -> Mapping[str, Any] | None:
    """The row of a rate table: for this nature, else for any."""
    rows = {row["nature"]: row for row in rates if row["category"] == category}
    return rows.get(nature) or rows.get(None)


def source_for(category: str, policy: Policy) -> str | None:
    """The first of the profile's sources of money that may pay for a spending category."""
    by_source = policy.value("spend.by_source")
    return next((mode for mode in policy.value("fee.modes") if category in by_source.get(mode, ())), None)


def need_rates(rates: Sequence[Mapping[str, Any]], policy: Policy) -> None:
    """Each rate is under the profile's maximum and paid from money that may pay for it (F10)."""
    most = policy.value("pay.rate_max_fen_per_period")
    for row in rates:
        is_external = row["category"] not in policy.value("staff.internal_categories")
        category = EXTERNAL if is_external else INTERNAL
        if row["category"] in policy.value("pay.unpaid_categories"):
            clauses = policy.clauses("pay.unpaid_categories")
            raise Refused("category_unpaid", gate="G-PAY", clauses=clauses, category=row["category"])
        if most is not None and row["rate_fen"] > most:
            clauses = policy.clauses("pay.rate_max_fen_per_period")
            raise Refused("rate_above_maximum", gate="G-PAY", clauses=clauses, limit=most)
        sources = policy.value("spend.by_source").get(row["funding_source"], ())
        own = policy.value("pay.internal_source")
        if category not in sources or (not is_external and row["funding_source"] not in own):
            clauses = (*policy.clauses("pay.internal_source"), *policy.clauses("spend.by_source"))
            source = row["funding_source"]
            raise Refused("source_not_for_category", gate="G-PAY", clauses=clauses, category=category, source=source)
