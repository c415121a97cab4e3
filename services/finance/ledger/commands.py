"""Opening books and posting to them."""

from collections.abc import Mapping
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.finance.ledger import queries, rules
from services.finance.tables import Book, Entry, Invoice, Posting, TermRow
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy import Policy

TermRowT = TypeVar("TermRowT", bound=TermRow)


def lock_book(work: Work, school_id: UUID, term_id: UUID) -> Book:
    """The books of a school and term, locked; opened when new. Taken before any invoice, refund or line."""
    row = {"id": new_id(), "district_id": work.caller.district_id, "version": 1}
    work.session.execute(insert(Book).values(**row, school_id=school_id, term_id=term_id).on_conflict_do_nothing())
    query = select(Book).where(Book.school_id == school_id, Book.term_id == term_id)
    return work.one(query, lock=True, thing="book")


def lock_books(work: Work, school_id: UUID) -> None:
    """The books of every term for which the school has a plan."""
    for term_id in queries.planned_terms(work, school_id):
        lock_book(work, school_id, term_id)


def lock_after_book(work: Work, row_type: type[TermRowT], row_id: UUID) -> TermRowT:
    """A row of a term, locked after the term's book; raises NotFound."""
    found = work.get(row_type, row_id)
    lock_book(work, found.school_id, found.term_id)
    return work.get(row_type, row_id, lock=True)


def post(work: Work, of: TermRow, kind: str, cause: str, amounts: Mapping[str, int]) -> None:
    """Post what an invoice, a line, a claim … moves, in fen by account; what moves nothing is not posted.

    `cause` is unique in the district: the database refuses a second posting of it.
    """
    moving = rules.balanced(amounts)
    if not moving:
        return
    where = {"district_id": work.caller.district_id, "school_id": of.school_id, "term_id": of.term_id}
    invoice_id = of.id if isinstance(of, Invoice) else None
    posting = work.add(Posting(kind=kind, cause=cause, posted_on=work.today, **where))
    for account, amount in moving.items():
        work.add(Entry(posting_id=posting.id, account=account, amount_fen=amount, invoice_id=invoice_id, **where))


def need_funds(work: Work, of: TermRow, source: str, amount_fen: int, policy: Policy) -> str:
    """The account to pay from; refused when it holds less. The caller holds the book."""
    account = rules.cash_of(source)
    held = queries.balances(work, of.school_id, of.term_id).get(account, 0)
    rules.need_funds(held, amount_fen, source, policy)
    return account
