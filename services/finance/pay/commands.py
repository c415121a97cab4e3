"""Pricing service and following what becomes of the person; one idempotent `reconcile` behind every fact."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.finance.billing.queries import find_policy
from services.finance.ledger import commands as ledger
from services.finance.ledger.rules import STAFF_PAYABLE, expense, need_another
from services.finance.pay import queries, rules
from services.finance.tables import Contract, HeldSession, Payee, PayLine, RateTable, ServiceRecord, Standing
from shared.contracts.attendance import SessionCancelled, SessionClosed, StaffServiceRecorded
from shared.contracts.finance import PayLineAccrued, PayLineCancelled, PayLineHeld, PayLineReleased
from shared.contracts.vetting import EngagementActivated
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.published import policy_of_district


def lock_payees(work: Work, person_ids: Collection[UUID]) -> None:
    """Take the rows of some people, made when new; taken before any book, so that facts of one person queue up."""
    if not person_ids:
        return
    ordered = sorted(person_ids)
    rows = [{"id": person_id, "district_id": work.caller.district_id, "version": 1} for person_id in ordered]
    work.session.execute(insert(Payee).values(rows).on_conflict_do_nothing())
    work.session.execute(select(Payee.id).where(Payee.id.in_(ordered)).order_by(Payee.id).with_for_update())


# Facts


def keep_standing(
    work: Work, *, person_id: UUID, epoch: int, status: str, category: str, effective_at: datetime | None = None
) -> None:
    """Keep what vetting said under an epoch, and let the person's lines follow."""
    lock_payees(work, [person_id])
    row = {"id": new_id(), "district_id": work.caller.district_id, "version": 1, "person_id": person_id}
    said = {"epoch": epoch, "status": status, "category": category, "effective_at": effective_at}
    work.session.execute(insert(Standing).values(**row, **said).on_conflict_do_nothing())
    reconcile(work, queries.find_records(work, ServiceRecord.person_id == person_id))


def keep_contract(work: Work, activated: EngagementActivated) -> None:
    """Keep the agreed rate; service that waited for it is priced."""
    lock_payees(work, [activated.person_id])
    if work.session.get(Contract, activated.engagement_id) is None:
        work.add(
            Contract(
                id=activated.engagement_id,
                district_id=activated.district_id,
                school_id=activated.school_id,
                person_id=activated.person_id,
                starts_on=activated.starts_on,
                ends_on=activated.ends_on,
                rate_fen=activated.rate_fen,
            )
        )
    reconcile(work, queries.find_records(work, ServiceRecord.person_id == activated.person_id))


def end_contract(work: Work, contract_id: UUID, ended_on: date) -> None:
    """Service after the last day finds no contract."""
    contract = work.session.get(Contract, contract_id)
    if contract is not None:
        contract.ends_on = min(contract.ends_on, ended_on)


def keep_session(work: Work, said: SessionClosed | SessionCancelled) -> None:
    """Keep that a session was held, and how long, or was not; what was served in it is priced."""
    session = work.session.get(HeldSession, said.session_id)
    if session is None:
        session = HeldSession(id=said.session_id, district_id=said.district_id, school_id=said.school_id)
        session.item_id, session.term_id, session.on = said.item_id, said.term_id, said.on
        work.add(session)
    if isinstance(said, SessionClosed):
        session.state, session.minutes = "CLOSED", int((said.closed_at - said.opened_at).total_seconds()) // 60
    else:
        session.state, session.minutes = "CANCELLED", 0
    _price_again(work, ServiceRecord.session_id == said.session_id)


def keep_service(work: Work, recorded: StaffServiceRecorded) -> None:
    """Keep recorded service; a newer revision replaces an older one and is paid as the difference."""
    lock_payees(work, [recorded.person_id])
    known = work.session.scalar(
        select(ServiceRecord).where(
            ServiceRecord.session_id == recorded.session_id, ServiceRecord.person_id == recorded.person_id
        )
    )
    if known is not None and known.revision >= recorded.revision:
        return
    record = known or work.add(
        ServiceRecord(district_id=recorded.district_id, school_id=recorded.school_id, session_id=recorded.session_id)
    )
    for name in ("person_id", "term_id", "item_id", "nature", "on", "started_at", "minutes", "revision"):
        setattr(record, name, getattr(recorded, name))
    record.clearance_epoch, record.waits_for = recorded.clearance_epoch, "session"
    work.session.flush()
    reconcile(work, [record])


def price_waiting(work: Work, *conditions: Any) -> None:
    """Price again whatever waits, when what it may have waited for is here."""
    _price_again(work, ServiceRecord.waits_for.is_not(None), *conditions)


def _price_again(work: Work, *conditions: Any) -> None:
    work.session.flush()
    lock_payees(work, queries.find_people(work, *conditions))
    reconcile(work, queries.find_records(work, *conditions))


# Rates


