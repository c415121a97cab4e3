"""HTTP door of violations. What was seen is read by those who examine it, and logged."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.attendance.tables import Violation
from services.attendance.violations import commands, queries
from shared.access_log import log_access
from shared.messaging.work import Work
from shared.policy.codes import PROHIBITIONS, TARGETS
from shared.web.door import Door

door = Door("violations", "违规线索 violations")


class ViolationOut(ma.Schema):
    """Which prohibition, by whom, where and when, without the account of it."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    session_id = ma.fields.UUID(allow_none=True)
    prohibition_code = ma.fields.String()
    target_kind = ma.fields.String()
    target_id = ma.fields.UUID()
    on = ma.fields.Date()
    evidence_ref = ma.fields.String()


class NewViolation(ma.Schema):
    """Which prohibition, by whom, where and when; what was seen, and where the evidence lies."""

    school_id = ma.fields.UUID(required=True)
    session_id = ma.fields.UUID(load_default=None, allow_none=True)
    prohibition_code = ma.fields.String(required=True, validate=ma.validate.OneOf(PROHIBITIONS))
    target_kind = ma.fields.String(required=True, validate=ma.validate.OneOf(TARGETS))
    target_id = ma.fields.UUID(required=True)
    on = ma.fields.Date(required=True)
    account = ma.fields.String(required=True, validate=ma.validate.Length(1, 10_000))
    evidence_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))


class ViolationAccount(ma.Schema):
    """What was seen."""

    account = ma.fields.String()


@door.post("/violations", needs="violation.report", takes=NewViolation, gives=ViolationOut, status=201)
def report_violation(work: Work, **seen: Any) -> Violation:
    """Note that a prohibition seems to be broken; by whoever looks after the service there, or leads the duty."""
    return commands.report(work, **seen)


@door.list(
    "/violations",
    needs="violation.read",
    gives=ViolationOut,
    of=Violation,
    filters=("school_id", "session_id", "prohibition_code", "target_kind", "target_id", "on"),
    sorts=("id", "on"),
)
def list_violations(work: Work) -> Select[Any]:
    """Violations at the caller's schools."""
    return select(Violation)


@door.get("/violations/<uuid:violation_id>/account", needs="violation.read_account", gives=ViolationAccount)
def read_violation_account(work: Work, violation_id: UUID) -> dict[str, str]:
    """What was seen, for those who examine it."""
    violation = work.get(Violation, violation_id)
    log_access(work, "attendance.violation_account", [violation.target_id])
    return {"account": queries.open_account(work, violation)}
