"""The routes that every service has: what other services pull, jobs, and outside production the business clock."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import delete, insert, select

from shared.clock import business_now, machine_now
from shared.events import PARTITIONS
from shared.messaging import outbox, receipts
from shared.messaging.work import Work
from shared.refusals import NotFound
from shared.service import Service
from shared.tables import business_clock, jobs
from shared.web.door import Door


class After(ma.Schema):
    """Which part of the log to read."""

    timeline = ma.fields.UUID(required=True)
    part = ma.fields.Integer(required=True, validate=ma.validate.Range(0, PARTITIONS - 1))
    after = ma.fields.Integer(load_default=0, validate=ma.validate.Range(min=0))
    limit = ma.fields.Integer(load_default=500, validate=ma.validate.Range(1, 500))


class Events(ma.Schema):
    """Frozen CloudEvents, each a string holding its exact bytes."""

    items = ma.fields.List(ma.fields.String(), required=True)


class Watermark(ma.Schema):
    """The last number of each partition; every event committed before the question is at or below it."""

    timeline = ma.fields.UUID(required=True)
    upto = ma.fields.List(ma.fields.Integer(), required=True)


class WhichReceipts(ma.Schema):
    """Events of some types of a publisher, later than an instant and an id."""

    source = ma.fields.String(required=True)
    types = ma.fields.List(ma.fields.String(), required=True, validate=ma.validate.Length(1, 20))
    since = ma.fields.AwareDateTime(required=True)
    after = ma.fields.UUID(required=True)
    limit = ma.fields.Integer(load_default=500, validate=ma.validate.Range(1, 500))


class ReceiptOut(ma.Schema):
    """When an event took effect here, by this service's database."""

    event_id = ma.fields.UUID()
    applied_at = ma.fields.AwareDateTime()


class ReceiptsOut(ma.Schema):
    """In the order of writing."""

    items = ma.fields.List(ma.fields.Nested(ReceiptOut), required=True)


class Job(ma.Schema):
    """Bulk work under way or finished."""

    id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True)
    state = ma.fields.String(required=True)
    total = ma.fields.Integer(required=True)
    done = ma.fields.Integer(required=True)
    errors = ma.fields.List(ma.fields.Dict(), required=True)
    result = ma.fields.Dict(allow_none=True)


class BusinessTime(ma.Schema):
    """An instant with its offset."""

    now = ma.fields.AwareDateTime(required=True)


def spine_door(service: Service, *, production: bool) -> Door:
    """The shared routes of `service`."""
    door = Door("spine", "运行 delivery, jobs and clock")

    @door.get("/events", needs="events.read", query=After, gives=Events)
    def list_events(work: Work, timeline: UUID, part: int, after: int, limit: int) -> dict[str, Any]:
        """Catch-up: this service's own events of one partition above a number."""
        return {"items": outbox.after(work.session, timeline, part, after, limit)}

    @door.get("/watermark", needs="watermark.read", gives=Watermark)
    def read_watermark(work: Work) -> dict[str, Any]:
        """Up to where this service's events go, for the leases of its listeners."""
        return outbox.watermark(work.session)

    @door.get("/receipts", needs="events.read", query=WhichReceipts, gives=ReceiptsOut)
    def list_receipts(work: Work, **which: Any) -> dict[str, Any]:
        """Which events of a publisher took effect here, and when."""
        return {"items": receipts.applied(work.session, **which)}

    @door.get("/jobs/<uuid:job_id>", needs="job.read", gives=Job)
    def read_job(work: Work, job_id: UUID) -> Any:
        """Progress, result and row errors of bulk work."""
        row = work.session.execute(
            select(jobs).where(jobs.c.id == job_id, jobs.c.district_id.in_(work.caller.district_ids))
        ).one_or_none()
        if row is None:
            raise NotFound("job")
        return row

    if not production:
        door.post("/business-time", needs="clock.set", takes=BusinessTime, gives=BusinessTime)(set_business_time)
    return door


def set_business_time(work: Work, now: datetime) -> dict[str, datetime]:
    """Shift business time for every process of this service; impossible in production."""
    shift: timedelta = now - machine_now()
    work.session.execute(delete(business_clock))
    work.session.execute(insert(business_clock).values(shift=shift))
    return {"now": business_now(shift)}
