"""How far a plan is, from our own rows and from what the others said."""

from datetime import date
from uuid import UUID

from sqlalchemy import exists, select

from services.enrollment.directory.queries import cleared_among
from services.enrollment.plans.queries import policy_of
from services.enrollment.readiness import rules
from services.enrollment.tables import (
    ActivityGroup,
    ItemPublication,
    RollEntry,
    ServiceItem,
    ServicePlan,
    TermStanding,
    VenueStanding,
)
from shared.messaging.work import Work
from shared.policy.published import term


def is_sealed(work: Work, school_id: UUID, term_id: UUID) -> bool:
    """Whether attendance sealed the records of a school's term."""
    standing = find_term_standing(work, school_id, term_id)
    return standing is not None and standing.is_sealed


def find_term_standing(work: Work, school_id: UUID, term_id: UUID) -> TermStanding | None:
    """What attendance said about a school's term."""
    query = select(TermStanding).where(TermStanding.school_id == school_id, TermStanding.term_id == term_id)
    return work.session.scalar(query)


def points(work: Work, plan: ServicePlan) -> dict[str, bool]:
    """The profile's checklist for a plan."""
    standing = find_term_standing(work, plan.school_id, plan.term_id)
    is_safe = standing is not None and standing.is_safe
    facts = _own_facts(work, plan) | dict.fromkeys(rules.SAFETY_PACK, is_safe)
    return rules.checklist(facts, policy_of(work, plan))


def due_on(work: Work, plan: ServicePlan) -> date | None:
    """By when the checklist is to be gone through; None where the profile sets no day."""
    return rules.due_on(term(work, plan.term_id).starts_on, policy_of(work, plan))


def need_ready(work: Work, plan: ServicePlan) -> None:
    """G-READY for a plan as it stands."""
    rules.g_ready(points(work, plan), policy_of(work, plan))


def _own_facts(work: Work, plan: ServicePlan) -> dict[str, bool]:
    groups = list(
        work.session.scalars(
            select(ActivityGroup).where(ActivityGroup.plan_id == plan.id, ActivityGroup.state == "CONFIRMED")
        )
    )
    group_ids = [group.id for group in groups]
    leads = {group.lead_person_id for group in groups}
    listed = select(ServiceItem.id).where(ServiceItem.plan_id == plan.id, ServiceItem.state == "LISTED")
    verified = exists().where(ItemPublication.item_id == ServiceItem.id, ItemPublication.is_verified)
    unfunded = listed.where(ServiceItem.fee_bearing, ~verified)
    on_roll = select(RollEntry.id).where(RollEntry.group_id.in_(group_ids), RollEntry.ends_on.is_(None))
    return {
        "leadership_group": bool(plan.leadership_group),
        "content": work.session.scalar(listed.limit(1)) is not None,
        "funds": work.session.scalar(unfunded.limit(1)) is None,
        "roll": work.session.scalar(on_roll.limit(1)) is not None,
        "staffing": bool(groups) and leads == cleared_among(work, leads),
        "venue": bool(groups) and _all_checked(work, {group.venue_id for group in groups}),
    }


def _all_checked(work: Work, venues: set[UUID | None]) -> bool:
    checked = work.session.scalars(
        select(VenueStanding.id).where(
            VenueStanding.id.in_([venue for venue in venues if venue]), VenueStanding.valid_until >= work.today
        )
    )
    return venues == set(checked)
