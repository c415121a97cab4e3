"""Drafting, approving, listing and suspending items."""

from collections.abc import Collection
from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.enrollment.catalogue import queries, rules
from services.enrollment.directory.queries import is_cleared
from services.enrollment.plans import queries as plans
from services.enrollment.plans.rules import ON_FILE
from services.enrollment.policies.queries import exceptions
from services.enrollment.tables import ItemPublication, ProviderContract, ProviderStanding, ServiceItem, ServicePlan
from shared.clock import day_begins
from shared.contracts.enrollment import (
    ItemApproved,
    ItemEvent,
    ItemListed,
    ItemSuspended,
    ProviderItemsDelisted,
)
from shared.contracts.vetting import (
    ProviderContractActivated,
    ProviderContractTerminated,
    ProviderExiting,
    ProviderWhitelisted,
)
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.gates import g_provider
from shared.policy.published import term
from shared.refusals import NotFound
from shared.timers import set_timers

DELISTING = "item.delisting"
"""Delisting ends participations, which stand above the catalogue: a timer calls it."""
DELISTED = "provider.items_delisted"
"""Whether a third party offers nothing any more is seen across all schools: a timer that is due at once looks."""


def draft(work: Work, *, plan_id: UUID, starts: time, ends: time, **offered: Any) -> ServiceItem:
    """Write an item into a plan's catalogue."""
    plan = work.get(ServicePlan, plan_id)
    rules.need_hours(starts, ends)
    return work.add(
        ServiceItem(
            district_id=plan.district_id,
            school_id=plan.school_id,
            plan_id=plan.id,
            term_id=plan.term_id,
            state=rules.ITEM.initial,
            starts=starts,
            ends=ends,
            **offered,
        )
    )


def approve(work: Work, item_id: UUID) -> ServiceItem:
    """Approve an item that passes the gates; once its plan is on file, one that changes nothing material."""
    item = work.get(ServiceItem, item_id, lock=True)
    state = rules.ITEM.move(item.state, "approve")
    days = term(work, item.term_id)
    held = [rules.last_day_of(weekday, days.ends_on, days.school_days) for weekday in item.weekdays]
    plan = work.get(ServicePlan, item.plan_id)
    policy = plans.policy_of(work, plan)
    _g_provider(work, item, days.ends_on, policy)
    excepted = exceptions(work, item.school_id, days.starts_on, days.ends_on)
    rules.approve(queries.as_judged(item), [queries.as_day(days, on) for on in held], excepted, policy)
    item.state = state
    work.session.flush()
    if plan.state in ON_FILE:
        plans.need_filed(work, plan)
    _say(work, item, ItemApproved)
    return item


def put_on_list(work: Work, item_id: UUID, action: str) -> ServiceItem:
    """Let families choose an item: its plan is on file, its fee is published, its lead is cleared.

    `action`: list, or resume for a suspended item, under the same conditions as at first.
    """
    item = work.get(ServiceItem, item_id, lock=True)
    state = rules.ITEM.move(item.state, action)
    plan = work.get(ServicePlan, item.plan_id)
    plans.need_filed(work, plan)
    policy = plans.policy_of(work, plan)
    rules.need_verified_fee(item.fee_bearing, queries.is_fee_verified(work, item.id), policy)
    rules.need_lead(is_cleared(work, item.lead_person_id), policy)
    _g_provider(work, item, term(work, item.term_id).ends_on, policy, contracted=True)
    item.state, item.suspended_for = state, None
    _say(work, item, ItemListed)
    return item


def _g_provider(work: Work, item: ServiceItem, last: date, policy: Policy, *, contracted: bool = False) -> None:
    """G-PROVIDER for a third party's item: whitelisted to be approved, and under contract to be listed."""
    if item.provider_id is None:
        return
    standing = work.session.get(ProviderStanding, item.provider_id, with_for_update={"read": True})
    if standing is None:
        raise NotFound("provider")
    until = None if standing.exits_on else standing.valid_until
    is_contracted = not contracted or queries.is_contracted(work, item, last)
    g_provider(policy, kind=standing.kind, listed_until=until, last_day=last, is_contracted=is_contracted)


def suspend(work: Work, item_id: UUID, *, cause: str) -> ServiceItem:
    """Take no more sign-ups to an item for now."""
    item = work.get(ServiceItem, item_id, lock=True)
    _suspend(work, item, cause)
    return item


def _suspend(work: Work, item: ServiceItem, cause: str) -> None:
    item.state = rules.ITEM.move(item.state, "suspend")
    item.suspended_for = cause
    work.emit(ItemSuspended(district_id=item.district_id, school_id=item.school_id, item_id=item.id, cause=cause))


