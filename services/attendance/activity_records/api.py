"""HTTP door of activity records and the term archive."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.attendance.activity_records import commands
from services.attendance.tables import ActivityRecord, TermArchive
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("activity_records", "活动记录与学期存档 activity records")


class RecordOut(ma.Schema):
    """A class's record of a week."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    class_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    week = ma.fields.Integer()
    state = ma.fields.String()
    content = ma.fields.String(allow_none=True)


class NewRecord(ma.Schema):
    """What a class did in a week of the term."""

    class_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)
    week = ma.fields.Integer(required=True, validate=ma.validate.Range(1, 60))
    content = ma.fields.String(required=True, validate=ma.validate.Length(1, 10_000))


class Waiver(ma.Schema):
    """Why a class owes no record for a week."""

    class_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)
    week = ma.fields.Integer(required=True, validate=ma.validate.Range(1, 60))
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))


class WhichArchive(ma.Schema):
    """A school's term."""

    school_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)


class ArchiveOut(ma.Schema):
    """A sealed term."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    sealed_at = ma.fields.AwareDateTime()


@door.post("/activity-records", needs="activity_record.submit", takes=NewRecord, gives=RecordOut, status=201)
def submit_activity_record(work: Work, **new: Any) -> ActivityRecord:
    """Write what one's class did in a week."""
    return commands.submit(work, **new)


@door.post("/activity-records/waive", needs="activity_record.waive", takes=Waiver, gives=RecordOut, status=201)
def waive_activity_record(work: Work, **waiver: Any) -> ActivityRecord:
    """Say why no record is owed."""
    return commands.waive(work, **waiver)


@door.post("/activity-records/<uuid:record_id>/accept", needs="activity_record.accept", gives=RecordOut)
def accept_activity_record(work: Work, record_id: UUID) -> ActivityRecord:
    """Archive a record."""
    return commands.accept(work, record_id)


@door.list(
    "/activity-records",
    needs="activity_record.read",
    gives=RecordOut,
    of=ActivityRecord,
    filters=("school_id", "class_id", "term_id", "week", "state"),
)
def list_activity_records(work: Work) -> Select[Any]:
    """Records of the caller's schools."""
    return select(ActivityRecord)


@door.post("/term-archives", needs="activity_record.seal", takes=WhichArchive, gives=ArchiveOut, status=201)
def seal_term_archive(work: Work, **which: Any) -> TermArchive:
    """Close a term's records for good."""
    return commands.seal(work, **which)


@door.list(
    "/term-archives", needs="activity_record.read", gives=ArchiveOut, of=TermArchive, filters=("school_id", "term_id")
)
def list_term_archives(work: Work) -> Select[Any]:
    """Sealed terms."""
    return select(TermArchive)
