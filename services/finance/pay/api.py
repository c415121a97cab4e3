"""HTTP door of pay: rates and lines. Lines are the consequence of recorded service; nobody writes one by hand."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.finance.pay import commands
from services.finance.tables import PayLine, RateTable, ServiceRecord
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("pay", "补助 pay")


class Rate(ma.Schema):
    """Pay per period for a category, for one nature of service or (null) any, and the money that it comes from."""

    category = ma.fields.String(required=True)
    nature = ma.fields.String(load_default=None, allow_none=True)
    rate_fen = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=0))
    funding_source = ma.fields.String(required=True)


class NewTable(ma.Schema):
    """A school's rates."""

    school_id = ma.fields.UUID(required=True)
    effective_from = ma.fields.Date(required=True)
    rates = ma.fields.List(ma.fields.Nested(Rate), required=True, validate=ma.validate.Length(1, 100))


class RateApproval(ma.Schema):
    """An authority's word and its document."""

    authority = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    document_no = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))


class TableOut(ma.Schema):
    """A school's rates."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    effective_from = ma.fields.Date()
    rates = ma.fields.List(ma.fields.Nested(Rate))
    state = ma.fields.String()
    authority = ma.fields.String(allow_none=True)
    document_no = ma.fields.String(allow_none=True)


class PayLineOut(ma.Schema):
    """What a person is due for a session."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    session_id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    on = ma.fields.Date()
    revision = ma.fields.Integer()
    minutes = ma.fields.Integer()
    rate_fen = ma.fields.Integer()
    amount_fen = ma.fields.Integer()
    category = ma.fields.String()
    funding_source = ma.fields.String()
    state = ma.fields.String()
    run_id = ma.fields.UUID(allow_none=True)


class RecordOut(ma.Schema):
    """Recorded service, and what its price waits for."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    session_id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    on = ma.fields.Date()
    minutes = ma.fields.Integer()
    waits_for = ma.fields.String(allow_none=True)


@door.post("/rate-tables", needs="pay.draft_rates", takes=NewTable, gives=TableOut, status=201)
def draft_rates(work: Work, **new: Any) -> RateTable:
    """Write a school's rates."""
    return commands.draft_rates(work, **new)


@door.list("/rate-tables", needs="pay.read", gives=TableOut, of=RateTable, filters=("school_id", "state"))
def list_rate_tables(work: Work) -> Select[Any]:
    """Rates of the caller's schools."""
    return select(RateTable)


@door.post("/rate-tables/<uuid:table_id>/approve", needs="pay.approve_rates", takes=RateApproval, gives=TableOut)
def approve_rates(work: Work, table_id: UUID, **given: str) -> RateTable:
    """Put them in force; not by whoever drafted them."""
    return commands.approve_rates(work, table_id, **given)


@door.list(
    "/pay-lines",
    needs="pay.read",
    gives=PayLineOut,
    of=PayLine,
    filters=("school_id", "term_id", "person_id", "session_id", "run_id", "state", "funding_source", "on"),
    sorts=("id", "on"),
)
def list_pay_lines(work: Work) -> Select[Any]:
    """Pay lines of the caller's schools."""
    return select(PayLine)


@door.list(
    "/service-records",
    needs="pay.read",
    gives=RecordOut,
    of=ServiceRecord,
    filters=("school_id", "term_id", "person_id", "session_id", "waits_for", "on"),
)
def list_service_records(work: Work) -> Select[Any]:
    """Recorded service, so that what is not priced can be seen."""
    return select(ServiceRecord)
