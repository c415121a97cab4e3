"""Confirming, activating and ending participations; forming groups; saying the rolls.

Rows are locked in the order: applications, participations, groups, each by id.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.enrollment.applications import queries as applications
from services.enrollment.applications.commands import end as end_applications
from services.enrollment.catalogue.queries import as_day, as_judged, find_items, slot_of
from services.enrollment.catalogue.rules import g_day
from services.enrollment.directory.queries import find_pupils, is_cleared, is_guardian
from services.enrollment.placement import queries, rules
from services.enrollment.plans import queries as plans
from services.enrollment.policies.queries import exceptions
from services.enrollment.tables import (
    ActivityGroup,
    Application,
    FeeState,
    Participation,
    Place,
    Pupil,
    RollEntry,
    ServiceItem,
    ServicePlan,
)
from shared.clock import day_begins
from shared.contracts import enrollment as says
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.published import Term, policy_of_term, term
from shared.refusals import NotFound, Refused
from shared.timers import set_timer, set_timers

FIRST_DAY = "participation.first_day"
LAST_DAY = "participation.last_day"
LOOK_AGAIN = "plan.look_again"
"""Readiness stands above placement: it is told by a timer that is due at once."""
MOST_AT_ONCE = 500


# Participations


def confirm_window(work: Work, *, window_id: UUID) -> list[Participation]:
    """Confirm the next 500 approved applications of a window; call again until nothing comes back."""
    found = applications.approved_without_participation(work, window_id, MOST_AT_ONCE)
    return confirm(work, application_ids=found) if found else []


def confirm(work: Work, *, application_ids: Sequence[UUID]) -> list[Participation]:
    """Give pupils their places for the term, all or none; finance then says whether a fee is due (S1)."""
    found = applications.find_applications(work, application_ids)
    if any(one.state != "APPROVED" for one in found) or _any_confirmed(work, application_ids):
        raise Refused("participation_not_confirmable")
    days = term(work, found[0].term_id)
    items = find_items(work, {item_id for one in found for item_id in one.item_ids})
    if any(item.state == "DELISTED" for item in items.values()):
        raise Refused("participation_not_confirmable")
    pupils = find_pupils(work, {one.pupil_id for one in found})
    starts_on = max(work.today, days.starts_on)
    confirmed = [_participation(one, pupils[one.pupil_id], starts_on, days.ends_on) for one in found]
    work.session.add_all(confirmed)
    work.session.add_all(_place(one, item_id) for one in found for item_id in one.item_ids)
    for participation, application in zip(confirmed, found, strict=True):
        _say_confirmed(work, participation, [items[item_id] for item_id in application.item_ids])
    work.session.flush()
    set_timers(work, FIRST_DAY, [(one.id, day_begins(one.starts_on)) for one in confirmed])
    reconcile(work, [one.id for one in confirmed])
    return confirmed


def _any_confirmed(work: Work, application_ids: Sequence[UUID]) -> bool:
    query = select(Participation.id).where(Participation.id.in_(application_ids))
    return work.session.scalar(query.limit(1)) is not None


def _participation(application: Application, pupil: Pupil, starts_on: date, ends_on: date) -> Participation:
    return Participation(
        id=application.id,
        district_id=application.district_id,
        school_id=application.school_id,
        plan_id=application.plan_id,
        term_id=application.term_id,
        pupil_id=application.pupil_id,
        guardian_id=application.guardian_id,
        grade=pupil.grade,
        stage=pupil.stage,
        state=rules.PARTICIPATION.initial,
        starts_on=starts_on,
        ends_on=ends_on,
    )


def _place(application: Application, item_id: UUID) -> Place:
    return Place(
        district_id=application.district_id,
        school_id=application.school_id,
        participation_id=application.id,
        pupil_id=application.pupil_id,
        item_id=item_id,
    )


def _say_confirmed(work: Work, participation: Participation, items: Sequence[ServiceItem]) -> None:
    places = (says.Place(item_id=item.id, segment=item.segment, fee_bearing=item.fee_bearing) for item in items)
    work.emit(
        says.ParticipationConfirmed(
            **_about(participation),
            guardian_id=participation.guardian_id,
            grade=participation.grade,
            stage=participation.stage,
            places=tuple(places),
            starts_on=participation.starts_on,
            ends_on=participation.ends_on,
        )
    )


def reconcile(work: Work, participation_ids: Collection[UUID]) -> None:
    """Activate whoever waits for nothing any more: the agreement is in force and the fee allows it."""
    activated = _free_to_start(work, queries.find_pending(work, participation_ids))
    for one in activated:
        one.state = rules.PARTICIPATION.move(one.state, "activate")
        one.starts_on = max(one.starts_on, work.today)
        work.emit(says.ParticipationActivated(**_about(one), starts_on=one.starts_on))
    if activated:
        work.session.flush()
        reconcile_rolls(work, queries.groups_of(work, [one.id for one in activated]))


def _free_to_start(work: Work, pending: Sequence[Participation]) -> list[Participation]:
    """Those whose agreement stands and whose fee keeps them waiting no longer."""
    ids = [one.id for one in pending]
    agreed, fees = queries.agreements_of(work, ids), queries.fee_states(work, ids)
    policies = {place: policy_of_term(work, *place) for place in {(one.school_id, one.term_id) for one in pending}}
    days = {term_id: term(work, term_id).school_days for term_id in {one.term_id for one in pending}}
    return [
        one
        for one in pending
        if rules.is_agreed(agreed.get(one.id))
        and rules.fee_allows(
            fees.get(one.id), one.starts_on, work.today, days[one.term_id], policies[one.school_id, one.term_id]
        )
    ]


def let_in(work: Work, participation_id: UUID) -> None:
    """The first day has come (timer): whoever has not paid takes part under the profile's grace."""
    reconcile(work, [participation_id])


