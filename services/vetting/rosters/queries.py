"""Reading rosters."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, and_, cast, func, select

from services.vetting.people import queries as people
from services.vetting.people.rules import OWN_TEACHER
from services.vetting.rosters import rules
from services.vetting.tables import HELD, Assignment, Person, PlannedSession, Post
from shared.clock import LOCAL, day_begins, day_ends
from shared.messaging.work import Work
from shared.policy.published import policy_of_district
from shared.refusals import NotFound


def day_of(moment: Any) -> Any:
    """SQL: the date of an instant on the wall in China."""
    return cast(func.timezone(str(LOCAL), moment), Date)


def list_assignments(work: Work) -> Select[Assignment]:
    """Assignments at the schools that the caller may see."""
    query = select(Assignment)
    if work.caller.school_ids is not None:
        query = query.where(Assignment.school_id.in_(work.caller.school_ids))
    return query


def find_assignments(work: Work, assignment_ids: Sequence[UUID], *, lock: bool = False) -> list[Assignment]:
    """Assignments that the caller may see, by id; raises NotFound unless all are there."""
    query = list_assignments(work).where(Assignment.id.in_(assignment_ids)).order_by(Assignment.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = list(work.session.scalars(query))
    if len(found) != len(set(assignment_ids)):
        raise NotFound("assignment")
    return found


def proposed_for(work: Work, person_id: UUID, session_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Those of the sessions for which a person is proposed."""
    query = select(Assignment.session_id).where(Assignment.person_id == person_id, Assignment.state == "PROPOSED")
    return work.session.scalars(query.where(Assignment.session_id.in_(session_ids))).all()


def find_sessions(work: Work, session_ids: Sequence[UUID]) -> list[PlannedSession]:
    """The sessions, by start; raises NotFound unless each is known and all belong to one school and term."""
    found = _locked(work, select(PlannedSession).where(PlannedSession.id.in_(session_ids)))
    if len(found) != len(set(session_ids)) or len({(one.school_id, one.term_id) for one in found}) != 1:
        raise NotFound("session")
    return found


def find_series(work: Work, group_id: UUID, starts_on: date, ends_on: date) -> list[PlannedSession]:
    """A group's sessions that are still to be held between two dates, both included, by start; NotFound if none is."""
    found = _locked(
        work,
        select(PlannedSession).where(
            PlannedSession.group_id == group_id,
            PlannedSession.state == "SCHEDULED",
            PlannedSession.starts_at >= day_begins(starts_on),
            PlannedSession.starts_at < day_ends(ends_on),
            PlannedSession.ends_at > work.now,
        ),
    )
    if not found:
        raise NotFound("session")
    return found


def _locked(work: Work, query: Select[PlannedSession]) -> list[PlannedSession]:
    """By start; their states hold until the transaction ends."""
    ordered = query.order_by(PlannedSession.starts_at, PlannedSession.id).with_for_update(read=True)
    return list(work.session.scalars(ordered.execution_options(populate_existing=True)))


def taken_hours(work: Work, person_id: UUID, starts_at: datetime, ends_at: datetime) -> list[rules.Hours]:
    """The person's confirmed hours that touch an interval, at every school of the district."""
    rows = work.session.execute(
        select(Assignment.session_id, Assignment.starts_at, Assignment.ends_at).where(
            Assignment.person_id == person_id,
            Assignment.state == "CONFIRMED",
            Assignment.ends_at > starts_at,
            Assignment.starts_at < ends_at,
        )
    )
    return [rules.Hours(*row) for row in rows]


def on_roster(work: Work, session_ids: Collection[UUID]) -> list[rules.OnRoster]:
    """Who is confirmed in any of the sessions."""
    rows = work.session.execute(
        select(Assignment.session_id, Assignment.role, _is_own_teacher())
        .join(Person, Person.id == Assignment.person_id)
        .outerjoin(Post, and_(Post.person_id == Assignment.person_id, Post.school_id == Assignment.school_id))
        .where(Assignment.session_id.in_(session_ids), Assignment.state == "CONFIRMED")
    )
    return [rules.OnRoster(*row) for row in rows]


