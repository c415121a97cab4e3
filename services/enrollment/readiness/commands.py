"""Keeping what the others said, saying when a plan has everything, and what follows: activating, delisting, ending."""

from datetime import date
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from services.enrollment.applications import commands as applications
from services.enrollment.catalogue import commands as catalogue
from services.enrollment.catalogue.rules import ITEM
from services.enrollment.notices import commands as notices
from services.enrollment.placement import commands as placement
from services.enrollment.placement.queries import guardians_led_by, guardians_of, live_only_in
from services.enrollment.plans.commands import say_pinned
from services.enrollment.plans.rules import PLAN, need_term_over
from services.enrollment.readiness import queries
from services.enrollment.tables import (
    ActivityGroup,
    Place,
    ServiceItem,
    ServicePlan,
    StaffStanding,
    TermStanding,
    VenueStanding,
)
from shared.contracts.enrollment import ItemDelisted, PlanActivated, PlanClosed, PlanFilingRevoked, ReadinessAchieved
from shared.ids import new_id
from shared.messaging.work import Work
from shared.notifications import notify_all
from shared.policy.published import term
from shared.timers import set_timer

WAITING = ("FILED", "ACTIVE")


def activate(work: Work, plan_id: UUID) -> ServicePlan:
    """Let sessions open; refused while a point of the checklist is missing (G-READY)."""
    plan = work.get(ServicePlan, plan_id, lock=True)
    state = PLAN.move(plan.state, "activate")
    queries.need_ready(work, plan)
    plan.state = state
    say_pinned(work, plan, PlanActivated)
    return plan


def revoke_filing(work: Work, plan_id: UUID, *, reason: str) -> ServicePlan:
    """The district takes a filing back: nobody may apply any more."""
    plan = work.get(ServicePlan, plan_id, lock=True)
    plan.state, plan.return_reason = PLAN.move(plan.state, "revoke"), reason
    notices.close_windows(work, plan.id)
    say_pinned(work, plan, PlanFilingRevoked)
    return plan


def close(work: Work, plan_id: UUID) -> ServicePlan:
    """End a plan after its term: participations are completed, groups meet no more (S10)."""
    plan = work.get(ServicePlan, plan_id, lock=True)
    state = PLAN.move(plan.state, "close")
    ends_on = term(work, plan.term_id).ends_on
    need_term_over(ends_on, work.today, queries.is_sealed(work, plan.school_id, plan.term_id))
    plan.state = state
    notices.close_windows(work, plan.id)
    placement.complete_plan(work, plan)
    say_pinned(work, plan, PlanClosed)
    return plan


def delist(work: Work, item_id: UUID) -> ServiceItem:
    """Offer an item no more: its groups and its places end with it."""
    item = work.get(ServiceItem, item_id, lock=True)
    state = ITEM.move(item.state, "delist")
    _end_places(work, item.id)
    item.state = state
    work.session.flush()
    work.emit(
        ItemDelisted(
            district_id=item.district_id,
            school_id=item.school_id,
            item_id=item.id,
            term_id=item.term_id,
            provider_id=item.provider_id,
        )
    )
    if item.provider_id is not None:
        set_timer(work, catalogue.DELISTED, item.provider_id, work.now)
    return item


def delist_for_exit(work: Work, item_id: UUID) -> None:
    """The first day without an item's provider has come (timer)."""
    if work.get(ServiceItem, item_id, lock=True).state != "DELISTED":
        delist(work, item_id)


