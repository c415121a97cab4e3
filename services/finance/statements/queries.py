"""Reading statements."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.finance.ledger import queries as ledger
from services.finance.payments import queries as payments
from services.finance.statements import rules
from services.finance.tables import Statement, published_statements
from shared.messaging.work import Work
from shared.refusals import NotFound


def fold(work: Work, school_id: UUID, term_id: UUID) -> dict[str, Any]:
    """What the ledger says of a term now."""
    lines = payments.receipt_lines(work, school_id, term_id)
    return rules.fold(ledger.cash_by_kind(work, school_id, term_id), lines)


def find_statement(work: Work, school_id: UUID, term_id: UUID) -> Statement | None:
    """The term's statement, locked."""
    query = select(Statement).where(Statement.school_id == school_id, Statement.term_id == term_id)
    return work.session.scalar(query.with_for_update())


def find_published(work: Work, statement_id: UUID) -> dict[str, Any]:
    """A public statement, for anybody; raises NotFound."""
    columns = published_statements.c
    document = work.session.scalar(select(columns.document).where(columns.id == statement_id))
    if document is None:
        raise NotFound("statement")
    return dict(document)