def suspend_led_by(work: Work, person_id: UUID) -> None:
    """Nobody is signed up to what a person leads who is not cleared any more."""
    led = select(ServiceItem).where(ServiceItem.lead_person_id == person_id, ServiceItem.state == "LISTED")
    for item in work.session.scalars(led.order_by(ServiceItem.id).with_for_update()):
        _suspend(work, item, "LEAD_NOT_CLEARED")


def keep_provider(work: Work, listed: ProviderWhitelisted) -> None:
    """Keep that a third party is on the whitelist; the later date holds."""
    owner = {"id": listed.provider_id, "district_id": listed.district_id, "version": 1}
    statement = insert(ProviderStanding).values(**owner, kind=listed.kind, valid_until=listed.valid_until)
    later = func.greatest(ProviderStanding.valid_until, statement.excluded.valid_until)
    work.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"valid_until": later}))


def keep_contract(work: Work, activated: ProviderContractActivated) -> None:
    """Keep a school's contract with a third party."""
    owner = {"id": activated.contract_id, "district_id": activated.district_id, "school_id": activated.school_id}
    statement = insert(ProviderContract).values(
        **owner,
        version=1,
        provider_id=activated.provider_id,
        content_type=activated.content_type,
        starts_on=activated.starts_on,
        ends_on=activated.ends_on,
    )
    work.session.execute(statement.on_conflict_do_nothing())


def end_contract(work: Work, terminated: ProviderContractTerminated) -> None:
    """A school's contract with a third party ends earlier than it said."""
    work.session.execute(
        update(ProviderContract)
        .where(ProviderContract.id == terminated.contract_id, ProviderContract.ends_on > terminated.ended_on)
        .values(ends_on=terminated.ended_on, version=ProviderContract.version + 1)
        .execution_options(synchronize_session=False)
    )


def follow_exit(work: Work, exiting: ProviderExiting) -> None:
    """A third party leaves: no sign-up to its items any more, and from its last day on they are offered no longer."""
    standing = work.get(ProviderStanding, exiting.provider_id, lock=True)
    standing.exits_on = exiting.effective_on
    work.session.flush()
    items = queries.offered_by(work, exiting.provider_id)
    for item in items:
        if item.state == "LISTED":
            _suspend(work, item, "PROVIDER_EXIT")
    if items:
        set_timers(work, DELISTING, [(item.id, day_begins(exiting.effective_on)) for item in items])
    else:
        say_all_delisted(work, exiting.provider_id)


def say_all_delisted(work: Work, provider_id: UUID) -> None:
    """Tell vetting once nothing of a third party that leaves is offered any more (INV-VET-08)."""
    standing = work.get(ProviderStanding, provider_id)
    if standing.exits_on is None or queries.offered_by(work, provider_id):
        return
    item_ids = queries.delisted_of(work, provider_id)
    work.emit(
        ProviderItemsDelisted(district_id=standing.district_id, provider_id=provider_id, item_ids=tuple(item_ids))
    )


def keep_publication(
    work: Work, school_id: UUID, publication_id: UUID, item_ids: Collection[UUID], *, is_verified: bool
) -> None:
    """Keep what finance said of a publication, newest word of each, and suspend what it leaves without one."""
    rows = [
        {
            "id": new_id(),
            "district_id": work.caller.district_id,
            "version": 1,
            "school_id": school_id,
            "item_id": item_id,
            "publication_id": publication_id,
            "is_verified": is_verified,
            "heard_version": work.heard_version,
        }
        for item_id in item_ids
    ]
    if not rows:
        return
    statement = insert(ItemPublication)
    newer = statement.excluded.heard_version > ItemPublication.heard_version
    changed = {name: statement.excluded[name] for name in ("is_verified", "heard_version")}
    work.session.execute(
        statement.on_conflict_do_update(index_elements=["item_id", "publication_id"], set_=changed, where=newer), rows
    )
    for item in queries.listed_with_unpublished_fee(work, item_ids):
        _suspend(work, item, "FEE_INVALIDATED")


def _say(work: Work, item: ServiceItem, said: type[ItemEvent]) -> None:
    work.emit(
        said(
            district_id=item.district_id,
            school_id=item.school_id,
            item_id=item.id,
            plan_id=item.plan_id,
            term_id=item.term_id,
            content_type=item.content_type,
            stage=item.stage,
            grades=tuple(item.grades),
            segment=item.segment,
            slot=queries.slot_of(item),
            capacity=item.capacity,
            fee_bearing=item.fee_bearing,
            provider_id=item.provider_id,
        )
    )
