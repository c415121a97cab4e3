"""How a search for a substitute goes on (V9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.policy import Policy
from shared.policy.gates import ratio_of
from shared.refusals import Refused
from shared.states import Machine

SEEKING = ("OPEN", "OFFERED", "ESCALATED")

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
    | {(state, "assign"): "FILLED" for state in SEEKING}
    | {(state, "void"): "VOID" for state in SEEKING}
    | {(state, "give_up"): "UNFILLED" for state in SEEKING},
)

OFFER = Machine(
    "代班邀请 substitute offer",
    "OFFERED",
    {
        ("OFFERED", "accept"): "ACCEPTED",
        ("OFFERED", "decline"): "DECLINED",
        ("OFFERED", "close"): "CLOSED",
        ("DECLINED", "repeat"): "OFFERED",
    },
)

ACADEMIC_AFFAIRS = 2
"""The level of a search at which the school itself has to find somebody."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Somebody cleared and engaged who may take a vacancy, with the reasons of their place: free people come first,
    among them the school's own, among these whoever is of the category of the person who is missing.
    """

    person_id: UUID
    is_free: bool
    same_school: bool
    same_category: bool


@dataclass(frozen=True)
class Beside:
    """A staffed session that could take a vacancy's children in: its adults, and the pupils of both together."""

    session_id: UUID
    adults: int
    pupils: int


def deadlines(starts_at: datetime, policy: Policy) -> tuple[datetime, ...]:
    """When each level of the search ends: choosing by hand, offers to all, academic affairs, where it is given up."""
    return (
        starts_at - timedelta(hours=policy.value("substitutes.offer_hours_before")),
        starts_at - timedelta(hours=policy.value("substitutes.academic_affairs_hours_before")),
        starts_at - timedelta(minutes=policy.value("substitutes.merge_minutes_before")),
    )


def next_level(level: int, now: datetime, ends: tuple[datetime, ...]) -> int:
    """The first level above `level` whose deadline is still ahead; `len(ends)` when there is none."""
    return next((above for above in range(level + 1, len(ends)) if ends[above] > now), len(ends))


def merge_into(beside: Sequence[Beside], content_type: str, policy: Policy) -> UUID | None:
    """The first staffed session whose adults may look after the children of both (G-STAFFED), if there is one."""
    ratio = policy.value(ratio_of(content_type))
    return next((one.session_id for one in beside if one.pupils <= one.adults * ratio), None)


def last_resort(other_session: UUID | None) -> str:
    """A staffed group of the same hours and content takes the children in, or base care does; nobody is sent away."""
    return "BASE_CARE" if other_session is None else "MERGE"


def need_vacant(state: str, ends_at: datetime, now: datetime, session_id: UUID, *, is_led: bool) -> None:
    """Somebody is sought for a session that is to be held, and a lead for one that has none."""
    if state != "SCHEDULED" or ends_at <= now:
        raise Refused("session_not_open", session_id=str(session_id), state=state if state != "SCHEDULED" else "OVER")
    if is_led:
        raise Refused("lead_taken", session_id=str(session_id))


def need_candidate(candidate: Candidate | None, policy: Policy) -> Candidate:
    """Only who could take the session is asked."""
    if candidate is None or not candidate.is_free:
        clauses = (*policy.clauses("staff.contract_required"), *policy.clauses("substitutes.offer_hours_before"))
        raise Refused("not_a_candidate", gate="G-CLEAR", clauses=clauses)
    return candidate
