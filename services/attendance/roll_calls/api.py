"""HTTP door of roll calls. Why a child stays away is read by name of the request only, and logged."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.attendance.roll_calls import commands, queries
from services.attendance.roll_calls.rules import STATUSES
from services.attendance.tables import LeaveRequest, Mark
from shared.access_log import log_access
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("roll_calls", "点名 roll calls")


class MarkOut(ma.Schema):
    """A mark; the newest of a pupil in a session holds."""

    id = ma.fields.UUID()
    session_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    status = ma.fields.String()
    at = ma.fields.AwareDateTime()
    corrects_id = ma.fields.UUID(allow_none=True)
    reason = ma.fields.String(allow_none=True)


class MarksOut(ma.Schema):
    """What was marked."""

    items = ma.fields.List(ma.fields.Nested(MarkOut))


class NewMark(ma.Schema):
    """What holds of a pupil."""

    pupil_id = ma.fields.UUID(required=True)
    status = ma.fields.String(required=True, validate=ma.validate.OneOf(STATUSES))


class NewMarks(ma.Schema):
    """A whole group at once."""

    marks = ma.fields.List(ma.fields.Nested(NewMark), required=True, validate=ma.validate.Length(1, 500))


class Correction(NewMark):
    """What holds instead, and why."""

    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))


class RollOut(ma.Schema):
    """Who is expected in an opened session, with the mark that holds (EXPECTED: none yet)."""

    session_id = ma.fields.UUID()
    roll_version = ma.fields.Integer(allow_none=True)
    items = ma.fields.List(ma.fields.Dict())


class LeaveOut(ma.Schema):
    """A leave request, without its reason."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    on = ma.fields.Date()
    state = ma.fields.String()


class NewLeave(ma.Schema):
    """Which child, which day, why."""

    pupil_id = ma.fields.UUID(required=True)
    on = ma.fields.Date(required=True)
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))


class LeaveReason(ma.Schema):
    """Why a child stays away."""

    reason = ma.fields.String()


class WhichTerm(ma.Schema):
    """A school's term."""

    school_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)


class HeadcountOut(ma.Schema):
    """How many pupils took part, by which basis."""

    count_id = ma.fields.UUID()
    basis = ma.fields.String()
    pupil_count = ma.fields.Integer()


@door.get("/sessions/<uuid:session_id>/roll", needs="roll_call.read", gives=RollOut)
def read_roll(work: Work, session_id: UUID) -> dict[str, Any]:
    """Who is expected and who is there."""
    return queries.read_roll(work, session_id)


@door.post("/sessions/<uuid:session_id>/marks", needs="roll_call.mark", takes=NewMarks, gives=MarksOut, status=201)
def mark_pupils(work: Work, session_id: UUID, marks: list[dict[str, Any]]) -> dict[str, Any]:
    """Mark pupils, all or none."""
    return {"items": commands.mark(work, session_id, marks=marks)}


@door.post(
    "/sessions/<uuid:session_id>/marks/correct", needs="roll_call.resolve", takes=Correction, gives=MarkOut, status=201
)
def correct_mark(work: Work, session_id: UUID, **correction: Any) -> Mark:
    """Put right what somebody else marked."""
    return commands.correct(work, session_id, **correction)


@door.list(
    "/marks",
    needs="roll_call.read",
    gives=MarkOut,
    of=Mark,
    filters=("session_id", "pupil_id", "status", "at"),
)
def list_marks(work: Work) -> Select[Any]:
    """Every mark, the overtaken ones too; a guardian sees their own children's."""
    return queries.list_marks(work)


@door.post("/leave-requests", needs="leave.request", takes=NewLeave, gives=LeaveOut, status=201)
def request_leave(work: Work, **wanted: Any) -> LeaveRequest:
    """Say that one's child will not come."""
    return commands.request_leave(work, **wanted)


@door.list(
    "/leave-requests",
    needs="leave.read",
    gives=LeaveOut,
    of=LeaveRequest,
    filters=("school_id", "pupil_id", "on", "state"),
)
def list_leave_requests(work: Work) -> Select[Any]:
    """Leave requests; a guardian sees their own children's."""
    return queries.list_leave_requests(work)


@door.get("/leave-requests/<uuid:request_id>/reason", needs="leave.acknowledge", gives=LeaveReason)
def read_leave_reason(work: Work, request_id: UUID) -> dict[str, str]:
    """Why a child stays away."""
    leave = work.get(LeaveRequest, request_id)
    log_access(work, "attendance.leave_reason", [leave.pupil_id])
    return {"reason": queries.open_reason(work, leave)}


@door.post("/leave-requests/<uuid:request_id>/acknowledge", needs="leave.acknowledge", gives=LeaveOut)
def acknowledge_leave(work: Work, request_id: UUID) -> LeaveRequest:
    """Have seen a leave request."""
    return commands.acknowledge_leave(work, request_id)


@door.post("/headcounts", needs="activity_record.seal", takes=WhichTerm, gives=HeadcountOut, status=201)
def count_headcount(work: Work, **which: Any) -> dict[str, Any]:
    """Count who took part in a term."""
    return commands.count_participants(work, **which)
