"""HTTP door of the ledger: reading only; every posting is the consequence of something done elsewhere."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.finance.ledger import queries
from services.finance.tables import Posting
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("ledger", "专户账 ledger")


class Books(ma.Schema):
    """Whose books."""

    school_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)


class Balance(ma.Schema):
    """An account; `balance_fen` is debits less credits."""

    account = ma.fields.String()
    debit_fen = ma.fields.Integer()
    credit_fen = ma.fields.Integer()
    balance_fen = ma.fields.Integer()


class Balances(ma.Schema):
    """Every account of a school and term; the balances add up to zero."""

    items = ma.fields.List(ma.fields.Nested(Balance))


class PostingOut(ma.Schema):
    """A movement of money."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    kind = ma.fields.String()
    cause = ma.fields.String()
    posted_on = ma.fields.Date()


@door.get("/ledger/balances", needs="ledger.read", query=Books, gives=Balances)
def read_balances(work: Work, school_id: UUID, term_id: UUID) -> dict[str, Any]:
    """The trial balance."""
    work.caller.need_school(school_id)
    return {"items": queries.trial_balance(work, school_id, term_id)}


@door.list(
    "/ledger/postings",
    needs="ledger.read",
    gives=PostingOut,
    of=Posting,
    filters=("school_id", "term_id", "kind", "posted_on"),
)
def list_postings(work: Work) -> Select[Any]:
    """Postings, in the order made."""
    return select(Posting)
