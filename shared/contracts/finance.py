"""What finance (经费) says: which fees may be charged, who owes or gets what, and what became of the money."""

from datetime import date
from uuid import UUID

from shared.events import SchoolEvent


class FeeStandardInEffect(SchoolEvent, name="finance.fee_standard.in_effect", subject="standard_id"):
    """An approved fee holds for items; nothing may be charged before it is also published and verified."""

    standard_id: UUID
    term_id: UUID
    item_ids: tuple[UUID, ...]
    kind: str
    unit: str
    amount_fen: int


class FeePublicationVerified(SchoolEvent, name="finance.fee_publication.verified", subject="publication_id"):
    """Somebody else saw the posted fee and it matches the standard."""

    publication_id: UUID
    standard_id: UUID
    item_ids: tuple[UUID, ...]
    content_hash: str


class FeePublicationInvalidated(SchoolEvent, name="finance.fee_publication.invalidated", subject="publication_id"):
    """The posted fee holds no more; nothing may be collected."""

    publication_id: UUID
    standard_id: UUID
    item_ids: tuple[UUID, ...]
    cause: str


class InvoiceNotRequired(SchoolEvent, name="finance.invoice.not_required", subject="participation_id"):
    """No fee is due for a participation."""

    participation_id: UUID


class InvoiceIssued(SchoolEvent, name="finance.invoice.issued", subject="participation_id"):
    """A family owes a fee."""

    invoice_id: UUID
    participation_id: UUID
    amount_fen: int
    due_on: date


class InvoiceSettled(SchoolEvent, name="finance.invoice.settled", subject="participation_id"):
    """Nothing is owed on an invoice; `settled_by` is payment or waiver.

    `open_invoices` counts the participation's other invoices on which something is or may still be owed.
    """

    invoice_id: UUID
    participation_id: UUID
    amount_fen: int
    settled_by: str
    open_invoices: int = 0


class InvoiceOverdue(SchoolEvent, name="finance.invoice.overdue", subject="participation_id"):
    """The due date passed; the child stays."""

    invoice_id: UUID
    participation_id: UUID
    amount_fen: int


class WaiverGranted(SchoolEvent, name="finance.waiver.granted", subject="waiver_id"):
    """A pupil pays less or nothing; the reason stays in finance."""

    waiver_id: UUID
    pupil_id: UUID
    percent: int
    starts_on: date
    ends_on: date


class RefundPaid(SchoolEvent, name="finance.refund.paid", subject="refund_id"):
    """Money went back to a family."""

    refund_id: UUID
    participation_id: UUID
    amount_fen: int
    cause: str


class RefundClosedZero(SchoolEvent, name="finance.refund.closed_zero", subject="refund_id"):
    """A withdrawal was settled with nothing to refund."""

    refund_id: UUID
    participation_id: UUID
    cause: str


class ItemRefundsClosed(SchoolEvent, name="finance.item_refunds.closed", subject="item_id"):
    """An item was delisted, and no refund that it asked for is open any more."""

    item_id: UUID
    term_id: UUID


class PayLineAccrued(SchoolEvent, name="finance.pay_line.accrued", subject="pay_line_id"):
    """Pay is due for recorded service."""

    pay_line_id: UUID
    person_id: UUID
    session_id: UUID
    amount_fen: int
    funding_source: str


class PayLineHeld(SchoolEvent, name="finance.pay_line.held", subject="pay_line_id"):
    """Pay waits for a decision about the person."""

    pay_line_id: UUID
    person_id: UUID


class PayLineReleased(SchoolEvent, name="finance.pay_line.released", subject="pay_line_id"):
    """Held pay is due after all."""

    pay_line_id: UUID
    person_id: UUID


class PayLineCancelled(SchoolEvent, name="finance.pay_line.cancelled", subject="pay_line_id"):
    """No pay is due for the service."""

    pay_line_id: UUID
    person_id: UUID


class SubsidyCalculated(SchoolEvent, name="finance.subsidy.calculated", subject="claim_id"):
    """The subsidy that the real headcount gives."""

    claim_id: UUID
    term_id: UUID
    pupil_count: int
    amount_fen: int


class ProviderSettlementClosed(SchoolEvent, name="finance.provider_settlement.closed", subject="settlement_id"):
    """A provider was paid for delivered sessions."""

    settlement_id: UUID
    provider_id: UUID
    term_id: UUID
    session_count: int
    amount_fen: int


class TermStatementPublished(SchoolEvent, name="finance.term_statement.published", subject="statement_id"):
    """Income and spending of a term are public."""

    statement_id: UUID
    term_id: UUID
    income_fen: int
    expense_fen: int
    balance_fen: int


class MoneyViolationDetected(SchoolEvent, name="finance.violation.detected", subject="violation_id"):
    """Money moved as a prohibition forbids (PB04, PB05); what moved stays here."""

    violation_id: UUID
    prohibition_code: str
    on: date
    evidence_ref: str
