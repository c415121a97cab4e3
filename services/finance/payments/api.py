"""HTTP door of payments. The gateway has no token: its signature over the body is checked instead."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import request
from sqlalchemy import Select

from services.finance.payments import commands, queries
from services.finance.payments.rules import BadSignature
from services.finance.tables import Payment
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("payments", "缴费 payments")


class PaymentOut(ma.Schema):
    """A payment: what to send, and to which account."""

    id = ma.fields.UUID()
    district_id = ma.fields.UUID()
    invoice_id = ma.fields.UUID()
    amount_fen = ma.fields.Integer()
    payee_account = ma.fields.String()
    state = ma.fields.String()
    confirmed_at = ma.fields.AwareDateTime(allow_none=True)


class NewPayment(ma.Schema):
    """Which invoice."""

    invoice_id = ma.fields.UUID(required=True)


class Callback(ma.Schema):
    """The gateway's word. `payment_id` and `district_id` are those of the started payment."""

    class Meta:
        unknown = ma.EXCLUDE

    district_id = ma.fields.UUID(required=True)
    payment_id = ma.fields.UUID(required=True)
    transaction_id = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    amount_fen = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=1))
    payee_account = ma.fields.String(required=True)


class Heard(ma.Schema):
    """What became of the word."""

    id = ma.fields.UUID()
    state = ma.fields.String()


class Receipt(ma.Schema):
    """A receipt; `line` stands in the term's public statement, `salt` proves that it is this one's."""

    payment_id = ma.fields.UUID()
    amount_fen = ma.fields.Integer()
    paid_at = ma.fields.AwareDateTime()
    salt = ma.fields.String()
    line = ma.fields.String()


@door.post("/payments", needs="payment.start", takes=NewPayment, gives=PaymentOut, status=201, once=True)
def start_payment(work: Work, invoice_id: UUID) -> Payment:
    """Begin to pay what is owed."""
    return commands.start(work, invoice_id=invoice_id)


@door.list(
    "/payments",
    needs="payment.read",
    gives=PaymentOut,
    of=Payment,
    filters=("school_id", "term_id", "invoice_id", "pupil_id", "state"),
)
def list_payments(work: Work) -> Select[Any]:
    """Payments that the caller may see."""
    return queries.list_payments(work)


@door.get("/payments/<uuid:payment_id>/receipt", needs="payment.read", gives=Receipt)
def read_receipt(work: Work, payment_id: UUID) -> dict[str, Any]:
    """The receipt of a payment."""
    return queries.find_receipt(work, payment_id)


@door.post("/payments/<uuid:payment_id>/reconcile", needs="payment.reconcile", gives=PaymentOut)
def reconcile_payment(work: Work, payment_id: UUID) -> Payment:
    """The bank shows it."""
    return commands.reconcile(work, payment_id)


@door.post("/payment-callbacks", needs=None, gives=Heard, raw=True)
def hear_gateway(work: Work, body: bytes) -> Payment:
    """The gateway says that money came. `X-Signature`: hex HMAC-SHA256 of the body under the district's key."""
    try:
        word = Callback().loads(body)
    except (ma.ValidationError, ValueError):
        raise BadSignature from None
    return commands.hear_gateway(work, body, request.headers.get("X-Signature", ""), **word)
