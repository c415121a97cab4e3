"""Laying sessions out, following the roster, and taking a session through its day."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from services.attendance.custody import commands as custody
from services.attendance.custody import queries as custody_queries
from services.attendance.directory import queries as directory
from services.attendance.late_pickups import commands as late_pickups
from services.attendance.presence import commands as presence
from services.attendance.presence import queries as presence_queries
from services.attendance.presence import rules as presence_rules
from services.attendance.roll_calls import queries as roll_calls
from services.attendance.sessions import queries, rules
from services.attendance.tables import Group, ServiceSession
from services.attendance.venues import queries as venues
from services.attendance.venues import rules as venue_rules
from shared.clock import LOCAL
from shared.contracts.attendance import (
    Scheduled,
    SessionCancelled,
    SessionClosed,
    SessionOpened,
    SessionsScheduled,
    SessionStaffed,
    SessionUnstaffed,
    StaffServiceRecorded,
)
from shared.ids import new_id
from shared.messaging.work import Work
from shared.notifications import notify
from shared.policy import Policy
from shared.policy.gates import g_file
from shared.policy.published import plan_state, policy_of_term, term

T = TypeVar("T")

MOST_IN_EVENT = 500

# The series


def schedule(work: Work, group_id: UUID) -> dict[str, Any]:
    """Lay out a group's sessions from today to its last day (G-TIME, G-FILE); a repeat adds only what is missing."""
    group = work.get(Group, group_id, lock=True)
    policy = policy_of_term(work, group.school_id, group.term_id)
    g_file(policy, plan_state(work, group.school_id, group.term_id))
    calendar = term(work, group.term_id)
    days = rules.series(calendar.school_days, group.weekdays, max(group.starts_on, work.today), group.ends_on)
    weeks = {day: calendar.week_of(day) for day in days}
    _g_time(work, group, weeks, policy)
    laid_out = _insert_missing(work, group, days) if days and group.state == "CONFIRMED" else []
    for chunk in _chunks(laid_out):
        work.emit(
            SessionsScheduled(
                district_id=group.district_id,
                school_id=group.school_id,
                group_id=group.id,
                item_id=group.item_id,
                term_id=group.term_id,
                segment=group.segment,
                content_type=group.content_type,
                lead_person_id=group.lead_person_id,
                sessions=tuple(chunk),
            )
        )
    return {"group_id": group.id, "scheduled": len(laid_out)}


def _g_time(work: Work, group: Group, weeks: dict[date, int], policy: Policy) -> None:
    pattern = rules.Pattern(
        stage=group.stage,
        segment=group.segment,
        content_type=group.content_type,
        starts=group.starts,
        ends=group.ends,
    )
    elsewhere = queries.learning_elsewhere(work, group, policy.value("content.learning_types") or ())
    excepted = directory.exceptions(work, group.school_id, group.starts_on, group.ends_on)
    rules.g_series(policy, pattern, weeks, elsewhere, excepted)


def _insert_missing(work: Work, group: Group, days: Sequence[date]) -> list[Scheduled]:
    rows = [
        {
            "id": new_id(),
            "district_id": group.district_id,
            "school_id": group.school_id,
            "version": 1,
            "group_id": group.id,
            "item_id": group.item_id,
            "term_id": group.term_id,
            "venue_id": group.venue_id,
            "stage": group.stage,
            "segment": group.segment,
            "content_type": group.content_type,
            "on": day,
            "starts_at": datetime.combine(day, group.starts, LOCAL).astimezone(UTC),
            "ends_at": datetime.combine(day, group.ends, LOCAL).astimezone(UTC),
            "state": rules.SESSION.initial,
            "revision": 0,
        }
        for day in days
    ]
    made = work.session.execute(
        insert(ServiceSession)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["group_id", "on"])
        .returning(ServiceSession.id, ServiceSession.on, ServiceSession.starts_at, ServiceSession.ends_at)
    )
    laid_out = [Scheduled(session_id=row.id, on=row.on, starts_at=row.starts_at, ends_at=row.ends_at) for row in made]
    return sorted(laid_out, key=attrgetter("on"))


def _chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), MOST_IN_EVENT):
        yield rows[start : start + MOST_IN_EVENT]


# The roster


