"""Drafting, submitting, approving, ending fees."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.finance.billing import commands as billing
from services.finance.billing.queries import kinds_of
from services.finance.billing.rules import units_in
from services.finance.fee_standards import queries, rules
from services.finance.ledger import commands as ledger
from services.finance.ledger.rules import need_another
from services.finance.publications import commands as publications
from services.finance.publications.rules import content_hash, contents
from services.finance.tables import FeeStandard
from shared.clock import day_begins
from shared.contracts.finance import FeeStandardInEffect
from shared.messaging.work import Work
from shared.policy.published import policy_of_district, term
from shared.timers import set_timer

EFFECTIVE = "fee_standard.effective"


def draft(
    work: Work, *, school_id: UUID, term_id: UUID, item_ids: Sequence[UUID], payee_kind: str, **told: Any
) -> FeeStandard:
    """Write a fee with its cost calculation; refused where the profile allows no such fee or it would make a profit.

    `told`: kind, unit, amount_fen, costs, complaint_phone, payee_account, effective_from.
    """
    work.caller.need_school(school_id)
    policy = policy_of_district(work)
    rules.g_fee(policy, told["kind"], told["unit"], told["amount_fen"])
    rules.need_payee(policy, payee_kind)
    items = queries.find_items(work, school_id, term_id, item_ids)
    bearing = {item.id for item in items if item.fee_bearing}
    rules.need_items(told["kind"], kinds_of(work, item_ids), bearing, item_ids)
    weekdays = {weekday for item in items for weekday in item.weekdays}
    units = units_in(told["unit"], weekdays, term(work, term_id).school_days)
    costs = told["costs"]
    rules.need_cost_recovery(policy, costs["items"], costs["expected_pupils"], told["amount_fen"] * units)
    return work.add(
        FeeStandard(
            district_id=work.caller.district_id,
            school_id=school_id,
            term_id=term_id,
            item_ids=sorted(set(item_ids)),
            state=rules.FEE_STANDARD.initial,
            drafted_by=work.caller.subject,
            approvals=[],
            **told,
        )
    )


def submit(work: Work, standard_id: UUID) -> FeeStandard:
    """Hand a fee to the authorities."""
    standard = work.get(FeeStandard, standard_id, lock=True)
    standard.state = rules.FEE_STANDARD.move(standard.state, "submit")
    return standard


def approve(work: Work, standard_id: UUID, *, authority: str, document_no: str) -> FeeStandard:
    """Record one authority's approval, in the profile's order; the last one puts the fee in effect from its date on."""
    standard = ledger.lock_after_book(work, FeeStandard, standard_id)
    need_another(work.caller.subject, standard.drafted_by)
    state = rules.FEE_STANDARD.move(standard.state, "approve")
    is_last = rules.approve(policy_of_district(work), standard.approvals, authority)
    given = {"authority": authority, "document_no": document_no, "by": work.caller.subject}
    standard.approvals = [*standard.approvals, given | {"on": work.today.isoformat()}]
    if is_last:
        standard.state = state
        standard.content_hash = content_hash(posting_of(standard))
        _take_effect_or_wait(work, standard)
    return standard


def posting_of(standard: FeeStandard) -> dict[str, Any]:
    """What has to be posted about a standard."""
    documents = [approval["document_no"] for approval in standard.approvals]
    return contents(standard.item_ids, standard.unit, standard.amount_fen, documents, standard.complaint_phone)


def _take_effect_or_wait(work: Work, standard: FeeStandard) -> None:
    if standard.effective_from > work.today:
        set_timer(work, EFFECTIVE, standard.id, day_begins(standard.effective_from))
        return
    for replaced in queries.in_effect_for(work, standard):
        _end(work, replaced, "STANDARD_CHANGED")
    standard.state = rules.FEE_STANDARD.move(standard.state, "take_effect")
    work.emit(
        FeeStandardInEffect(
            district_id=standard.district_id,
            school_id=standard.school_id,
            standard_id=standard.id,
            term_id=standard.term_id,
            item_ids=tuple(standard.item_ids),
            kind=standard.kind,
            unit=standard.unit,
            amount_fen=standard.amount_fen,
        )
    )
    work.session.flush()
    billing.retry(work, standard.school_id, standard.term_id)


def take_effect(work: Work, standard_id: UUID) -> None:
    """The day from which an approved fee holds has come (timer)."""
    standard = ledger.lock_after_book(work, FeeStandard, standard_id)
    if standard.state == "APPROVED":
        _take_effect_or_wait(work, standard)


def end(work: Work, standard_id: UUID) -> FeeStandard:
    """End a fee; its publications hold no more."""
    standard = ledger.lock_after_book(work, FeeStandard, standard_id)
    _end(work, standard, "STANDARD_ENDED")
    return standard


def _end(work: Work, standard: FeeStandard, cause: str) -> None:
    standard.state = rules.FEE_STANDARD.move(standard.state, "end")
    work.session.flush()
    publications.invalidate_all(work, standard, cause)
