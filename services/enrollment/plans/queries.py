"""Reading plans."""

from uuid import UUID

from sqlalchemy import select

from services.enrollment.plans import rules
from services.enrollment.tables import ServiceItem, ServicePlan
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.published import policy_of_version

OFFERED = ("APPROVED", "LISTED", "SUSPENDED")


def plan_of_term(work: Work, school_id: UUID, term_id: UUID) -> ServicePlan | None:
    """The one plan of a school's term."""
    query = select(ServicePlan).where(ServicePlan.school_id == school_id, ServicePlan.term_id == term_id)
    return work.session.scalar(query)


def policy_of(work: Work, plan: ServicePlan) -> Policy:
    """The policy version that a plan is pinned to."""
    return policy_of_version(work, plan.profile_id, plan.profile_version)


def offered_items(work: Work, plan_id: UUID) -> list[ServiceItem]:
    """The approved items of a plan."""
    query = select(ServiceItem).where(ServiceItem.plan_id == plan_id, ServiceItem.state.in_(OFFERED))
    return list(work.session.scalars(query.order_by(ServiceItem.id)))


def current_hash(work: Work, plan: ServicePlan) -> str:
    """The hash of what the school would do now: time, fee, content types and providers are material (S0)."""
    material = [
        (item.content_type, item.stage, item.segment, item.weekdays, item.starts, item.ends, item.fee_bearing)
        for item in offered_items(work, plan.id)
    ]
    profile = (plan.profile_id, plan.profile_version)
    return rules.hash_of(plan.summary, plan.leadership_group, profile, material)


def need_filed(work: Work, plan: ServicePlan) -> None:
    """G-FILE for a plan as it stands."""
    rules.g_file(plan.state, plan.filed_hash, current_hash(work, plan), policy_of(work, plan))
