"""HTTP door of readiness: how far a plan is, and what follows from being ready, revoked, delisted or over."""

from typing import Any
from uuid import UUID

import marshmallow as ma

from services.enrollment.catalogue.api import ItemOut
from services.enrollment.plans.api import PlanOut, Reason
from services.enrollment.readiness import commands, queries
from services.enrollment.tables import ServiceItem, ServicePlan
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("readiness", "开班准备 readiness")


class ReadinessOut(ma.Schema):
    """The checklist of the profile, what is missing of it, and by when the profile wants it gone through."""

    points = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Boolean())
    missing = ma.fields.List(ma.fields.String())
    due_on = ma.fields.Date(allow_none=True)


@door.get("/plans/<uuid:plan_id>/readiness", needs="plan.read", gives=ReadinessOut)
def read_readiness(work: Work, plan_id: UUID) -> dict[str, Any]:
    """How far a plan is from its first session."""
    plan = work.get(ServicePlan, plan_id)
    points = queries.points(work, plan)
    missing = [point for point, holds in points.items() if not holds]
    return {"points": points, "missing": missing, "due_on": queries.due_on(work, plan)}


@door.post("/plans/<uuid:plan_id>/activate", needs="plan.activate", gives=PlanOut)
def activate_plan(work: Work, plan_id: UUID) -> ServicePlan:
    """Let sessions open."""
    return commands.activate(work, plan_id)


@door.post("/plans/<uuid:plan_id>/revoke-filing", needs="plan.revoke", takes=Reason, gives=PlanOut)
def revoke_plan_filing(work: Work, plan_id: UUID, reason: str) -> ServicePlan:
    """Take a filing back."""
    return commands.revoke_filing(work, plan_id, reason=reason)


@door.post("/plans/<uuid:plan_id>/close", needs="plan.close", gives=PlanOut)
def close_plan(work: Work, plan_id: UUID) -> ServicePlan:
    """End a plan after its term."""
    return commands.close(work, plan_id)


@door.post("/items/<uuid:item_id>/delist", needs="item.delist", gives=ItemOut)
def delist_item(work: Work, item_id: UUID) -> ServiceItem:
    """Offer an item no more; whoever takes part in nothing else leaves."""
    return commands.delist(work, item_id)
