"""Reading what is left of a provider."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select

from services.vetting.exits.rules import Left
from services.vetting.providers.rules import LISTED
from services.vetting.rosters.queries import day_of
from services.vetting.tables import (
    Assignment,
    Person,
    PlannedSession,
    Provider,
    ProviderContract,
    ProviderSettlement,
    RefundedItem,
)
from shared.messaging.work import Work


def find_leaving(work: Work, provider_id: UUID) -> Provider:
    """A provider that leaves or has left; raises NotFound."""
    query = select(Provider).where(Provider.id == provider_id, Provider.state.in_(("EXITING", "EXITED")))
    return work.one(query, thing="exit")


def unreported_revocations() -> Select[Provider]:
    """Providers whose licensing authority was not yet told that their qualification is revoked."""
    return select(Provider).where(Provider.is_revoked, Provider.reported_to.is_(None))


def staff_of(provider_id: UUID) -> Select[UUID]:
    """The people of a provider."""
    return select(Person.id).where(Person.provider_id == provider_id)


def staff_of_organization(provider_id: UUID) -> Select[UUID]:
    """The people of an organization, in whatever round it was selected."""
    same = select(Provider.credit_code).where(Provider.id == provider_id).scalar_subquery()
    return select(Person.id).join(Provider, Provider.id == Person.provider_id).where(Provider.credit_code == same)


def listed_beside(work: Work, provider: Provider) -> list[Provider]:
    """The same organization on the whitelist by other rounds, locked in the order of ids."""
    query = select(Provider).where(
        Provider.credit_code == provider.credit_code, Provider.id != provider.id, Provider.state.in_(LISTED)
    )
    return list(work.session.scalars(query.order_by(Provider.id).with_for_update()))


def carried_by(contract: ProviderContract) -> tuple[ColumnElement[bool], ...]:
    """Assignments of the kind that a contract carries, but for those that another contract in force carries as well."""
    day = day_of(Assignment.starts_at)
    of_content = exists().where(
        PlannedSession.id == Assignment.session_id, PlannedSession.content_type == contract.content_type
    )
    other = exists().where(
        ProviderContract.provider_id == contract.provider_id,
        ProviderContract.school_id == contract.school_id,
        ProviderContract.content_type == contract.content_type,
        ProviderContract.state == "ACTIVE",
        ProviderContract.starts_on <= day,
        ProviderContract.ends_on >= day,
    )
    return Assignment.school_id == contract.school_id, of_content, ~other


def exiting_with(work: Work, item_id: UUID) -> list[Provider]:
    """Providers that leave and had an item, locked."""
    query = select(Provider).where(Provider.state == "EXITING", Provider.delisted_item_ids.contains([item_id]))
    return list(work.session.scalars(query.order_by(Provider.id).with_for_update()))


def what_is_left(work: Work, provider: Provider) -> Left:
    """What is left of a provider that leaves, as far as the others have told."""
    is_on_roster = _any(work, _to_come(provider.id, work.now))
    item_ids = provider.delisted_item_ids
    if item_ids is None:
        return Left(assignments=is_on_roster, listed_items=True)
    return Left(
        assignments=is_on_roster,
        open_sessions=_any(work, _sessions(item_ids, "SCHEDULED")),
        unsettled_sessions=_delivered(work, provider.id, item_ids) - _settled(work, provider.id),
        open_refunds=_refunded(work, item_ids) < len(set(item_ids)),
    )


def _to_come(provider_id: UUID, now: Any) -> Select[UUID]:
    return select(Assignment.id).where(
        Assignment.person_id.in_(staff_of(provider_id)), Assignment.state == "CONFIRMED", Assignment.ends_at > now
    )


def _sessions(item_ids: Collection[UUID], state: str) -> Select[UUID]:
    return select(PlannedSession.id).where(PlannedSession.item_id.in_(item_ids), PlannedSession.state == state)


def _delivered(work: Work, provider_id: UUID, item_ids: Collection[UUID]) -> int:
    """Held sessions that a contract of the provider covers: what finance settles."""
    day = day_of(PlannedSession.starts_at)
    covered = exists().where(
        ProviderContract.provider_id == provider_id,
        ProviderContract.school_id == PlannedSession.school_id,
        ProviderContract.content_type == PlannedSession.content_type,
        ProviderContract.state.in_(("ACTIVE", "ENDED")),
        ProviderContract.starts_on <= day,
        ProviderContract.ends_on >= day,
    )
    held = _sessions(item_ids, "CLOSED").where(covered).subquery()
    return work.session.scalar(select(func.count()).select_from(held)) or 0


def _settled(work: Work, provider_id: UUID) -> int:
    total = func.coalesce(func.sum(ProviderSettlement.session_count), 0)
    return int(work.session.scalar(select(total).where(ProviderSettlement.provider_id == provider_id)) or 0)


def _refunded(work: Work, item_ids: Collection[UUID]) -> int:
    return work.session.scalar(select(func.count()).where(RefundedItem.id.in_(item_ids))) or 0


def _any(work: Work, query: Select[UUID]) -> bool:
    return work.session.scalar(query.limit(1)) is not None
