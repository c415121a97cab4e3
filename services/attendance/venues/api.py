"""HTTP door of venues."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.attendance.tables import Hazard, Venue, VenueCheck
from services.attendance.venues import commands
from services.attendance.venues.rules import SEVERITIES
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("venues", "活动场所 venues")


class VenueOut(ma.Schema):
    """A place."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    name = ma.fields.String()
    scope = ma.fields.String()


class NewVenue(ma.Schema):
    """A place to take into use; `scope` is on_campus or off_campus."""

    school_id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    scope = ma.fields.String(load_default="on_campus")


class CheckOut(ma.Schema):
    """A safety check."""

    id = ma.fields.UUID()
    venue_id = ma.fields.UUID()
    on = ma.fields.Date()
    passed = ma.fields.Boolean()
    note = ma.fields.String(allow_none=True)


class NewCheck(ma.Schema):
    """What was found."""

    passed = ma.fields.Boolean(required=True)
    note = ma.fields.String(load_default=None, validate=ma.validate.Length(0, 1000))


class HazardOut(ma.Schema):
    """A hazard."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    venue_id = ma.fields.UUID()
    area = ma.fields.String()
    severity = ma.fields.String()
    state = ma.fields.String()
    description = ma.fields.String()


class NewHazard(ma.Schema):
    """What is dangerous, in which of the profile's areas."""

    area = ma.fields.String(required=True)
    severity = ma.fields.String(required=True, validate=ma.validate.OneOf(SEVERITIES))
    description = ma.fields.String(required=True, validate=ma.validate.Length(1, 1000))


@door.post("/venues", needs="venue.define", takes=NewVenue, gives=VenueOut, status=201)
def define_venue(work: Work, **new: Any) -> Venue:
    """Take a place into use."""
    return commands.define_venue(work, **new)


@door.list("/venues", needs="venue.read", gives=VenueOut, of=Venue, filters=("school_id", "scope"))
def list_venues(work: Work) -> Select[Any]:
    """Venues of the caller's schools."""
    return select(Venue)


@door.post("/venues/<uuid:venue_id>/checks", needs="venue.check", takes=NewCheck, gives=CheckOut, status=201)
def check_venue(work: Work, venue_id: UUID, **found: Any) -> VenueCheck:
    """Keep today's safety check."""
    return commands.check_venue(work, venue_id, **found)


@door.post("/venues/<uuid:venue_id>/hazards", needs="venue.open_hazard", takes=NewHazard, gives=HazardOut, status=201)
def open_hazard(work: Work, venue_id: UUID, **new: Any) -> Hazard:
    """Write a hazard down."""
    return commands.open_hazard(work, venue_id, **new)


@door.list(
    "/hazards", needs="venue.read", gives=HazardOut, of=Hazard, filters=("school_id", "venue_id", "state", "severity")
)
def list_hazards(work: Work) -> Select[Any]:
    """Hazards of the caller's schools."""
    return select(Hazard)


@door.post("/hazards/<uuid:hazard_id>/rectify", needs="venue.check", gives=HazardOut)
def rectify_hazard(work: Work, hazard_id: UUID) -> Hazard:
    """Begin to remove a hazard."""
    return commands.rectify_hazard(work, hazard_id)


@door.post("/hazards/<uuid:hazard_id>/close", needs="venue.close_hazard", gives=HazardOut)
def close_hazard(work: Work, hazard_id: UUID) -> Hazard:
    """Find a hazard gone; not by who wrote it down."""
    return commands.close_hazard(work, hazard_id)