def keep_fee(work: Work, school_id: UUID, participation_id: UUID, state: str) -> None:
    """Keep finance's newest word about a fee, known to us or not yet."""
    row = {"id": participation_id, "district_id": work.caller.district_id, "version": 1, "school_id": school_id}
    row |= {"state": state, "heard_version": work.heard_version}
    statement = insert(FeeState).values(row)
    newer = statement.excluded.heard_version > FeeState.heard_version
    changed = {name: statement.excluded[name] for name in ("state", "heard_version")}
    work.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed, where=newer))
    reconcile(work, [participation_id])


def keep_refund(work: Work, school_id: UUID, participation_id: UUID, outcome: str) -> None:
    """Keep that a withdrawal was settled."""
    row = {"id": participation_id, "district_id": work.caller.district_id, "version": 1, "school_id": school_id}
    statement = insert(FeeState).values(row | {"refund": outcome, "heard_version": 0})
    settled = {"refund": statement.excluded.refund}
    work.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=settled))


# Leaving


def request_withdrawal(work: Work, participation_id: UUID, *, effective_on: date) -> Participation:
    """A guardian ends a participation, at any time and without a reason (INV-ENR-06)."""
    participation = work.get(Participation, participation_id, lock=True)
    if not (
        "academic_affairs" in work.caller.roles or is_guardian(work, work.caller.person_id, participation.pupil_id)
    ):
        raise NotFound("participation")
    rules.need_future(effective_on, work.today)
    participation.state = rules.PARTICIPATION.move(participation.state, "request_withdrawal")
    participation.effective_on = effective_on
    work.emit(says.WithdrawalRequested(**_about(participation), effective_on=effective_on))
    if effective_on <= work.today:
        _end(work, [participation])
    else:
        set_timer(work, LAST_DAY, participation.id, day_begins(effective_on))
    return participation


def leave(work: Work, participation_id: UUID) -> None:
    """The day that a family chose has come (timer)."""
    participation = work.get(Participation, participation_id, lock=True)
    if participation.state == "WITHDRAWING":
        _end(work, [participation])


def end_today(work: Work, live: Sequence[Participation]) -> None:
    """Whoever left the school, or whatever they took part in: they take part in nothing from today on."""
    for participation in live:
        participation.effective_on = work.today
    _end(work, live)


