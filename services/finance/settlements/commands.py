"""Keeping what schools agreed with providers; calculating, agreeing, approving, paying."""

from datetime import date
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from services.finance.ledger import commands as ledger
from services.finance.ledger.rules import PROVIDER_PAYABLE, expense, g_spend, need_another
from services.finance.settlements import queries, rules
from services.finance.tables import HeldSession, ProviderContract, ProviderSettlement
from shared.contracts.finance import ProviderSettlementClosed
from shared.contracts.vetting import ProviderContractActivated, ProviderContractTerminated
from shared.messaging.work import Work
from shared.policy.published import policy_of_term


def keep_contract(work: Work, activated: ProviderContractActivated) -> None:
    """Know the agreed price of a session."""
    row = {"id": activated.contract_id, "district_id": activated.district_id, "school_id": activated.school_id}
    statement = insert(ProviderContract).values(
        **row,
        version=1,
        provider_id=activated.provider_id,
        represented_by=activated.represented_by,
        content_type=activated.content_type,
        price_fen=activated.price_fen,
        starts_on=activated.starts_on,
        ends_on=activated.ends_on,
    )
    work.session.execute(statement.on_conflict_do_nothing())


def end_contract(work: Work, terminated: ProviderContractTerminated) -> None:
    """A contract ended earlier than it said: what is held after its last day is not settled (INV-FIN-17)."""
    work.session.execute(
        update(ProviderContract)
        .where(ProviderContract.id == terminated.contract_id, ProviderContract.ends_on > terminated.ended_on)
        .values(ends_on=terminated.ended_on, version=ProviderContract.version + 1)
        .execution_options(synchronize_session=False)
    )


def calculate(work: Work, *, school_id: UUID, term_id: UUID, provider_id: UUID, until: date) -> ProviderSettlement:
    """Put every delivered session up to a day, that is in no settlement yet, into a new one."""
    work.caller.need_school(school_id)
    ledger.lock_book(work, school_id, term_id)
    delivered = queries.unsettled(work, school_id, term_id, provider_id, until)
    prices = rules.prices(delivered, queries.agreed_prices(work, school_id, provider_id))
    rules.need_something(len(prices), policy_of_term(work, school_id, term_id))
    settlement = work.add(
        ProviderSettlement(
            district_id=work.caller.district_id,
            school_id=school_id,
            term_id=term_id,
            provider_id=provider_id,
            until=until,
            session_count=len(prices),
            amount_fen=sum(prices.values()),
            state=rules.SETTLEMENT.move(rules.SETTLEMENT.initial, "calculate"),
            calculated_by=work.caller.subject,
        )
    )
    work.session.execute(
        update(HeldSession)
        .where(HeldSession.id.in_(prices))
        .values(settlement_id=settlement.id, version=HeldSession.version + 1)
        .execution_options(synchronize_session=False)
    )
    return settlement


def agree(work: Work, settlement_id: UUID) -> ProviderSettlement:
    """The provider finds it right."""
    settlement = work.get(ProviderSettlement, settlement_id, lock=True)
    rules.need_provider(work.session.scalar(queries.represented(work, settlement).limit(1)) is not None)
    settlement.state = rules.SETTLEMENT.move(settlement.state, "agree")
    return settlement


def approve(work: Work, settlement_id: UUID) -> ProviderSettlement:
    """Approve what somebody else calculated; from here on it is owed."""
    settlement = ledger.lock_after_book(work, ProviderSettlement, settlement_id)
    need_another(work.caller.subject, settlement.calculated_by)
    settlement.state = rules.SETTLEMENT.move(settlement.state, "approve")
    settlement.approved_by = work.caller.subject
    amounts = {expense(rules.CATEGORY): settlement.amount_fen, PROVIDER_PAYABLE: -settlement.amount_fen}
    ledger.post(work, settlement, "SETTLEMENT", f"settlement:{settlement.id}:approved", amounts)
    return settlement


def pay(work: Work, settlement_id: UUID) -> ProviderSettlement:
    """Pay it from the agency fees (G-SPEND)."""
    settlement = ledger.lock_after_book(work, ProviderSettlement, settlement_id)
    need_another(work.caller.subject, settlement.calculated_by)
    settlement.state = rules.SETTLEMENT.move(settlement.state, "pay")
    amount, policy = settlement.amount_fen, policy_of_term(work, settlement.school_id, settlement.term_id)
    g_spend(rules.CATEGORY, rules.SOURCE, str(settlement.id), policy)
    cash = ledger.need_funds(work, settlement, rules.SOURCE, amount, policy)
    amounts = {PROVIDER_PAYABLE: amount, cash: -amount}
    ledger.post(work, settlement, "SETTLEMENT", f"settlement:{settlement.id}:paid", amounts)
    work.emit(
        ProviderSettlementClosed(
            district_id=settlement.district_id,
            school_id=settlement.school_id,
            settlement_id=settlement.id,
            provider_id=settlement.provider_id,
            term_id=settlement.term_id,
            session_count=settlement.session_count,
            amount_fen=amount,
        )
    )
    return settlement
