"""HTTP door of checks."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.vetting.checks import commands
from services.vetting.checks.rules import RESULTS
from services.vetting.tables import Check
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("checks", "准入查询 checks")


class CheckOut(ma.Schema):
    """A check and its result, without any detail of a hit."""

    id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    kind = ma.fields.String()
    state = ma.fields.String()
    as_of = ma.fields.Date(allow_none=True)
    expires_on = ma.fields.Date(allow_none=True)


class NewCheck(ma.Schema):
    """Which query about whom."""

    person_id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True)


class Result(ma.Schema):
    """What the authority answered, and where the evidence is kept."""

    result = ma.fields.String(required=True, validate=ma.validate.OneOf(list(RESULTS)))
    as_of = ma.fields.Date(required=True)
    evidence_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))


@door.post("/checks", needs="check.request", takes=NewCheck, gives=CheckOut, status=201)
def request_check(work: Work, **new: Any) -> Check:
    """Ask for a check."""
    return commands.request_check(work, **new)


@door.list("/checks", needs="check.read", gives=CheckOut, of=Check, filters=("person_id", "kind", "state"))
def list_checks(work: Work) -> Select[Any]:
    """Checks, newest last."""
    return select(Check)


@door.post("/checks/<uuid:check_id>/submit", needs="check.submit", gives=CheckOut)
def submit_check(work: Work, check_id: UUID) -> Check:
    """The request went to the authority."""
    return commands.submit_check(work, check_id)


@door.post("/checks/<uuid:check_id>/record-result", needs="check.record", takes=Result, gives=CheckOut)
def record_result(work: Work, check_id: UUID, **result: Any) -> Check:
    """Keep the authority's answer; a hit blocks at once."""
    return commands.record_result(work, check_id, **result)
