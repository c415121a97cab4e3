"""HTTP door of agreements."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.enrollment.agreements import commands
from services.enrollment.directory.queries import list_visible
from services.enrollment.tables import Agreement
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("agreements", "课后服务协议 agreements")

MANY = ma.validate.Length(1, 500)


class AgreementOut(ma.Schema):
    """An agreement."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    application_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()
    state = ma.fields.String()
    sections = ma.fields.Dict()
    starts_on = ma.fields.Date()
    ends_on = ma.fields.Date()


class AgreementsOut(ma.Schema):
    """What was offered or signed."""

    items = ma.fields.List(ma.fields.Nested(AgreementOut))


class NewAgreements(ma.Schema):
    """The duties of each party, for the families of some approved applications."""

    application_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=MANY)
    sections = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)


class Countersigned(ma.Schema):
    """Which agreements the school signs."""

    agreement_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=MANY)


@door.post("/agreements", needs="agreement.offer", takes=NewAgreements, gives=AgreementsOut, status=201)
def offer_agreements(work: Work, **new: Any) -> dict[str, Any]:
    """Offer agreements."""
    return {"items": commands.offer(work, **new)}


@door.list(
    "/agreements",
    needs="agreement.read",
    gives=AgreementOut,
    of=Agreement,
    filters=("school_id", "application_id", "pupil_id", "state"),
)
def list_agreements(work: Work) -> Select[Any]:
    """Agreements about the pupils whom the caller may see."""
    return list_visible(work, Agreement)


@door.post("/agreements/<uuid:agreement_id>/sign", needs="agreement.sign", gives=AgreementOut)
def sign_agreement(work: Work, agreement_id: UUID) -> Agreement:
    """Sign for one's child."""
    return commands.sign(work, agreement_id)


@door.post("/agreements/<uuid:agreement_id>/acknowledge", needs="agreement.acknowledge", gives=AgreementOut)
def acknowledge_agreement(work: Work, agreement_id: UUID) -> Agreement:
    """Say that one knows whose duties are which."""
    return commands.acknowledge(work, agreement_id)


@door.post("/agreements/countersign", needs="agreement.countersign", takes=Countersigned, gives=AgreementsOut)
def countersign_agreements(work: Work, agreement_ids: list[UUID]) -> dict[str, Any]:
    """Sign for the school."""
    return {"items": commands.countersign(work, agreement_ids=agreement_ids)}
