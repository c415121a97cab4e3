"""Letting a provider leave, ending a contract, and completing an exit when nothing is left."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert

from services.vetting.exits import queries, rules
from services.vetting.gate_passes import commands as gate_passes
from services.vetting.people.queries import lock_people
from services.vetting.providers import rules as provider_rules
from services.vetting.providers.commands import RECTIFICATION, decide, keep_decision
from services.vetting.rosters import commands as rosters
from services.vetting.tables import Assignment, Person, Provider, ProviderContract, ProviderSettlement, RefundedItem
from shared.clock import day_begins
from shared.contracts.enrollment import ProviderItemsDelisted
from shared.contracts.finance import ItemRefundsClosed, ProviderSettlementClosed
from shared.contracts.vetting import ProviderContractTerminated, ProviderExited, ProviderExiting
from shared.messaging.work import Work
from shared.policy.published import policy_of_district
from shared.timers import cancel_timer, set_timers

EFFECT = "provider.exit"
CAUSE, CONTRACT_ENDED = "PROVIDER_EXIT", "CONTRACT_ENDED"


def exit_provider(
    work: Work,
    provider_id: UUID,
    *,
    reason_code: str,
    evidence_ref: str,
    effective_on: date | None = None,
    is_revoked: bool = False,
) -> Provider:
    """The district lets a provider leave, for a reason of the profile's list, on evidence (INV-VET-07).

    From `effective_on` on nobody of its staff is on a roster, from this transaction on; what is held before goes on. An
    urgent reason takes effect at once. `is_revoked`: its qualification is revoked, so that it never applies again.
    Where another round has put the same organization on the whitelist, it leaves there too.
    """
    people = lock_people(work, work.session.scalars(queries.staff_of_organization(provider_id)))
    provider, policy = work.get(Provider, provider_id, lock=True), policy_of_district(work)
    provider_rules.need_selector(work.caller.roles, policy)
    rules.need_reason(reason_code, policy)
    leaves_on = rules.effective_on(reason_code, effective_on, work.today, policy)
    leaving = [provider, *queries.listed_beside(work, provider)]
    for row in leaving:
        decide(work, row, "exit", evidence_ref)
        row.exit_reason, row.effective_on, row.is_revoked = reason_code, leaves_on, is_revoked
        _say_exiting(work, row, reason_code, leaves_on)
    _take_off(work, people, CAUSE, Assignment.starts_at >= day_begins(leaves_on))
    if leaves_on > work.today:
        set_timers(work, EFFECT, [(row.id, day_begins(leaves_on)) for row in leaving])
        return provider
    for row in leaving:
        _end_contracts(work, row, work.today)
        _complete(work, row)
    return provider


def _say_exiting(work: Work, provider: Provider, reason_code: str, effective_on: date) -> None:
    cancel_timer(work, RECTIFICATION, provider.id)
    work.emit(
        ProviderExiting(
            district_id=provider.district_id,
            provider_id=provider.id,
            kind=provider.kind,
            reason_code=reason_code,
            effective_on=effective_on,
        )
    )


def revoke_qualification(work: Work, provider_id: UUID, *, evidence_ref: str) -> None:
    """A qualification is revoked: the provider never applies again, and leaves at once where it is on the whitelist."""
    if work.get(Provider, provider_id).state in provider_rules.LISTED:
        exit_provider(
            work,
            provider_id,
            reason_code="PROHIBITION_BREACH",
            evidence_ref=evidence_ref,
            effective_on=work.today,
            is_revoked=True,
        )
    else:
        work.get(Provider, provider_id, lock=True).is_revoked = True


def report_revocation(work: Work, provider_id: UUID, *, authority: str, evidence_ref: str) -> Provider:
    """The district has told the licensing authority that a provider's qualification is revoked; by which document."""
    provider, policy = work.get(Provider, provider_id, lock=True), policy_of_district(work)
    provider_rules.need_selector(work.caller.roles, policy)
    rules.need_to_report(provider.is_revoked, provider.reported_to, policy)
    keep_decision(work, provider, "report_revocation", evidence_ref)
    provider.reported_to = authority
    return provider


def take_effect(work: Work, provider_id: UUID) -> None:
    """The first day without a provider has come (timer); a session moved to a later day may have come with it."""
    people = lock_people(work, work.session.scalars(queries.staff_of(provider_id)))
    provider = work.get(Provider, provider_id, lock=True)
    if provider.state != "EXITING" or provider.effective_on is None:
        return
    _take_off(work, people, CAUSE)
    _end_contracts(work, provider, provider.effective_on - timedelta(days=1))
    _complete(work, provider)