def follow_roster(work: Work, session_ids: Sequence[UUID]) -> None:
    """Bring sessions to the state that their roster asks for, whatever was heard last."""
    if not session_ids:
        return
    locked = work.session.execute(
        select(ServiceSession.id, ServiceSession.school_id, ServiceSession.group_id, ServiceSession.state)
        .where(ServiceSession.id.in_(session_ids), ServiceSession.state.in_(rules.AWAITED))
        .order_by(ServiceSession.id)
        .with_for_update()
    ).all()
    is_led = presence_queries.led_sessions(work, [row.id for row in locked])
    for action, state, said in _STAFFING:
        moved = [
            row for row in locked if row.id in is_led and rules.staffing_action(row.state, is_led[row.id]) == action
        ]
        if moved:
            work.session.execute(
                update(ServiceSession)
                .where(ServiceSession.id.in_([row.id for row in moved]))
                .values(state=state, version=ServiceSession.version + 1)
                .execution_options(synchronize_session=False)
            )
        for row in moved:
            owner = {"district_id": work.caller.district_id, "school_id": row.school_id}
            work.emit(said(**owner, session_id=row.id, group_id=row.group_id))


_STAFFING = (("staff", "STAFFED", SessionStaffed), ("unstaff", "UNSTAFFED", SessionUnstaffed))


def follow_clearances(work: Work, person_ids: Collection[UUID]) -> None:
    """After words on people's clearances: the sessions that they are or were to serve in follow."""
    follow_roster(work, presence_queries.sessions_of(work, person_ids))


def follow_loss(work: Work, person_id: UUID) -> None:
    """After a clearance was lost: besides the sessions, the person's presence and the children they keep follow."""
    follow_clearances(work, [person_id])
    for left in presence.check_out_lost(work, person_id):
        custody.move_from(work, left.school_id, left.session_id, person_id)


def warn_unfilled(work: Work, session_id: UUID) -> None:
    """Nobody was found for a session: the duty leader of its day merges groups or gives base care (S3)."""
    session = work.session.get(ServiceSession, session_id)
    if session is None or session.state not in rules.AWAITED:
        return
    leader = directory.duty_leader(work, session.school_id, session.starts_at)
    if leader is not None:
        notify(work, leader, "session_without_staff", session_id=str(session_id))


# The day


def pre_check(work: Work, session_id: UUID) -> ServiceSession:
    """Look at the venue before the children come (G-VENUE)."""
    session = work.get(ServiceSession, session_id, lock=True)
    session.state = rules.SESSION.move(session.state, "pre_check")
    policy = policy_of_term(work, session.school_id, session.term_id)
    venue_rules.g_venue(venues.condition(work, session.venue_id), session.on, policy)
    return session


def override(work: Work, session_id: UUID, *, reason: str) -> ServiceSession:
    """The duty leader answers for the cleared staff of a session while vetting cannot be heard (INV-ATT-07)."""
    session = work.get(ServiceSession, session_id, lock=True)
    presence_rules.need_today(session.on, work.today, session.state)
    session.override_by = presence.need_leading(work, session.school_id)
    session.override_reason = reason
    return session


def open_session(work: Work, session_id: UUID) -> ServiceSession:
    """Begin to receive children; who is expected is fixed by the roll's version now (INV-ATT-06)."""
    session = work.get(ServiceSession, session_id, lock=True)
    policy = policy_of_term(work, session.school_id, session.term_id)
    session.state = rules.SESSION.move(session.state, "open")
    # A plan whose filing was taken back keeps its scheduled sessions for a while: the children have no other care.
    g_file(policy, plan_state(work, session.school_id, session.term_id), ("ACTIVE", "SUSPENDED"))
    rules.need_opening_hour(work.now, session.starts_at, session.ends_at, policy)
    venue_rules.g_venue(venues.condition(work, session.venue_id), session.on, policy)
    session.roll_version = directory.roll_version(work, session.group_id)
    staff = presence_queries.staff_of(work, session.id)
    expected = roll_calls.expected_count(work, session)
    named = directory.is_duty_named(work, session.school_id, session.starts_at)
    rules.g_staffed(staff, expected, named, session.content_type, policy)
    session.opened_at = work.now
    work.emit(
        SessionOpened(
            district_id=session.district_id,
            school_id=session.school_id,
            session_id=session.id,
            group_id=session.group_id,
            opened_at=work.now,
        )
    )
    return session


