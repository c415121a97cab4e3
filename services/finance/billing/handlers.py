"""What finance does when families, items and participations become known."""

from services.finance.billing import commands
from services.finance.tables import GuardianLink, Item, Participation, Pupil
from shared.contracts.enrollment import (
    CalendarPublished,
    GuardianLinkEnded,
    GuardianLinkVerified,
    ItemEvent,
    PlanEvent,
    PolicyProfilePublished,
    PupilMoved,
    PupilRegistered,
)
from shared.messaging.work import Work


def take_over_pupil(work: Work, told: PupilRegistered | PupilMoved) -> None:
    """Know which school a pupil belongs to; the newest word wins."""
    pupil = work.session.get(Pupil, told.pupil_id)
    if pupil is None:
        pupil = work.add(Pupil(id=told.pupil_id, district_id=told.district_id, heard_version=0))
    if pupil.heard_version < work.heard_version:
        pupil.school_id, pupil.heard_version = told.school_id, work.heard_version


def take_over_guardian(work: Work, told: GuardianLinkVerified | GuardianLinkEnded) -> None:
    """Know who may see and pay a pupil's invoices; the newest word wins."""
    link = work.session.get(GuardianLink, told.link_id)
    if link is None:
        link = GuardianLink(id=told.link_id, district_id=told.district_id, school_id=told.school_id, heard_version=0)
        link.pupil_id, link.guardian_id = told.pupil_id, told.guardian_id
        work.add(link)
    if link.heard_version < work.heard_version:
        link.is_verified, link.heard_version = isinstance(told, GuardianLinkVerified), work.heard_version


def take_over_item(work: Work, told: ItemEvent) -> None:
    """Know what an item is; whoever waited for it is billed."""
    item = work.session.get(Item, told.item_id)
    if item is None:
        item = work.add(Item(id=told.item_id, district_id=told.district_id, school_id=told.school_id, heard_version=0))
    if item.heard_version >= work.heard_version:
        return
    item.term_id, item.stage, item.content_type = told.term_id, told.stage, told.content_type
    item.weekdays = list(told.slot.weekdays)
    item.fee_bearing, item.provider_id, item.heard_version = told.fee_bearing, told.provider_id, work.heard_version
    work.session.flush()
    commands.retry_where(work, Participation.school_id == told.school_id, Participation.term_id == told.term_id)


def bill_what_waited_for_plan(work: Work, said: PlanEvent) -> None:
    """A plan came into force: what waited for its policy or its filing is tried again."""
    commands.retry_where(work, Participation.school_id == said.school_id, Participation.term_id == said.term_id)


def bill_what_waited_for_policy(work: Work, published: PolicyProfilePublished) -> None:
    """A policy arrived, perhaps after the plan that is pinned to it."""
    commands.retry_where(work, Participation.district_id == published.district_id)


def bill_what_waited_for_calendar(work: Work, published: CalendarPublished) -> None:
    """A term's calendar arrived or changed."""
    commands.retry_where(work, Participation.term_id == published.term_id)
