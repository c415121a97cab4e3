"""HTTP door of the gate."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.attendance.gate import commands
from services.attendance.tables import GateEntry
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("gate", "门卫登记 gate")


class EntryOut(ma.Schema):
    """A line of the gate's book."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    person_id = ma.fields.UUID(allow_none=True)
    pass_id = ma.fields.UUID(allow_none=True)
    accompanied_by = ma.fields.UUID(allow_none=True)
    state = ma.fields.String()
    reason = ma.fields.String(allow_none=True)
    arrived_at = ma.fields.AwareDateTime()
    left_at = ma.fields.AwareDateTime(allow_none=True)


class Arrival(ma.Schema):
    """Who stands at the gate; a visitor comes beside somebody on duty."""

    school_id = ma.fields.UUID(required=True)
    person_id = ma.fields.UUID(load_default=None)
    accompanied_by = ma.fields.UUID(load_default=None)


class Refusal(ma.Schema):
    """Who was sent away, and why."""

    school_id = ma.fields.UUID(required=True)
    person_id = ma.fields.UUID(load_default=None)
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))


@door.post("/gate-entries", needs="gate.admit", takes=Arrival, gives=EntryOut, status=201)
def admit_at_gate(work: Work, **arrival: Any) -> GateEntry:
    """Let somebody in."""
    return commands.admit(work, **arrival)


@door.post("/gate-entries/refuse", needs="gate.refuse", takes=Refusal, gives=EntryOut, status=201)
def refuse_at_gate(work: Work, **refusal: Any) -> GateEntry:
    """Write down that somebody was sent away."""
    return commands.refuse(work, **refusal)


@door.post("/gate-entries/<uuid:entry_id>/leave", needs="gate.leave", gives=EntryOut)
def leave_by_gate(work: Work, entry_id: UUID) -> GateEntry:
    """Somebody goes out again."""
    return commands.leave(work, entry_id)


@door.list(
    "/gate-entries",
    needs="gate.read",
    gives=EntryOut,
    of=GateEntry,
    filters=("school_id", "person_id", "state", "arrived_at"),
    sorts=("arrived_at", "id"),
)
def list_gate_entries(work: Work) -> Select[Any]:
    """The gate's book."""
    return select(GateEntry)