def _take_off(work: Work, people: Mapping[UUID, Person], cause: str, *conditions: Any) -> None:
    """Off every roster, others are sought, passes are revoked: what a block does to one person (INV-VET-01)."""
    rosters.remove_people(work, list(people.values()), cause, *conditions)
    gate_passes.follow_roster(work, people, cause)


# Contracts


def _end_contracts(work: Work, provider: Provider, last_day: date) -> None:
    ended = work.session.execute(
        update(ProviderContract)
        .where(ProviderContract.provider_id == provider.id, ProviderContract.state == "ACTIVE")
        .values(
            state=provider_rules.CONTRACT.move("ACTIVE", "terminate"),
            ends_on=func.least(ProviderContract.ends_on, last_day),
            version=ProviderContract.version + 1,
        )
        .returning(ProviderContract.id, ProviderContract.school_id, ProviderContract.ends_on)
        .execution_options(synchronize_session=False)
    ).all()
    for row in ended:
        _say_terminated(work, provider.district_id, row.school_id, row.id, provider.id, row.ends_on)


def terminate_contract(work: Work, contract_id: UUID) -> ProviderContract:
    """End a school's contract now; what was delivered under it today is still settled."""
    return _end_contract(work, work.get(ProviderContract, contract_id), work.today)


def end_contract(work: Work, contract_id: UUID) -> None:
    """A contract's last day has passed (timer)."""
    contract = work.get(ProviderContract, contract_id)
    if contract.state == "ACTIVE" and contract.ends_on < work.today:
        _end_contract(work, contract, contract.ends_on)


def _end_contract(work: Work, found: ProviderContract, last_day: date) -> ProviderContract:
    """The assignments that a contract carried go with it."""
    people = lock_people(work, work.session.scalars(queries.staff_of(found.provider_id)))
    contract = work.get(ProviderContract, found.id, lock=True)
    contract.state = provider_rules.CONTRACT.move(contract.state, "terminate")
    contract.ends_on = min(contract.ends_on, last_day)
    work.session.flush()
    _take_off(work, people, CONTRACT_ENDED, *queries.carried_by(contract))
    _say_terminated(work, contract.district_id, contract.school_id, contract.id, contract.provider_id, contract.ends_on)
    return contract


def _say_terminated(
    work: Work, district_id: UUID, school_id: UUID, contract_id: UUID, provider_id: UUID, ended_on: date
) -> None:
    work.emit(
        ProviderContractTerminated(
            district_id=district_id,
            school_id=school_id,
            contract_id=contract_id,
            provider_id=provider_id,
            ended_on=ended_on,
        )
    )


# Completing


def keep_delisted(work: Work, delisted: ProviderItemsDelisted) -> None:
    """Enrollment lists nothing of a provider any more."""
    provider = work.get(Provider, delisted.provider_id, lock=True)
    provider.delisted_item_ids = list(delisted.item_ids)
    _complete(work, provider)


def keep_settlement(work: Work, closed: ProviderSettlementClosed) -> None:
    """Finance paid a provider for delivered sessions."""
    owner = {"id": closed.settlement_id, "district_id": closed.district_id, "school_id": closed.school_id}
    said = {"provider_id": closed.provider_id, "session_count": closed.session_count}
    work.session.execute(insert(ProviderSettlement).values(version=1, **owner, **said).on_conflict_do_nothing())
    _complete(work, work.get(Provider, closed.provider_id, lock=True))


def keep_refunded(work: Work, closed: ItemRefundsClosed) -> None:
    """No refund that a delisted item asked for is open any more."""
    owner = {"id": closed.item_id, "district_id": closed.district_id, "school_id": closed.school_id}
    work.session.execute(insert(RefundedItem).values(version=1, **owner).on_conflict_do_nothing())
    look_again(work, closed.item_id)


def look_again(work: Work, item_id: UUID) -> None:
    """Something about an item has ended: perhaps its provider's exit waited for that."""
    for provider in queries.exiting_with(work, item_id):
        _complete(work, provider)


def _complete(work: Work, provider: Provider) -> None:
    """Complete an exit that has taken effect and waits for nothing (INV-VET-08); the caller holds the row."""
    work.session.flush()
    in_effect = provider.effective_on is not None and provider.effective_on <= work.today
    if provider.state != "EXITING" or not in_effect or rules.waits_for(queries.what_is_left(work, provider)):
        return
    provider.state = provider_rules.PROVIDER.move(provider.state, "complete")
    provider.exited_on = work.today
    work.emit(ProviderExited(district_id=provider.district_id, provider_id=provider.id, kind=provider.kind))
