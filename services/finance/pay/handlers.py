"""What finance does when vetting says something about people who serve, and when what pay waited for is known."""

from services.finance.pay import commands
from services.finance.tables import ServiceRecord
from shared.contracts.enrollment import ItemEvent, PlanEvent, PolicyProfilePublished
from shared.contracts.vetting import (
    EngagementTerminated,
    StaffBlocked,
    StaffCleared,
    StaffExited,
    StaffExpired,
    StaffRegistered,
    StaffRestored,
    StaffSuspended,
)
from shared.messaging.work import Work

BEFORE_ANY_CLEARANCE = 0


def meet_person(work: Work, registered: StaffRegistered) -> None:
    """Know a person under review; nothing is paid before a clearance."""
    commands.keep_standing(
        work,
        person_id=registered.person_id,
        epoch=BEFORE_ANY_CLEARANCE,
        status="REGISTERED",
        category=registered.category,
    )


def pay_cleared(work: Work, said: StaffCleared | StaffRestored) -> None:
    """Price what waited for the clearance; release what was held, unchanged."""
    commands.keep_standing(
        work, person_id=said.person_id, epoch=said.clearance_epoch, status="CLEARED", category=said.category
    )


_AWAY = {StaffSuspended: "SUSPENDED", StaffBlocked: "BLOCKED", StaffExpired: "EXPIRED", StaffExited: "EXITED"}


def stop_pay(work: Work, said: StaffSuspended | StaffBlocked | StaffExpired | StaffExited) -> None:
    """Service from that instant on is not paid; earlier pay waits where the person is blocked or suspended (S3)."""
    commands.keep_standing(
        work,
        person_id=said.person_id,
        epoch=said.clearance_epoch,
        status=_AWAY[type(said)],
        category=said.category,
        effective_at=said.effective_at,
    )


def end_rate(work: Work, terminated: EngagementTerminated) -> None:
    """The agreement holds no more after its last day."""
    commands.end_contract(work, terminated.engagement_id, terminated.ended_on)


def price_what_waited_for_item(work: Work, told: ItemEvent) -> None:
    """An item became known."""
    commands.price_waiting(work, ServiceRecord.item_id == told.item_id)


def price_what_waited_for_plan(work: Work, said: PlanEvent) -> None:
    """The school's policy became known."""
    commands.price_waiting(work, ServiceRecord.school_id == said.school_id, ServiceRecord.term_id == said.term_id)


def price_what_waited_for_policy(work: Work, published: PolicyProfilePublished) -> None:
    """A policy arrived, perhaps after the plan that is pinned to it."""
    commands.price_waiting(work, ServiceRecord.district_id == published.district_id)
