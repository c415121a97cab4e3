"""HTTP door of waivers. The hardship basis is read by those who review, and every reading is logged."""

from datetime import date
from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.finance.tables import Waiver
from services.finance.waivers import commands, queries
from shared.access_log import log_access
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("waivers", "减免 waivers")


class WaiverOut(ma.Schema):
    """A waiver without its basis."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    state = ma.fields.String()
    percent = ma.fields.Integer(allow_none=True)
    starts_on = ma.fields.Date()
    ends_on = ma.fields.Date()


class Aid(ma.Schema):
    """A line of the district's aid list."""

    pupil_id = ma.fields.UUID(required=True)
    basis = ma.fields.String(required=True)
    percent = ma.fields.Integer(load_default=100, strict=True, validate=ma.validate.Range(1, 100))
    starts_on = ma.fields.Date(required=True)
    ends_on = ma.fields.Date(required=True)


class AidList(ma.Schema):
    """The list and the number of its document; at most 500 rows."""

    document_no = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    rows = ma.fields.List(ma.fields.Nested(Aid), required=True, validate=ma.validate.Length(1, 500))


class Imported(ma.Schema):
    """How many were granted, and which rows were not."""

    granted = ma.fields.Integer()
    errors = ma.fields.List(ma.fields.Dict())


class NewWaiver(ma.Schema):
    """A guardian's application, with consent to keep the hardship."""

    pupil_id = ma.fields.UUID(required=True)
    basis = ma.fields.String(required=True)
    evidence_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    consent = ma.fields.Boolean(required=True)
    starts_on = ma.fields.Date(required=True)
    ends_on = ma.fields.Date(required=True)


class Percent(ma.Schema):
    """How much is waived."""

    percent = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(1, 100))


class From(ma.Schema):
    """From which day on it holds no more."""

    from_on = ma.fields.Date(required=True)


class Basis(ma.Schema):
    """The hardship."""

    basis = ma.fields.String()


@door.post("/waivers/import", needs="waiver.import", takes=AidList, gives=Imported, status=201, once=True)
def import_waivers(work: Work, rows: list[dict[str, Any]], document_no: str) -> dict[str, Any]:
    """Grant what the district's aid list says."""
    return commands.import_list(work, rows, document_no)


@door.post("/waivers", needs="waiver.apply", takes=NewWaiver, gives=WaiverOut, status=201, once=True)
def apply_for_waiver(work: Work, **told: Any) -> Waiver:
    """Ask to be relieved."""
    return commands.apply(work, **told)


@door.list(
    "/waivers", needs="waiver.read", gives=WaiverOut, of=Waiver, filters=("school_id", "pupil_id", "state", "ends_on")
)
def list_waivers(work: Work) -> Select[Any]:
    """Waivers that the caller may see."""
    return queries.list_waivers(work)


@door.get("/waivers/<uuid:waiver_id>/basis", needs="waiver.review", gives=Basis)
def read_basis(work: Work, waiver_id: UUID) -> dict[str, str]:
    """The hardship, for those who review."""
    waiver = work.get(Waiver, waiver_id)
    log_access(work, "finance.hardship_basis", [waiver.pupil_id])
    return {"basis": queries.open_basis(work, waiver)}


@door.post("/waivers/<uuid:waiver_id>/grant", needs="waiver.review", takes=Percent, gives=WaiverOut, once=True)
def grant_waiver(work: Work, waiver_id: UUID, percent: int) -> Waiver:
    """Relieve the pupil."""
    return commands.grant(work, waiver_id, percent=percent)


@door.post("/waivers/<uuid:waiver_id>/deny", needs="waiver.review", gives=WaiverOut, once=True)
def deny_waiver(work: Work, waiver_id: UUID) -> Waiver:
    """Refuse the application."""
    return commands.deny(work, waiver_id)


@door.post("/waivers/<uuid:waiver_id>/revoke", needs="waiver.revoke", takes=From, gives=WaiverOut, once=True)
def revoke_waiver(work: Work, waiver_id: UUID, from_on: date) -> Waiver:
    """End it, from a day that is not past."""
    return commands.revoke(work, waiver_id, from_on=from_on)
