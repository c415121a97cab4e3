"""Reading refunds."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from services.finance.invoices.queries import visible
from services.finance.tables import Refund
from shared.messaging.work import Work


def list_refunds(work: Work) -> Select[Any]:
    """Refunds that the caller may see."""
    return visible(work, select(Refund), Refund.pupil_id)


def find_refund(work: Work, refund_id: UUID) -> Refund:
    """A refund that the caller may see; raises NotFound."""
    found: Refund = work.one(list_refunds(work).where(Refund.id == refund_id), thing="refund")
    return found


def find_decision(work: Work, decides: str) -> Refund | None:
    """The one decision about something, if it was taken."""
    return work.session.scalar(select(Refund).where(Refund.decides == decides))


def refunded(work: Work, invoice_id: UUID) -> int:
    """What went or will go back of the money taken for an invoice."""
    total = work.session.scalar(
        select(func.sum(Refund.amount_fen)).where(
            Refund.invoice_id == invoice_id, Refund.from_suspense.is_(False), Refund.state != "REJECTED"
        )
    )
    return int(total or 0)
