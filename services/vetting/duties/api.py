"""HTTP door of duties."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.vetting.duties import commands
from services.vetting.tables import Duty
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("duties", "带班领导 duty leaders")


class DutyOut(ma.Schema):
    """Who leads the duty, where and when."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    on = ma.fields.Date()
    starts_at = ma.fields.AwareDateTime()
    ends_at = ma.fields.AwareDateTime()
    state = ma.fields.String()
    cause = ma.fields.String(allow_none=True)


class NewDuty(ma.Schema):
    """Two instants of one day."""

    school_id = ma.fields.UUID(required=True)
    person_id = ma.fields.UUID(required=True)
    starts_at = ma.fields.AwareDateTime(required=True)
    ends_at = ma.fields.AwareDateTime(required=True)


@door.post("/duties", needs="duty.assign", takes=NewDuty, gives=DutyOut, status=201)
def name_duty_leader(work: Work, **wanted: Any) -> Duty:
    """Name a cleared person to lead the duty."""
    return commands.name_duty_leader(work, **wanted)


@door.post("/duties/<uuid:duty_id>/relieve", needs="duty.assign", gives=DutyOut)
def relieve_duty_leader(work: Work, duty_id: UUID) -> Duty:
    """Who was named leads the duty no more."""
    return commands.relieve(work, duty_id)


@door.list(
    "/duties",
    needs="duty.read",
    gives=DutyOut,
    of=Duty,
    filters=("school_id", "on", "person_id", "state"),
    sorts=("on", "id"),
)
def list_duties(work: Work) -> Select[Any]:
    """Duties of the caller's schools."""
    return select(Duty)
