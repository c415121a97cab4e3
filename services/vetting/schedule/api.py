"""HTTP door of the schedule."""

from typing import Any

import marshmallow as ma
from sqlalchemy import Select, select

from services.vetting.tables import PlannedSession
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("schedule", "课次 sessions to be held")


class SessionOut(ma.Schema):
    """A session as attendance scheduled it."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    group_id = ma.fields.UUID()
    starts_at = ma.fields.AwareDateTime()
    ends_at = ma.fields.AwareDateTime()
    state = ma.fields.String()


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
