"""HTTP door of reports."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response

from services.vetting.reports import queries
from shared.access_log import log_access
from shared.messaging.work import Work
from shared.web.door import Door
from shared.web.exports import CSV, FORMATS, export
from shared.web.paging import Window

door = Door("reports", "统计与监督 reports")


class TermDays(ma.Schema):
    """A term, or some days of it."""

    term_id = ma.fields.UUID(required=True)
    starts_on = ma.fields.Date(load_default=None)
    ends_on = ma.fields.Date(load_default=None)


class WhichRecords(TermDays, Window):
    """At one school or at all of the caller's, and which part of the list."""

    school_id = ma.fields.UUID(load_default=None)


class WhichFile(TermDays):
    """Of one school, and the form of the file."""

    school_id = ma.fields.UUID(required=True)
    form = ma.fields.String(load_default=CSV, validate=ma.validate.OneOf(FORMATS))


class ServiceRecordOut(ma.Schema):
    """What a person served at a school; `minutes` are those of the sessions as planned."""

    person_id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    sessions = ma.fields.Integer()
    minutes = ma.fields.Integer()
    sessions_led = ma.fields.Integer()


class ServiceRecordsOut(ma.Schema):
    """A line for each person and school, and whether teachers may work flexible hours in return, by which clauses.

    `next` is the `after` of the next part.
    """

    flexible_hours = ma.fields.Boolean()
    clauses = ma.fields.List(ma.fields.String())
    items = ma.fields.List(ma.fields.Nested(ServiceRecordOut))
    next = ma.fields.Integer(allow_none=True)


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


@door.get("/service-records", needs="service_record.read", query=WhichRecords, gives=ServiceRecordsOut)
def list_service_records(work: Work, **which: Any) -> dict[str, Any]:
    """How much people served in sessions that were held; whoever only serves sees their own."""
    return queries.read_records(work, **which)


@door.get("/service-records/export", needs="service_record.export", query=WhichFile)
def export_service_records(work: Work, form: str, **which: Any) -> Response:
    """How much people served at a school, as a file with names."""
    records = queries.list_records(work, **which)
    log_access(work, "vetting.service_records", {record.person_id for record in records})
    return export("service-records", queries.COLUMNS, queries.record_lines(work, records), form)


@door.get("/supervision", needs="statistics.read", query=Ahead, gives=SupervisionOut)
def read_supervision(work: Work, school_id: UUID | None, days: int) -> dict[str, Any]:
    """Whether each school's people are fit and its sessions staffed, as far as a district looks at it."""
    return queries.supervise(work, school_id, days)
