"""What an assignment needs beyond the person's clearance (V8)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.vetting.people.rules import OWN_TEACHER, tutored
from shared.policy import Policy
from shared.policy.codes import SUPERVISING
from shared.refusals import Invalid, Refused
from shared.states import Machine

ASSIGNMENT = Machine(
    "排班 assignment",
    "PROPOSED",
    {
        ("PROPOSED", "confirm"): "CONFIRMED",
        ("PROPOSED", "remove"): "REMOVED",
        ("CONFIRMED", "remove"): "REMOVED",
        ("CONFIRMED", "serve"): "SERVED",
    },
)


Obstacles = Mapping[UUID, Refused]
"""A session that cannot be had to the reason."""


@dataclass(frozen=True)
class Hours:
    """A session's time, both ends in UTC."""

    session_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class OnRoster:
    """Who else serves in a session; `is_own_teacher`: a teacher on the staff list of the session's school."""

    session_id: UUID
    role: str
    is_own_teacher: bool


def need_role(category: str, is_minor: bool, role: str, policy: Policy) -> None:
    """A helper category or a minor never supervises (INV-VET-09, Q13)."""
    helper_only = category in policy.value("staff.helper_only_categories")
    if role in SUPERVISING and (helper_only or is_minor):
        clauses = policy.clauses("staff.helper_only_categories")
        raise Refused("may_not_supervise", gate="G-CLEAR", clauses=clauses, category=category)


def need_still_to_run(session_id: UUID, ends_at: datetime, now: datetime) -> None:
    """What is over is history, and nobody is taken off it."""
    if ends_at <= now:
        raise Refused("session_not_open", session_id=str(session_id), state="OVER")


def need_another_person(holder: UUID, successor: UUID) -> None:
    """An assignment passes to somebody else."""
    if holder == successor:
        raise Invalid({"person_id": "has_it_already"})


def need_clear_way(obstacles: Obstacles) -> None:
    """Nothing stands in the way of any session; the refusal is that of the first, and names all."""
    for refusal in obstacles.values():
        refusal.errors = {str(session_id): one.code for session_id, one in obstacles.items()}
        raise refusal


def not_open(sessions: Collection[tuple[UUID, str]]) -> Obstacles:
    """Sessions that are not to be held any more."""
    return {
        session_id: Refused("session_not_open", session_id=str(session_id), state=state)
        for session_id, state in sessions
        if state != "SCHEDULED"
    }


def proposed_already(session_ids: Collection[UUID]) -> Obstacles:
    """A person is proposed for a session once."""
    return {session_id: Refused("already_exists", thing="proposal") for session_id in session_ids}


def need_one_of_each(proposals: Collection[tuple[UUID, UUID, str]]) -> None:
    """What is confirmed together is of one person, at one school, in one role: it passes the gates as one."""
    if len(set(proposals)) != 1:
        raise Invalid({"assignment_ids": "of_several_people_schools_or_roles"})


def led_already(role: str, others: Collection[OnRoster]) -> Obstacles:
    """A session has one lead."""
    led = [one.session_id for one in others if one.role == role == "LEAD"]
    return {session_id: Refused("lead_taken", session_id=str(session_id)) for session_id in led}


def without_own_teacher(
    session_ids: Collection[UUID], role: str, is_own_teacher: bool, others: Collection[OnRoster], policy: Policy
) -> Obstacles:
    """Somebody from outside leads only beside a teacher of the school's own, where the profile wants one in charge."""
    path = "staff.teacher_in_charge_each_activity"
    if role != "LEAD" or is_own_teacher or not policy.value(path):
        return {}
    in_charge = {one.session_id for one in others if one.is_own_teacher and one.role in SUPERVISING}
    return {
        session_id: Refused("no_teacher_in_charge", gate="G-STAFFED", clauses=policy.clauses(path))
        for session_id in session_ids
        if session_id not in in_charge
    }


def not_of_subject(
    content_type: str, grades: Collection[int], specialities: Collection[str], policy: Policy
) -> Refused | None:
    """Homework is tutored by a teacher of one of the subjects that the profile names for each of the item's grades."""
    for grade, subjects in tutored(content_type, grades, policy).items():
        if not set(subjects) & set(specialities):
            clauses = policy.clauses("homework_subjects")
            return Refused("not_of_subject", clauses=clauses, grade=grade, subjects=", ".join(subjects))
    return None


def overlapping(wanted: Sequence[Hours], taken: Sequence[Hours]) -> Obstacles:
    """No person is in two sessions at once; back to back is fine (INV-VET-09)."""
    clashes: dict[UUID, Refused] = {}
    mine = {slot.session_id for slot in wanted}
    longest: Hours | None = None
    for slot in sorted([*wanted, *taken], key=lambda one: (one.starts_at, one.ends_at)):
        if longest is not None and slot.starts_at < longest.ends_at:
            for one, other in ((slot, longest), (longest, slot)):
                if one.session_id in mine:
                    clashes[one.session_id] = _double_booking(one.session_id, other.session_id)
        if longest is None or slot.ends_at > longest.ends_at:
            longest = slot
    return clashes


def _double_booking(session_id: UUID, other: UUID) -> Refused:
    facts = {"session_id": str(session_id), "other": str(other)}
    return Refused("double_booking", gate="G-CLEAR", clauses=("S3",), **facts)


@dataclass(frozen=True)
class Leads:
    """How many sessions of a school people of a category lead; `is_listed`: they are on the school's staff list."""

    school_id: UUID
    category: str
    is_listed: bool
    sessions: int


def own_categories(policy: Policy) -> Collection[str]:
    """Whose leading counts as the school's own (INV-VET-17)."""
    bodies: Mapping[str, Collection[str]] = {
        "own_teachers": (OWN_TEACHER,),
        "teachers": (OWN_TEACHER, "OTHER_SCHOOL_TEACHER"),
        "own_employees": policy.value("staff.internal_categories"),
    }
    return bodies[policy.value("staff.main_body")]


def own_share_bp(leads: Collection[Leads], own: Collection[str]) -> int:
    """The share of a school's sessions that its own lead, in basis points, rounded down; `leads` holds at least one."""
    counted = sum(one.sessions for one in leads if one.is_listed and one.category in own)
    return counted * 10_000 // sum(one.sessions for one in leads)
