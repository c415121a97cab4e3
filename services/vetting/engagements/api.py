"""HTTP door of engagements."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.vetting.decisions.api import DecisionEvidence
from services.vetting.engagements import commands
from services.vetting.engagements.rules import PARTIES
from services.vetting.tables import Engagement, InsufficiencyDeclaration
from shared.clock import LAST_DAY
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
    ends_on = ma.fields.Date(required=True, validate=ma.validate.Range(max=LAST_DAY))
    rate_fen = ma.fields.Integer(load_default=None, validate=ma.validate.Range(min=0))
    insufficiency_ref = ma.fields.String(load_default=None)


class NewSecondment(DecisionEvidence):
    """Which teacher goes to which school, from when to when, and where the order is kept."""

    school_id = ma.fields.UUID(required=True)
    person_id = ma.fields.UUID(required=True)
    starts_on = ma.fields.Date(required=True)
    ends_on = ma.fields.Date(required=True, validate=ma.validate.Range(max=LAST_DAY))


class Signature(ma.Schema):
    """Which party signed."""

    party = ma.fields.String(required=True, validate=ma.validate.OneOf(PARTIES))


class DeclarationOut(ma.Schema):
    """A school's statement that its own staff does not suffice from a day to a day."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    starts_on = ma.fields.Date()
    ends_on = ma.fields.Date()
    evidence_ref = ma.fields.String()


class NewDeclaration(ma.Schema):
    """For which school and time, and where the statement is kept."""

    school_id = ma.fields.UUID(required=True)
    starts_on = ma.fields.Date(required=True)
    ends_on = ma.fields.Date(required=True)
    evidence_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))


@door.post(
    "/insufficiency-declarations",
    needs="engagement.declare_insufficiency",
    takes=NewDeclaration,
    gives=DeclarationOut,
    status=201,
)
def declare_insufficiency(work: Work, **stated: Any) -> InsufficiencyDeclaration:
    """State that the school's own staff does not suffice."""
    return commands.declare_insufficiency(work, **stated)


@door.list(
    "/insufficiency-declarations",
    needs="engagement.read",
    gives=DeclarationOut,
    of=InsufficiencyDeclaration,
    filters=("school_id", "ends_on"),
    sorts=("ends_on", "id"),
)
def list_insufficiency_declarations(work: Work) -> Select[Any]:
    """Statements of the caller's schools."""
    return select(InsufficiencyDeclaration)


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


@door.post("/secondments", needs="engagement.second", takes=NewSecondment, gives=EngagementOut, status=201)
def second_teacher(work: Work, **order: Any) -> Engagement:
    """Send a teacher of one school to another; an engagement that is in force at once."""
    return commands.second(work, **order)


@door.post("/engagements/<uuid:engagement_id>/sign", needs="engagement.sign", takes=Signature, gives=EngagementOut)
def sign_engagement(work: Work, engagement_id: UUID, party: str) -> Engagement:
    """One party signs; two signatures put it in force."""
    return commands.sign(work, engagement_id, party=party)


@door.post("/engagements/<uuid:engagement_id>/terminate", needs="engagement.terminate", gives=EngagementOut)
def terminate_engagement(work: Work, engagement_id: UUID) -> Engagement:
    """End a contract today."""
    return commands.terminate(work, engagement_id)
