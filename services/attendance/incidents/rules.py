"""How an incident goes (A12), and who must be told by when (S11)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Invalid, Refused
from shared.states import Machine

INCIDENT = Machine(
    "安全事件 incident",
    "REPORTED",
    {
        ("REPORTED", "triage"): "TRIAGED",
        ("TRIAGED", "respond"): "RESPONDING",
        ("RESPONDING", "notify_guardians"): "GUARDIAN_NOTIFIED",
        ("GUARDIAN_NOTIFIED", "report_to_authority"): "AUTHORITY_REPORTED",
        ("GUARDIAN_NOTIFIED", "investigate"): "INVESTIGATED",
        ("AUTHORITY_REPORTED", "investigate"): "INVESTIGATED",
        ("INVESTIGATED", "close"): "CLOSED",
    },
)

SEVERITIES = MINOR, SERIOUS = ("MINOR", "SERIOUS")

ANSWERING = frozenset({"principal", "leadership_member"})
"""Roles that act on an incident on any day; the duty leader does on theirs."""

AUTHORITY = "incident.authority_report_minutes"


def guardians_due(reported_at: datetime, policy: Policy) -> datetime:
    """By when the guardians of the pupils are told."""
    return reported_at + timedelta(minutes=policy.value("incident.guardian_notice_minutes"))


def authority_due(reported_at: datetime, severity: str, policy: Policy) -> datetime | None:
    """By when the authority is told; None: it need not be."""
    return reported_at + timedelta(minutes=policy.value(AUTHORITY)) if severity == SERIOUS else None


def need_happened(happened_at: datetime, now: datetime) -> None:
    """It is over, or going on."""
    if happened_at > now:
        raise Invalid({"happened_at": "in_the_future"})


def need_staff(staff_ids: Collection[UUID], category: str | None) -> None:
    """A breach of ethics is said of somebody."""
    if category is not None and not staff_ids:
        raise Invalid({"category": "for_staff_only"})


def need_authority_told(state: str, severity: str, policy: Policy) -> None:
    """A serious incident is examined once the authority knows of it."""
    if severity == SERIOUS and state == "GUARDIAN_NOTIFIED":
        raise Refused("authority_not_told", clauses=policy.clauses(AUTHORITY), minutes=policy.value(AUTHORITY))


def need_uninvolved(person_id: UUID | None, staff_ids: Collection[UUID]) -> None:
    """Nobody reads what is said of themselves, or acts on it."""
    if person_id in staff_ids:
        raise Refused("involved_in_incident")


def need_another(closer: str, investigator: str | None) -> None:
    """Whoever looked into an incident does not close it."""
    if closer == investigator:
        raise Refused("same_person", action="close_incident")
