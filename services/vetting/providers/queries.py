"""Reading providers and their contracts."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import Select, func, select

from services.vetting.providers.rules import LISTED, Former, Listed
from services.vetting.tables import Provider, ProviderContract, ProviderEvaluation
from shared.messaging.work import Work

WHITELIST_COLUMNS = (
    "name",
    "credit_code",
    "kind",
    "state",
    "content_type",
    "price_fen",
    "valid_until",
    "rectify_by",
)


def list_providers(work: Work) -> Select[Provider]:
    """Providers that the caller may see: whoever represents one sees that one alone."""
    query = select(Provider)
    if work.caller.roles == {"provider_admin"}:
        query = query.where(Provider.represented_by == work.caller.person_id)
    return query


def read_provider(work: Work, provider_id: UUID) -> Provider:
    """A provider that the caller may see; raises NotFound."""
    return work.one(list_providers(work).where(Provider.id == provider_id), thing="provider")


def on_whitelist(work: Work, content_type: str | None) -> Select[Provider]:
    """Who is on the whitelist today, of all or for one content."""
    query = select(Provider).where(Provider.state.in_(LISTED), Provider.valid_until >= work.today)
    return query if content_type is None else query.where(Provider.offers.contains([{"content_type": content_type}]))


def whitelist_rows(work: Work) -> list[tuple[object, ...]]:
    """The whitelist of today by name, one row for each content that a provider offers; as WHITELIST_COLUMNS says."""
    listed = work.session.scalars(on_whitelist(work, None).order_by(Provider.name, Provider.id))
    return [
        (
            one.name,
            one.credit_code,
            one.kind,
            one.state,
            offer["content_type"],
            offer["price_fen"],
            one.valid_until,
            one.rectify_by,
        )
        for one in listed
        for offer in one.offers
    ]


def formers_of(work: Work, credit_codes: Collection[str]) -> list[Former]:
    """What the district knows of organizations, from all rounds."""
    rows = work.session.scalars(select(Provider).where(Provider.credit_code.in_(credit_codes)))
    return [Former(state=one.state, exited_on=one.exited_on, is_revoked=one.is_revoked) for one in rows]


def find_evaluation(work: Work, provider_id: UUID, term_id: UUID) -> ProviderEvaluation | None:
    """The district's evaluation of a provider for a term, if there is one."""
    query = select(ProviderEvaluation).where(
        ProviderEvaluation.provider_id == provider_id, ProviderEvaluation.term_id == term_id
    )
    return work.session.scalar(query)


def list_evaluations(work: Work) -> Select[ProviderEvaluation]:
    """Evaluations that the caller may see."""
    query = select(ProviderEvaluation)
    if work.caller.roles == {"provider_admin"}:
        query = query.where(ProviderEvaluation.provider_id.in_(list_providers(work).with_only_columns(Provider.id)))
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
    return Listed(kind=provider.kind, state=provider.state, until=provider.valid_until, prices=prices)


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
