"""Reading who is expected and who is there."""

from collections.abc import Collection
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Subquery, bindparam, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.attendance.directory import queries as directory
from services.attendance.roll_calls import rules
from services.attendance.tables import LeaveRequest, Mark, ServiceSession
from shared.messaging.work import Work


def expected(session: ServiceSession) -> Select[UUID]:
    """SQL: the pupils on the roll of an opened session, at the version fixed at opening."""
    return directory.roll(session.group_id, session.on, session.roll_version or 0)


def expected_pupils(work: Work, session: ServiceSession) -> set[UUID]:
    """The pupils on the roll of an opened session."""
    which = {"group": session.group_id, "day": session.on, "upto": session.roll_version or 0}
    return set(work.session.scalars(_roll(), which))


@cache  # a class waits for its roll call: building the query costs more than sending it
def _roll() -> Select[UUID]:
    return directory.roll(bindparam("group"), bindparam("day"), bindparam("upto"))


def expected_count(work: Work, session: ServiceSession) -> int:
    """How many pupils are on the roll of an opened session."""
    return work.session.scalar(select(func.count()).select_from(expected(session).subquery())) or 0


def newest_marks(session_ids: Any) -> Subquery:
    """SQL: the newest mark of each pupil in sessions, which are given by id or by a query for ids."""
    return (
        select(Mark.session_id, Mark.pupil_id, Mark.status)
        .where(Mark.session_id.in_(session_ids))
        .ext(distinct_on(Mark.session_id, Mark.pupil_id))
        .order_by(Mark.session_id, Mark.pupil_id, Mark.id.desc())
        .subquery()
    )


def statuses(work: Work, session_id: UUID) -> dict[UUID, str]:
    """What holds of each pupil who has a mark."""
    return {row.pupil_id: row.status for row in work.session.execute(_statuses(), {"session": session_id})}


@cache
def _statuses() -> Select[Any]:
    newest = newest_marks([bindparam("session")])
    return select(newest.c.pupil_id, newest.c.status)


def newest_mark(work: Work, session_id: UUID, pupil_id: UUID) -> Mark | None:
    """The mark of a pupil that holds."""
    return work.session.scalars(
        select(Mark).where(Mark.session_id == session_id, Mark.pupil_id == pupil_id).order_by(Mark.id.desc()).limit(1)
    ).one_or_none()


def unmarked_count(work: Work, session: ServiceSession) -> int:
    """How many expected pupils have no mark."""
    marked = select(Mark.pupil_id).where(Mark.session_id == session.id)
    roll = expected(session).subquery()
    return work.session.scalar(select(func.count()).select_from(roll).where(roll.c.pupil_id.not_in(marked))) or 0


def present_count(work: Work, session_id: UUID) -> int:
    """How many pupils came."""
    newest = newest_marks([session_id])
    came = select(func.count()).select_from(newest).where(newest.c.status.in_(rules.ATTENDED))
    return work.session.scalar(came) or 0


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
    closed = select(ServiceSession.id).where(
        ServiceSession.school_id == school_id, ServiceSession.term_id == term_id, ServiceSession.state == "CLOSED"
    )
    newest = newest_marks(closed)
    rows = work.session.execute(
        select(newest.c.pupil_id, ServiceSession.on)
        .join(ServiceSession, ServiceSession.id == newest.c.session_id)
        .where(newest.c.status.in_(rules.ATTENDED))
    )
    return [(pupil_id, on) for pupil_id, on in rows]


def service_days(work: Work, school_id: UUID, term_id: UUID) -> list[date]:
    """The dates of a term on which a school held sessions."""
    return list(
        work.session.scalars(
            select(ServiceSession.on)
            .where(
                ServiceSession.school_id == school_id,
                ServiceSession.term_id == term_id,
                ServiceSession.state == "CLOSED",
            )
            .distinct()
        )
    )


def read_roll(work: Work, session_id: UUID) -> dict[str, Any]:
    """Who is expected in a session, with the mark that holds; a guardian sees their own children only."""
    session = work.get(ServiceSession, session_id)
    marks = statuses(work, session.id)
    roll = expected(session).subquery()
    seen = work.session.scalars(directory.narrow(work, select(roll.c.pupil_id), roll.c.pupil_id))
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
