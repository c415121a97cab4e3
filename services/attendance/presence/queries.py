"""Reading who may be there and who is."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, cast, func, not_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.attendance.directory import queries as directory
from services.attendance.presence import rules
from services.attendance.tables import Assignment, Clearance, CustodyChain, Presence, ServiceSession, StaffPost
from shared.events import PARTITIONS
from shared.messaging.inbox import subject_waits
from shared.messaging.lease import is_fresh
from shared.messaging.work import Work
from shared.tables import inbox_position

VETTING = "vetting"
WORD = (Clearance.state, Clearance.valid_until)


@cache
def holds() -> ColumnElement[bool]:
    """SQL over Assignment and Clearance (outer): the assignment stands and no clearance was lost since it was made."""
    return and_(Assignment.state == "CONFIRMED", Assignment.clearance_epoch > func.coalesce(Clearance.lost_epoch, 0))


def is_known(person_id: Any) -> ColumnElement[bool]:
    """SQL: no word of vetting about the person waits unread."""
    waits: ColumnElement[bool] = subject_waits(f"/{VETTING}", cast(person_id, Text))
    return not_(waits)


@cache
def is_trusted() -> ColumnElement[bool]:
    """SQL over ServiceSession: the copy of vetting's word is fresh now, or the duty leader answers for it."""
    return or_(is_fresh(VETTING), ServiceSession.override_by.is_not(None))


@cache
def is_cleared() -> ColumnElement[bool]:
    """SQL over Clearance and ServiceSession: cleared for the session's day, with nothing unread about the person."""
    return and_(Clearance.state == "CLEARED", Clearance.valid_until >= ServiceSession.on, is_known(Clearance.id))


@cache
def fresh_until() -> ColumnElement[datetime | None]:
    """SQL: until when the copy of vetting's word may be trusted, by this database's clock; NULL: never heard."""
    by_timeline = (
        select(func.min(inbox_position.c.fresh_until).label("until"))
        .where(inbox_position.c.source == f"/{VETTING}")
        .group_by(inbox_position.c.timeline)
        .having(func.count(inbox_position.c.fresh_until) == PARTITIONS)
        .subquery()
    )
    return select(func.max(by_timeline.c.until)).scalar_subquery()


def standing(work: Work, session: ServiceSession, person_id: UUID) -> rules.Standing:
    """What is known of a person now, in one reading."""
    is_assigned = (
        select(Assignment.id)
        .join(Clearance, Clearance.id == Assignment.person_id, isouter=True)
        .where(Assignment.session_id == session.id, Assignment.person_id == person_id, holds())
    )
    row = work.session.execute(
        select(
            is_assigned.exists(),
            is_known(person_id),
            is_fresh(VETTING),
            *(select(column).where(Clearance.id == person_id).scalar_subquery() for column in WORD),
        )
    ).one()
    return rules.Standing(
        is_assigned=row[0],
        is_known=row[1],
        is_fresh=row[2],
        state=row[3],
        valid_until=row[4],
        is_overridden=session.override_by is not None,
    )


def led_sessions(work: Work, session_ids: Collection[UUID]) -> dict[UUID, bool]:
    """For each session that ever had a lead: whether it has one now."""
    rows = work.session.execute(
        select(Assignment.session_id, func.bool_or(func.coalesce(holds(), False)))
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
            .where(Assignment.person_id.in_(person_ids), ServiceSession.state.not_in(rules.OVER))
            .distinct()
        )
    )


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Somebody checked in. `is_eligible`: cleared by a word that is fresh at the moment of reading.

    `is_own`: on the staff list of the session's school.
    """

    person_id: UUID
    role: str
    category: str
    state: str | None
    is_eligible: bool
    is_own: bool


def staff_of(work: Work, session_id: UUID) -> list[Staff]:
    """Who is checked in to a session now, leads first."""
    rows = work.session.execute(_staff(), {"session": session_id})
    return [Staff(**row) for row in rows.mappings()]


@cache  # asked with every child that is passed on: building the query costs more than sending it
def _staff() -> Any:
    return (
        select(
            Presence.person_id,
            Presence.role,
            Presence.category,
            Clearance.state,
            func.coalesce(and_(is_cleared(), is_trusted()), False).label("is_eligible"),
            func.coalesce(StaffPost.is_listed, False).label("is_own"),
        )
        .join(ServiceSession, ServiceSession.id == Presence.session_id)
        .outerjoin(Clearance, Clearance.id == Presence.person_id)
        .outerjoin(
            StaffPost, and_(StaffPost.school_id == Presence.school_id, StaffPost.person_id == Presence.person_id)
        )
        .where(Presence.session_id == bindparam("session"), Presence.checked_out_at.is_(None))
        .order_by(Presence.role != "LEAD", Presence.role, Presence.checked_in_at, Presence.id)
    )


def keepers(work: Work, session: ServiceSession) -> list[UUID]:
    """Who may keep and pass on children of a session: whoever is checked in, then the duty leader.

    Freshness is not asked for: whoever came while it was known goes on, and whoever is known to be blocked does not.
    """
    there = [
        one.person_id
        for one in staff_of(work, session.id)
        if one.role in rules.SUPERVISING and one.state not in rules.KEPT_AWAY
    ]
    leader = directory.duty_leader(work, session.school_id, work.now)
    if leader is not None and leader not in there and not is_kept_away(work, leader):
        there.append(leader)
    return there


def is_kept_away(work: Work, person_id: UUID) -> bool:
    """Whether a record or a suspension of the person is known, however old the word."""
    return bool(work.session.scalar(_kept_away(), {"person": person_id}))


@cache
def _kept_away() -> Select[Any]:
    known = select(Clearance.id).where(Clearance.id == bindparam("person"), Clearance.state.in_(rules.KEPT_AWAY))
    return select(known.exists())


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
    known = {field.name: getattr(row, field.name) for field in fields(rules.Standing)}
    reason = rules.why_not(rules.Standing(**known), on)
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
            func.coalesce(holds(), False).label("is_assigned"),
            is_known(Assignment.person_id).label("is_known"),
            is_fresh(VETTING).label("is_fresh"),
            ServiceSession.override_by.is_not(None).label("is_overridden"),
            Presence.checked_in_at,
            fresh_until().label("fresh_until"),
        )
        .join(ServiceSession, ServiceSession.id == Assignment.session_id)
        .outerjoin(Clearance, Clearance.id == Assignment.person_id)
        .outerjoin(Presence, is_there)
        .where(Assignment.session_id == session_id)
        .ext(distinct_on(Assignment.person_id))
        .order_by(Assignment.person_id, func.coalesce(holds(), False).desc(), Assignment.id.desc())
    )
