"""HTTP door of invoices. A guardian sees those of their own children."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.finance.invoices import commands, queries
from services.finance.ledger import queries as balances
from services.finance.tables import Invoice
from shared.access_log import log_access
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("invoices", "账单 invoices")


class InvoiceOut(ma.Schema):
    """An invoice; while it is a draft, the gate that holds it."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    participation_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    kind = ma.fields.String()
    state = ma.fields.String()
    held_because = ma.fields.String(allow_none=True)
    held_gate = ma.fields.String(allow_none=True)
    held_clauses = ma.fields.List(ma.fields.String())
    amount_fen = ma.fields.Integer()
    waived_fen = ma.fields.Integer()
    due_on = ma.fields.Date(allow_none=True)


class InvoiceLineOut(ma.Schema):
    """What is charged, and by which standard."""

    item_id = ma.fields.UUID()
    standard_id = ma.fields.UUID()
    amount_fen = ma.fields.Integer()


class Figures(ma.Schema):
    """An invoice in figures from the ledger: amount = waived + credited + paid less refunds + outstanding."""

    invoice = ma.fields.Nested(InvoiceOut)
    lines = ma.fields.List(ma.fields.Nested(InvoiceLineOut))
    paid_fen = ma.fields.Integer()
    credited_fen = ma.fields.Integer()
    outstanding_fen = ma.fields.Integer()


@door.list(
    "/invoices",
    needs="invoice.read",
    gives=InvoiceOut,
    of=Invoice,
    filters=("school_id", "term_id", "pupil_id", "participation_id", "kind", "state", "held_because", "due_on"),
)
def list_invoices(work: Work) -> Select[Any]:
    """Invoices that the caller may see."""
    return queries.list_invoices(work)


@door.get("/invoices/<uuid:invoice_id>", needs="invoice.read", gives=InvoiceOut)
def read_invoice(work: Work, invoice_id: UUID) -> Invoice:
    """One invoice."""
    return queries.find_invoice(work, invoice_id)


@door.get("/invoices/<uuid:invoice_id>/figures", needs="invoice.read", gives=Figures)
def read_figures(work: Work, invoice_id: UUID) -> dict[str, Any]:
    """What it charges for, what was paid and what is owed."""
    invoice = queries.find_invoice(work, invoice_id)
    log_access(work, "finance.invoice_figures", [invoice.pupil_id])
    return {
        "invoice": invoice,
        "lines": queries.lines_of(work, invoice_id),
        "paid_fen": balances.paid(work, invoice),
        "credited_fen": balances.credited(work, invoice),
        "outstanding_fen": balances.owed(work, invoice),
    }


@door.post("/invoices/<uuid:invoice_id>/void", needs="invoice.void", gives=InvoiceOut, once=True)
def void_invoice(work: Work, invoice_id: UUID) -> Invoice:
    """Take an unpaid invoice back."""
    return commands.void_invoice(work, invoice_id)