def complete_roll_call(work: Work, session_id: UUID) -> ServiceSession:
    """Every expected pupil is accounted for."""
    session = work.get(ServiceSession, session_id, lock=True)
    session.state = rules.SESSION.move(session.state, "complete_roll_call")
    rules.need_roll_complete(roll_calls.unmarked_count(work, session))
    return session


def begin_dismissal(work: Work, session_id: UUID) -> ServiceSession:
    """The children wait to be fetched; from the planned end on, their waiting is timed (S6)."""
    session = work.get(ServiceSession, session_id, lock=True)
    session.state = rules.SESSION.move(session.state, "begin_dismissal")
    late_pickups.watch(work, session, custody.dismiss(work, session))
    return session


def close(work: Work, session_id: UUID, *, learning_minutes: int) -> ServiceSession:
    """End a session whose children have all gone to somebody, and say who served and who was there (S5)."""
    session = work.get(ServiceSession, session_id, lock=True)
    session.state = rules.SESSION.move(session.state, "close")
    policy = policy_of_term(work, session.school_id, session.term_id)
    planned = int((session.ends_at - session.starts_at).total_seconds() // 60)
    rules.need_learning_within(learning_minutes, planned, session.stage, policy)
    rules.need_all_handed_over(custody_queries.kept_count(work, session), policy)
    session.closed_at, session.learning_minutes, session.revision = work.now, learning_minutes, session.revision + 1
    presence.check_out_all(work, session.id)
    _say_closed(work, session)
    for stretch in presence_queries.served(work, session):
        _say_served(work, session, stretch)
    return session


def _say_closed(work: Work, session: ServiceSession) -> None:
    work.emit(
        SessionClosed(
            district_id=session.district_id,
            school_id=session.school_id,
            session_id=session.id,
            group_id=session.group_id,
            item_id=session.item_id,
            term_id=session.term_id,
            on=session.on,
            opened_at=session.opened_at or session.starts_at,
            closed_at=work.now,
            expected_count=roll_calls.expected_count(work, session),
            present_count=roll_calls.present_count(work, session.id),
            learning_minutes=session.learning_minutes or 0,
            revision=session.revision,
        )
    )


def _say_served(work: Work, session: ServiceSession, stretch: presence_queries.Served) -> None:
    work.emit(
        StaffServiceRecorded(
            district_id=session.district_id,
            school_id=session.school_id,
            session_id=session.id,
            item_id=session.item_id,
            term_id=session.term_id,
            person_id=stretch.person_id,
            role=stretch.role,
            nature=session.content_type,
            on=session.on,
            started_at=stretch.started_at,
            minutes=stretch.minutes,
            clearance_epoch=stretch.clearance_epoch,
            revision=session.revision,
        )
    )


def cancel(work: Work, session_id: UUID, *, cause: str) -> ServiceSession:
    """Give up a session that has not begun; enrollment tells the families, vetting frees the staff (S13)."""
    session = work.get(ServiceSession, session_id, lock=True)
    session.state = rules.SESSION.move(session.state, "cancel")
    session.cancel_cause = cause
    _say_cancelled(work, session, cause)
    return session


def cancel_of_closed_group(work: Work, group_id: UUID) -> None:
    """A group meets no more: what was still to come is cancelled."""
    cancelled = work.session.execute(
        update(ServiceSession)
        .where(
            ServiceSession.group_id == group_id,
            ServiceSession.state.in_(rules.AWAITED),
            ServiceSession.starts_at > work.now,
        )
        .values(state="CANCELLED", cancel_cause="GROUP_CLOSED", version=ServiceSession.version + 1)
        .returning(
            ServiceSession.id,
            ServiceSession.school_id,
            ServiceSession.group_id,
            ServiceSession.item_id,
            ServiceSession.term_id,
            ServiceSession.on,
        )
        .execution_options(synchronize_session=False)
    ).all()
    for row in cancelled:
        _say_cancelled(work, row, "GROUP_CLOSED")


def _say_cancelled(work: Work, session: Any, cause: str) -> None:
    work.emit(
        SessionCancelled(
            district_id=work.caller.district_id,
            school_id=session.school_id,
            session_id=session.id,
            group_id=session.group_id,
            item_id=session.item_id,
            term_id=session.term_id,
            on=session.on,
            cause=cause,
        )
    )