def _end(work: Work, participations: Sequence[Participation]) -> None:
    for one in participations:
        one.state = rules.PARTICIPATION.move(one.state, "withdraw")
        work.emit(says.ParticipationWithdrawn(**_about(one), effective_on=one.effective_on or work.today))
    if participations:
        end_applications(work, [one.id for one in participations])
        work.session.flush()
        reconcile_rolls(work, queries.groups_of(work, [one.id for one in participations]))


def complete_plan(work: Work, plan: ServicePlan) -> None:
    """The term is over: whoever took part has completed it, and the groups meet no more."""
    completed = queries.of_plan(work, plan.id, ("ACTIVE", "SUSPENDED"))
    for one in completed:
        one.state = rules.PARTICIPATION.move(one.state, "complete")
        work.emit(says.ParticipationCompleted(**_about(one)))
    end_applications(work, [one.id for one in completed])
    running = select(ActivityGroup.id).where(ActivityGroup.plan_id == plan.id, ActivityGroup.state == "CONFIRMED")
    close_groups(work, list(work.session.scalars(running)))


def close_groups(work: Work, group_ids: Collection[UUID]) -> None:
    """Groups meet no more."""
    for group in queries.find_groups(work, group_ids):
        group.state = rules.GROUP.move(group.state, "close")
        work.emit(says.GroupClosed(district_id=group.district_id, school_id=group.school_id, group_id=group.id))


# Groups and rolls


def form_group(
    work: Work, *, item_id: UUID, title: str, venue_id: UUID | None, lead_person_id: UUID | None, capacity: int
) -> ActivityGroup:
    """Begin a group of an item."""
    item = work.get(ServiceItem, item_id)
    return work.add(
        ActivityGroup(
            district_id=item.district_id,
            school_id=item.school_id,
            item_id=item.id,
            plan_id=item.plan_id,
            term_id=item.term_id,
            title=title,
            state=rules.GROUP.initial,
            venue_id=venue_id,
            lead_person_id=lead_person_id,
            capacity=capacity,
            roll_version=0,
        )
    )


def add_members(work: Work, group_id: UUID, *, participation_ids: Sequence[UUID]) -> ActivityGroup:
    """Place participations in a group of an item that they have a place in, all or none."""
    group = work.get(ActivityGroup, group_id, lock=True)
    if group.state == "CLOSED":
        raise Refused("illegal_transition", machine=rules.GROUP.name, state=group.state, action="add_members")
    query = select(Place).where(Place.participation_id.in_(participation_ids), Place.item_id == group.item_id)
    places = list(work.session.scalars(query.order_by(Place.id).with_for_update()))
    if len(places) != len(set(participation_ids)):
        raise NotFound("place")
    former = {place.group_id for place in places if place.group_id is not None}
    for place in places:
        place.group_id = group.id
    work.session.flush()
    item = work.get(ServiceItem, group.item_id)
    policy = policy_of_term(work, group.school_id, group.term_id)
    rules.need_room(queries.size_of(work, group.id), group.capacity, item.content_type, policy)
    reconcile_rolls(work, former | {group.id})
    return group


def confirm_group(work: Work, group_id: UUID, *, starts_on: date | None) -> ActivityGroup:
    """Register a group (编班造册) that meets from a day on: attendance may schedule it, and its roll is said."""
    group = work.get(ActivityGroup, group_id, lock=True)
    state = rules.GROUP.move(group.state, "confirm")
    plan, item = work.get(ServicePlan, group.plan_id), work.get(ServiceItem, group.item_id)
    plans.need_filed(work, plan)
    policy, days = plans.policy_of(work, plan), term(work, group.term_id)
    first = max(starts_on or days.starts_on, days.starts_on, work.today)
    _g_first_day(work, item, days, first, policy)
    rules.confirm(
        size=queries.size_of(work, group.id),
        capacity=group.capacity,
        venue_id=group.venue_id,
        lead_is_cleared=is_cleared(work, group.lead_person_id),
        content_type=item.content_type,
        policy=policy,
    )
    group.state, group.starts_on, group.ends_on = state, first, days.ends_on
    work.session.flush()
    _say_group(work, group, item)
    reconcile_rolls(work, [group.id])
    set_timer(work, LOOK_AGAIN, plan.id, work.now)
    return group


