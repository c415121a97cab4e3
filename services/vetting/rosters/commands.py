"""Assigning people to sessions, and taking them off."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import update

from services.vetting.duties import commands as duties
from services.vetting.gate_passes import commands as gate_passes
from services.vetting.people import queries as people
from services.vetting.people import rules as clearance
from services.vetting.providers import queries as providers
from services.vetting.providers.rules import until_for
from services.vetting.rosters import queries, rules
from services.vetting.schedule import queries as schedule
from services.vetting.substitutes import commands as substitutes
from services.vetting.tables import Assignment, Duty, Person, PlannedSession
from shared.clock import local_date
from shared.contracts.vetting import AssignedSession, AssignmentsConfirmed, AssignmentsRemoved
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.gates import g_provider
from shared.policy.published import policy_of_term

# Assigning


def propose(work: Work, *, person_id: UUID, session_ids: Sequence[UUID], role: str) -> list[Assignment]:
    """Plan a person for sessions of one school, cleared yet or not: it binds nobody until it is confirmed."""
    person, sessions = people.find_person(work, person_id), queries.find_sessions(work, session_ids)
    policy = policy_of_term(work, sessions[0].school_id, sessions[0].term_id)
    clearance.g_category(person.category, policy)
    rules.need_role(person.category, person.is_minor, role, policy)
    in_the_way = rules.proposed_already(queries.proposed_for(work, person_id, session_ids))
    rules.need_clear_way({**in_the_way, **_not_open(sessions)})
    rows = [_assignment(person, session, role) for session in sessions]
    work.session.add_all(rows)
    return rows


def confirm(work: Work, *, assignment_ids: Sequence[UUID]) -> list[Assignment]:
    """Assign a person as it was proposed, all or none (G-CLEAR for the whole interval)."""
    proposals = queries.find_assignments(work, assignment_ids)
    rules.need_one_of_each([(one.person_id, one.school_id, one.role) for one in proposals])
    person = people.find_person(work, proposals[0].person_id, lock=True)
    rows = queries.find_assignments(work, assignment_ids, lock=True)
    states = [rules.ASSIGNMENT.move(row.state, "confirm") for row in rows]
    sessions = queries.find_sessions(work, [row.session_id for row in rows])
    _g_assign(work, person, sessions, rows[0].role)
    for row, state in zip(rows, states, strict=True):
        row.state, row.clearance_epoch = state, person.clearance_epoch
    _say_confirmed(work, person, rows)
    substitutes.fill(work, person, [session.id for session in sessions], rows[0].role)
    return rows


def assign(work: Work, *, person_id: UUID, session_ids: Sequence[UUID], role: str) -> list[Assignment]:
    """Assign a cleared person to sessions of one school, all or none (G-CLEAR for the whole interval)."""
    person = people.find_person(work, person_id, lock=True)
    return _assign(work, person, queries.find_sessions(work, session_ids), role)


def assign_series(
    work: Work, *, person_id: UUID, group_id: UUID, role: str, starts_on: date, ends_on: date
) -> list[Assignment]:
    """Assign a person to all that a group is still to hold between two dates, all or none."""
    person = people.find_person(work, person_id, lock=True)
    return _assign(work, person, queries.find_series(work, group_id, starts_on, ends_on), role)


def accept_substitute(work: Work, request_id: UUID) -> Assignment:
    """The person who was offered a vacancy takes it; refused by G-CLEAR like every assignment."""
    filled, person_id = substitutes.accept(work, request_id)
    person = people.find_person(work, person_id, lock=True)
    (assignment,) = _confirm(work, person, queries.find_sessions(work, [filled.session_id]), filled.role)
    return assignment


def hand_over(work: Work, assignment_id: UUID, *, person_id: UUID) -> Assignment:
    """Somebody else takes one assignment over, in one transaction; nobody is sought for it."""
    (assignment,) = _pass_on(work, {assignment_id: person_id})
    return assignment


def swap(work: Work, assignment_id: UUID, *, other_id: UUID) -> list[Assignment]:
    """Two people exchange an assignment each, in one transaction: both pass G-CLEAR, or neither moves."""
    query = queries.list_assignments(work)
    mine = work.one(query.where(Assignment.id == assignment_id), thing="assignment")
    other = work.one(query.where(Assignment.id == other_id), thing="assignment")
    return _pass_on(work, {assignment_id: other.person_id, other_id: mine.person_id})


def _assign(work: Work, person: Person, sessions: Sequence[PlannedSession], role: str) -> list[Assignment]:
    """Assign, and fill what was sought for these sessions."""
    rows = _confirm(work, person, sessions, role)
    substitutes.fill(work, person, [session.id for session in sessions], role)
    return rows


def _confirm(work: Work, person: Person, sessions: Sequence[PlannedSession], role: str) -> list[Assignment]:
    _g_assign(work, person, sessions, role)
    rows = [_assignment(person, session, role) for session in sessions]
    for row in rows:
        row.state = rules.ASSIGNMENT.move(row.state, "confirm")
    work.session.add_all(rows)
    _say_confirmed(work, person, rows)
    return rows


def _say_confirmed(work: Work, person: Person, rows: Sequence[Assignment]) -> None:
    work.session.flush()
    for chunk in substitutes.in_events(rows):
        work.emit(
            AssignmentsConfirmed(
                district_id=person.district_id,
                school_id=rows[0].school_id,
                person_id=person.id,
                role=rows[0].role,
                clearance_epoch=person.clearance_epoch,
                assigned=tuple(AssignedSession(assignment_id=row.id, session_id=row.session_id) for row in chunk),
            )
        )


def _g_assign(work: Work, person: Person, sessions: Sequence[PlannedSession], role: str) -> None:
    policy = policy_of_term(work, sessions[0].school_id, sessions[0].term_id)
    clearance.g_category(person.category, policy)
    last_day = max(local_date(session.ends_at) for session in sessions)
    clearance.g_clear(person.state, person.valid_until, last_day, policy)
    rules.need_role(person.category, person.is_minor, role, policy)
    _g_engaged(work, person, sessions, last_day, policy)
    rules.need_clear_way(_obstacles(work, person, sessions, role, policy))


def _obstacles(
    work: Work, person: Person, sessions: Sequence[PlannedSession], role: str, policy: Policy
) -> rules.Obstacles:
    session_ids = [session.id for session in sessions]
    others = queries.on_roster(work, session_ids)
    is_own_teacher = queries.is_own_teacher(work, person.id, sessions[0].school_id)
    ends_at = max(session.ends_at for session in sessions)
    return {
        **_not_open(sessions),
        **rules.led_already(role, others),
        **_not_of_subject(work, person, sessions, role, policy),
        **rules.without_own_teacher(session_ids, role, is_own_teacher, others, policy),
        **rules.overlapping(
            [rules.Hours(session.id, session.starts_at, session.ends_at) for session in sessions],
            queries.taken_hours(work, person.id, sessions[0].starts_at, ends_at),
        ),
    }


def _not_open(sessions: Sequence[PlannedSession]) -> rules.Obstacles:
    return rules.not_open([(session.id, session.state) for session in sessions])


def _not_of_subject(
    work: Work, person: Person, sessions: Sequence[PlannedSession], role: str, policy: Policy
) -> rules.Obstacles:
    tutoring = [session for session in sessions if role == "LEAD" and session.content_type == clearance.TUTORING]
    grades = schedule.grades_of(work, {session.item_id for session in tutoring}) if tutoring else {}
    return {
        session.id: refusal
        for session in tutoring
        if (refusal := rules.not_of_subject(session.content_type, grades[session.item_id], person.specialities, policy))
    }


def _g_engaged(work: Work, person: Person, sessions: Sequence[PlannedSession], last: date, policy: Policy) -> None:
    """On the school's staff, under a contract, or of a provider that passes G-PROVIDER, for the whole interval."""
    school_id = sessions[0].school_id
    first = local_date(sessions[0].starts_at)
    if person.provider_id is None:
        clearance.need_ground(person.category, people.ground(work, person.id, school_id, first, last), policy)
        return
    listed = providers.as_listed(providers.find_provider(work, person.provider_id))
    contents = {session.content_type for session in sessions}
    is_contracted = providers.is_contracted(work, person.provider_id, school_id, contents, first, last)
    until = until_for("assignment", listed, policy)
    g_provider(policy, kind=listed.kind, listed_until=until, last_day=last, is_contracted=is_contracted)


