"""Reading refunds."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from services.finance.invoices.queries import visible
from services.finance.refunds.rules import UNDER_WAY
from services.finance.tables import Invoice, InvoiceLine, Item, Participation, Refund
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


def staying(work: Work, item_id: UUID) -> list[tuple[Invoice, Participation]]:
    """Invoices that charge for an item, of pupils who stay in the service, with their participations; locked."""
    rows = work.session.execute(
        select(Invoice, Participation)
        .join(Participation, Participation.id == Invoice.participation_id)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(
            InvoiceLine.item_id == item_id,
            InvoiceLine.amount_fen > 0,
            Invoice.state.not_in(("DRAFT", "VOID")),
            Participation.withdrawn_on.is_(None),
        )
        .order_by(Invoice.id)
        .with_for_update(of=Invoice)
    )
    return [(row.Invoice, row.Participation) for row in rows]


def items_with_open_refund(work: Work, item_ids: Collection[UUID]) -> set[UUID]:
    """Those items, of some, for which an invoice charges that has a refund under way."""
    query = (
        select(InvoiceLine.item_id)
        .join(Refund, Refund.invoice_id == InvoiceLine.invoice_id)
        .where(InvoiceLine.item_id.in_(item_ids), Refund.state.in_(UNDER_WAY))
    )
    return set(work.session.scalars(query.distinct()))


def delisted_items_of(work: Work, invoice_id: UUID) -> list[Item]:
    """Delisted items that an invoice charges for and that wait for their refunds, locked: the last refund closes."""
    charged = select(InvoiceLine.item_id).where(InvoiceLine.invoice_id == invoice_id)
    waiting = select(Item).where(Item.id.in_(charged), Item.delisting == "OPEN").order_by(Item.id)
    return list(work.session.scalars(waiting.with_for_update().execution_options(populate_existing=True)))


def refunded(work: Work, invoice_id: UUID) -> int:
    """What went or will go back of the money taken for an invoice."""
    total = work.session.scalar(
        select(func.sum(Refund.amount_fen)).where(
            Refund.invoice_id == invoice_id, Refund.from_suspense.is_(False), Refund.state != "REJECTED"
        )
    )
    return int(total or 0)