def serving(work: Work, session_id: UUID) -> Sequence[UUID]:
    """Who is confirmed in a session, of those who are known: a log that is heard anew may bring people last."""
    query = select(Assignment.person_id).join(Person, Person.id == Assignment.person_id)
    return work.session.scalars(query.where(Assignment.session_id == session_id, Assignment.state == "CONFIRMED")).all()


def is_own_teacher(work: Work, person_id: UUID, school_id: UUID) -> bool:
    """Whether the person is a teacher on the school's staff list."""
    query = select(_is_own_teacher()).select_from(Person).join(Post, Post.person_id == Person.id)
    return bool(work.session.scalar(query.where(Person.id == person_id, Post.school_id == school_id)))


def _is_own_teacher() -> Any:
    return and_(Person.category == OWN_TEACHER, Post.id.is_not(None))


def own_lead_shares(work: Work, term_id: UUID, school_id: UUID | None) -> dict[str, Any]:
    """Per school of the caller, how much of a term's leading its own do, against the profile's least (INV-VET-17)."""
    policy = policy_of_district(work)
    own, least = rules.own_categories(policy), policy.value("staff.own_leader_share_min_bp")
    by_school: dict[UUID, list[rules.Leads]] = defaultdict(list)
    for row in work.session.execute(_leads(term_id, school_id)):
        by_school[row.school_id].append(rules.Leads(*row))
    shares = {school: rules.own_share_bp(leads, own) for school, leads in by_school.items()}
    lines = [
        {
            "school_id": school,
            "sessions": sum(one.sessions for one in leads),
            "own_share_bp": shares[school],
            "reaches_least": shares[school] >= least,
        }
        for school, leads in by_school.items()
    ]
    return {"least_bp": least, "clauses": policy.clauses("staff.main_body"), "items": lines}


def _leads(term_id: UUID, school_id: UUID | None) -> Any:
    is_listed = Post.id.is_not(None)
    query: Any = (
        select(PlannedSession.school_id, Person.category, is_listed, func.count())
        .join(Assignment, Assignment.session_id == PlannedSession.id)
        .join(Person, Person.id == Assignment.person_id)
        .outerjoin(Post, and_(Post.person_id == Person.id, Post.school_id == PlannedSession.school_id))
        .where(PlannedSession.term_id == term_id, Assignment.role == "LEAD", Assignment.state.in_(HELD))
        .group_by(PlannedSession.school_id, Person.category, is_listed)
        .order_by(PlannedSession.school_id)
    )
    return query if school_id is None else query.where(PlannedSession.school_id == school_id)


COLUMNS = ("date", "from", "until", "content", "role", "name", "category", "state", "person_id", "session_id")


def list_roster(work: Work, school_id: UUID, starts_on: date, ends_on: date) -> list[tuple[Assignment, str, Person]]:
    """Who serves or has served at a school between two dates, both included, by time: assignment, content, person."""
    work.caller.need_school(school_id)
    query = list_assignments(work).add_columns(PlannedSession.content_type, Person)
    rows = work.session.execute(
        query.join(PlannedSession, PlannedSession.id == Assignment.session_id)
        .join(Person, Person.id == Assignment.person_id)
        .where(
            Assignment.school_id == school_id,
            Assignment.state.in_(HELD),
            Assignment.starts_at >= day_begins(starts_on),
            Assignment.starts_at < day_ends(ends_on),
        )
        .order_by(Assignment.starts_at, Assignment.session_id, Assignment.role != "LEAD", Assignment.id)
    )
    return [tuple(row) for row in rows]


def roster_lines(work: Work, rows: Sequence[tuple[Assignment, str, Person]]) -> Iterator[tuple[Any, ...]]:
    """The lines of a roster, times on the wall in China, names opened; the caller logs the access."""
    names = people.names_of(work, {person.id: person for _, _, person in rows}.values())
    for one, content, person in rows:
        opens, shuts = (moment.astimezone(LOCAL) for moment in (one.starts_at, one.ends_at))
        hours = (opens.date(), opens.strftime("%H:%M"), shuts.strftime("%H:%M"))
        who = (names[person.id][0], person.category, one.state, person.id, one.session_id)
        yield *hours, content, one.role, *who
