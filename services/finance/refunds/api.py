"""HTTP door of refunds: prepared by the accountant or by the system, approved by the principal, paid by the cashier."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.finance.refunds import commands, queries
from services.finance.refunds.rules import CAUSES
from services.finance.tables import Refund
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("refunds", "退费 refunds")


class RefundOut(ma.Schema):
    """Money to go back."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    invoice_id = ma.fields.UUID()
    participation_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    cause = ma.fields.String()
    from_suspense = ma.fields.Boolean()
    amount_fen = ma.fields.Integer()
    reason = ma.fields.String(allow_none=True)
    state = ma.fields.String()


class NewRefund(ma.Schema):
    """Why money should go back."""

    invoice_id = ma.fields.UUID(required=True)
    cause = ma.fields.String(required=True, validate=ma.validate.OneOf(CAUSES))
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))


class RefundAmount(ma.Schema):
    """How much goes back."""

    amount_fen = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=0))


class RefundReason(ma.Schema):
    """Why it is refused."""

    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))


@door.post("/refunds", needs="refund.request", takes=NewRefund, gives=RefundOut, status=201, once=True)
def request_refund(work: Work, **wanted: Any) -> Refund:
    """Ask for money back."""
    return commands.request(work, **wanted)


@door.list(
    "/refunds",
    needs="refund.read",
    gives=RefundOut,
    of=Refund,
    filters=("school_id", "term_id", "pupil_id", "participation_id", "invoice_id", "cause", "state"),
)
def list_refunds(work: Work) -> Select[Any]:
    """Refunds that the caller may see."""
    return queries.list_refunds(work)


@door.get("/refunds/<uuid:refund_id>", needs="refund.read", gives=RefundOut)
def read_refund(work: Work, refund_id: UUID) -> Refund:
    """One refund."""
    return queries.find_refund(work, refund_id)


@door.post(
    "/refunds/<uuid:refund_id>/calculate", needs="refund.calculate", takes=RefundAmount, gives=RefundOut, once=True
)
def calculate_refund(work: Work, refund_id: UUID, amount_fen: int) -> Refund:
    """Set the amount of a requested refund."""
    return commands.calculate(work, refund_id, amount_fen=amount_fen)


@door.post("/refunds/<uuid:refund_id>/approve", needs="refund.approve", gives=RefundOut, once=True)
def approve_refund(work: Work, refund_id: UUID) -> Refund:
    """Approve it; not by whoever prepared it or receives it."""
    return commands.approve(work, refund_id)


@door.post("/refunds/<uuid:refund_id>/reject", needs="refund.reject", takes=RefundReason, gives=RefundOut, once=True)
def reject_refund(work: Work, refund_id: UUID, reason: str) -> Refund:
    """Refuse it, with a reason."""
    return commands.reject(work, refund_id, reason=reason)


@door.post("/refunds/<uuid:refund_id>/pay", needs="refund.pay", gives=RefundOut, once=True)
def pay_refund(work: Work, refund_id: UUID) -> Refund:
    """Send the money."""
    return commands.pay(work, refund_id)


@door.post("/refunds/<uuid:refund_id>/reconcile", needs="payment.reconcile", gives=RefundOut)
def reconcile_refund(work: Work, refund_id: UUID) -> Refund:
    """The bank confirms it."""
    return commands.reconcile(work, refund_id)
