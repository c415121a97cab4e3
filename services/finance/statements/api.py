"""HTTP door of term statements. A published one is for everybody, without a token."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.finance.statements import commands, queries
from services.finance.tables import Statement
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("statements", "学期收支公示 term statements")


class Part(ma.Schema):
    """What moved money, and how much: in positive, out negative."""

    kind = ma.fields.String()
    amount_fen = ma.fields.Integer()


class ReceiptLine(ma.Schema):
    """A receipt that nobody but its holder can recognize: hex SHA-256 of `salt:payment_id:amount_fen`."""

    line = ma.fields.String()
    amount_fen = ma.fields.Integer()


class Totals(ma.Schema):
    """A term's money: income − expense = balance; the receipts add up to `receipts_fen`."""

    income_fen = ma.fields.Integer()
    expense_fen = ma.fields.Integer()
    balance_fen = ma.fields.Integer()
    parts = ma.fields.List(ma.fields.Nested(Part))
    receipts = ma.fields.List(ma.fields.Nested(ReceiptLine))
    receipts_fen = ma.fields.Integer()


class PublicStatement(Totals):
    """A published statement."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    published_at = ma.fields.String()


class StatementOut(ma.Schema):
    """A statement on its way."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    state = ma.fields.String()
    totals = ma.fields.Nested(Totals)
    drafted_by = ma.fields.String()
    approved_by = ma.fields.String(allow_none=True)


class WhichTerm(ma.Schema):
    """Of which school and term."""

    school_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)


@door.post("/statements", needs="statement.draft", takes=WhichTerm, gives=StatementOut, status=201)
def draft_statement(work: Work, **where: UUID) -> Statement:
    """Draw a term's statement from the ledger."""
    return commands.draft(work, **where)


@door.list(
    "/statements", needs="statement.read", gives=StatementOut, of=Statement, filters=("school_id", "term_id", "state")
)
def list_statements(work: Work) -> Select[Any]:
    """Statements of the caller's schools."""
    return select(Statement)


@door.get("/statements/<uuid:statement_id>", needs=None, gives=PublicStatement)
def read_statement(work: Work, statement_id: UUID) -> dict[str, Any]:
    """A published statement, for everybody."""
    return queries.find_published(work, statement_id)


@door.post("/statements/<uuid:statement_id>/approve", needs="statement.approve", gives=StatementOut)
def approve_statement(work: Work, statement_id: UUID) -> Statement:
    """Approve it; not by whoever drew it."""
    return commands.approve(work, statement_id)


@door.post("/statements/<uuid:statement_id>/publish", needs="statement.publish", gives=StatementOut)
def publish_statement(work: Work, statement_id: UUID) -> Statement:
    """Make it public."""
    return commands.publish(work, statement_id)
