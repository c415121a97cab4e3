"""Who may check in, and why not (G-CLEAR, G-STAFFED)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Refused

LOST = ("BLOCKED", "SUSPENDED", "EXPIRED", "EXITED")
KEPT_AWAY = ("BLOCKED", "SUSPENDED")
OVER = ("CLOSED", "CANCELLED")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is known of a person who wants to be let into a session. `is_known`: no word of vetting waits unread."""

    is_assigned: bool
    state: str | None
    valid_until: date | None
    is_known: bool
    is_fresh: bool
    is_overridden: bool


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Somebody checked in. `is_eligible`: cleared by a word that is fresh at the moment of reading.

    `is_own`: on the staff list of the session's school.
    """

    person_id: UUID
    role: str
    category: str
    is_kept_away: bool
    is_eligible: bool
    is_own: bool


def why_not(standing: Standing, on: date) -> str | None:
    """The code of the refusal; None when the person may be let in."""
    if standing.state in KEPT_AWAY:
        return "person_blocked"
    if not standing.is_assigned:
        return "not_assigned"
    if not standing.is_known or not (standing.is_fresh or standing.is_overridden):
        return "clearance_unconfirmed"
    if standing.state != "CLEARED" or standing.valid_until is None or standing.valid_until < on:
        return "not_cleared"
    return None


def refusal(code: str, on: date, policy: Policy) -> Refused:
    """The refusal with its gate and the clauses that it enforces."""
    if code == "person_blocked":
        return blocked(policy)
    checks = policy.clauses("checks.required")
    if code == "not_assigned":
        return Refused(code, gate="G-STAFFED", clauses=("S3",))
    if code == "clearance_unconfirmed":
        return Refused(code, gate="G-STAFFED", clauses=checks)
    return Refused(code, gate="G-CLEAR", clauses=checks, last_day=on.isoformat())


def blocked(policy: Policy, gate: str = "G-CLEAR") -> Refused:
    """A record or a suspension keeps the person away."""
    clauses = (*policy.clauses("staff.bad_record_block"), *policy.clauses("staff.ethics_block"))
    return Refused("person_blocked", gate=gate, clauses=clauses)


def need_empty_hands(keeps: bool, policy: Policy) -> None:
    """Nobody leaves who keeps children; they are passed on first (交接班, INV-ATT-01)."""
    if keeps:
        raise Refused("still_keeps_children", gate="G-HANDOVER", clauses=policy.clauses("safety.systems"))


def need_today(on: date, today: date, state: str) -> None:
    """People come to a session on its day and before it is over."""
    if on != today or state in OVER:
        raise Refused("session_not_today", on=on.isoformat(), state=state)


def need_duty_leader(leader: UUID | None, caller: UUID | None) -> UUID:
    """Only whom vetting's duty assignment names for this school and hour; returns who that is."""
    if leader is None or leader != caller:
        raise Refused("not_duty_leader")
    return leader


def need_keeper(caller: UUID | None, keepers: Collection[UUID | None]) -> UUID:
    """Whoever acts for children in care is checked in there or leads the duty; returns who that is."""
    if caller is None or caller not in keepers:
        raise Refused("not_on_duty")
    return caller
