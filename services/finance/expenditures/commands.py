"""Proposing, approving, refusing, paying."""

from uuid import UUID

from services.finance.expenditures import rules
from services.finance.ledger import commands as ledger
from services.finance.ledger.rules import expense, g_spend, need_another
from services.finance.tables import Expenditure
from shared.messaging.work import Work
from shared.policy.published import policy_of_term


def propose(
    work: Work,
    *,
    school_id: UUID,
    term_id: UUID,
    category: str,
    source: str,
    amount_fen: int,
    evidence_ref: str,
    payee: str,
) -> Expenditure:
    """Propose to spend; refused at once where category, source or evidence does not pass G-SPEND."""
    work.caller.need_school(school_id)
    g_spend(category, source, evidence_ref, policy_of_term(work, school_id, term_id))
    rules.need_own_way(category)
    return work.add(
        Expenditure(
            district_id=work.caller.district_id,
            school_id=school_id,
            term_id=term_id,
            category=category,
            source=source,
            amount_fen=amount_fen,
            evidence_ref=evidence_ref,
            payee=payee,
            state=rules.EXPENDITURE.move(rules.EXPENDITURE.initial, "check"),
            proposed_by=work.caller.subject,
        )
    )


def approve(work: Work, expenditure_id: UUID) -> Expenditure:
    """Approve what somebody else proposed."""
    expenditure = work.get(Expenditure, expenditure_id, lock=True)
    need_another(work.caller.subject, expenditure.proposed_by)
    expenditure.state = rules.EXPENDITURE.move(expenditure.state, "approve")
    expenditure.approved_by = work.caller.subject
    return expenditure


def refuse(work: Work, expenditure_id: UUID) -> Expenditure:
    """Do not spend."""
    expenditure = work.get(Expenditure, expenditure_id, lock=True)
    expenditure.state = rules.EXPENDITURE.move(expenditure.state, "refuse")
    return expenditure


def pay(work: Work, expenditure_id: UUID) -> Expenditure:
    """Spend it from its source's account, which never goes below zero."""
    expenditure = ledger.lock_after_book(work, Expenditure, expenditure_id)
    expenditure.state = rules.EXPENDITURE.move(expenditure.state, "pay")
    category, source, amount = expenditure.category, expenditure.source, expenditure.amount_fen
    policy = policy_of_term(work, expenditure.school_id, expenditure.term_id)
    g_spend(category, source, expenditure.evidence_ref, policy)
    cash = ledger.need_funds(work, expenditure, source, amount, policy)
    amounts = {expense(category): amount, cash: -amount}
    ledger.post(work, expenditure, f"SPEND:{category}", f"expenditure:{expenditure.id}", amounts)
    return expenditure
