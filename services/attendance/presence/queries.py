"""Reading who may be there and who is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, Uuid, and_, any_, bindparam, cast, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.attendance.directory import queries as directory
from services.attendance.presence import rules
from services.attendance.tables import Assignment, Clearance, CustodyChain, Presence, ServiceSession, StaffPost
from shared.events import PARTITIONS
from shared.messaging.inbox import subject_waits
from shared.messaging.lease import is_fresh
from shared.messaging.work import Work
from shared.policy.codes import SUPERVISING
from shared.tables import inbox_position

VETTING = "vetting"

HOLDS = and_(Assignment.state == "CONFIRMED", Assignment.clearance_epoch > func.coalesce(Clearance.lost_epoch, 0))
"""Over Assignment and Clearance (outer): the assignment stands and no clearance was lost since it was made."""


def is_known(person_id: Any) -> ColumnElement[bool]:
    """SQL: no word of vetting about the person waits unread."""
    waits: ColumnElement[bool] = subject_waits(f"/{VETTING}", cast(person_id, Text))
    return not_(waits)


IS_TRUSTED = or_(is_fresh(VETTING), ServiceSession.override_by.is_not(None))
"""Over ServiceSession: the copy of vetting's word is fresh now, or the duty leader answers for it."""

IS_CLEARED = and_(Clearance.state == "CLEARED", Clearance.valid_until >= ServiceSession.on, is_known(Clearance.id))
"""Over Clearance and ServiceSession: cleared for the session's day, with nothing unread about the person."""

_BY_TIMELINE = (
    select(func.min(inbox_position.c.fresh_until).label("until"))
    .where(inbox_position.c.source == f"/{VETTING}")
    .group_by(inbox_position.c.timeline)
    .having(func.count(inbox_position.c.fresh_until) == PARTITIONS)
    .subquery()
)
FRESH_UNTIL = select(func.max(_BY_TIMELINE.c.until)).scalar_subquery()
"""Until when the copy of vetting's word may be trusted, by this database's clock; NULL: never heard."""


def standing(work: Work, session: ServiceSession, person_id: UUID) -> rules.Standing:
    """What is known of a person now, in one reading."""
    is_assigned = (
        select(Assignment.id)
        .join(Clearance, Clearance.id == Assignment.person_id, isouter=True)
        .where(Assignment.session_id == session.id, Assignment.person_id == person_id, HOLDS)
    )
    row = work.session.execute(
        select(
            is_assigned.exists().label("is_assigned"),
            select(Clearance.state).where(Clearance.id == person_id).scalar_subquery().label("state"),
            select(Clearance.valid_until).where(Clearance.id == person_id).scalar_subquery().label("valid_until"),
            is_known(person_id).label("is_known"),
            is_fresh(VETTING).label("is_fresh"),
        )
    ).mappings()
    return rules.Standing(**row.one(), is_overridden=session.override_by is not None)


def led_sessions(work: Work, session_ids: Collection[UUID]) -> dict[UUID, bool]:
    """For each session that ever had a lead: whether it has one now."""
    rows = work.session.execute(
        select(Assignment.session_id, func.bool_or(func.coalesce(HOLDS, False)))
        .outerjoin(Clearance, Clearance.id == Assignment.person_id)
        .where(Assignment.session_id.in_(session_ids), Assignment.role == "LEAD")
        .group_by(Assignment.session_id)
    )
    return {row[0]: row[1] for row in rows}


def sessions_of(work: Work, person_ids: Collection[UUID]) -> list[UUID]:
    """Every session that one of the people was ever assigned to and that is not over."""
    return list(
        work.session.scalars(
            select(Assignment.session_id)
            .join(ServiceSession, ServiceSession.id == Assignment.session_id)
            .where(
                Assignment.person_id == any_(literal(list(person_ids), ARRAY(Uuid))),
                ServiceSession.state.not_in(rules.OVER),
            )
            .distinct()
        )
    )


_STAFF = (
    select(
        Presence.person_id,
        Presence.role,
        Presence.category,
        func.coalesce(Clearance.state.in_(rules.KEPT_AWAY), False).label("is_kept_away"),
        func.coalesce(and_(IS_CLEARED, IS_TRUSTED), False).label("is_eligible"),
        func.coalesce(StaffPost.is_listed, False).label("is_own"),
    )
    .join(ServiceSession, ServiceSession.id == Presence.session_id)
    .outerjoin(Clearance, Clearance.id == Presence.person_id)
    .outerjoin(StaffPost, and_(StaffPost.school_id == Presence.school_id, StaffPost.person_id == Presence.person_id))
    .where(Presence.session_id == bindparam("session"), Presence.checked_out_at.is_(None))
    .order_by(Presence.role != "LEAD", Presence.role, Presence.checked_in_at, Presence.id)
)


