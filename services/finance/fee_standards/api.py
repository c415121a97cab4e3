"""HTTP door of fee standards."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.finance.fee_standards import commands
from services.finance.tables import FeeStandard
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("fee_standards", "收费标准 fee standards")


class Cost(ma.Schema):
    """A cost of the term."""

    category = ma.fields.String(required=True)
    amount_fen = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=0))


class Costs(ma.Schema):
    """The cost calculation: what the service costs in the term, and for how many pupils."""

    expected_pupils = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=1))
    items = ma.fields.List(ma.fields.Nested(Cost), required=True, validate=ma.validate.Length(1, 50))


class NewStandard(ma.Schema):
    """A fee for items of one term; `unit` is per_term, per_month or per_day."""

    school_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)
    item_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, 200))
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(("SERVICE_FEE", "AGENCY_FEE")))
    unit = ma.fields.String(required=True)
    amount_fen = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=1))
    costs = ma.fields.Nested(Costs, required=True)
    complaint_phone = ma.fields.String(required=True, validate=ma.validate.Length(1, 40))
    payee_kind = ma.fields.String(load_default="school_special_account")
    payee_account = ma.fields.String(required=True, validate=ma.validate.Length(1, 64))
    effective_from = ma.fields.Date(required=True)


class FeeApproval(ma.Schema):
    """An authority's word: a step of the profile's `fee.approval`, and its document."""

    authority = ma.fields.String(required=True)
    document_no = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))


class StandardOut(ma.Schema):
    """A fee; `posting` is what its publication has to say."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    item_ids = ma.fields.List(ma.fields.UUID())
    kind = ma.fields.String()
    unit = ma.fields.String()
    amount_fen = ma.fields.Integer()
    costs = ma.fields.Nested(Costs)
    payee_account = ma.fields.String()
    effective_from = ma.fields.Date()
    state = ma.fields.String()
    approvals = ma.fields.List(ma.fields.Dict())
    content_hash = ma.fields.String(allow_none=True)
    posting = ma.fields.Function(commands.posting_of)


@door.post("/fee-standards", needs="fee_standard.draft", takes=NewStandard, gives=StandardOut, status=201)
def draft_standard(work: Work, **new: Any) -> FeeStandard:
    """Write a fee with its cost calculation."""
    return commands.draft(work, **new)


@door.list(
    "/fee-standards",
    needs="fee_standard.read",
    gives=StandardOut,
    of=FeeStandard,
    filters=("school_id", "term_id", "kind", "state", "effective_from"),
)
def list_standards(work: Work) -> Select[Any]:
    """Fees of the caller's schools."""
    return select(FeeStandard)


@door.get("/fee-standards/<uuid:standard_id>", needs="fee_standard.read", gives=StandardOut)
def read_standard(work: Work, standard_id: UUID) -> FeeStandard:
    """One fee."""
    return work.get(FeeStandard, standard_id)


@door.post("/fee-standards/<uuid:standard_id>/submit", needs="fee_standard.submit", gives=StandardOut)
def submit_standard(work: Work, standard_id: UUID) -> FeeStandard:
    """Hand it to the authorities."""
    return commands.submit(work, standard_id)


@door.post(
    "/fee-standards/<uuid:standard_id>/approve", needs="fee_standard.approve", takes=FeeApproval, gives=StandardOut
)
def approve_standard(work: Work, standard_id: UUID, **given: str) -> FeeStandard:
    """Record an authority's approval; not by whoever drafted it."""
    return commands.approve(work, standard_id, **given)


@door.post("/fee-standards/<uuid:standard_id>/end", needs="fee_standard.end", gives=StandardOut)
def end_standard(work: Work, standard_id: UUID) -> FeeStandard:
    """End it."""
    return commands.end(work, standard_id)
