"""Reading what is to be held."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from services.vetting.tables import Item
from shared.messaging.work import Work


def grades_of(work: Work, item_ids: Collection[UUID]) -> dict[UUID, list[int]]:
    """The grades that each item is for; none where enrollment has not told."""
    rows = work.session.execute(select(Item.id, Item.grades).where(Item.id.in_(item_ids)))
    return {item_id: [] for item_id in item_ids} | {row.id: row.grades for row in rows}
