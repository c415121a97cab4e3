"""Drafting, approving, publishing."""

from uuid import UUID

from sqlalchemy import insert

from services.finance.billing import commands as billing
from services.finance.ledger import commands as ledger
from services.finance.ledger.rules import need_another
from services.finance.statements import queries, rules
from services.finance.tables import Participation, Statement, published_statements
from shared.contracts.finance import TermStatementPublished
from shared.messaging.work import Work
from shared.policy.published import policy_of_term, term


def draft(work: Work, *, school_id: UUID, term_id: UUID) -> Statement:
    """Fold the ledger of a term that is over; drawn again, it replaces the draft."""
    work.caller.need_school(school_id)
    ledger.lock_book(work, school_id, term_id)
    rules.need_term_over(policy_of_term(work, school_id, term_id), term(work, term_id).ends_on, work.today)
    totals = queries.fold(work, school_id, term_id)
    statement = queries.find_statement(work, school_id, term_id) or work.add(
        Statement(
            district_id=work.caller.district_id, school_id=school_id, term_id=term_id, state=rules.STATEMENT.initial
        )
    )
    statement.state = rules.STATEMENT.move(statement.state, "draft")
    statement.totals, statement.drafted_by = totals, work.caller.subject
    statement.approved_by = None
    return statement


def approve(work: Work, statement_id: UUID) -> Statement:
    """Approve what somebody else drew."""
    statement = work.get(Statement, statement_id, lock=True)
    need_another(work.caller.subject, statement.drafted_by)
    statement.state = rules.STATEMENT.move(statement.state, "approve")
    statement.approved_by = work.caller.subject
    return statement


def publish(work: Work, statement_id: UUID) -> Statement:
    """Make it public, if the ledger still says the same; the invoices of the next term are unlocked."""
    statement = ledger.lock_after_book(work, Statement, statement_id)
    statement.state = rules.STATEMENT.move(statement.state, "publish")
    now = queries.fold(work, statement.school_id, statement.term_id)
    rules.need_unmoved(statement.totals, now, policy_of_term(work, statement.school_id, statement.term_id))
    document = {
        "id": str(statement.id),
        "school_id": str(statement.school_id),
        "term_id": str(statement.term_id),
        "published_at": work.now.isoformat(),
    }
    work.session.execute(insert(published_statements).values(id=statement.id, document=document | now))
    work.emit(
        TermStatementPublished(
            district_id=statement.district_id,
            school_id=statement.school_id,
            statement_id=statement.id,
            term_id=statement.term_id,
            income_fen=now["income_fen"],
            expense_fen=now["expense_fen"],
            balance_fen=now["balance_fen"],
        )
    )
    work.session.flush()
    billing.retry_where(work, Participation.school_id == statement.school_id)
    return statement
