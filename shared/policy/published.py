"""The policy versions, terms and plan pins that enrollment published, kept by every service in its own database.

A school's term is pinned to one policy version by its plan. A service that has not heard of the pin refuses the
commands that need it, and starts all the same (architecture.md §12).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, and_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import insert

from shared.contracts.enrollment import (
    CalendarPublished,
    PlanActivated,
    PlanClosed,
    PlanEvent,
    PlanFiled,
    PlanFilingRevoked,
    PolicyProfilePublished,
)
from shared.messaging.work import Work
from shared.policy.document import Policy
from shared.refusals import Refused
from shared.service import on
from shared.tables import pins, policies, terms


@dataclass(frozen=True)
class Term:
    """A term's calendar. `school_days` are sorted and hold make-up Saturdays."""

    term_id: UUID
    starts_on: date
    ends_on: date
    collection_starts_on: date
    school_days: tuple[date, ...]

    def week_of(self, day: date) -> int:
        """The week of the term that `day` lies in; the first is 1."""
        first_monday = self.starts_on.toordinal() - self.starts_on.weekday()
        return (day.toordinal() - first_monday) // 7 + 1


# What is kept


def keep_policy(work: Work, published: PolicyProfilePublished) -> None:
    """A version never changes, so the first copy is the right one."""
    row = {
        "district_id": published.district_id,
        "profile_id": published.profile_id,
        "version": published.profile_version,
        "sha256": published.sha256,
        "document": published.document,
        "effective_from": published.effective_from,
    }
    work.session.execute(insert(policies).values(row).on_conflict_do_nothing())


def keep_term(work: Work, published: CalendarPublished, version: int | None = None) -> None:
    """The newest calendar of a term wins, in whatever order they come."""
    row = {
        "term_id": published.term_id,
        "district_id": published.district_id,
        "starts_on": published.starts_on,
        "ends_on": published.ends_on,
        "collection_starts_on": published.collection_starts_on,
        "school_days": sorted(published.school_days),
        "subject_version": work.heard_version if version is None else version,
    }
    statement = insert(terms).values(row)
    newer = statement.excluded.subject_version > terms.c.subject_version
    work.session.execute(
        statement.on_conflict_do_update(index_elements=["term_id"], set_=dict(statement.excluded), where=newer)
    )


_STATES = {PlanFiled: "FILED", PlanActivated: "ACTIVE", PlanFilingRevoked: "SUSPENDED", PlanClosed: "CLOSED"}


def pin_plan(work: Work, said: PlanEvent, version: int | None = None) -> None:
    """A plan's newest state and the policy version that it is pinned to."""
    row = {
        "school_id": said.school_id,
        "term_id": said.term_id,
        "district_id": said.district_id,
        "plan_id": said.plan_id,
        "state": _STATES[type(said)],
        "profile_id": said.profile_id,
        "profile_version": said.profile_version,
        "subject_version": work.heard_version if version is None else version,
    }
    statement = insert(pins).values(row)
    # Another plan of the same term only comes after the one before it has ended: a school's events are in order.
    newer = or_(
        statement.excluded.subject_version > pins.c.subject_version, statement.excluded.plan_id != pins.c.plan_id
    )
    work.session.execute(
        statement.on_conflict_do_update(
            index_elements=["school_id", "term_id"], set_=dict(statement.excluded), where=newer
        )
    )


REACTIONS = (
    on(PolicyProfilePublished, keep_policy),
    on(CalendarPublished, keep_term),
    on(PlanFiled, pin_plan),
    on(PlanActivated, pin_plan),
    on(PlanFilingRevoked, pin_plan),
    on(PlanClosed, pin_plan),
)


# What is asked


def policy_of_term(work: Work, school_id: UUID, term_id: UUID) -> Policy:
    """The policy that a school's term is pinned to; raises Refused("policy_missing")."""
    return _only(work, _OF_TERM, {"school": school_id, "term": term_id})


def policy_of_district(work: Work) -> Policy:
    """The newest policy in force in the caller's district; raises Refused("policy_missing")."""
    return _only(work, _OF_DISTRICT, {"district": work.caller.district_id, "today": work.today})


def policy_of_version(work: Work, profile_id: str, version: int) -> Policy:
    """One version that the caller's district published; raises Refused("policy_missing")."""
    return _only(work, _OF_VERSION, {"district": work.caller.district_id, "profile": profile_id, "version": version})


def term(work: Work, term_id: UUID) -> Term:
    """A term's calendar; raises Refused("policy_missing") while it has not arrived."""
    row = work.session.execute(
        select(terms).where(terms.c.term_id == term_id, terms.c.district_id.in_(work.caller.district_ids))
    ).one_or_none()
    if row is None:
        raise Refused("policy_missing")
    return Term(row.term_id, row.starts_on, row.ends_on, row.collection_starts_on, tuple(row.school_days))


def plan_state(work: Work, school_id: UUID, term_id: UUID) -> str | None:
    """FILED, ACTIVE, SUSPENDED or CLOSED; None while no plan is known to be filed."""
    return work.session.scalar(select(pins.c.state).where(pins.c.school_id == school_id, pins.c.term_id == term_id))


# Built once, since most commands ask. The document comes only when this process has not read it yet: it is long.
_COLUMNS = policies.c
_FOUND = select(_COLUMNS.district_id, _COLUMNS.profile_id, _COLUMNS.version, _COLUMNS.sha256)
_PINNED = and_(
    _COLUMNS.district_id == pins.c.district_id,
    _COLUMNS.profile_id == pins.c.profile_id,
    _COLUMNS.version == pins.c.profile_version,
)
_OF_TERM = _FOUND.join(pins, _PINNED).where(
    pins.c.school_id == bindparam("school"), pins.c.term_id == bindparam("term")
)
_OF_DISTRICT = (
    _FOUND.where(
        _COLUMNS.district_id == bindparam("district"), _COLUMNS.effective_from <= bindparam("today", type_=Date)
    )
    .order_by(_COLUMNS.effective_from.desc(), _COLUMNS.version.desc())
    .limit(1)
)
_VERSION = and_(
    _COLUMNS.district_id == bindparam("district"),
    _COLUMNS.profile_id == bindparam("profile"),
    _COLUMNS.version == bindparam("version"),
)
_OF_VERSION = _FOUND.where(_VERSION)
_DOCUMENT = select(_COLUMNS.document).where(_VERSION)


def _only(work: Work, query: Select[Any], which: dict[str, Any]) -> Policy:
    row = work.session.execute(query, which).one_or_none()
    if row is None:
        raise Refused("policy_missing")
    held = _read.get(row.sha256)
    if held is None:
        key = {"district": row.district_id, "profile": row.profile_id, "version": row.version}
        document = work.session.execute(_DOCUMENT, key).scalar_one()
        held = _read[row.sha256] = Policy.from_document(row.profile_id, row.version, document)
    return held


_read: dict[str, Policy] = {}
"""Policies by sha256: a published version never changes, so each is built once per process."""
