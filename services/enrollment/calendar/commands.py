"""Publishing a term's days."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.enrollment.calendar import rules
from services.enrollment.tables import SchoolCalendar
from shared.contracts.enrollment import CalendarPublished
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy.published import keep_term


def publish(
    work: Work,
    *,
    title: str,
    starts_on: date,
    ends_on: date,
    collection_starts_on: date,
    school_days: Sequence[date],
    term_id: UUID | None,
) -> SchoolCalendar:
    """Publish a term, or, with its `term_id`, its days anew."""
    rules.need_days(starts_on, ends_on, school_days)
    days = sorted(set(school_days))
    calendar = work.session.get(SchoolCalendar, term_id, with_for_update=True) if term_id else None
    if calendar is None:
        district_id = work.caller.district_id
        calendar = work.add(SchoolCalendar(id=term_id or new_id(), district_id=district_id, revision=0))
    calendar.title, calendar.revision = title, calendar.revision + 1
    calendar.starts_on, calendar.ends_on = starts_on, ends_on
    calendar.collection_starts_on = collection_starts_on
    calendar.school_days = [day.isoformat() for day in days]
    said = CalendarPublished(
        district_id=calendar.district_id,
        term_id=calendar.id,
        starts_on=starts_on,
        ends_on=ends_on,
        collection_starts_on=collection_starts_on,
        school_days=tuple(days),
    )
    keep_term(work, said, version=calendar.revision)
    work.emit(said)
    return calendar