def _assignment(person: Person, session: PlannedSession, role: str) -> Assignment:
    return Assignment(
        id=new_id(),
        district_id=person.district_id,
        school_id=session.school_id,
        person_id=person.id,
        session_id=session.id,
        role=role,
        state=rules.ASSIGNMENT.initial,
        clearance_epoch=person.clearance_epoch,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
    )


def _pass_on(work: Work, to: Mapping[UUID, UUID]) -> list[Assignment]:
    """Assignments to the people who take them over; the people are locked before the assignments, as everywhere."""
    visible = queries.list_assignments(work)
    given = [work.one(visible.where(Assignment.id == one), thing="assignment") for one in to]
    locked = people.lock_people(work, [*to.values(), *(one.person_id for one in given)])
    for one in given:
        held = work.get(Assignment, one.id, lock=True)
        rules.ASSIGNMENT.move(held.state, "remove")
        rules.need_still_to_run(held.session_id, held.ends_at, work.now)
        rules.need_another_person(held.person_id, to[held.id])
    for one in given:
        _take_off(work, [locked[one.person_id]], "HANDED_OVER", Assignment.id == one.id)
    made = [
        row
        for one in given
        for row in _confirm(work, locked[to[one.id]], queries.find_sessions(work, [one.session_id]), one.role)
    ]
    gate_passes.follow_roster(work, [one.person_id for one in given], "HANDED_OVER")
    return made


# Taking off


