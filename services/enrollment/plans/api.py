"""HTTP door of plans."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.enrollment.plans import commands
from services.enrollment.tables import ServicePlan
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("plans", "课后服务工作方案 plans")


class PlanOut(ma.Schema):
    """A plan; `content_hash` is what a filing must state."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    state = ma.fields.String()
    plan_version = ma.fields.Integer()
    summary = ma.fields.String()
    leadership_group = ma.fields.List(ma.fields.UUID())
    profile_id = ma.fields.String()
    profile_version = ma.fields.Integer()
    content_hash = ma.fields.String(allow_none=True)
    file_no = ma.fields.String(allow_none=True)
    return_reason = ma.fields.String(allow_none=True)


class PlanText(ma.Schema):
    """What a school plans, and who leads it (领导小组)."""

    summary = ma.fields.String(required=True, validate=ma.validate.Length(1, 20_000))
    leadership_group = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(0, 50))


class NewPlan(PlanText):
    """A school's plan for a term."""

    school_id = ma.fields.UUID(required=True)
    term_id = ma.fields.UUID(required=True)


class Filing(ma.Schema):
    """The file number, and the hash of what is filed."""

    file_no = ma.fields.String(required=True, validate=ma.validate.Length(1, 100))
    content_hash = ma.fields.String(required=True, validate=ma.validate.Length(equal=64))


class Reason(ma.Schema):
    """Why."""

    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 1000))


@door.post("/plans", needs="plan.draft", takes=NewPlan, gives=PlanOut, status=201)
def draft_plan(work: Work, **new: Any) -> ServicePlan:
    """Begin a plan."""
    return commands.draft(work, **new)


@door.list("/plans", needs="plan.read", gives=PlanOut, of=ServicePlan, filters=("school_id", "term_id", "state"))
def list_plans(work: Work) -> Select[Any]:
    """Plans of the caller's schools."""
    return select(ServicePlan)


@door.get("/plans/<uuid:plan_id>", needs="plan.read", gives=PlanOut)
def read_plan(work: Work, plan_id: UUID) -> ServicePlan:
    """One plan."""
    return work.get(ServicePlan, plan_id)


@door.patch("/plans/<uuid:plan_id>", needs="plan.draft", takes=PlanText, gives=PlanOut)
def change_plan(work: Work, plan_id: UUID, **text: Any) -> ServicePlan:
    """Rewrite a draft or a plan that was sent back."""
    return commands.change(work, plan_id, **text)


@door.post("/plans/<uuid:plan_id>/complete", needs="plan.complete", gives=PlanOut)
def complete_plan(work: Work, plan_id: UUID) -> ServicePlan:
    """Declare a plan complete."""
    return commands.complete(work, plan_id)


@door.post("/plans/<uuid:plan_id>/submit", needs="plan.submit", gives=PlanOut)
def submit_plan(work: Work, plan_id: UUID) -> ServicePlan:
    """Hand a plan to the district."""
    return commands.submit(work, plan_id)


@door.post("/plans/<uuid:plan_id>/return", needs="plan.return", takes=Reason, gives=PlanOut)
def return_plan(work: Work, plan_id: UUID, reason: str) -> ServicePlan:
    """Send a plan back."""
    return commands.send_back(work, plan_id, reason=reason)


@door.post("/plans/<uuid:plan_id>/file", needs="plan.file", takes=Filing, gives=PlanOut)
def file_plan(work: Work, plan_id: UUID, **filing: str) -> ServicePlan:
    """Put a plan on file."""
    return commands.file(work, plan_id, **filing)


@door.post("/plans/<uuid:plan_id>/adopt", needs="plan.adopt", gives=PlanOut)
def adopt_plan(work: Work, plan_id: UUID) -> ServicePlan:
    """Put a plan in force where no filing is asked for."""
    return commands.adopt(work, plan_id)
