"""Reading rosters."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from services.vetting.rosters.rules import Hours
from services.vetting.tables import Assignment, PlannedSession
from shared.messaging.work import Work
from shared.refusals import NotFound


def list_assignments(work: Work) -> Select[Assignment]:
    """Assignments at the schools that the caller may see."""
    query = select(Assignment)
    if work.caller.school_ids is not None:
        query = query.where(Assignment.school_id.in_(work.caller.school_ids))
    return query


def find_sessions(work: Work, session_ids: Sequence[UUID]) -> list[PlannedSession]:
    """The sessions, by start; raises NotFound unless each is known and all belong to one school and term."""
    found = list(
        work.session.scalars(
            select(PlannedSession)
            .where(PlannedSession.id.in_(session_ids))
            .order_by(PlannedSession.starts_at, PlannedSession.id)
            .with_for_update(read=True)
        )
    )
    if len(found) != len(set(session_ids)) or len({(one.school_id, one.term_id) for one in found}) != 1:
        raise NotFound("session")
    return found


def taken_hours(work: Work, person_id: UUID, starts_at: datetime, ends_at: datetime) -> list[Hours]:
    """The person's confirmed hours that touch an interval, at every school of the district."""
    rows = work.session.execute(
        select(Assignment.session_id, Assignment.starts_at, Assignment.ends_at).where(
            Assignment.person_id == person_id,
            Assignment.state == "CONFIRMED",
            Assignment.ends_at > starts_at,
            Assignment.starts_at < ends_at,
        )
    )
    return [Hours(*row) for row in rows]
