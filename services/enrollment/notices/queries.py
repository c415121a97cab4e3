"""Reading notices."""

from uuid import UUID

from sqlalchemy import func, select

from services.enrollment.tables import ParentNotice
from shared.messaging.work import Work


def published_notice(work: Work, plan_id: UUID) -> ParentNotice | None:
    """The notice of a plan that is out."""
    query = select(ParentNotice).where(ParentNotice.plan_id == plan_id, ParentNotice.state == "PUBLISHED")
    return work.session.scalar(query)


def last_version(work: Work, plan_id: UUID) -> int:
    """How many notices a plan had; the caller holds the plan's row."""
    return work.session.scalar(select(func.count()).where(ParentNotice.plan_id == plan_id)) or 0
