"""HTTP door of the catalogue."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.enrollment.catalogue import commands, queries
from services.enrollment.catalogue.rules import SEGMENTS
from services.enrollment.tables import ServiceItem
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("catalogue", "课后服务内容目录 catalogue")


class ItemOut(ma.Schema):
    """An item; weekdays count from 1, Monday, and hours are local."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    plan_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    state = ma.fields.String()
    title = ma.fields.String()
    content_type = ma.fields.String()
    stage = ma.fields.String()
    grades = ma.fields.List(ma.fields.Integer())
    segment = ma.fields.String()
    weekdays = ma.fields.List(ma.fields.Integer())
    starts = ma.fields.Time()
    ends = ma.fields.Time()
    capacity = ma.fields.Integer()
    fee_bearing = ma.fields.Boolean()
    lead_person_id = ma.fields.UUID(allow_none=True)
    provider_id = ma.fields.UUID(allow_none=True)
    suspended_for = ma.fields.String(allow_none=True)


class NewItem(ma.Schema):
    """What is offered, to whom, when; there is no field for a price, which is finance's."""

    plan_id = ma.fields.UUID(required=True)
    title = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    content_type = ma.fields.String(required=True)
    stage = ma.fields.String(required=True, validate=ma.validate.OneOf(["primary", "junior"]))
    grades = ma.fields.List(
        ma.fields.Integer(validate=ma.validate.Range(1, 9)), required=True, validate=ma.validate.Length(1, 9)
    )
    segment = ma.fields.String(required=True, validate=ma.validate.OneOf(SEGMENTS))
    weekdays = ma.fields.List(
        ma.fields.Integer(validate=ma.validate.Range(1, 7)), required=True, validate=ma.validate.Length(1, 7)
    )
    starts = ma.fields.Time(required=True)
    ends = ma.fields.Time(required=True)
    capacity = ma.fields.Integer(required=True, validate=ma.validate.Range(1, 10_000))
    fee_bearing = ma.fields.Boolean(required=True)
    lead_person_id = ma.fields.UUID(load_default=None, allow_none=True)
    provider_id = ma.fields.UUID(load_default=None, allow_none=True)


class Cause(ma.Schema):
    """Why."""

    cause = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))


@door.post("/items", needs="item.draft", takes=NewItem, gives=ItemOut, status=201)
def draft_item(work: Work, **new: Any) -> ServiceItem:
    """Write an item into a plan's catalogue."""
    return commands.draft(work, **new)


@door.list(
    "/items",
    needs="item.read",
    gives=ItemOut,
    of=ServiceItem,
    filters=("school_id", "plan_id", "term_id", "state", "stage", "segment", "content_type", "fee_bearing"),
)
def list_items(work: Work) -> Select[Any]:
    """Items that the caller may see."""
    return queries.list_items(work)


@door.get("/items/<uuid:item_id>", needs="item.read", gives=ItemOut)
def read_item(work: Work, item_id: UUID) -> ServiceItem:
    """One item."""
    return work.one(queries.list_items(work).where(ServiceItem.id == item_id), thing="item")


@door.post("/items/<uuid:item_id>/approve", needs="item.approve", gives=ItemOut)
def approve_item(work: Work, item_id: UUID) -> ServiceItem:
    """Approve an item that passes the gates."""
    return commands.approve(work, item_id)


@door.post("/items/<uuid:item_id>/list", needs="item.list", gives=ItemOut)
def put_item_on_list(work: Work, item_id: UUID) -> ServiceItem:
    """Let families choose an item."""
    return commands.put_on_list(work, item_id, "list")


@door.post("/items/<uuid:item_id>/suspend", needs="item.suspend", takes=Cause, gives=ItemOut)
def suspend_item(work: Work, item_id: UUID, cause: str) -> ServiceItem:
    """Take no more sign-ups for now."""
    return commands.suspend(work, item_id, cause=cause)


@door.post("/items/<uuid:item_id>/resume", needs="item.resume", gives=ItemOut)
def resume_item(work: Work, item_id: UUID) -> ServiceItem:
    """Take a suspended item up again."""
    return commands.put_on_list(work, item_id, "resume")
