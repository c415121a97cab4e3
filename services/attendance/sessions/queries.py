"""Reading sessions."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import Integer, cast, extract, func, select

from services.attendance.directory import queries as directory
from services.attendance.tables import Group, ServiceSession
from shared.messaging.work import Work
from shared.refusals import NotFound


def need_at_school(work: Work, session_id: UUID, school_id: UUID) -> None:
    """A session of the school; raises NotFound for any other."""
    if work.get(ServiceSession, session_id).school_id != school_id:
        raise NotFound("session")


def learning_elsewhere(work: Work, group: Group, learning_types: Collection[str]) -> dict[date, int]:
    """By date: the most minutes of learning activity that any pupil of the group has in other groups' sessions."""
    members = directory.members(group.school_id)
    own = select(members.c.pupil_id).where(members.c.group_id == group.id)
    minutes = cast(func.sum(extract("epoch", ServiceSession.ends_at - ServiceSession.starts_at)) / 60, Integer)
    by_pupil = (
        select(ServiceSession.on, minutes.label("minutes"))
        .join(members, members.c.group_id == ServiceSession.group_id)
        .where(
            members.c.group_id != group.id,
            members.c.pupil_id.in_(own),
            ServiceSession.content_type.in_(learning_types),
            ServiceSession.state != "CANCELLED",
        )
        .group_by(ServiceSession.on, members.c.pupil_id)
        .subquery()
    )
    rows = work.session.execute(select(by_pupil.c.on, func.max(by_pupil.c.minutes)).group_by(by_pupil.c.on))
    return {row[0]: row[1] for row in rows}
