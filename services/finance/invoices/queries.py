"""Reading invoices, and who may see them."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from services.finance.invoices.rules import COLLECTABLE, Bill
from services.finance.ledger import queries as balances
from services.finance.tables import GuardianLink, Invoice, InvoiceLine
from shared.messaging.work import Work
from shared.refusals import NotFound

OFFICE = frozenset({"district_admin", "principal", "accountant", "cashier", "auditor"})
"""Roles that see every family's invoices in their schools; anybody else sees those of their own children."""


def own_children(work: Work) -> Select[UUID]:
    """Pupils whose verified guardian the caller is."""
    return select(GuardianLink.pupil_id).where(
        GuardianLink.guardian_id == work.caller.person_id, GuardianLink.is_verified
    )


def need_guardian(work: Work, pupil_id: UUID) -> UUID:
    """The caller's person id; NotFound unless the caller is the pupil's verified guardian."""
    children = own_children(work).where(GuardianLink.pupil_id == pupil_id)
    if work.caller.person_id is None or work.session.scalar(children.limit(1)) is None:
        raise NotFound("pupil")
    return work.caller.person_id


def visible(work: Work, query: Select[Any], pupil_id: InstrumentedAttribute[UUID]) -> Select[Any]:
    """`query` narrowed to the caller's own children, unless the caller works in an office."""
    if work.caller.roles & OFFICE:
        return query
    return query.where(pupil_id.in_(own_children(work)))


def list_invoices(work: Work) -> Select[Any]:
    """Invoices that the caller may see."""
    return visible(work, select(Invoice), Invoice.pupil_id)


def find_invoice(work: Work, invoice_id: UUID) -> Invoice:
    """An invoice that the caller may see; raises NotFound."""
    found: Invoice = work.one(list_invoices(work).where(Invoice.id == invoice_id), thing="invoice")
    return found


def lines_of(work: Work, invoice_id: UUID) -> list[InvoiceLine]:
    """What an invoice charges for."""
    return list(work.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id)))


def open_invoices(work: Work, participation_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many invoices of each participation are drafts or still to be paid."""
    if not participation_ids:
        return {}
    work.session.flush()
    is_open = Invoice.state.in_(("DRAFT", *COLLECTABLE))
    rows = work.session.execute(
        select(Invoice.participation_id, func.count())
        .where(Invoice.participation_id.in_(participation_ids), is_open)
        .group_by(Invoice.participation_id)
    )
    return dict(rows.all())


def bill_of(work: Work, invoice: Invoice) -> Bill:
    """An invoice in figures, folded from the ledger."""
    return Bill(
        gross=invoice.amount_fen,
        waived=invoice.waived_fen,
        credited=balances.credited(work, invoice),
        paid=balances.paid(work, invoice),
    )
