"""HTTP door of engagements."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.vetting.engagements import commands
from services.vetting.engagements.rules import PARTIES
from services.vetting.tables import Engagement
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("engagements", "聘用协议 engagements")


class EngagementOut(ma.Schema):
    """A contract."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    kind = ma.fields.String()
    state = ma.fields.String()
    starts_on = ma.fields.Date()
    ends_on = ma.fields.Date()
    rate_fen = ma.fields.Integer(allow_none=True)
    signed_by = ma.fields.List(ma.fields.String())


class NewEngagement(ma.Schema):
    """A contract's terms; `rate_fen` is the pay per period."""

    school_id = ma.fields.UUID(required=True)
    person_id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True)
    starts_on = ma.fields.Date(required=True)
    ends_on = ma.fields.Date(required=True)
    rate_fen = ma.fields.Integer(load_default=None, validate=ma.validate.Range(min=0))
    insufficiency_ref = ma.fields.String(load_default=None)


class Signature(ma.Schema):
    """Which party signed."""

    party = ma.fields.String(required=True, validate=ma.validate.OneOf(PARTIES))


@door.post("/engagements", needs="engagement.draft", takes=NewEngagement, gives=EngagementOut, status=201)
def draft_engagement(work: Work, **terms: Any) -> Engagement:
    """Write a contract."""
    return commands.draft(work, **terms)


@door.list(
    "/engagements",
    needs="engagement.read",
    gives=EngagementOut,
    of=Engagement,
    filters=("person_id", "school_id", "state"),
)
def list_engagements(work: Work) -> Select[Any]:
    """Contracts of the caller's schools."""
    return select(Engagement)


@door.post("/engagements/<uuid:engagement_id>/sign", needs="engagement.sign", takes=Signature, gives=EngagementOut)
def sign_engagement(work: Work, engagement_id: UUID, party: str) -> Engagement:
    """One party signs; two signatures put it in force."""
    return commands.sign(work, engagement_id, party=party)


@door.post("/engagements/<uuid:engagement_id>/terminate", needs="engagement.terminate", gives=EngagementOut)
def terminate_engagement(work: Work, engagement_id: UUID) -> Engagement:
    """End a contract today."""
    return commands.terminate(work, engagement_id)
