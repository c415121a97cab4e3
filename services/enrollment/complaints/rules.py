"""How a complaint goes (E16), who may handle it, and by when."""

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

from shared.policy import Policy
from shared.policy.codes import SCHOOL
from shared.refusals import Invalid, NotFound, Refused
from shared.states import Machine

UNANSWERED = ("OPEN", "ACKNOWLEDGED", "ROUTED")
WAITING = (*UNANSWERED, "ESCALATED")

COMPLAINT = Machine(
    "意见建议与投诉 complaint",
    "OPEN",
    {
        ("OPEN", "acknowledge"): "ACKNOWLEDGED",
        ("ACKNOWLEDGED", "route"): "ROUTED",
        ("ROUTED", "route"): "ROUTED",  # it was the wrong service
        ("ROUTED", "answer"): "ANSWERED",
        ("ESCALATED", "answer"): "ANSWERED",
        ("ANSWERED", "object"): "ESCALATED",
        ("ANSWERED", "accept"): "CLOSED",
        ("ANSWERED", "close"): "CLOSED",
    }
    | {(state, "escalate"): "ESCALATED" for state in UNANSWERED}
    | {(state, "conclude"): "ANSWERED" for state in WAITING},
)

TOPICS = ("FEE", "CONTENT", "STAFF", "SAFETY", "PICKUP", "PROVIDER", "SUGGESTION", "OTHER")
SERVICES = ("enrollment", "attendance", "finance", "vetting")

TOLD = ("acknowledge", "answer", "escalate", "conclude")
"""What the complainant is told of; the rest they do themselves or is no news."""

SEE_ALL = frozenset({"district_admin", "inspector", "principal", "leadership_member", "academic_affairs"})
"""Roles that see every complaint inside their walls."""
SEE_FEES = "oversight_price"
"""The role that sees those about fees."""
HANDLE = frozenset({"complaint.route", "complaint.answer"})
"""Whoever may do one of these reads the words."""


def need_sense(
    happened_on: date, today: date, school_id: UUID, target_kind: str | None, target_id: UUID | None
) -> None:
    """It has happened, and a target comes with its kind; a school that is complained about is the one told of."""
    errors = {}
    if happened_on > today:
        errors["happened_on"] = "in_the_future"
    if (target_kind is None) != (target_id is None):
        errors["target_id"] = "comes_with_its_kind"
    if target_kind == SCHOOL and target_id != school_id:
        errors["target_id"] = "another_school"
    if errors:
        raise Invalid(errors)


def need_handler(action: str, person_id: UUID | None, complainant_id: UUID, target_id: UUID | None) -> None:
    """Neither who is complained about, for whom there is no such complaint, nor who complained."""
    if person_id is not None and person_id == target_id:
        raise NotFound("complaint")
    if person_id == complainant_id:
        raise Refused("same_person", action=action)


def need_instance(state: str, roles: Collection[str], caller: str, answered_by: str | None) -> None:
    """What was escalated the district answers; an answer that was objected to is looked at by somebody else."""
    if state != "ESCALATED":
        return
    if "district_admin" not in roles:
        raise Refused("complaint_is_the_districts")
    if caller == answered_by:
        raise Refused("same_person", action="answer")


def need_in_time(until: date | None, today: date, clauses: Collection[str]) -> None:
    """The complainant objects within the profile's days."""
    if until is not None and today > until:
        raise Refused("too_late_to_object", clauses=clauses, last_day=until.isoformat())


def last_day(today: date, days: str, policy: Policy) -> date:
    """The last of the profile's `days` ("answer_days" or "objection_days") from today on."""
    return today + timedelta(days=policy.value(f"complaints.{days}"))
