"""HTTP door of the calendar."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.enrollment.calendar import commands
from services.enrollment.tables import SchoolCalendar
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("calendar", "校历 calendar")


class CalendarOut(ma.Schema):
    """A term's days; the id is the term's."""

    id = ma.fields.UUID()
    title = ma.fields.String()
    revision = ma.fields.Integer()
    starts_on = ma.fields.Date()
    ends_on = ma.fields.Date()
    collection_starts_on = ma.fields.Date()
    school_days = ma.fields.List(ma.fields.String())


class NewCalendar(ma.Schema):
    """A term's days; with the `term_id` of a published term they replace its days."""

    term_id = ma.fields.UUID(load_default=None)
    title = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    starts_on = ma.fields.Date(required=True)
    ends_on = ma.fields.Date(required=True)
    collection_starts_on = ma.fields.Date(required=True)
    school_days = ma.fields.List(ma.fields.Date(), required=True, validate=ma.validate.Length(1, 366))


@door.post("/calendars", needs="calendar.publish", takes=NewCalendar, gives=CalendarOut, status=201)
def publish_calendar(work: Work, **days: Any) -> SchoolCalendar:
    """Publish a term's days."""
    return commands.publish(work, **days)


@door.list(
    "/calendars",
    needs="calendar.read",
    gives=CalendarOut,
    of=SchoolCalendar,
    filters=("starts_on", "ends_on"),
    sorts=("starts_on", "id"),
)
def list_calendars(work: Work) -> Select[Any]:
    """The terms of the district."""
    return select(SchoolCalendar)


@door.get("/calendars/<uuid:term_id>", needs="calendar.read", gives=CalendarOut)
def read_calendar(work: Work, term_id: UUID) -> SchoolCalendar:
    """One term."""
    return work.get(SchoolCalendar, term_id)
