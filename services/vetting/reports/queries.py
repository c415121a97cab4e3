"""Reading how much people served, and what wants attention at each school."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Row, case, cast, distinct, func, select, union

from services.vetting.compliance.rules import OVER
from services.vetting.people.queries import names_of
from services.vetting.people.rules import SERVING
from services.vetting.rosters.queries import list_assignments
from services.vetting.schedule.queries import is_led
from services.vetting.substitutes.rules import SEEKING
from services.vetting.tables import (
    Assignment,
    ComplianceCase,
    Engagement,
    Person,
    PlannedSession,
    Post,
    SubstituteRequest,
)
from shared.clock import day_begins, day_ends
from shared.messaging.work import Work
from shared.policy.published import policy_of_district

COLUMNS = ("name", "category", "sessions", "minutes", "sessions_led", "person_id")
COUNTS = ("people", "cleared", "ends_soon", "blocked", "sessions", "without_lead", "seeking", "unfilled", "open_cases")

# Service records


def read_records(work: Work, *, after: int, limit: int, **which: Any) -> dict[str, Any]:
    """Records by person and school from the one after `after`, and whether they give teachers flexible hours."""
    policy = policy_of_district(work)
    rows = work.session.execute(_records(work, **which).offset(after).limit(limit + 1)).mappings().all()
    return {
        "flexible_hours": policy.value("teacher_flexible_hours"),
        "clauses": policy.clauses("teacher_flexible_hours"),
        "items": rows[:limit],
        "next": after + limit if len(rows) > limit else None,
    }


def list_records(work: Work, *, school_id: UUID, **which: Any) -> Sequence[Row[Any]]:
    """All records of a school; raises NotFound outside the caller's walls."""
    work.caller.need_school(school_id)
    return work.session.execute(_records(work, school_id=school_id, **which)).all()


def record_lines(work: Work, records: Sequence[Row[Any]]) -> Iterator[tuple[Any, ...]]:
    """The lines of a school's file, names opened; the caller logs the access. As COLUMNS says."""
    ids = [record.person_id for record in records]
    people = work.session.scalars(select(Person).where(Person.id.in_(ids))).all()
    names = names_of(work, people)
    known = {person.id: (names[person.id][0], person.category) for person in people}
    for one in records:
        name, category = known.get(one.person_id, (None, None))
        yield name, category, one.sessions, one.minutes, one.sessions_led, one.person_id


def _records(work: Work, *, term_id: UUID, school_id: UUID | None, starts_on: date | None, ends_on: date | None) -> Any:
    """What was served, as long as it was planned; those who may not export see their own."""
    query = (
        list_assignments(work)
        .join(PlannedSession, PlannedSession.id == Assignment.session_id)
        .where(PlannedSession.term_id == term_id, Assignment.state == "SERVED")
    )
    if "service_record.export" not in work.caller.permissions:
        query = query.where(Assignment.person_id == work.caller.person_id)
    if school_id is not None:
        query = query.where(PlannedSession.school_id == school_id)
    if starts_on is not None:
        query = query.where(Assignment.starts_at >= day_begins(starts_on))
    if ends_on is not None:
        query = query.where(Assignment.starts_at < day_ends(ends_on))
    seconds = func.extract("epoch", func.sum(Assignment.ends_at - Assignment.starts_at))
    key = Assignment.person_id, Assignment.school_id
    return (
        query.with_only_columns(
            *key,
            func.count().label("sessions"),
            cast(seconds / 60, Integer).label("minutes"),
            func.count().filter(Assignment.role == "LEAD").label("sessions_led"),
        )
        .group_by(*key)
        .order_by(*key)
    )


# Supervision


def supervise(work: Work, school_id: UUID | None, days: int) -> dict[str, Any]:
    """By school of the caller, what there is of its people, of its sessions of the next days, and of open cases.

    Four queries, however many schools there are; a school without any of it has no line.
    """
    policy = policy_of_district(work)
    until = work.today + timedelta(days=days)
    soon = work.today + timedelta(days=max(policy.value("clearance.reminder_days")))
    by_school: dict[UUID, dict[str, int]] = defaultdict(dict)
    for query in (_people(work, soon), _sessions(work, until), _searches(work, until), _cases()):
        for row in work.session.execute(_seen(work, query, school_id)).mappings():
            facts = dict(row)
            by_school[facts.pop("school_id")] |= facts
    return {"until": until, "items": [_line(school, by_school[school]) for school in sorted(by_school)]}


def _line(school_id: UUID, counted: Mapping[str, int]) -> dict[str, Any]:
    return {"school_id": school_id} | {name: counted.get(name, 0) for name in COUNTS}


def _seen(work: Work, query: Any, school_id: UUID | None) -> Any:
    counted = query.subquery()
    found = select(counted).where(counted.c.school_id.is_not(None))
    if school_id is not None:
        found = found.where(counted.c.school_id == school_id)
    if work.caller.school_ids is not None:
        found = found.where(counted.c.school_id.in_(work.caller.school_ids))
    return found


def _people(work: Work, soon: date) -> Any:
    """Whoever is on a school's staff list or under a contract there."""
    engaged = select(Engagement.school_id, Engagement.person_id).where(
        Engagement.state == "ACTIVE", Engagement.ends_on >= work.today
    )
    there = union(select(Post.school_id, Post.person_id), engaged).subquery()
    is_cleared = Person.state == "CLEARED"
    return (
        select(
            there.c.school_id,
            func.count().label("people"),
            func.count(case((is_cleared, 1))).label("cleared"),
            func.count(case((is_cleared & (Person.valid_until <= soon), 1))).label("ends_soon"),
            func.count(case((Person.state.in_(("BLOCKED", "SUSPENDED")), 1))).label("blocked"),
        )
        .join(Person, Person.id == there.c.person_id)
        .where(Person.state.in_(SERVING))
        .group_by(there.c.school_id)
    )


def _sessions(work: Work, until: date) -> Any:
    """What is to be held, and what of it nobody leads."""
    led = is_led(PlannedSession.id)
    return (
        select(
            PlannedSession.school_id,
            func.count().label("sessions"),
            func.count(case((~led, 1))).label("without_lead"),
        )
        .where(
            PlannedSession.state == "SCHEDULED",
            PlannedSession.starts_at >= work.now,
            PlannedSession.starts_at < day_ends(until),
        )
        .group_by(PlannedSession.school_id)
    )


def _searches(work: Work, until: date) -> Any:
    """For what a substitute is sought, and for what nobody was found."""
    state = SubstituteRequest.state
    return (
        select(
            SubstituteRequest.school_id,
            func.count(distinct(case((state.in_(SEEKING), SubstituteRequest.session_id)))).label("seeking"),
            func.count(distinct(case((state == "UNFILLED", SubstituteRequest.session_id)))).label("unfilled"),
        )
        .where(SubstituteRequest.starts_at >= work.now, SubstituteRequest.starts_at < day_ends(until))
        .group_by(SubstituteRequest.school_id)
    )


def _cases() -> Any:
    return (
        select(ComplianceCase.school_id, func.count().label("open_cases"))
        .where(ComplianceCase.state.not_in(OVER))
        .group_by(ComplianceCase.school_id)
    )
