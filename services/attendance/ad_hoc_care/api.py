"""HTTP door of ad-hoc care. The child itself is fetched at `/custody/{pupil_id}/release`."""

from datetime import date
from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.attendance.ad_hoc_care import commands, queries
from services.attendance.ad_hoc_care.rules import CONTACTS
from services.attendance.tables import AdHocCare
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("ad_hoc_care", "临时看护 ad-hoc care")


class CareOut(ma.Schema):
    """A child kept for once."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    on = ma.fields.Date()
    state = ma.fields.String()
    teacher_id = ma.fields.UUID(allow_none=True)
    started_at = ma.fields.AwareDateTime(allow_none=True)
    handover_id = ma.fields.UUID(allow_none=True)
    contact = ma.fields.String(allow_none=True)


class NewCare(ma.Schema):
    """Which child, on which day."""

    pupil_id = ma.fields.UUID(required=True)
    on = ma.fields.Date(required=True)


class Contact(ma.Schema):
    """How the parent was spoken to."""

    contact = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(CONTACTS))


@door.post("/ad-hoc-care", needs="ad_hoc_care.request", takes=NewCare, gives=CareOut, status=201)
def request_ad_hoc_care(work: Work, pupil_id: UUID, on: date) -> AdHocCare:
    """Ask that one's child be kept for once."""
    return commands.request(work, pupil_id=pupil_id, on=on)


@door.list(
    "/ad-hoc-care",
    needs="ad_hoc_care.read",
    gives=CareOut,
    of=AdHocCare,
    filters=("school_id", "pupil_id", "teacher_id", "state", "on"),
)
def list_ad_hoc_care(work: Work) -> Select[Any]:
    """Who was kept, and by whom."""
    return queries.list_care(work)


@door.post("/ad-hoc-care/<uuid:care_id>/accept", needs="ad_hoc_care.accept", gives=CareOut)
def accept_ad_hoc_care(work: Work, care_id: UUID) -> AdHocCare:
    """Keep a child of one's class."""
    return commands.accept(work, care_id)


@door.post("/ad-hoc-care/<uuid:care_id>/start", needs="ad_hoc_care.start", gives=CareOut, once=True)
def start_ad_hoc_care(work: Work, care_id: UUID) -> AdHocCare:
    """The child stays with its class teacher from now on."""
    return commands.start(work, care_id)


@door.post("/ad-hoc-care/<uuid:care_id>/close", needs="ad_hoc_care.close", takes=Contact, gives=CareOut)
def close_ad_hoc_care(work: Work, care_id: UUID, contact: str | None) -> AdHocCare:
    """Put the talk with the parent on record, and end it."""
    return commands.close(work, care_id, contact=contact)


@door.post("/ad-hoc-care/<uuid:care_id>/cancel", needs="ad_hoc_care.request", gives=CareOut)
def cancel_ad_hoc_care(work: Work, care_id: UUID) -> AdHocCare:
    """Come in time after all."""
    return commands.cancel(work, care_id)
