"""Folds of the postings."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from services.finance.ledger.rules import CASH, RECEIVABLE
from services.finance.tables import Entry, Invoice, Posting
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


def owed(work: Work, invoice: Invoice) -> int:
    """What is still owed on an invoice."""
    return _sum(work, invoice, Entry.account == RECEIVABLE)


def paid(work: Work, invoice: Invoice) -> int:
    """What was taken for an invoice, before any refund."""
    return -_sum(work, invoice, Entry.account == RECEIVABLE, Posting.kind == "PAYMENT")


def credited(work: Work, invoice: Invoice) -> int:
    """What was taken off an issued invoice by credit notes."""
    return _sum(work, invoice, Entry.account.like("INCOME_%"), Posting.kind == "CREDIT_NOTE")


def _sum(work: Work, invoice: Invoice, *conditions: Any) -> int:
    work.session.flush()
    total = work.session.scalar(
        select(func.sum(Entry.amount_fen))
        .join(Posting, Posting.id == Entry.posting_id)
        .where(Entry.invoice_id == invoice.id, *conditions)
    )
    return int(total or 0)


def cash_by_kind(work: Work, school_id: UUID, term_id: UUID) -> dict[str, int]:
    """What each kind of posting moved into a term's accounts (positive) or out of them, in fen."""
    work.session.flush()
    rows = work.session.execute(
        select(Posting.kind, func.sum(Entry.amount_fen))
        .join(Posting, Posting.id == Entry.posting_id)
        .where(Entry.school_id == school_id, Entry.term_id == term_id, Entry.account.in_(CASH.values()))
        .group_by(Posting.kind)
        .order_by(Posting.kind)
    )
    return {kind: int(total) for kind, total in rows}