def staff_of(work: Work, session_id: UUID) -> list[rules.Staff]:
    """Who is checked in to a session now, leads first."""
    return [rules.Staff(**row) for row in work.session.execute(_STAFF, {"session": session_id}).mappings()]


def keepers(work: Work, school_id: UUID, session_id: UUID | None) -> list[UUID]:
    """Who may keep and pass on children of a session, or of none: whoever is checked in, then the duty leader.

    Freshness is not asked for: whoever came while it was known goes on, and whoever is known to be blocked does not.
    """
    staff = staff_of(work, session_id) if session_id else []
    there = [one.person_id for one in staff if one.role in SUPERVISING and not one.is_kept_away]
    leader = directory.duty_leader(work, school_id, work.now)
    if leader is not None and leader not in there:
        there.append(leader)
    return there


_WORD = select(Clearance.state).where(Clearance.id == bindparam("person"))


def is_kept_away(work: Work, person_id: UUID) -> bool:
    """Whether a record or a suspension of the person is known, however old the word."""
    return work.session.scalar(_WORD, {"person": person_id}) in rules.KEPT_AWAY


def keeps_children(work: Work, session_id: UUID, person_id: UUID) -> bool:
    """Whether children of a session are in a person's name."""
    kept = select(CustodyChain.id).where(CustodyChain.session_id == session_id, CustodyChain.holder_id == person_id)
    return bool(work.session.scalar(select(kept.exists())))


def read_roster(work: Work, session_id: UUID) -> dict[str, Any]:
    """Who was assigned to a session, and who of them may be let in, decided as it is read (messaging.md §7)."""
    session = work.get(ServiceSession, session_id)
    rows = sorted(work.session.execute(_roster(session_id)), key=lambda row: (row.role != "LEAD", str(row.role)))
    return {
        "session_id": session_id,
        "fresh_until": rows[0].fresh_until if rows else None,
        "items": [_line(row, session.on) for row in rows],
    }


def _line(row: Any, on: date) -> dict[str, Any]:
    standing = rules.Standing(
        is_assigned=row.is_assigned,
        state=row.state,
        valid_until=row.valid_until,
        is_known=row.is_known,
        is_fresh=row.is_fresh,
        is_overridden=row.is_overridden,
    )
    reason = rules.why_not(standing, on)
    return {
        "person_id": row.person_id,
        "role": row.role,
        "may_enter": reason is None,
        "reason": reason,
        "checked_in_at": row.checked_in_at,
    }


def _roster(session_id: UUID) -> Any:
    is_there = and_(
        Presence.session_id == Assignment.session_id,
        Presence.person_id == Assignment.person_id,
        Presence.checked_out_at.is_(None),
    )
    return (
        select(
            Assignment.person_id,
            Assignment.role,
            Clearance.state,
            Clearance.valid_until,
            func.coalesce(HOLDS, False).label("is_assigned"),
            is_known(Assignment.person_id).label("is_known"),
            is_fresh(VETTING).label("is_fresh"),
            ServiceSession.override_by.is_not(None).label("is_overridden"),
            Presence.checked_in_at,
            FRESH_UNTIL.label("fresh_until"),
        )
        .join(ServiceSession, ServiceSession.id == Assignment.session_id)
        .outerjoin(Clearance, Clearance.id == Assignment.person_id)
        .outerjoin(Presence, is_there)
        .where(Assignment.session_id == session_id)
        .ext(distinct_on(Assignment.person_id))
        .order_by(Assignment.person_id, func.coalesce(HOLDS, False).desc(), Assignment.id.desc())
    )


@dataclass(frozen=True)
class Served:
    """A stretch of a person's service within a session's planned hours."""

    person_id: UUID
    role: str
    clearance_epoch: int
    started_at: datetime
    minutes: int


def served(work: Work, session: ServiceSession) -> list[Served]:
    """What each person served: waiting after the planned end is care, not service (Q9)."""
    rows = work.session.scalars(
        select(Presence).where(Presence.session_id == session.id).order_by(Presence.checked_in_at, Presence.id)
    )
    stretches = []
    for one in rows:
        start = max(one.checked_in_at, session.starts_at)
        minutes = int((min(one.checked_out_at or work.now, session.ends_at) - start).total_seconds() // 60)
        if minutes > 0:
            stretches.append(Served(one.person_id, one.role, one.clearance_epoch, start, minutes))
    return stretches
