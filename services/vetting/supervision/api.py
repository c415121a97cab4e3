"""HTTP door of supervision."""

from typing import Any
from uuid import UUID

import marshmallow as ma

from services.vetting.supervision import queries
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("supervision", "行为监督 supervision")


class Ahead(ma.Schema):
    """One school or all of the caller's, and how many days to look ahead."""

    school_id = ma.fields.UUID(load_default=None)
    days = ma.fields.Integer(load_default=7, validate=ma.validate.Range(1, 60))


class SchoolLine(ma.Schema):
    """A school: its people, how many of them are cleared, whose clearance ends soon, who is kept away; its sessions to
    come, how many nobody leads, for how many somebody is sought or was sought in vain; its open compliance cases.
    """

    school_id = ma.fields.UUID()
    people = ma.fields.Integer()
    cleared = ma.fields.Integer()
    ends_soon = ma.fields.Integer()
    blocked = ma.fields.Integer()
    sessions = ma.fields.Integer()
    without_lead = ma.fields.Integer()
    seeking = ma.fields.Integer()
    unfilled = ma.fields.Integer()
    open_cases = ma.fields.Integer()


class SupervisionOut(ma.Schema):
    """A line for each school, of what comes until a day, included."""

    until = ma.fields.Date()
    items = ma.fields.List(ma.fields.Nested(SchoolLine))


@door.get("/supervision", needs="statistics.read", query=Ahead, gives=SupervisionOut)
def read_supervision(work: Work, school_id: UUID | None, days: int) -> dict[str, Any]:
    """Whether each school's people are fit and its sessions staffed, as far as a district looks at it."""
    return queries.count(work, school_id, days)
