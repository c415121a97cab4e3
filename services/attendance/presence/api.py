"""HTTP door of presence."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.attendance.presence import commands, queries
from services.attendance.tables import Presence
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("presence", "人员到离岗 presence of staff")


class PresenceOut(ma.Schema):
    """A person in a session."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    session_id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    role = ma.fields.String()
    checked_in_at = ma.fields.AwareDateTime()
    checked_out_at = ma.fields.AwareDateTime(allow_none=True)
    checkout_cause = ma.fields.String(allow_none=True)


class NewPresence(ma.Schema):
    """Who comes to which session."""

    session_id = ma.fields.UUID(required=True)
    person_id = ma.fields.UUID(required=True)


class WhichSession(ma.Schema):
    """The session asked about."""

    session_id = ma.fields.UUID(required=True)


class RosterLine(ma.Schema):
    """A person and whether they may be let in at this moment; `reason` says why not."""

    person_id = ma.fields.UUID()
    role = ma.fields.String(allow_none=True)
    may_enter = ma.fields.Boolean()
    reason = ma.fields.String(allow_none=True)
    checked_in_at = ma.fields.AwareDateTime(allow_none=True)


class RosterOut(ma.Schema):
    """Blank the list at `fresh_until`: after it nobody on it may be let in (null: already so)."""

    session_id = ma.fields.UUID()
    fresh_until = ma.fields.AwareDateTime(allow_none=True)
    items = ma.fields.List(ma.fields.Nested(RosterLine))


@door.post("/presences", needs="presence.check_in", takes=NewPresence, gives=PresenceOut, status=201, once=True)
def check_in(work: Work, **wanted: Any) -> Presence:
    """Let a person in to a session; refused unless cleared by a word that is fresh now."""
    return commands.check_in(work, **wanted)


@door.post("/presences/<uuid:presence_id>/check-out", needs="presence.check_out", gives=PresenceOut)
def check_out(work: Work, presence_id: UUID) -> Presence:
    """A person leaves."""
    return commands.check_out(work, presence_id)


@door.list(
    "/presences",
    needs="presence.read",
    gives=PresenceOut,
    of=Presence,
    filters=("session_id", "person_id", "school_id", "checked_in_at"),
    sorts=("checked_in_at", "id"),
)
def list_presences(work: Work) -> Select[Any]:
    """Who was there, from when to when."""
    return select(Presence)


@door.get("/roster", needs="presence.read", query=WhichSession, gives=RosterOut)
def read_roster(work: Work, session_id: UUID) -> dict[str, Any]:
    """Who may be let in to a session now."""
    return queries.read_roster(work, session_id)
