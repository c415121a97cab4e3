"""Assigning people to sessions, and taking them off."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Date, cast, func, update

from services.vetting.people import queries as people
from services.vetting.people import rules as clearance
from services.vetting.providers import queries as providers
from services.vetting.providers.rules import until_for
from services.vetting.rosters import queries, rules
from services.vetting.substitutes import commands as substitutes
from services.vetting.tables import Assignment, Person, PlannedSession
from shared.clock import LOCAL, local_date
from shared.contracts.attendance import SessionsScheduled
from shared.contracts.vetting import AssignedSession, AssignmentsConfirmed, AssignmentsRemoved
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.gates import g_provider
from shared.policy.published import policy_of_term

T = TypeVar("T")

MOST_IN_EVENT = 500


def plan_sessions(work: Work, scheduled: SessionsScheduled) -> None:
    """Take over the sessions of a group as attendance laid them out."""
    for session in scheduled.sessions:
        if work.session.get(PlannedSession, session.session_id) is None:
            work.add(
                PlannedSession(
                    id=session.session_id,
                    district_id=scheduled.district_id,
                    school_id=scheduled.school_id,
                    group_id=scheduled.group_id,
                    item_id=scheduled.item_id,
                    term_id=scheduled.term_id,
                    content_type=scheduled.content_type,
                    starts_at=session.starts_at,
                    ends_at=session.ends_at,
                    state="SCHEDULED",
                )
            )


def assign(work: Work, *, person_id: UUID, session_ids: Sequence[UUID], role: str) -> list[Assignment]:
    """Assign a cleared person to sessions of one school, all or none (G-CLEAR for the whole interval)."""
    person = people.find_person(work, person_id, lock=True)
    sessions = queries.find_sessions(work, session_ids)
    _g_assign(work, person, sessions, role)
    rows = [_assignment(person, session, role) for session in sessions]
    work.session.add_all(rows)
    work.session.flush()
    for chunk in _chunks(rows):
        work.emit(
            AssignmentsConfirmed(
                district_id=person.district_id,
                school_id=sessions[0].school_id,
                person_id=person.id,
                role=role,
                clearance_epoch=person.clearance_epoch,
                assigned=tuple(AssignedSession(assignment_id=row.id, session_id=row.session_id) for row in chunk),
            )
        )
    return rows


def accept_substitute(work: Work, request_id: UUID) -> Assignment:
    """The person who was offered a vacancy takes it; refused by G-CLEAR like every assignment."""
    filled, person_id = substitutes.accept(work, request_id)
    (assignment,) = assign(work, person_id=person_id, session_ids=[filled.session_id], role=filled.role)
    return assignment


def _g_assign(work: Work, person: Person, sessions: Sequence[PlannedSession], role: str) -> None:
    first, last = sessions[0], sessions[-1]
    policy = policy_of_term(work, first.school_id, first.term_id)
    clearance.g_category(person.category, policy)
    clearance.g_clear(person.state, person.valid_until, local_date(last.ends_at), policy)
    rules.need_role(person.category, person.is_minor, role, policy)
    rules.need_open([(session.id, session.state) for session in sessions])
    _g_engaged(work, person, sessions, policy)
    ends_at = max(session.ends_at for session in sessions)
    rules.need_no_overlap(
        [rules.Hours(session.id, session.starts_at, session.ends_at) for session in sessions],
        queries.taken_hours(work, person.id, first.starts_at, ends_at),
    )


def _g_engaged(work: Work, person: Person, sessions: Sequence[PlannedSession], policy: Policy) -> None:
    """On the school's staff, under a contract, or of a provider that passes G-PROVIDER, for the whole interval."""
    school_id = sessions[0].school_id
    first, last = local_date(sessions[0].starts_at), local_date(sessions[-1].ends_at)
    if person.provider_id is None:
        rules.need_engagement(people.is_engaged(work, person.id, school_id, first, last), policy)
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