def remove(work: Work, assignment_id: UUID, cause: str) -> Assignment:
    """Take one person off one session; somebody else is sought, unless it was only proposed."""
    found = work.one(queries.list_assignments(work).where(Assignment.id == assignment_id), thing="assignment")
    locked = people.lock_people(work, [found.person_id])
    assignment = work.get(Assignment, assignment_id, lock=True)
    state = rules.ASSIGNMENT.move(assignment.state, "remove")
    if assignment.state == rules.ASSIGNMENT.initial:
        assignment.state, assignment.cause = state, "WITHDRAWN"
        return assignment
    rules.need_still_to_run(assignment.session_id, assignment.ends_at, work.now)
    remove_people(work, list(locked.values()), cause, Assignment.id == assignment_id)
    gate_passes.follow_roster(work, locked, cause)
    work.session.refresh(assignment)
    return assignment


def remove_person(work: Work, person: Person, cause: str) -> None:
    """End every assignment of a person that is not over, at every school; the caller holds the person's row."""
    remove_people(work, [person], cause)


def remove_people(work: Work, of: Sequence[Person], cause: str, *conditions: Any) -> None:
    """End the assignments of people that are not over, all or those that meet conditions, and seek others.

    The caller holds the people's rows, and sees to their passes.
    """
    substitutes.request(work, _take_off(work, of, cause, *conditions))


def leave_school(work: Work, school_id: UUID, person_id: UUID, cause: str = "LEFT_SCHOOL") -> None:
    """Whoever left a school's staff, or whose contract there ended, serves no more on days that nothing else carries:
    neither a place on the staff list nor a contract. Others take over.
    """
    person = people.find_person(work, person_id, lock=True)
    remove_people(
        work,
        [person],
        cause,
        Assignment.school_id == school_id,
        *_carried_by_nothing(person_id, school_id, queries.day_of(Assignment.starts_at)),
    )
    led = _carried_by_nothing(person_id, school_id, Duty.on)
    duties.relieve_person(work, person_id, cause, Duty.school_id == school_id, *led)
    gate_passes.follow_roster(work, [person_id], cause)


def _carried_by_nothing(person_id: UUID, school_id: UUID, day: Any) -> tuple[Any, ...]:
    """SQL: on a day the person is neither on the school's staff list nor under a contract there."""
    return ~people.find_post(person_id, school_id).exists(), ~people.contract(person_id, school_id, day, day).exists()


def _take_off(work: Work, of: Sequence[Person], cause: str, *conditions: Any) -> substitutes.Vacancies:
    """End assignments that are not over and say so; what is now vacant, in the order of time."""
    by_id = {person.id: person for person in of}
    removed = work.session.execute(
        update(Assignment)
        .where(
            Assignment.person_id.in_(by_id),
            Assignment.state == "CONFIRMED",
            Assignment.ends_at > work.now,
            *conditions,
        )
        .values(state=rules.ASSIGNMENT.move("CONFIRMED", "remove"), cause=cause, version=Assignment.version + 1)
        .returning(
            Assignment.id, Assignment.person_id, Assignment.school_id, Assignment.session_id, Assignment.starts_at
        )
        .execution_options(synchronize_session=False)
    ).all()
    vacant: dict[tuple[UUID, UUID], list[AssignedSession]] = defaultdict(list)
    for row in sorted(removed, key=lambda row: (row.starts_at, row.id)):
        one = AssignedSession(assignment_id=row.id, session_id=row.session_id)
        vacant[row.school_id, row.person_id].append(one)
    for (school_id, person_id), ended in vacant.items():
        for chunk in substitutes.in_events(ended):
            work.emit(
                AssignmentsRemoved(
                    district_id=by_id[person_id].district_id,
                    school_id=school_id,
                    person_id=person_id,
                    cause=cause,
                    clearance_epoch=by_id[person_id].clearance_epoch,
                    removed=tuple(chunk),
                )
            )
    return vacant


def void_session(work: Work, session_id: UUID, state: str) -> None:
    """A session was cancelled or closed: its assignments are void or served, and nobody is sought any more.

    People are locked before the session, as everywhere.
    """
    people.lock_people(work, queries.serving(work, session_id))
    session = work.session.get(PlannedSession, session_id, with_for_update=True)
    if session is None or session.state != "SCHEDULED":
        return
    session.state = state
    action, cause = ("serve", None) if state == "CLOSED" else ("remove", "SESSION_CANCELLED")
    ended = work.session.scalars(
        update(Assignment)
        .where(Assignment.session_id == session_id, Assignment.state == "CONFIRMED")
        .values(state=rules.ASSIGNMENT.move("CONFIRMED", action), cause=cause, version=Assignment.version + 1)
        .returning(Assignment.person_id)
        .execution_options(synchronize_session=False)
    ).all()
    drop_proposals = update(Assignment).where(
        Assignment.session_id == session_id, Assignment.state == rules.ASSIGNMENT.initial
    )
    work.session.execute(
        drop_proposals.values(
            state=rules.ASSIGNMENT.move(rules.ASSIGNMENT.initial, "remove"),
            cause="SESSION_OVER",
            version=Assignment.version + 1,
        ).execution_options(synchronize_session=False)
    )
    substitutes.void(work, session_id)
    if cause is not None:
        gate_passes.follow_roster(work, ended, cause)
