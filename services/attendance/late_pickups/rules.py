"""When a wait becomes a case, and who is responsible next (A6, S6)."""

from datetime import datetime, timedelta

from shared.policy import Policy
from shared.states import Machine

UNRESOLVED = ("OPENED", "CONTACTING", "GUARDIAN_EN_ROUTE")
OUTCOMES = {"NO_ANSWER": "contact", "REACHED": "reach"}

LATE_PICKUP = Machine(
    "逾时未接 late pickup",
    "OPENED",
    {(state, "contact"): "CONTACTING" for state in UNRESOLVED}
    | {(state, "reach"): "GUARDIAN_EN_ROUTE" for state in UNRESOLVED}
    | {(state, "resolve"): "RESOLVED" for state in UNRESOLVED},
)

LEVELS = ("late_pickup.duty_leader_minutes", "late_pickup.principal_minutes", "late_pickup.outside_help_minutes")
"""From level 0 to 1, 2 and 3: minutes after the planned end."""


def opens_at(due_at: datetime, policy: Policy) -> datetime:
    """When a child that still waits becomes a case."""
    return due_at + timedelta(minutes=policy.value("late_pickup.case_minutes"))


def reminds_at(due_at: datetime, policy: Policy) -> datetime:
    """When the family is asked again."""
    return due_at + timedelta(minutes=policy.value("late_pickup.second_contact_minutes"))


def deadlines(due_at: datetime, policy: Policy) -> tuple[datetime, ...]:
    """When each level is reached."""
    return tuple(due_at + timedelta(minutes=policy.value(path)) for path in LEVELS)


def minutes_late(due_at: datetime, now: datetime) -> int:
    """Whole minutes since the planned end."""
    return max(0, int((now - due_at).total_seconds() // 60))
