"""HTTP door of custody. Fetching a child is in `pickups`."""

from typing import Any

import marshmallow as ma
from sqlalchemy import Select

from services.attendance.custody import commands, queries
from services.attendance.tables import CustodyChain, Handover
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("custody", "看护责任链 custody")


class ChainOut(ma.Schema):
    """Who keeps a pupil on a date."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    on = ma.fields.Date()
    state = ma.fields.String()
    session_id = ma.fields.UUID(allow_none=True)
    holder_id = ma.fields.UUID(allow_none=True)


class HandoverOut(ma.Schema):
    """A passing on."""

    id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    on = ma.fields.Date()
    position = ma.fields.Integer()
    action = ma.fields.String()
    session_id = ma.fields.UUID(allow_none=True)
    from_id = ma.fields.UUID(allow_none=True)
    to_id = ma.fields.UUID(allow_none=True)
    authorization_id = ma.fields.UUID(allow_none=True)
    method = ma.fields.String(allow_none=True)
    note = ma.fields.String(allow_none=True)
    at = ma.fields.AwareDateTime()


class Passing(ma.Schema):
    """Which children to which session; `receiver_id` is one of its staff, by default the lead."""

    session_id = ma.fields.UUID(required=True)
    pupil_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, 500))
    headcount = ma.fields.Integer(required=True)
    receiver_id = ma.fields.UUID(load_default=None)


class ClassPassing(Passing):
    """Children of one class."""

    class_id = ma.fields.UUID(required=True)


class PassedOut(ma.Schema):
    """Who took how many."""

    session_id = ma.fields.UUID()
    receiver_id = ma.fields.UUID()
    headcount = ma.fields.Integer()


@door.post(
    "/custody/hand-over-to-service", needs="custody.hand_to_service", takes=ClassPassing, gives=PassedOut, once=True
)
def hand_over_to_service(work: Work, **passing: Any) -> dict[str, Any]:
    """Hand children of one's class to a session's staff."""
    return commands.hand_to_service(work, **passing)


@door.post("/custody/transfer", needs="custody.transfer", takes=Passing, gives=PassedOut, once=True)
def transfer_custody(work: Work, **passing: Any) -> dict[str, Any]:
    """Pass children in one's care to the staff of a session."""
    return commands.transfer(work, **passing)


@door.list(
    "/custody",
    needs="custody.read",
    gives=ChainOut,
    of=CustodyChain,
    filters=("school_id", "session_id", "pupil_id", "holder_id", "state", "on"),
)
def list_custody(work: Work) -> Select[Any]:
    """Who keeps whom."""
    return queries.list_chains(work)


@door.list(
    "/handovers",
    needs="custody.read",
    gives=HandoverOut,
    of=Handover,
    filters=("school_id", "session_id", "pupil_id", "action", "on", "at"),
)
def list_handovers(work: Work) -> Select[Any]:
    """Every passing on."""
    return queries.list_handovers(work)
