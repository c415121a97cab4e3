"""Defining venues, checking them, and dealing with hazards."""

from uuid import UUID

from services.attendance.tables import Hazard, Venue, VenueCheck
from services.attendance.venues import rules
from shared.contracts.attendance import VenueCheckFailed, VenueCheckPassed
from shared.messaging.work import Work
from shared.policy.published import policy_of_district
from shared.refusals import Refused


def define_venue(work: Work, *, school_id: UUID, name: str, scope: str) -> Venue:
    """Take a place into use."""
    work.caller.need_school(school_id)
    rules.need_scope(scope, policy_of_district(work))
    return work.add(Venue(district_id=work.caller.district_id, school_id=school_id, name=name, scope=scope))


def check_venue(work: Work, venue_id: UUID, *, passed: bool, note: str | None = None) -> VenueCheck:
    """Keep today's safety check; a failed one shuts the venue until it passes again."""
    venue = work.get(Venue, venue_id, lock=True)
    check = work.add(
        VenueCheck(
            district_id=venue.district_id,
            school_id=venue.school_id,
            venue_id=venue.id,
            on=work.today,
            passed=passed,
            note=note,
            checked_by=work.caller.subject,
        )
    )
    owner = {"district_id": venue.district_id, "school_id": venue.school_id, "venue_id": venue.id}
    if passed:
        until = rules.valid_until(work.today, policy_of_district(work))
        work.emit(VenueCheckPassed(**owner, valid_until=until))
    else:
        work.emit(VenueCheckFailed(**owner))
    return check


def open_hazard(work: Work, venue_id: UUID, *, area: str, severity: str, description: str) -> Hazard:
    """Write a hazard down; a critical one shuts the venue."""
    venue = work.get(Venue, venue_id)
    rules.need_area(area, policy_of_district(work))
    return work.add(
        Hazard(
            district_id=venue.district_id,
            school_id=venue.school_id,
            venue_id=venue.id,
            area=area,
            severity=severity,
            state=rules.HAZARD.initial,
            description=description,
            opened_by=work.caller.subject,
        )
    )


def rectify_hazard(work: Work, hazard_id: UUID) -> Hazard:
    """Begin to remove a hazard."""
    hazard = work.get(Hazard, hazard_id, lock=True)
    hazard.state = rules.HAZARD.move(hazard.state, "rectify")
    return hazard


def close_hazard(work: Work, hazard_id: UUID) -> Hazard:
    """Somebody other than who wrote the hazard down finds it gone."""
    hazard = work.get(Hazard, hazard_id, lock=True)
    if hazard.opened_by == work.caller.subject:
        raise Refused("same_person", action="close_hazard")
    hazard.state = rules.HAZARD.move(hazard.state, "close")
    return hazard
