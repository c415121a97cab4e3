"""Reading providers and their contracts."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import Select, func, select

from services.vetting.providers.rules import Listed
from services.vetting.tables import Provider, ProviderContract
from shared.messaging.work import Work


def list_providers(work: Work) -> Select[Provider]:
    """Providers that the caller may see: whoever represents one sees that one alone."""
    query = select(Provider)
    if work.caller.roles == {"provider_admin"}:
        query = query.where(Provider.represented_by == work.caller.person_id)
    return query


def list_contracts(work: Work) -> Select[ProviderContract]:
    """Contracts that the caller may see."""
    query = select(ProviderContract)
    if work.caller.roles == {"provider_admin"}:
        query = query.where(ProviderContract.provider_id.in_(list_providers(work).with_only_columns(Provider.id)))
    return query


def of_round(work: Work, round_id: UUID, *states: str) -> list[Provider]:
    """The applicants of a round in some states, locked in the order of their ids."""
    query = select(Provider).where(Provider.round_id == round_id, Provider.state.in_(states)).order_by(Provider.id)
    return list(work.session.scalars(query.with_for_update()))


def undecided_count(work: Work, round_id: UUID) -> int:
    """How many applicants of a round have no answer yet."""
    query = select(func.count()).where(Provider.round_id == round_id, Provider.state == "APPLIED")
    return work.session.scalar(query) or 0


def find_provider(work: Work, provider_id: UUID) -> Provider:
    """A provider, its row shared so that its standing holds until the transaction ends; raises NotFound."""
    return work.one(select(Provider).where(Provider.id == provider_id).with_for_update(read=True), thing="provider")


def as_listed(provider: Provider) -> Listed:
    """A provider as the rules judge it."""
    prices = {offer["content_type"]: offer["price_fen"] for offer in provider.offers}
    until = provider.valid_until if provider.state == "WHITELISTED" else None
    return Listed(kind=provider.kind, until=until, prices=prices)


def is_contracted(
    work: Work, provider_id: UUID, school_id: UUID, content_types: Collection[str], first: date, last: date
) -> bool:
    """Whether contracts of the school with the provider cover all these contents for the whole interval."""
    covered = work.session.scalars(
        select(ProviderContract.content_type).where(
            ProviderContract.provider_id == provider_id,
            ProviderContract.school_id == school_id,
            ProviderContract.state == "ACTIVE",
            ProviderContract.starts_on <= first,
            ProviderContract.ends_on >= last,
        )
    )
    return set(content_types) <= set(covered)


def delivering(school_id: UUID, content_type: str, on: date) -> Select[UUID]:
    """Whitelisted providers whose contract with a school for a content is in force on a date."""
    return (
        select(ProviderContract.provider_id)
        .join(Provider, Provider.id == ProviderContract.provider_id)
        .where(
            ProviderContract.school_id == school_id,
            ProviderContract.content_type == content_type,
            ProviderContract.state == "ACTIVE",
            ProviderContract.starts_on <= on,
            ProviderContract.ends_on >= on,
            Provider.state == "WHITELISTED",
            Provider.valid_until >= on,
        )
    )
