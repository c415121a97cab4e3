"""Counting, calculating, approving, receiving."""

from uuid import UUID

from services.finance.ledger import commands as ledger
from services.finance.ledger.rules import cash_of, income, need_another
from services.finance.subsidies import queries, rules
from services.finance.tables import SubsidyClaim
from shared.contracts.attendance import HeadcountCounted
from shared.contracts.finance import SubsidyCalculated
from shared.messaging.work import Work
from shared.policy.published import policy_of_term, term

SOURCE = "FISCAL_SUBSIDY"


def open_claim(work: Work, counted: HeadcountCounted) -> None:
    """A term's real headcount opens a claim, once."""
    if work.session.get(SubsidyClaim, counted.count_id) is None:
        work.add(
            SubsidyClaim(
                id=counted.count_id,
                district_id=counted.district_id,
                school_id=counted.school_id,
                term_id=counted.term_id,
                pupil_count=counted.pupil_count,
                uplift_bp=0,
                state=rules.SUBSIDY_CLAIM.initial,
            )
        )


def calculate(
    work: Work,
    claim_id: UUID,
    *,
    per_pupil_fen: int,
    document_no: str,
    uplift_bp: int,
    remote_document_no: str | None,
) -> SubsidyClaim:
    """The district's amount per pupil × actual participants, under the cap where the profile has one."""
    claim = ledger.lock_after_book(work, SubsidyClaim, claim_id)
    claim.state = rules.SUBSIDY_CLAIM.move(claim.state, "calculate")
    policy = policy_of_term(work, claim.school_id, claim.term_id)
    rules.need_uplift(policy, uplift_bp, remote_document_no)
    year = rules.school_year(policy, term(work, claim.term_id).starts_on)
    others = queries.claims_of_year(work, claim.school_id, year, but=claim.id)
    amount = per_pupil_fen * claim.pupil_count
    pupils = max([claim.pupil_count, *(other.pupil_count for other in others)])
    rules.g_subcap(policy, sum(other.amount_fen or 0 for other in others), amount, pupils, uplift_bp)
    claim.amount_fen, claim.document_no, claim.uplift_bp = amount, document_no, uplift_bp
    claim.calculated_by = work.caller.subject
    work.emit(
        SubsidyCalculated(
            district_id=claim.district_id,
            school_id=claim.school_id,
            claim_id=claim.id,
            term_id=claim.term_id,
            pupil_count=claim.pupil_count,
            amount_fen=amount,
        )
    )
    return claim


def approve(work: Work, claim_id: UUID) -> SubsidyClaim:
    """Approve what somebody else calculated."""
    claim = work.get(SubsidyClaim, claim_id, lock=True)
    need_another(work.caller.subject, claim.calculated_by)
    claim.state = rules.SUBSIDY_CLAIM.move(claim.state, "approve")
    return claim


def receive(work: Work, claim_id: UUID) -> SubsidyClaim:
    """The approved subsidy arrived on the school's account."""
    claim = work.get(SubsidyClaim, claim_id, lock=True)
    claim.state = rules.SUBSIDY_CLAIM.move(claim.state, "receive")
    amount = claim.amount_fen or 0
    amounts = {cash_of(SOURCE): amount, income(SOURCE): -amount}
    ledger.post(work, claim, "SUBSIDY", f"subsidy:{claim.id}", amounts)
    return claim
