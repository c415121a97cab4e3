"""How an item goes (E5), and what it takes to approve and to list one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from math import ceil
from uuid import UUID

from shared.policy import Policy
from shared.policy.gates import g_content, g_time
from shared.refusals import Invalid, Refused
from shared.states import Machine

ITEM = Machine(
    "服务项目 item",
    "DRAFT",
    {
        ("DRAFT", "approve"): "APPROVED",
        ("APPROVED", "list"): "LISTED",
        ("LISTED", "suspend"): "SUSPENDED",
        ("SUSPENDED", "resume"): "LISTED",
        ("LISTED", "delist"): "DELISTED",
        ("SUSPENDED", "delist"): "DELISTED",
    },
)

SEGMENTS = ("service", "class_activity", "ordinary", "extended", "evening", "club")
"""Segments that some profile names; G-TIME knows which of them the pinned one allows."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """An item as the rules judge it; `weekdays` count from 1, Monday."""

    item_id: UUID
    plan_id: UUID
    state: str
    content_type: str
    stage: str
    grades: Collection[int]
    segment: str
    weekdays: Sequence[int]
    starts: time
    ends: time
    by_third_party: bool


@dataclass(frozen=True)
class Day:
    """A date on which the item would be held, in the n-th week of the term."""

    on: date
    week: int
    is_school_day: bool


def need_hours(starts: time, ends: time) -> None:
    """Raise Invalid unless the item ends after it begins."""
    if ends <= starts:
        raise Invalid({"ends": "before_start"})


def approve(item: Item, days: Sequence[Day], exceptions: Collection[str], policy: Policy) -> None:
    """G-CONTENT, and G-TIME on one date of each weekday; attendance asks again for every session."""
    g_content(
        policy,
        stage=item.stage,
        grades=item.grades,
        content_type=item.content_type,
        by_third_party=item.by_third_party,
    )
    for day in days:
        g_day(item, day, exceptions, policy)


def g_day(item: Item, day: Day, exceptions: Collection[str], policy: Policy) -> None:
    """G-TIME for an item on one date."""
    g_time(
        policy,
        stage=item.stage,
        segment=item.segment,
        service_date=day.on,
        week_of_term=day.week,
        is_school_day=day.is_school_day,
        starts=item.starts,
        ends=item.ends,
        learning_periods=learning_periods(item, policy),
        exceptions=exceptions,
    )


def learning_periods(item: Item, policy: Policy) -> int:
    """How many class periods of learning activity the item takes of a pupil's day, rounded up."""
    if item.content_type not in policy.value("content.learning_types"):
        return 0
    minutes = (item.ends.hour - item.starts.hour) * 60 + item.ends.minute - item.starts.minute
    period: int = policy.value(f"class_period_minutes.{item.stage}")
    return ceil(minutes / period)


def last_day_of(weekday: int, ends_on: date, school_days: Sequence[date]) -> date:
    """The last date of a weekday in a term, a school day where there is one: late enough for every start week."""
    schooled = [day for day in school_days if day.isoweekday() == weekday]
    return schooled[-1] if schooled else ends_on - timedelta(days=(ends_on.isoweekday() - weekday) % 7)


def need_verified_fee(fee_bearing: bool, is_verified: bool, policy: Policy) -> None:
    """G-PUB: an item that costs something is listed only while its fee is published and verified (S7)."""
    if fee_bearing and not is_verified and policy.value("fee.block_if_unpublished"):
        raise Refused("fee_not_published", gate="G-PUB", clauses=policy.clauses("fee.block_if_unpublished"))


def need_lead(is_cleared: bool, policy: Policy) -> None:
    """Where families are told who leads, a cleared person is named before the item is listed."""
    if "staff" in policy.value("notice.elements") and not is_cleared:
        raise Refused("lead_not_cleared", gate="G-CLEAR", clauses=policy.clauses("notice.elements"))
