"""HTTP door of gate passes."""

from typing import Any

import marshmallow as ma
from sqlalchemy import Select

from services.vetting.gate_passes import commands, queries
from services.vetting.tables import GatePass
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("gate_passes", "入校凭证 gate passes")


class PassOut(ma.Schema):
    """A pass and its window."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    state = ma.fields.String()
    valid_from = ma.fields.AwareDateTime()
    valid_to = ma.fields.AwareDateTime()


class NewPass(ma.Schema):
    """For whom, where, and on which day."""

    person_id = ma.fields.UUID(required=True)
    school_id = ma.fields.UUID(required=True)
    on = ma.fields.Date(required=True)


@door.post("/gate-passes", needs="gate_pass.issue", takes=NewPass, gives=PassOut, status=201)
def issue_gate_pass(work: Work, **wanted: Any) -> GatePass:
    """A pass around the person's confirmed assignments of a day."""
    return commands.issue(work, **wanted)


@door.list(
    "/gate-passes",
    needs="gate_pass.read",
    gives=PassOut,
    of=GatePass,
    filters=("person_id", "school_id", "state", "valid_from"),
    sorts=("valid_from", "id"),
)
def list_gate_passes(work: Work) -> Select[Any]:
    """Passes of the caller's schools."""
    return queries.list_passes(work)
