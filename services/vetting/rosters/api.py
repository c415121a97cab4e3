"""HTTP door of rosters."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.vetting.rosters import commands, queries
from services.vetting.rosters.rules import ROLES
from services.vetting.tables import Assignment, PlannedSession
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("rosters", "排班 rosters")


class AssignmentOut(ma.Schema):
    """A person in a session."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    session_id = ma.fields.UUID()
    role = ma.fields.String()
    state = ma.fields.String()
    cause = ma.fields.String(allow_none=True)
    starts_at = ma.fields.AwareDateTime()
    ends_at = ma.fields.AwareDateTime()


class AssignmentsOut(ma.Schema):
    """What was assigned."""

    items = ma.fields.List(ma.fields.Nested(AssignmentOut))


class NewAssignments(ma.Schema):
    """A person, a role, and sessions of one school and term."""

    person_id = ma.fields.UUID(required=True)
    role = ma.fields.String(required=True, validate=ma.validate.OneOf(ROLES))
    session_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, 500))


class SessionOut(ma.Schema):
    """A session as attendance scheduled it."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    group_id = ma.fields.UUID()
    starts_at = ma.fields.AwareDateTime()
    ends_at = ma.fields.AwareDateTime()
    state = ma.fields.String()


@door.post("/assignments", needs="roster.confirm", takes=NewAssignments, gives=AssignmentsOut, status=201)
def assign(work: Work, **wanted: Any) -> dict[str, Any]:
    """Assign a cleared person to sessions, all or none."""
    return {"items": commands.assign(work, **wanted)}


@door.list(
    "/assignments",
    needs="roster.read",
    gives=AssignmentOut,
    of=Assignment,
    filters=("person_id", "session_id", "school_id", "state", "starts_at"),
    sorts=("starts_at", "id"),
)
def list_assignments(work: Work) -> Select[Any]:
    """The roster of the caller's schools."""
    return queries.list_assignments(work)


@door.post("/assignments/<uuid:assignment_id>/remove", needs="roster.remove", gives=AssignmentOut)
def remove_assignment(work: Work, assignment_id: UUID) -> Assignment:
    """Take a person off a session; somebody else is sought."""
    return commands.remove(work, assignment_id, "CANCELLED")


@door.post("/substitute-requests/<uuid:request_id>/accept", needs="substitute.accept", gives=AssignmentOut)
def accept_substitution(work: Work, request_id: UUID) -> Assignment:
    """Take the session that was offered to the caller."""
    return commands.accept_substitute(work, request_id)


@door.list(
    "/sessions",
    needs="roster.read",
    gives=SessionOut,
    of=PlannedSession,
    filters=("school_id", "group_id", "state", "starts_at"),
    sorts=("starts_at", "id"),
)
def list_planned_sessions(work: Work) -> Select[Any]:
    """Sessions that people may be assigned to."""
    return select(PlannedSession)
