"""HTTP door of subsidies."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.finance.subsidies import commands
from services.finance.tables import SubsidyClaim
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("subsidies", "财政补贴 subsidies")


class ClaimOut(ma.Schema):
    """What a headcount gives."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    pupil_count = ma.fields.Integer()
    amount_fen = ma.fields.Integer(allow_none=True)
    document_no = ma.fields.String(allow_none=True)
    uplift_bp = ma.fields.Integer()
    state = ma.fields.String()


class Decision(ma.Schema):
    """The district's decision: fen per pupil, its document, and for a remote school the uplift in 1/10000."""

    per_pupil_fen = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=0))
    document_no = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    uplift_bp = ma.fields.Integer(load_default=0, strict=True, validate=ma.validate.Range(0, 10_000))
    remote_document_no = ma.fields.String(load_default=None)


@door.list(
    "/subsidy-claims", needs="subsidy.read", gives=ClaimOut, of=SubsidyClaim, filters=("school_id", "term_id", "state")
)
def list_claims(work: Work) -> Select[Any]:
    """Claims of the caller's schools."""
    return select(SubsidyClaim)


@door.post(
    "/subsidy-claims/<uuid:claim_id>/calculate", needs="subsidy.calculate", takes=Decision, gives=ClaimOut, once=True
)
def calculate_subsidy(work: Work, claim_id: UUID, **decision: Any) -> SubsidyClaim:
    """Amount per pupil × real headcount."""
    return commands.calculate(work, claim_id, **decision)


@door.post("/subsidy-claims/<uuid:claim_id>/approve", needs="subsidy.approve", gives=ClaimOut, once=True)
def approve_subsidy(work: Work, claim_id: UUID) -> SubsidyClaim:
    """Approve it; not by whoever calculated it."""
    return commands.approve(work, claim_id)


@door.post("/subsidy-claims/<uuid:claim_id>/receive", needs="subsidy.receive", gives=ClaimOut, once=True)
def receive_subsidy(work: Work, claim_id: UUID) -> SubsidyClaim:
    """It arrived."""
    return commands.receive(work, claim_id)
