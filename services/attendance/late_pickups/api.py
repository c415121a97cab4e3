"""HTTP door of late pickups."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.attendance.late_pickups import commands, queries
from services.attendance.late_pickups.rules import OUTCOMES
from services.attendance.tables import ContactAttempt, LatePickupCase
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("late_pickups", "逾时未接 late pickups")


class CaseOut(ma.Schema):
    """A case; lateness counts from `due_at`."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    session_id = ma.fields.UUID()
    on = ma.fields.Date()
    state = ma.fields.String()
    level = ma.fields.Integer()
    due_at = ma.fields.AwareDateTime()
    resolved_at = ma.fields.AwareDateTime(allow_none=True)


class AttemptOut(ma.Schema):
    """A call and its outcome."""

    id = ma.fields.UUID()
    case_id = ma.fields.UUID()
    authorization_id = ma.fields.UUID(allow_none=True)
    outcome = ma.fields.String()
    at = ma.fields.AwareDateTime()


class NewAttempt(ma.Schema):
    """Who was called (an authorization) and whether they answered."""

    outcome = ma.fields.String(required=True, validate=ma.validate.OneOf(list(OUTCOMES)))
    authorization_id = ma.fields.UUID(load_default=None)


@door.list(
    "/late-pickups",
    needs="late_pickup.read",
    gives=CaseOut,
    of=LatePickupCase,
    filters=("school_id", "pupil_id", "session_id", "state", "level", "on"),
)
def list_late_pickups(work: Work) -> Select[Any]:
    """Cases of the caller's schools."""
    return queries.list_cases(work)


@door.post(
    "/late-pickups/<uuid:case_id>/contacts",
    needs="late_pickup.log_contact",
    takes=NewAttempt,
    gives=AttemptOut,
    status=201,
)
def log_contact(work: Work, case_id: UUID, **attempt: Any) -> ContactAttempt:
    """Write down a call."""
    return commands.log_contact(work, case_id, **attempt)


@door.list(
    "/contact-attempts",
    needs="late_pickup.log_contact",
    gives=AttemptOut,
    of=ContactAttempt,
    filters=("case_id", "outcome"),
)
def list_contact_attempts(work: Work) -> Select[Any]:
    """Calls, in order."""
    return select(ContactAttempt)
