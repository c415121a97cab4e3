"""Reading venues."""

from uuid import UUID

from sqlalchemy import select

from services.attendance.tables import Hazard, Venue, VenueCheck
from services.attendance.venues.rules import Condition
from shared.messaging.work import Work


def condition(work: Work, venue_id: UUID) -> Condition:
    """A venue by its newest check and its open hazards; raises NotFound for a venue that nobody defined."""
    venue = work.get(Venue, venue_id)
    check = work.session.scalars(
        select(VenueCheck).where(VenueCheck.venue_id == venue_id).order_by(VenueCheck.id.desc()).limit(1)
    ).one_or_none()
    critical = select(Hazard.id).where(
        Hazard.venue_id == venue_id, Hazard.severity == "CRITICAL", Hazard.state != "VERIFIED_CLOSED"
    )
    return Condition(
        scope=venue.scope,
        checked_on=check.on if check else None,
        passed=check.passed if check else False,
        has_critical_hazard=bool(work.session.scalar(select(critical.exists()))),
    )
