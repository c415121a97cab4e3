"""How a participation (E10) and a group (E11) go, when a child takes part, and what a group needs."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from shared.policy import Policy
from shared.policy.gates import ratio_of
from shared.refusals import Invalid, Refused
from shared.states import Machine

PARTICIPATION = Machine(
    "参加资格 participation",
    "PENDING",
    {
        ("PENDING", "activate"): "ACTIVE",
        ("ACTIVE", "suspend"): "SUSPENDED",
        ("SUSPENDED", "resume"): "ACTIVE",
        ("ACTIVE", "complete"): "COMPLETED",
        ("SUSPENDED", "complete"): "COMPLETED",
    }
    | {(state, "request_withdrawal"): "WITHDRAWING" for state in ("PENDING", "ACTIVE", "SUSPENDED")}
    | {(state, "withdraw"): "WITHDRAWN" for state in ("PENDING", "ACTIVE", "SUSPENDED", "WITHDRAWING")},
)
LIVE = ("PENDING", "ACTIVE", "SUSPENDED", "WITHDRAWING")
ON_ROLL = ("ACTIVE", "WITHDRAWING")
"""Whoever is leaving stays on the roll until the day that the family chose."""

GROUP = Machine(
    "活动班 group",
    "FORMING",
    {("FORMING", "confirm"): "CONFIRMED", ("FORMING", "close"): "CLOSED", ("CONFIRMED", "close"): "CLOSED"},
)

NO_FEE_DUE = ("NOT_REQUIRED", "SETTLED")


def fee_allows(
    fee_state: str | None, starts_on: date, today: date, school_days: Sequence[date], policy: Policy
) -> bool:
    """Whether the fee keeps nobody waiting: nothing is due, or service began and the days of grace still run (S1)."""
    gate = policy.value("participation.roll_gate")
    if gate == "none" or fee_state in NO_FEE_DUE:
        return True
    served = sum(starts_on <= day <= today for day in school_days)
    in_grace = starts_on <= today and served <= policy.value("participation.grace_school_days")
    return bool(gate == "settled_or_grace" and in_grace)


def is_agreed(agreement_state: str | None) -> bool:
    """G-AGREE: the agreement about the child is in force, signed or acknowledged as the profile has it."""
    return agreement_state == "IN_FORCE"


def need_future(effective_on: date, today: date) -> None:
    """Nobody withdraws from days that have been."""
    if effective_on < today:
        raise Invalid({"effective_on": "in_the_past"})


def need_room(size: int, capacity: int, content_type: str, policy: Policy) -> None:
    """No group is larger than its capacity, or than its one lead may look after (INV-ENR-09)."""
    path = ratio_of(content_type)
    most = min(capacity, policy.value(path))
    if size > most:
        raise Refused("group_full", gate="G-STAFFED", clauses=policy.clauses(path), size=size, capacity=most)


def confirm(
    *, size: int, capacity: int, venue_id: UUID | None, lead_is_cleared: bool, content_type: str, policy: Policy
) -> None:
    """A group has pupils and not too many, a place, and a proposed lead who is cleared."""
    if venue_id is None:
        raise Refused("venue_missing", gate="G-VENUE", clauses=policy.clauses("venue.scope"))
    if not lead_is_cleared:
        paths = ("staff.teacher_in_charge_each_activity", "staff.qualification_required", "staff.bad_record_block")
        clauses = dict.fromkeys(clause for path in paths for clause in policy.clauses(path))
        raise Refused("lead_not_cleared", gate="G-CLEAR", clauses=clauses)
    if not size:
        raise Refused("group_empty")
    need_room(size, capacity, content_type, policy)
