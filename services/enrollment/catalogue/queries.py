"""Reading the catalogue."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import Select, exists, select

from services.enrollment.catalogue.rules import Day, Item
from services.enrollment.tables import ItemPublication, ProviderContract, ServiceItem
from shared.contracts.enrollment import Slot
from shared.messaging.work import Work
from shared.policy.published import Term

DRAFTERS = frozenset({"district_admin", "inspector", "principal", "leadership_member", "academic_affairs"})
"""Roles that see an item before it is listed."""


def list_items(work: Work) -> Select[ServiceItem]:
    """Items that the caller may see: families and staff see what is or was listed."""
    query = select(ServiceItem)
    if work.caller.roles & DRAFTERS:
        return query
    return query.where(ServiceItem.state.in_(("LISTED", "SUSPENDED", "DELISTED")))


def is_fee_verified(work: Work, item_id: UUID) -> bool:
    """Whether a verified publication covers the item now."""
    query = select(ItemPublication.id).where(ItemPublication.item_id == item_id, ItemPublication.is_verified)
    return work.session.scalar(query.limit(1)) is not None


def listed_with_unpublished_fee(work: Work, item_ids: Collection[UUID]) -> list[ServiceItem]:
    """Listed items, of those named, whose fee no verified publication covers."""
    covered = exists().where(ItemPublication.item_id == ServiceItem.id, ItemPublication.is_verified)
    query = select(ServiceItem).where(
        ServiceItem.id.in_(item_ids), ServiceItem.state == "LISTED", ServiceItem.fee_bearing, ~covered
    )
    return list(work.session.scalars(query.order_by(ServiceItem.id).with_for_update()))


def offered_by(work: Work, provider_id: UUID) -> list[ServiceItem]:
    """What a third party offers, for sign-up or suspended; locked in the order of ids."""
    query = select(ServiceItem).where(
        ServiceItem.provider_id == provider_id, ServiceItem.state.in_(("LISTED", "SUSPENDED"))
    )
    return list(work.session.scalars(query.order_by(ServiceItem.id).with_for_update()))


def delisted_of(work: Work, provider_id: UUID) -> list[UUID]:
    """The items of a third party that were offered once."""
    query = select(ServiceItem.id).where(ServiceItem.provider_id == provider_id, ServiceItem.state == "DELISTED")
    return list(work.session.scalars(query.order_by(ServiceItem.id)))


def find_items(work: Work, item_ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, ServiceItem]:
    """Items by id; a lock is taken in the order of ids."""
    query = select(ServiceItem).where(ServiceItem.id.in_(item_ids)).order_by(ServiceItem.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return {item.id: item for item in work.session.scalars(query)}


def as_judged(item: ServiceItem) -> Item:
    """An item as the rules judge it."""
    return Item(
        item_id=item.id,
        plan_id=item.plan_id,
        state=item.state,
        content_type=item.content_type,
        stage=item.stage,
        grades=item.grades,
        segment=item.segment,
        weekdays=item.weekdays,
        starts=item.starts,
        ends=item.ends,
        by_third_party=item.provider_id is not None,
    )


def find_judged(work: Work, item_ids: Collection[UUID]) -> list[Item]:
    """Items as the rules judge them, in the order of ids."""
    return [as_judged(item) for item in find_items(work, item_ids).values()]


def as_day(days: Term, on: date) -> Day:
    """A date of a term as G-TIME judges it."""
    return Day(on, days.week_of(on), on in days.school_days)


def slot_of(item: ServiceItem) -> Slot:
    """The item's hours as events carry them."""
    return Slot(weekdays=tuple(item.weekdays), starts=item.starts, ends=item.ends)


def is_contracted(work: Work, item: ServiceItem, last: date) -> bool:
    """Whether the school has a contract with the item's third party for its content through `last`."""
    query = select(ProviderContract.id).where(
        ProviderContract.provider_id == item.provider_id,
        ProviderContract.school_id == item.school_id,
        ProviderContract.content_type == item.content_type,
        ProviderContract.ends_on >= last,
    )
    return work.session.scalar(query.limit(1)) is not None
