"""Folds of the postings."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from services.finance.ledger.rules import CASH, RECEIVABLE, SUSPENSE
from services.finance.tables import Entry, Posting
from shared.messaging.work import Work
from shared.tables import pins


def balances(work: Work, school_id: UUID, term_id: UUID) -> dict[str, int]:
    """Debits less credits of each account, in fen."""
    work.session.flush()
    rows = work.session.execute(
        select(Entry.account, func.sum(Entry.amount_fen))
        .where(Entry.school_id == school_id, Entry.term_id == term_id)
        .group_by(Entry.account)
    )
    return {account: int(total) for account, total in rows}


def planned_terms(work: Work, school_id: UUID) -> list[UUID]:
    """The terms for which a school has a plan, in a fixed order."""
    return list(
        work.session.scalars(select(pins.c.term_id).where(pins.c.school_id == school_id).order_by(pins.c.term_id))
    )


def trial_balance(work: Work, school_id: UUID, term_id: UUID) -> list[dict[str, Any]]:
    """Each account with the sums of its debits and credits."""
    debits = func.coalesce(func.sum(Entry.amount_fen).filter(Entry.amount_fen > 0), 0)
    credits = func.coalesce(-func.sum(Entry.amount_fen).filter(Entry.amount_fen < 0), 0)
    rows = work.session.execute(
        select(Entry.account, debits, credits)
        .where(Entry.school_id == school_id, Entry.term_id == term_id)
        .group_by(Entry.account)
        .order_by(Entry.account)
    )
    return [
        {"account": account, "debit_fen": int(debit), "credit_fen": int(credit), "balance_fen": int(debit - credit)}
        for account, debit, credit in rows
    ]


def owed(work: Work, invoice_ids: Collection[UUID]) -> dict[UUID, int]:
    """What is still owed on each invoice."""
    return _by_invoice(work, invoice_ids, Entry.account == RECEIVABLE)


def paid(work: Work, invoice_ids: Collection[UUID]) -> dict[UUID, int]:
    """What was taken for each invoice, before any refund."""
    taken = (Entry.account == RECEIVABLE, Posting.kind == "PAYMENT")
    return {invoice_id: -total for invoice_id, total in _by_invoice(work, invoice_ids, *taken).items()}


def credited(work: Work, invoice_ids: Collection[UUID]) -> dict[UUID, int]:
    """What was taken off each issued invoice by credit notes."""
    notes = (Entry.account.like("INCOME_%"), Posting.kind == "CREDIT_NOTE")
    return _by_invoice(work, invoice_ids, *notes)


def in_suspense(work: Work, invoice_id: UUID) -> int:
    """What came for an invoice and could not be taken."""
    return -_by_invoice(work, [invoice_id], Entry.account == SUSPENSE).get(invoice_id, 0)


def _by_invoice(work: Work, invoice_ids: Collection[UUID], *conditions: Any) -> dict[UUID, int]:
    work.session.flush()
    rows = work.session.execute(
        select(Entry.invoice_id, func.sum(Entry.amount_fen))
        .join(Posting, Posting.id == Entry.posting_id)
        .where(Entry.invoice_id.in_(invoice_ids), *conditions)
        .group_by(Entry.invoice_id)
    )
    return {invoice_id: int(total) for invoice_id, total in rows if invoice_id is not None}


def cash_movements(work: Work, school_id: UUID, term_id: UUID) -> list[tuple[str, str, str, int]]:
    """(kind, cause, account, fen) of everything that moved money in or out of a term's accounts."""
    work.session.flush()
    rows = work.session.execute(
        select(Posting.kind, Posting.cause, Entry.account, Entry.amount_fen)
        .join(Posting, Posting.id == Entry.posting_id)
        .where(Entry.school_id == school_id, Entry.term_id == term_id, Entry.account.in_(CASH.values()))
        .order_by(Posting.id, Entry.id)
    )
    return [(kind, cause, account, int(amount)) for kind, cause, account, amount in rows]