def _end_places(work: Work, item_id: UUID) -> None:
    """Families are told. Whoever has a place in nothing else leaves today, and waits for another item unless
    they were leaving anyway; the others leave the groups, which close.
    """
    notify_all(work, guardians_of(work, item_id), "item_delisted", item_id=str(item_id))
    lost = live_only_in(work, item_id)
    staying = [one.id for one in lost if one.state != "WITHDRAWING"]
    placement.end_today(work, lost)
    applications.wait_again(work, staying)
    live = select(ActivityGroup.id).where(ActivityGroup.item_id == item_id, ActivityGroup.state != "CLOSED")
    group_ids = list(work.session.scalars(live))
    unplaced = update(Place).where(Place.group_id.in_(group_ids))
    work.session.execute(unplaced.values(group_id=None, version=Place.version + 1))
    placement.reconcile_rolls(work, group_ids)
    placement.close_groups(work, group_ids)


def keep_standing(work: Work, person_id: UUID, *, is_cleared: bool, epoch: int, valid_until: date | None) -> None:
    """Keep vetting's newest word about a person; older news changes nothing."""
    row = {"id": person_id, "district_id": work.caller.district_id, "version": 1, "is_cleared": is_cleared}
    row |= {"clearance_epoch": epoch, "valid_until": valid_until}
    statement = insert(StaffStanding).values(row)
    newer = statement.excluded.clearance_epoch > StaffStanding.clearance_epoch
    changed = {name: statement.excluded[name] for name in ("is_cleared", "clearance_epoch", "valid_until")}
    work.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed, where=newer))


def keep_venue(work: Work, school_id: UUID, venue_id: UUID, valid_until: date | None) -> None:
    """Keep attendance's newest word about a venue; None: it failed its check."""
    row = {"id": venue_id, "district_id": work.caller.district_id, "version": 1, "school_id": school_id}
    row |= {"valid_until": valid_until, "heard_version": work.heard_version}
    statement = insert(VenueStanding).values(row)
    newer = statement.excluded.heard_version > VenueStanding.heard_version
    changed = {name: statement.excluded[name] for name in ("valid_until", "heard_version")}
    work.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed, where=newer))
    reconcile_school(work, school_id)


def keep_term(work: Work, school_id: UUID, term_id: UUID, *, is_safe: bool = False, is_sealed: bool = False) -> None:
    """Keep that a school's term has its safety pack, or that its records are sealed; neither is ever taken back."""
    row = {"id": new_id(), "district_id": work.caller.district_id, "version": 1, "school_id": school_id}
    row |= {"term_id": term_id, "is_safe": is_safe, "is_sealed": is_sealed}
    statement = insert(TermStanding).values(row)
    either = {
        "is_safe": TermStanding.is_safe | statement.excluded.is_safe,
        "is_sealed": TermStanding.is_sealed | statement.excluded.is_sealed,
    }
    work.session.execute(statement.on_conflict_do_update(index_elements=["school_id", "term_id"], set_=either))
    reconcile_school(work, school_id)


def look_again(work: Work, plan_id: UUID) -> None:
    """Something of a plan changed (timer)."""
    reconcile_school(work, work.get(ServicePlan, plan_id).school_id)


def tell_families_led_by(work: Work, person_id: UUID) -> None:
    """Tell the families of a person's groups that somebody else will lead."""
    notify_all(work, guardians_led_by(work, person_id), "instructor_changed")


def reconcile_led_by(work: Work, person_id: UUID) -> None:
    """Look again at the schools where a person leads a group."""
    schools = select(ActivityGroup.school_id).where(ActivityGroup.lead_person_id == person_id).distinct()
    for school_id in sorted(work.session.scalars(schools)):
        reconcile_school(work, school_id)


def reconcile_school(work: Work, school_id: UUID) -> None:
    """Say, once a plan, that every point of its checklist holds."""
    waiting = select(ServicePlan).where(
        ServicePlan.school_id == school_id, ServicePlan.state.in_(WAITING), ServicePlan.ready_at.is_(None)
    )
    for plan in work.session.scalars(waiting.order_by(ServicePlan.id).with_for_update()):
        if all(queries.points(work, plan).values()):
            plan.ready_at = work.now
            work.emit(ReadinessAchieved(district_id=plan.district_id, school_id=plan.school_id, plan_id=plan.id))
