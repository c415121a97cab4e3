"""What placement does when finance speaks about a fee or a refund."""

from services.enrollment.placement import commands
from shared.contracts.finance import InvoiceNotRequired, InvoiceSettled, RefundClosedZero, RefundPaid
from shared.messaging.work import Work


def start_without_fee(work: Work, free: InvoiceNotRequired) -> None:
    """Nothing is due; the pupil starts when the agreement stands."""
    commands.keep_fee(work, free.school_id, free.participation_id, "NOT_REQUIRED")


def start_settled(work: Work, settled: InvoiceSettled) -> None:
    """Paid or waived, all of it; the pupil starts when the agreement stands."""
    state = "SETTLED" if not settled.open_invoices else "PART_SETTLED"
    commands.keep_fee(work, settled.school_id, settled.participation_id, state)


def close_refunded(work: Work, paid: RefundPaid) -> None:
    """The family has its money back."""
    commands.keep_refund(work, paid.school_id, paid.participation_id, "PAID")


def close_without_refund(work: Work, closed: RefundClosedZero) -> None:
    """Nothing was to be given back."""
    commands.keep_refund(work, closed.school_id, closed.participation_id, "ZERO")