def _g_first_day(work: Work, item: ServiceItem, days: Term, first: date, policy: Policy) -> None:
    """G-TIME on the first day that a group would meet: not before the profile's week of the term."""
    meets = [day for day in days.school_days if day >= first and day.isoweekday() in item.weekdays]
    if meets:
        excepted = exceptions(work, item.school_id, meets[0], days.ends_on)
        g_day(as_judged(item), as_day(days, meets[0]), excepted, policy)


def _say_group(work: Work, group: ActivityGroup, item: ServiceItem) -> None:
    if group.venue_id is None or group.lead_person_id is None or group.starts_on is None or group.ends_on is None:
        raise ValueError(f"group {group.id} is confirmed without what rules.confirm asks for")
    work.emit(
        says.GroupConfirmed(
            district_id=group.district_id,
            school_id=group.school_id,
            group_id=group.id,
            item_id=group.item_id,
            term_id=group.term_id,
            stage=item.stage,
            segment=item.segment,
            content_type=item.content_type,
            slot=slot_of(item),
            capacity=group.capacity,
            venue_id=group.venue_id,
            lead_person_id=group.lead_person_id,
            starts_on=group.starts_on,
            ends_on=group.ends_on,
        )
    )


def reconcile_rolls(work: Work, group_ids: Collection[UUID]) -> None:
    """Say the difference between who is on the rolls of some groups and who belongs there; harmless to repeat."""
    groups = {group.id: group for group in queries.find_groups(work, group_ids) if group.state == "CONFIRMED"}
    if not groups:
        return
    entries = queries.entries(work, groups)
    belong = queries.members(work, groups)
    added: dict[tuple[UUID, date], list[UUID]] = defaultdict(list)
    removed: dict[tuple[UUID, date], list[UUID]] = defaultdict(list)
    for (group_id, pupil_id), one in sorted(belong.items()):
        if one.state == "ACTIVE" and (group_id, pupil_id) not in entries:
            starts_on = max(one.starts_on, groups[group_id].starts_on or one.starts_on, work.today)
            work.add(_entry(groups[group_id], pupil_id, starts_on))
            added[group_id, starts_on].append(pupil_id)
    for (group_id, pupil_id), entry in sorted(entries.items()):
        member = belong.get((group_id, pupil_id))
        if member is None or member.state not in rules.ON_ROLL:
            entry.ends_on = member.effective_on if member and member.effective_on else work.today
            removed[group_id, entry.ends_on].append(pupil_id)
    for group_id, on in sorted({*added, *removed}):
        _say_roll(work, groups[group_id], on, added.get((group_id, on), []), removed.get((group_id, on), []))


def _entry(group: ActivityGroup, pupil_id: UUID, starts_on: date) -> RollEntry:
    return RollEntry(
        district_id=group.district_id,
        school_id=group.school_id,
        group_id=group.id,
        pupil_id=pupil_id,
        starts_on=starts_on,
    )


def _say_roll(work: Work, group: ActivityGroup, on: date, added: Sequence[UUID], removed: Sequence[UUID]) -> None:
    """Never more than 500 ids an event, because no group has a greater capacity."""
    group.roll_version = work.next_number(group.roll_version)
    work.emit(
        says.RollChanged(
            district_id=group.district_id,
            school_id=group.school_id,
            group_id=group.id,
            roll_version=group.roll_version,
            effective_from=on,
            added=tuple(added),
            removed=tuple(removed),
        )
    )


def _about(participation: Participation) -> dict[str, Any]:
    return {
        "district_id": participation.district_id,
        "school_id": participation.school_id,
        "participation_id": participation.id,
        "term_id": participation.term_id,
        "pupil_id": participation.pupil_id,
    }
