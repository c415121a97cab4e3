"""Counting, school by school, what wants attention."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, distinct, exists, func, select, union

from services.vetting.compliance.rules import OVER
from services.vetting.people.rules import SERVING
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
from shared.clock import day_ends
from shared.messaging.work import Work
from shared.policy.published import policy_of_district


def count(work: Work, school_id: UUID | None, days: int) -> dict[str, Any]:
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


COUNTS = ("people", "cleared", "ends_soon", "blocked", "sessions", "without_lead", "seeking", "unfilled", "open_cases")


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
    led = exists().where(
        Assignment.session_id == PlannedSession.id, Assignment.role == "LEAD", Assignment.state == "CONFIRMED"
    )
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
