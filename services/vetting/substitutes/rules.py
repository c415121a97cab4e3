"""How a search for a substitute goes on (V9)."""

from datetime import datetime, timedelta
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

SUBSTITUTE = Machine(
    "代班 substitute request",
    "OPEN",
    {
        ("OPEN", "offer"): "OFFERED",
        ("OFFERED", "offer"): "OFFERED",
        ("ESCALATED", "offer"): "OFFERED",
        ("OFFERED", "accept"): "FILLED",
        ("OFFERED", "decline"): "OPEN",
        ("OPEN", "escalate"): "ESCALATED",
        ("ESCALATED", "escalate"): "ESCALATED",
        ("OFFERED", "escalate"): "OFFERED",  # who was asked may still accept
    }
    | {(state, "give_up"): "UNFILLED" for state in ("OPEN", "OFFERED", "ESCALATED")},
)

SEEKING = ("OPEN", "OFFERED", "ESCALATED")


def deadlines(starts_at: datetime, policy: Policy) -> tuple[datetime, ...]:
    """When each level of the search ends: offers, academic affairs, and the last one, where it is given up."""
    return (
        starts_at - timedelta(hours=policy.value("substitutes.offer_hours_before")),
        starts_at - timedelta(hours=policy.value("substitutes.academic_affairs_hours_before")),
        starts_at - timedelta(minutes=policy.value("substitutes.merge_minutes_before")),
    )


def next_level(level: int, now: datetime, ends: tuple[datetime, ...]) -> int:
    """The first level above `level` whose deadline is still ahead; `len(ends)` when there is none."""
    return next((above for above in range(level + 1, len(ends)) if ends[above] > now), len(ends))


def need_offered_to(offered_to: UUID | None, caller: UUID | None) -> UUID:
    """Only who was asked may answer; returns who that is."""
    if offered_to is None or offered_to != caller:
        raise Refused("not_offered_to_you")
    return offered_to
