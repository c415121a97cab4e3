"""What becomes of an invoice: issued, overdue, lowered, settled, void."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.finance.invoices import queries, rules
from services.finance.ledger import commands as ledger
from services.finance.ledger import queries as balances
from services.finance.ledger.rules import RECEIVABLE, REFUND_PAYABLE, income
from services.finance.tables import Invoice
from shared.clock import day_ends
from shared.contracts.finance import InvoiceIssued, InvoiceOverdue, InvoiceSettled
from shared.messaging.work import Work
from shared.timers import cancel_timer, set_timers

DUE = "invoice.due"


def claim(work: Work, issued: Sequence[Invoice]) -> None:
    """The claim on each family, posted, said and timed; who owes nothing is settled."""
    _say_settled(work, [invoice for invoice in issued if invoice.state == "SETTLED"], "waiver")
    due: list[tuple[UUID, datetime]] = []
    for invoice in issued:
        if invoice.state == "SETTLED":
            continue
        if invoice.due_on is None:
            raise ValueError("an issued invoice has a due date")
        amount = invoice.amount_fen - invoice.waived_fen
        amounts = {RECEIVABLE: amount, income(invoice.kind): -amount}
        ledger.post(work, invoice, "INVOICE", f"invoice:{invoice.id}", amounts)
        work.emit(
            InvoiceIssued(
                district_id=invoice.district_id,
                school_id=invoice.school_id,
                invoice_id=invoice.id,
                participation_id=invoice.participation_id,
                amount_fen=amount,
                due_on=invoice.due_on,
            )
        )
        due.append((invoice.id, day_ends(invoice.due_on)))
    if due:
        set_timers(work, DUE, due)


def mark_overdue(work: Work, invoice_id: UUID) -> None:
    """The due date passed (timer): the office and the family know it, the child stays (Q10)."""
    invoice = work.get(Invoice, invoice_id, lock=True)
    if invoice.state not in ("ISSUED", "PART_PAID"):
        return
    invoice.state = rules.INVOICE.move(invoice.state, "overdue")
    work.emit(
        InvoiceOverdue(
            district_id=invoice.district_id,
            school_id=invoice.school_id,
            invoice_id=invoice.id,
            participation_id=invoice.participation_id,
            amount_fen=balances.owed(work, invoice),
        )
    )


def void(work: Work, invoice: Invoice, cause: str) -> None:
    """Take an invoice back: what is owed on it is owed no more. The caller holds the row."""
    invoice.state = rules.INVOICE.move(invoice.state, "void")
    lower(work, invoice, balances.owed(work, invoice), "CREDIT_NOTE", cause)
    cancel_timer(work, DUE, invoice.id)


def void_invoice(work: Work, invoice_id: UUID) -> Invoice:
    """Take an unpaid invoice back by hand."""
    invoice = work.get(Invoice, invoice_id, lock=True)
    void(work, invoice, f"void:{invoice.id}")
    return invoice


def lower(work: Work, invoice: Invoice, amount_fen: int, kind: str, cause: str) -> int:
    """Take `amount_fen` off an issued invoice, first from what is owed; returns what has to go back to the family."""
    off = min(amount_fen, balances.owed(work, invoice))
    goes_back = amount_fen - off
    amounts = {income(invoice.kind): amount_fen, RECEIVABLE: -off, REFUND_PAYABLE: -goes_back}
    ledger.post(work, invoice, kind, cause, amounts)
    return goes_back


def settle_if_paid(work: Work, invoice: Invoice, settled_by: str) -> None:
    """Move an invoice on which nothing is owed any more."""
    if invoice.state in rules.COLLECTABLE and not balances.owed(work, invoice):
        invoice.state = rules.INVOICE.move(invoice.state, "settle")
        cancel_timer(work, DUE, invoice.id)
        _say_settled(work, [invoice], settled_by)


def _say_settled(work: Work, invoices: Sequence[Invoice], settled_by: str) -> None:
    still_open = queries.open_invoices(work, [invoice.participation_id for invoice in invoices])
    for invoice in invoices:
        work.emit(
            InvoiceSettled(
                district_id=invoice.district_id,
                school_id=invoice.school_id,
                invoice_id=invoice.id,
                participation_id=invoice.participation_id,
                amount_fen=invoice.amount_fen - invoice.waived_fen,
                settled_by=settled_by,
                open_invoices=still_open.get(invoice.participation_id, 0),
            )
        )
