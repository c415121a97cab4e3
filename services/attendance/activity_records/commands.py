"""Keeping weekly records and sealing a term."""

from uuid import UUID

from sqlalchemy import select

from services.attendance.activity_records import queries, rules
from services.attendance.roll_calls import queries as roll_calls
from services.attendance.tables import ActivityRecord, ClassTeacher, TermArchive
from shared.contracts.attendance import TermArchiveSealed
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.published import policy_of_term, term
from shared.refusals import Refused


def submit(work: Work, *, class_id: UUID, term_id: UUID, week: int, content: str) -> ActivityRecord:
    """The class teacher writes what the class did in a week of the term; until accepted it may be written anew."""
    of_class = work.get(ClassTeacher, class_id)
    policy = policy_of_term(work, of_class.school_id, term_id)
    rules.need_class_teacher(of_class.person_id, work.caller.person_id, policy)
    record = _lock(work, of_class, term_id, week, policy)
    record.state = rules.ACTIVITY_RECORD.move(record.state, "submit")
    record.content, record.submitted_by = content, work.caller.subject
    return record


def waive(work: Work, *, class_id: UUID, term_id: UUID, week: int, reason: str) -> ActivityRecord:
    """No record is owed for a class's week."""
    of_class = work.get(ClassTeacher, class_id)
    record = _lock(work, of_class, term_id, week, policy_of_term(work, of_class.school_id, term_id))
    record.state = rules.ACTIVITY_RECORD.move(record.state, "waive")
    record.content, record.decided_by = reason, work.caller.subject
    return record


def _lock(work: Work, of_class: ClassTeacher, term_id: UUID, week: int, policy: Policy) -> ActivityRecord:
    """The record of a class's week, locked, or a new one; refused when the term is sealed."""
    rules.need_unsealed(queries.is_sealed(work, of_class.school_id, term_id), policy)
    key = {"class_id": of_class.id, "term_id": term_id, "week": week}
    record = work.session.scalars(select(ActivityRecord).filter_by(**key).with_for_update()).one_or_none()
    return record or work.add(
        ActivityRecord(
            district_id=work.caller.district_id,
            school_id=of_class.school_id,
            **key,
            state=rules.ACTIVITY_RECORD.initial,
            submitted_by=work.caller.subject,
        )
    )


def accept(work: Work, record_id: UUID) -> ActivityRecord:
    """Somebody other than its author archives a record."""
    record = work.get(ActivityRecord, record_id, lock=True)
    policy = policy_of_term(work, record.school_id, record.term_id)
    rules.need_unsealed(queries.is_sealed(work, record.school_id, record.term_id), policy)
    if record.submitted_by == work.caller.subject:
        raise Refused("same_person", action="accept_record")
    record.state = rules.ACTIVITY_RECORD.move(record.state, "accept")
    record.decided_by = work.caller.subject
    return record


def seal(work: Work, *, school_id: UUID, term_id: UUID) -> TermArchive:
    """Close a term's records for good (S10)."""
    work.caller.need_school(school_id)
    policy, calendar = policy_of_term(work, school_id, term_id), term(work, term_id)
    rules.need_unsealed(queries.is_sealed(work, school_id, term_id), policy)
    weeks = [calendar.week_of(day) for day in roll_calls.service_days(work, school_id, term_id)]
    rules.need_complete(
        queries.classes(work, school_id),
        rules.demanded_weeks(weeks, policy),
        queries.done(work, school_id, term_id),
        queries.running_count(work, school_id, term_id),
        policy,
    )
    work.emit(TermArchiveSealed(district_id=work.caller.district_id, school_id=school_id, term_id=term_id))
    return work.add(
        TermArchive(
            district_id=work.caller.district_id,
            school_id=school_id,
            term_id=term_id,
            sealed_by=work.caller.subject,
            sealed_at=work.now,
        )
    )
