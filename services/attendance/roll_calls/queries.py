"""Reading who is expected and who is there."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.attendance.directory import queries as directory
from services.attendance.roll_calls import rules
from services.attendance.tables import LeaveRequest, Mark, RollEntry, ServiceSession
from shared.messaging.work import Work

_LINES = (
    select(RollEntry.pupil_id, RollEntry.added)
    .where(
        RollEntry.group_id == bindparam("group"),
        RollEntry.roll_version <= bindparam("upto"),
        RollEntry.effective_from <= bindparam("day"),
    )
    .ext(distinct_on(RollEntry.pupil_id))
    .order_by(RollEntry.pupil_id, RollEntry.roll_version.desc())
    .subquery()
)
ROLL = select(_LINES.c.pupil_id).where(_LINES.c.added)
"""The pupils on the roll of an opened session, at the version fixed at opening: `_of` gives the parameters."""


def _of(session: ServiceSession) -> dict[str, Any]:
    return {"group": session.group_id, "day": session.on, "upto": session.roll_version or 0}


def expected_pupils(work: Work, session: ServiceSession) -> set[UUID]:
    """The pupils on the roll of an opened session."""
    return set(work.session.scalars(ROLL, _of(session)))


def expected_count(work: Work, session: ServiceSession) -> int:
    """How many pupils are on the roll of an opened session."""
    return work.session.scalar(select(func.count()).select_from(ROLL.subquery()), _of(session)) or 0


def newest_marks(which: ColumnElement[bool]) -> Subquery:
    """SQL: the newest mark of each pupil in each session, among the marks that `which` is true of."""
    return (
        select(Mark.session_id, Mark.pupil_id, Mark.status)
        .where(which)
        .ext(distinct_on(Mark.session_id, Mark.pupil_id))
        .order_by(Mark.session_id, Mark.pupil_id, Mark.id.desc())
        .subquery()
    )


_HOLDING = newest_marks(Mark.session_id == bindparam("session"))
_STATUSES = select(_HOLDING.c.pupil_id, _HOLDING.c.status)


def statuses(work: Work, session_id: UUID) -> dict[UUID, str]:
    """What holds of each pupil who has a mark."""
    return {row.pupil_id: row.status for row in work.session.execute(_STATUSES, {"session": session_id})}


def newest_mark(work: Work, session_id: UUID, pupil_id: UUID) -> Mark | None:
    """The mark of a pupil that holds."""
    return work.session.scalars(
        select(Mark).where(Mark.session_id == session_id, Mark.pupil_id == pupil_id).order_by(Mark.id.desc()).limit(1)
    ).one_or_none()


def unmarked_count(work: Work, session: ServiceSession) -> int:
    """How many expected pupils have no mark."""
    marked = select(Mark.pupil_id).where(Mark.session_id == session.id)
    unmarked = ROLL.where(_LINES.c.pupil_id.not_in(marked)).subquery()
    return work.session.scalar(select(func.count()).select_from(unmarked), _of(session)) or 0


def present_count(work: Work, session_id: UUID) -> int:
    """How many pupils came."""
    return sum(status in rules.ATTENDED for status in statuses(work, session_id).values())


def on_leave(work: Work, pupil_ids: Collection[UUID], on: date) -> set[UUID]:
    """Those of the pupils whose guardian said that they will not come on a date."""
    if not pupil_ids:
        return set()
    return set(
        work.session.scalars(
            select(LeaveRequest.pupil_id).where(LeaveRequest.pupil_id.in_(pupil_ids), LeaveRequest.on == on)
        )
    )


def attended_days(work: Work, school_id: UUID, term_id: UUID) -> list[tuple[UUID, date]]:
    """(pupil, date) of every session of a term that a pupil attended and that was closed."""
    newest = newest_marks(Mark.session_id.in_(select(ServiceSession.id).where(_was_held(school_id, term_id))))
    rows = work.session.execute(
        select(newest.c.pupil_id, ServiceSession.on)
        .join(ServiceSession, ServiceSession.id == newest.c.session_id)
        .where(newest.c.status.in_(rules.ATTENDED))
    )
    return [(pupil_id, on) for pupil_id, on in rows]


def service_days(work: Work, school_id: UUID, term_id: UUID) -> list[date]:
    """The dates of a term on which a school held sessions."""
    return list(work.session.scalars(select(ServiceSession.on).where(_was_held(school_id, term_id)).distinct()))


def _was_held(school_id: UUID, term_id: UUID) -> ColumnElement[bool]:
    return and_(
        ServiceSession.school_id == school_id, ServiceSession.term_id == term_id, ServiceSession.state == "CLOSED"
    )


def read_roll(work: Work, session_id: UUID) -> dict[str, Any]:
    """Who is expected in a session, with the mark that holds; a guardian sees their own children only."""
    session = work.get(ServiceSession, session_id)
    marks = statuses(work, session.id)
    seen = work.session.scalars(directory.narrow(work, ROLL, _LINES.c.pupil_id), _of(session))
    items = [
        {"pupil_id": str(pupil_id), "status": marks.get(pupil_id, rules.ATTENDANCE.initial)}
        for pupil_id in sorted(seen)
    ]
    return {"session_id": session.id, "roll_version": session.roll_version, "items": items}


def list_marks(work: Work) -> Select[Any]:
    """Marks that the caller may see, the overtaken ones too."""
    return directory.narrow(work, select(Mark), Mark.pupil_id)


def list_leave_requests(work: Work) -> Select[Any]:
    """Leave requests that the caller may see."""
    return directory.narrow(work, select(LeaveRequest), LeaveRequest.pupil_id)


def open_reason(work: Work, leave: LeaveRequest) -> str:
    """Why a child stays away, unsealed; the caller logs the access."""
    return work.keyring.open(leave.id, "reason", leave.reason_sealed)
