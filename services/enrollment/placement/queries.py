"""Reading participations, groups and rolls."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, exists, func, select

from services.enrollment.placement.rules import LIVE
from services.enrollment.tables import ActivityGroup, Agreement, FeeState, Participation, Place, RollEntry, ServiceItem
from shared.messaging.work import Work


def find_pending(work: Work, participation_ids: Collection[UUID]) -> list[Participation]:
    """The participations, of those named, that wait to become active; locked in the order of their ids."""
    query = select(Participation).where(Participation.id.in_(participation_ids), Participation.state == "PENDING")
    return _locked(work, query)


def live_of_pupils(work: Work, pupil_ids: Collection[UUID]) -> list[Participation]:
    """Everything that pupils still take part in; locked in the order of ids."""
    query = select(Participation).where(Participation.pupil_id.in_(pupil_ids), Participation.state.in_(LIVE))
    return _locked(work, query)


def live_only_in(work: Work, item_id: UUID) -> list[Participation]:
    """Live participations whose one item still offered is this one; locked in the order of ids."""
    other = (
        exists()
        .where(Place.participation_id == Participation.id, Place.item_id != item_id)
        .where(ServiceItem.id == Place.item_id, ServiceItem.state != "DELISTED")
    )
    here = exists().where(Place.participation_id == Participation.id, Place.item_id == item_id)
    return _locked(work, select(Participation).where(Participation.state.in_(LIVE), here, ~other))


def guardians_of(work: Work, item_id: UUID) -> set[UUID]:
    """The guardians of whoever has a live place in an item."""
    query = select(Participation.guardian_id).join(Place, Place.participation_id == Participation.id)
    return set(work.session.scalars(query.where(Place.item_id == item_id, Participation.state.in_(LIVE))))


def guardians_led_by(work: Work, person_id: UUID) -> set[UUID]:
    """The guardians of whoever has a live place in a group that meets under a person's lead."""
    query = select(Participation.guardian_id).join(Place, Place.participation_id == Participation.id)
    led = query.join(ActivityGroup, ActivityGroup.id == Place.group_id).where(
        ActivityGroup.lead_person_id == person_id, ActivityGroup.state == "CONFIRMED", Participation.state.in_(LIVE)
    )
    return set(work.session.scalars(led))


def of_plan(work: Work, plan_id: UUID, states: Collection[str]) -> list[Participation]:
    """A plan's participations in some states; locked in the order of ids."""
    return _locked(work, select(Participation).where(Participation.plan_id == plan_id, Participation.state.in_(states)))


def _locked(work: Work, query: Select[Participation]) -> list[Participation]:
    ordered = query.order_by(Participation.id).with_for_update().execution_options(populate_existing=True)
    return list(work.session.scalars(ordered))


def fee_states(work: Work, participation_ids: Collection[UUID]) -> dict[UUID, str | None]:
    """What finance said about the fee of each participation, where it said anything."""
    rows = work.session.execute(select(FeeState.id, FeeState.state).where(FeeState.id.in_(participation_ids)))
    return dict(rows.all())


def agreements_of(work: Work, application_ids: Collection[UUID]) -> dict[UUID, str]:
    """The state of the agreement of each application that has one."""
    rows = work.session.execute(
        select(Agreement.application_id, Agreement.state).where(Agreement.application_id.in_(application_ids))
    )
    return dict(rows.all())


def groups_of(work: Work, participation_ids: Collection[UUID]) -> set[UUID]:
    """The groups that participations are placed in."""
    query = select(Place.group_id).where(Place.participation_id.in_(participation_ids), Place.group_id.is_not(None))
    return {group_id for group_id in work.session.scalars(query.distinct()) if group_id is not None}


def find_groups(work: Work, group_ids: Collection[UUID]) -> list[ActivityGroup]:
    """Groups, locked in the order of their ids: whoever comes second sees what the first did to the roll."""
    query = select(ActivityGroup).where(ActivityGroup.id.in_(group_ids)).order_by(ActivityGroup.id)
    return list(work.session.scalars(query.with_for_update().execution_options(populate_existing=True)))


def members(work: Work, group_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], Participation]:
    """Every participation that has a place in one of the groups, by group and pupil; of several the live one."""
    query = select(Place.group_id, Participation).join(Participation, Participation.id == Place.participation_id)
    rows = work.session.execute(query.where(Place.group_id.in_(group_ids)).order_by(Participation.id))
    return {(group_id, one.pupil_id): one for group_id, one in rows if group_id is not None}


def entries(work: Work, group_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], RollEntry]:
    """Who is on the rolls of some groups now, by group and pupil."""
    query = select(RollEntry).where(RollEntry.group_id.in_(group_ids), RollEntry.ends_on.is_(None))
    return {(entry.group_id, entry.pupil_id): entry for entry in work.session.scalars(query)}


def size_of(work: Work, group_id: UUID) -> int:
    """How many live participations have a place in a group."""
    query = select(func.count()).select_from(Place).join(Participation, Participation.id == Place.participation_id)
    return work.session.scalar(query.where(Place.group_id == group_id, Participation.state.in_(LIVE))) or 0
