"""What an assignment needs beyond the person's clearance (V8)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

ASSIGNMENT = Machine(
    "排班 assignment",
    "CONFIRMED",
    {("CONFIRMED", "remove"): "REMOVED", ("CONFIRMED", "serve"): "SERVED"},
)

ROLES = ("LEAD", "ASSIST", "HELPER")
SUPERVISING = frozenset({"LEAD", "ASSIST"})


@dataclass(frozen=True)
class Hours:
    """A session's time, both ends in UTC."""

    session_id: UUID
    starts_at: datetime
    ends_at: datetime


def need_role(category: str, is_minor: bool, role: str, policy: Policy) -> None:
    """A helper category or a minor never supervises (INV-VET-09, Q13)."""
    helper_only = category in policy.value("staff.helper_only_categories")
    if role in SUPERVISING and (helper_only or is_minor):
        clauses = policy.clauses("staff.helper_only_categories")
        raise Refused("may_not_supervise", gate="G-CLEAR", clauses=clauses, category=category)


def need_engagement(is_engaged: bool, policy: Policy) -> None:
    """On the school's staff, or under a contract for the whole interval."""
    if not is_engaged:
        raise Refused("engagement_missing", gate="G-CLEAR", clauses=policy.clauses("staff.contract_required"))


def need_open(sessions: Collection[tuple[UUID, str]]) -> None:
    """Every session is still to be held."""
    for session_id, state in sessions:
        if state != "SCHEDULED":
            raise Refused("session_not_open", session_id=str(session_id), state=state)


def need_no_overlap(wanted: Sequence[Hours], taken: Sequence[Hours]) -> None:
    """No person is in two sessions at once; back to back is fine."""
    hours = sorted([*wanted, *taken], key=lambda slot: (slot.starts_at, slot.ends_at))
    for earlier, later in pairwise(hours):
        if later.starts_at < earlier.ends_at:
            raise Refused(
                "double_booking",
                gate="G-CLEAR",
                clauses=("S3",),
                session_id=str(later.session_id),
                other=str(earlier.session_id),
            )