def draft_rates(work: Work, *, school_id: UUID, rates: Sequence[dict[str, Any]], effective_from: date) -> RateTable:
    """Write a school's rates per period; refused where the profile does not allow the money for it."""
    work.caller.need_school(school_id)
    rules.need_rates(rates, policy_of_district(work))
    return work.add(
        RateTable(
            district_id=work.caller.district_id,
            school_id=school_id,
            rates=list(rates),
            effective_from=effective_from,
            state=rules.RATE_TABLE.initial,
            drafted_by=work.caller.subject,
        )
    )


def approve_rates(work: Work, table_id: UUID, *, authority: str, document_no: str) -> RateTable:
    """The authority's approval puts the rates in force from their date; service that waited for them is priced."""
    found = work.get(RateTable, table_id)
    ledger.lock_books(work, found.school_id)
    table = work.get(RateTable, table_id, lock=True)
    need_another(work.caller.subject, table.drafted_by)
    table.state = rules.RATE_TABLE.move(table.state, "approve")
    table.authority, table.document_no = authority, document_no
    work.session.flush()
    price_waiting(work, ServiceRecord.school_id == table.school_id)
    return table


# What follows


def reconcile(work: Work, records: Sequence[ServiceRecord]) -> None:
    """Bring the pay lines of some records to what all facts known say; the caller holds the people's rows."""
    if not records:
        return
    by_term: dict[tuple[UUID, UUID], list[ServiceRecord]] = defaultdict(list)
    for record in records:
        by_term[record.school_id, record.term_id].append(record)
    for school_id, term_id in sorted(by_term):
        ledger.lock_book(work, school_id, term_id)
    facts = queries.find_facts(work, records)
    for place, of_term in sorted(by_term.items()):
        policy = find_policy(work, *place)
        if policy is not None:
            for record in of_term:
                _bring_up(work, record, facts, policy)


def _bring_up(work: Work, record: ServiceRecord, facts: queries.Facts, policy: Policy) -> None:
    """Accrue what is missing, and hold, release or cancel what is there."""
    stands, lines = facts.stands.get(record.person_id, []), facts.lines.get(record.id, [])
    state = rules.wanted_state(record.started_at, record.clearance_epoch, stands)
    for line in lines:
        _follow(work, line, state)
    if any(line.revision == record.revision for line in lines):
        return
    rates = facts.rates(record.school_id, record.on)
    priced = rules.price(facts.service(record), stands, facts.agreed(record), rates, policy)
    if isinstance(priced, rules.Waits):
        record.waits_for = priced.reason
        return
    record.waits_for = None
    before = sum(line.amount_fen for line in lines if line.state != "CANCELLED")
    _accrue(work, record, priced, priced.amount_fen - before, state)


def _accrue(work: Work, record: ServiceRecord, priced: rules.Priced, amount_fen: int, state: str) -> None:
    """A new line, in the state that the person's standings ask for; barred service is kept as cancelled, not owed."""
    line = work.add(
        PayLine(
            district_id=record.district_id,
            school_id=record.school_id,
            record_id=record.id,
            session_id=record.session_id,
            person_id=record.person_id,
            term_id=record.term_id,
            on=record.on,
            revision=record.revision,
            minutes=priced.minutes,
            rate_fen=priced.rate_fen,
            amount_fen=amount_fen,
            category=priced.category,
            funding_source=priced.funding_source,
            state=rules.PAY_LINE.initial,
        )
    )
    if state == "CANCELLED":
        line.state = rules.PAY_LINE.move(line.state, "cancel")
        work.emit(PayLineCancelled(**_said(line)))
        return
    work.emit(
        PayLineAccrued(
            **_said(line),
            session_id=line.session_id,
            amount_fen=line.amount_fen,
            funding_source=line.funding_source,
        )
    )
    _owe(work, line, line.amount_fen, "accrued")
    _follow(work, line, state)


def _follow(work: Work, line: PayLine, state: str) -> None:
    """Move an unpaid line to where it belongs now; a paid one stays, a person decides about it."""
    if line.state in ("PAID", "CANCELLED", state) or (line.state, state) == ("IN_RUN", "ACCRUED"):
        return
    action, said = {
        "CANCELLED": ("cancel", PayLineCancelled),
        "HELD": ("hold", PayLineHeld),
        "ACCRUED": ("release", PayLineReleased),
    }[state]
    line.state, line.run_id = rules.PAY_LINE.move(line.state, action), None
    work.emit(said(**_said(line)))
    if action == "cancel":
        _owe(work, line, -line.amount_fen, "cancelled")


def _owe(work: Work, line: PayLine, amount_fen: int, what: str) -> None:
    amounts = {expense(line.category): amount_fen, STAFF_PAYABLE: -amount_fen}
    ledger.post(work, line, "PAY_LINE", f"pay-line-{what}:{line.id}", amounts)


def _said(line: PayLine) -> dict[str, Any]:
    return {
        "district_id": line.district_id,
        "school_id": line.school_id,
        "pay_line_id": line.id,
        "person_id": line.person_id,
    }
