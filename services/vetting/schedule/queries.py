"""Reading what is to be held."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from services.vetting.tables import Assignment, Item
from shared.messaging.work import Work


def grades_of(work: Work, item_ids: Collection[UUID]) -> dict[UUID, list[int]]:
    """The grades that each item is for; none where enrollment has not told."""
    rows = work.session.execute(select(Item.id, Item.grades).where(Item.id.in_(item_ids)))
    return {item_id: [] for item_id in item_ids} | {row.id: row.grades for row in rows}


def is_led(session_id: Any) -> Any:
    """SQL: somebody leads a session."""
    return exists().where(
        Assignment.session_id == session_id, Assignment.role == "LEAD", Assignment.state == "CONFIRMED"
    )
