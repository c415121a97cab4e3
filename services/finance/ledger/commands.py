"""Opening books and posting to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.finance.ledger import queries, rules
from services.finance.ledger.rules import Line
from services.finance.tables import Book, Entry, Posting
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy import Policy


@dataclass(frozen=True, kw_only=True)
class Movement:
    """A posting to be made. `cause` is unique in the district: the database refuses a second one."""

    school_id: UUID
    term_id: UUID
    kind: str
    cause: str
    lines: Iterable[Line]


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


def post(work: Work, movements: Sequence[Movement]) -> None:
    """Write balanced postings; what moves nothing is not posted."""
    balanced = [(movement, rules.balanced(movement.lines)) for movement in movements]
    for movement, lines in balanced:
        if not lines:
            continue
        where = {
            "district_id": work.caller.district_id,
            "school_id": movement.school_id,
            "term_id": movement.term_id,
        }
        posting = Posting(id=new_id(), kind=movement.kind, cause=movement.cause, posted_on=work.today, **where)
        work.session.add(posting)
        work.session.add_all(
            Entry(
                id=new_id(),
                posting_id=posting.id,
                account=line.account,
                amount_fen=line.amount_fen,
                invoice_id=line.invoice_id,
                **where,
            )
            for line in lines
        )


def need_funds(work: Work, school_id: UUID, term_id: UUID, source: str, amount_fen: int, policy: Policy) -> str:
    """The account to pay from; refused when it holds less. The caller holds the book."""
    account = rules.cash_of(source)
    held = queries.balances(work, school_id, term_id).get(account, 0)
    rules.need_funds(held, amount_fen, source, policy)
    return account
