"""Reading decisions."""

from uuid import UUID

from sqlalchemy import select

from services.vetting.tables import Decision
from shared.messaging.work import Work


def list_decisions(work: Work, subject_id: UUID) -> list[Decision]:
    """What was decided about one thing, in order."""
    return list(work.session.scalars(select(Decision).where(Decision.subject_id == subject_id).order_by(Decision.id)))