def remove(work: Work, assignment_id: UUID, cause: str) -> Assignment:
    """Take one person off one session; somebody else is sought."""
    found = work.one(queries.list_assignments(work).where(Assignment.id == assignment_id), thing="assignment")
    person = people.find_person(work, found.person_id, lock=True)
    assignment = work.get(Assignment, assignment_id, lock=True)
    rules.ASSIGNMENT.move(assignment.state, "remove")
    _remove_where(work, [person], cause, Assignment.id == assignment_id)
    work.session.refresh(assignment)
    return assignment


def remove_person(work: Work, person: Person, cause: str) -> int:
    """End every assignment of a person that is not over, at every school; the caller holds the person's row."""
    return remove_people(work, [person], cause)


def remove_people(work: Work, of: Sequence[Person], cause: str, *conditions: Any) -> int:
    """End the assignments of people that are not over, all or those that meet conditions; the caller holds the rows."""
    return _remove_where(work, of, cause, Assignment.ends_at > work.now, *conditions)


def leave_school(work: Work, school_id: UUID, person_id: UUID, cause: str = "LEFT_SCHOOL") -> int:
    """Whoever left a school's staff, or whose contract there ended, serves no more on days that nothing else carries:
    neither a place on the staff list nor a contract. Others take over.
    """
    person = people.find_person(work, person_id, lock=True)
    day = cast(func.timezone(str(LOCAL), Assignment.starts_at), Date)
    return remove_people(
        work,
        [person],
        cause,
        Assignment.school_id == school_id,
        ~people.find_post(person_id, school_id).exists(),
        ~people.contract(person_id, school_id, day, day).exists(),
    )


def _remove_where(work: Work, of: Sequence[Person], cause: str, *conditions: Any) -> int:
    by_id = {person.id: person for person in of}
    removed = work.session.execute(
        update(Assignment)
        .where(Assignment.person_id.in_(by_id), Assignment.state == "CONFIRMED", *conditions)
        .values(state=rules.ASSIGNMENT.move("CONFIRMED", "remove"), cause=cause, version=Assignment.version + 1)
        .returning(
            Assignment.id,
            Assignment.person_id,
            Assignment.school_id,
            Assignment.session_id,
            Assignment.role,
            Assignment.starts_at,
        )
        .execution_options(synchronize_session=False)
    ).all()
    vacant: dict[tuple[UUID, UUID], list[substitutes.Vacancy]] = defaultdict(list)
    for row in sorted(removed, key=lambda row: (row.starts_at, row.id)):
        vacancy = substitutes.Vacancy(row.id, row.session_id, row.role, row.starts_at)
        vacant[row.school_id, row.person_id].append(vacancy)
    for (school_id, person_id), vacancies in vacant.items():
        for chunk in _chunks(vacancies):
            _say_removed(work, by_id[person_id], school_id, cause, chunk)
            substitutes.request(work, by_id[person_id], school_id, chunk)
    return len(removed)


def _say_removed(
    work: Work, person: Person, school_id: UUID, cause: str, vacancies: Sequence[substitutes.Vacancy]
) -> None:
    work.emit(
        AssignmentsRemoved(
            district_id=person.district_id,
            school_id=school_id,
            person_id=person.id,
            cause=cause,
            clearance_epoch=person.clearance_epoch,
            removed=tuple(
                AssignedSession(assignment_id=one.assignment_id, session_id=one.session_id) for one in vacancies
            ),
        )
    )


def void_session(work: Work, session_id: UUID, state: str) -> None:
    """A session was cancelled or closed: its assignments are void or served, and nobody is sought any more."""
    session = work.session.get(PlannedSession, session_id)
    if session is None or session.state != "SCHEDULED":
        return
    session.state = state
    ended, cause = ("SERVED", None) if state == "CLOSED" else ("REMOVED", "SESSION_CANCELLED")
    work.session.execute(
        update(Assignment)
        .where(Assignment.session_id == session_id, Assignment.state == "CONFIRMED")
        .values(state=ended, cause=cause, version=Assignment.version + 1)
        .execution_options(synchronize_session=False)
    )
    substitutes.void(work, session_id)


def _chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), MOST_IN_EVENT):
        yield rows[start : start + MOST_IN_EVENT]
