"""Reading how much people served."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Row, cast, func, select

from services.vetting.people.queries import names_of
from services.vetting.rosters.queries import list_assignments
from services.vetting.tables import Assignment, Person, PlannedSession
from shared.clock import day_begins, day_ends
from shared.messaging.work import Work
from shared.policy.published import policy_of_district

COLUMNS = ("name", "category", "sessions", "minutes", "sessions_led", "person_id")


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
