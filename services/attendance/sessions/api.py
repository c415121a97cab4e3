"""HTTP door of sessions."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.attendance.sessions import commands
from services.attendance.tables import ServiceSession
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("sessions", "服务课次 sessions")


class SessionOut(ma.Schema):
    """A session; `roll_version` is set when it opens."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    group_id = ma.fields.UUID()
    item_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    venue_id = ma.fields.UUID()
    segment = ma.fields.String()
    content_type = ma.fields.String()
    on = ma.fields.Date()
    starts_at = ma.fields.AwareDateTime()
    ends_at = ma.fields.AwareDateTime()
    state = ma.fields.String()
    roll_version = ma.fields.Integer(allow_none=True)
    opened_at = ma.fields.AwareDateTime(allow_none=True)
    closed_at = ma.fields.AwareDateTime(allow_none=True)
    learning_minutes = ma.fields.Integer(allow_none=True)
    cancel_cause = ma.fields.String(allow_none=True)
    override_by = ma.fields.UUID(allow_none=True)


class WhichGroup(ma.Schema):
    """The group whose sessions are laid out."""

    group_id = ma.fields.UUID(required=True)


class SeriesOut(ma.Schema):
    """How many sessions were added; 0 when they stood already."""

    group_id = ma.fields.UUID()
    scheduled = ma.fields.Integer()


class Reason(ma.Schema):
    """Why."""

    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))


class Cause(ma.Schema):
    """Why it is cancelled."""

    cause = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))


class Minutes(ma.Schema):
    """How long the children learned in it."""

    learning_minutes = ma.fields.Integer(required=True, validate=ma.validate.Range(0, 600))


@door.post("/sessions/schedule", needs="session.schedule", takes=WhichGroup, gives=SeriesOut)
def schedule_sessions(work: Work, group_id: UUID) -> dict[str, Any]:
    """Lay out a group's sessions; a repeat adds only what is missing."""
    return commands.schedule(work, group_id)


@door.list(
    "/sessions",
    needs="session.read",
    gives=SessionOut,
    of=ServiceSession,
    filters=("school_id", "group_id", "term_id", "state", "on", "starts_at"),
    sorts=("starts_at", "id"),
)
def list_sessions(work: Work) -> Select[Any]:
    """Sessions of the caller's schools, by time."""
    return select(ServiceSession)


@door.get("/sessions/<uuid:session_id>", needs="session.read", gives=SessionOut)
def read_session(work: Work, session_id: UUID) -> ServiceSession:
    """One session."""
    return work.get(ServiceSession, session_id)


@door.post("/sessions/<uuid:session_id>/pre-check", needs="session.pre_check", gives=SessionOut)
def pre_check_session(work: Work, session_id: UUID) -> ServiceSession:
    """Look at the venue; refused without a fresh safety check."""
    return commands.pre_check(work, session_id)


@door.post("/sessions/<uuid:session_id>/override", needs="session.override", takes=Reason, gives=SessionOut)
def override_session(work: Work, session_id: UUID, reason: str) -> ServiceSession:
    """Answer, as duty leader, for cleared staff while vetting cannot be heard."""
    return commands.override(work, session_id, reason=reason)


@door.post("/sessions/<uuid:session_id>/open", needs="session.open", gives=SessionOut)
def open_session(work: Work, session_id: UUID) -> ServiceSession:
    """Begin to receive children."""
    return commands.open_session(work, session_id)


@door.post("/sessions/<uuid:session_id>/complete-roll-call", needs="roll_call.complete", gives=SessionOut)
def complete_roll_call(work: Work, session_id: UUID) -> ServiceSession:
    """Every expected pupil is accounted for."""
    return commands.complete_roll_call(work, session_id)


@door.post("/sessions/<uuid:session_id>/begin-dismissal", needs="session.begin_dismissal", gives=SessionOut)
def begin_dismissal(work: Work, session_id: UUID) -> ServiceSession:
    """The children wait to be fetched."""
    return commands.begin_dismissal(work, session_id)


@door.post("/sessions/<uuid:session_id>/close", needs="session.close", takes=Minutes, gives=SessionOut)
def close_session(work: Work, session_id: UUID, learning_minutes: int) -> ServiceSession:
    """End a session whose children have all gone to somebody."""
    return commands.close(work, session_id, learning_minutes=learning_minutes)


@door.post("/sessions/<uuid:session_id>/cancel", needs="session.cancel", takes=Cause, gives=SessionOut)
def cancel_session(work: Work, session_id: UUID, cause: str) -> ServiceSession:
    """Give up a session that has not begun."""
    return commands.cancel(work, session_id, cause=cause)
