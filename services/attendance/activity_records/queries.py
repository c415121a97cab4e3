"""Reading weekly records."""

from uuid import UUID

from sqlalchemy import func, select

from services.attendance.activity_records import rules
from services.attendance.sessions.rules import RUNNING
from services.attendance.tables import ActivityRecord, ClassTeacher, ServiceSession, TermArchive
from shared.messaging.work import Work


def is_sealed(work: Work, school_id: UUID, term_id: UUID) -> bool:
    """Whether the term's archive is closed."""
    found = select(TermArchive.id).where(TermArchive.school_id == school_id, TermArchive.term_id == term_id)
    return bool(work.session.scalar(select(found.exists())))


def classes(work: Work, school_id: UUID) -> set[UUID]:
    """The classes of a school that have a class teacher."""
    return set(work.session.scalars(select(ClassTeacher.id).where(ClassTeacher.school_id == school_id)))


def done(work: Work, school_id: UUID, term_id: UUID) -> set[tuple[UUID, int]]:
    """(class, week) of every record that is archived or waived."""
    rows = work.session.execute(
        select(ActivityRecord.class_id, ActivityRecord.week).where(
            ActivityRecord.school_id == school_id,
            ActivityRecord.term_id == term_id,
            ActivityRecord.state.in_(rules.DONE),
        )
    )
    return {(row[0], row[1]) for row in rows}


def running_count(work: Work, school_id: UUID, term_id: UUID) -> int:
    """How many sessions of a term have begun and are not closed."""
    found = select(func.count(ServiceSession.id)).where(
        ServiceSession.school_id == school_id, ServiceSession.term_id == term_id, ServiceSession.state.in_(RUNNING)
    )
    return work.session.scalar(found) or 0
