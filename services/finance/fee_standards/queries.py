"""Reading fee standards."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from services.finance.tables import FeeStandard, Item
from shared.messaging.work import Work


def find_items(work: Work, school_id: UUID, term_id: UUID, item_ids: Collection[UUID]) -> list[Item]:
    """The known items of a school's term among `item_ids`."""
    query = select(Item).where(Item.id.in_(item_ids), Item.school_id == school_id, Item.term_id == term_id)
    return list(work.session.scalars(query))


def in_effect_for(work: Work, standard: FeeStandard) -> list[FeeStandard]:
    """Other standards in effect for any of the same items."""
    query = select(FeeStandard).where(
        FeeStandard.school_id == standard.school_id,
        FeeStandard.term_id == standard.term_id,
        FeeStandard.state == "IN_EFFECT",
        FeeStandard.item_ids.overlap(standard.item_ids),
        FeeStandard.id != standard.id,
    )
    return list(work.session.scalars(query.order_by(FeeStandard.id).with_for_update()))
