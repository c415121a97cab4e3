"""Reading settlements, and what was delivered."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from services.finance.settlements.rules import Agreed, Delivered
from services.finance.tables import HeldSession, Item, ProviderContract, ProviderSettlement
from shared.messaging.work import Work


def list_settlements(work: Work) -> Select[ProviderSettlement]:
    """Settlements that the caller may see: whoever represents a provider sees its own."""
    query = select(ProviderSettlement)
    if work.caller.roles == {"provider_admin"}:
        query = query.where(represented(work, ProviderSettlement).exists())
    return query


def represented(work: Work, settlement: Any) -> Select[UUID]:
    """The contracts behind a settlement in which the caller speaks for the provider."""
    return select(ProviderContract.id).where(
        ProviderContract.school_id == settlement.school_id,
        ProviderContract.provider_id == settlement.provider_id,
        ProviderContract.represented_by == work.caller.person_id,
    )


def unsettled(work: Work, school_id: UUID, term_id: UUID, provider_id: UUID, until: date) -> list[Delivered]:
    """The sessions of a provider's items that were held up to a day and are in no settlement."""
    rows = work.session.execute(
        select(HeldSession.id, Item.content_type, HeldSession.on)
        .join(Item, Item.id == HeldSession.item_id)
        .where(
            HeldSession.school_id == school_id,
            HeldSession.term_id == term_id,
            HeldSession.state == "CLOSED",
            HeldSession.on <= until,
            HeldSession.settlement_id.is_(None),
            Item.provider_id == provider_id,
        )
        .order_by(HeldSession.id)
        .with_for_update(of=HeldSession)
    )
    return [Delivered(session_id=row.id, content_type=row.content_type, on=row.on) for row in rows]


def agreed_prices(work: Work, school_id: UUID, provider_id: UUID) -> list[Agreed]:
    """The school's contracts with a provider."""
    contracts = work.session.scalars(
        select(ProviderContract).where(
            ProviderContract.school_id == school_id, ProviderContract.provider_id == provider_id
        )
    )
    return [
        Agreed(content_type=one.content_type, price_fen=one.price_fen, starts_on=one.starts_on, ends_on=one.ends_on)
        for one in contracts
    ]
