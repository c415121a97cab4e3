"""Reading duties."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.vetting.duties import rules
from services.vetting.tables import Duty
from shared.messaging.work import Work


def leader_at(work: Work, school_id: UUID, moment: datetime) -> UUID | None:
    """Who is named to lead the duty at a school at an instant, the last who was named."""
    query = select(Duty.person_id).where(
        Duty.school_id == school_id,
        Duty.state == rules.DUTY.initial,
        Duty.starts_at <= moment,
        Duty.ends_at > moment,
    )
    return work.session.scalar(query.order_by(Duty.id.desc()).limit(1))


def ahead(work: Work, person_id: UUID, *conditions: Any) -> Sequence[Duty]:
    """A person's duties that are not over, all or those that meet conditions, locked in the order of their ids."""
    query = select(Duty).where(
        Duty.person_id == person_id, Duty.state == rules.DUTY.initial, Duty.ends_at > work.now, *conditions
    )
    return work.session.scalars(query.order_by(Duty.id).with_for_update()).all()
