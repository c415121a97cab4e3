"""Reading vacancies, and who could take them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, exists, func, or_, select, union
from sqlalchemy.orm import aliased

from services.vetting.people import queries as people
from services.vetting.people import rules as standing
from services.vetting.providers import queries as providers
from services.vetting.schedule import queries as schedule
from services.vetting.substitutes.rules import Beside, Candidate
from services.vetting.tables import (
    Assignment,
    Engagement,
    Person,
    PlannedSession,
    Post,
    RollChange,
    SubstituteOffer,
    SubstituteRequest,
)
from shared.clock import local_date
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.codes import SUPERVISING
from shared.policy.published import policy_of_term


def list_requests(work: Work) -> Select[SubstituteRequest]:
    """Vacancies at the schools that the caller may see."""
    query = select(SubstituteRequest)
    if work.caller.school_ids is not None:
        query = query.where(SubstituteRequest.school_id.in_(work.caller.school_ids))
    return query


def list_offers(work: Work) -> Select[SubstituteOffer]:
    """Offers at the schools that the caller may see; whoever may only answer sees their own."""
    query = select(SubstituteOffer)
    if work.caller.school_ids is not None:
        query = query.where(SubstituteOffer.school_id.in_(work.caller.school_ids))
    if "substitute.accept" in work.caller.permissions:
        query = query.where(SubstituteOffer.person_id == work.caller.person_id)
    return query


def find_offer(work: Work, request_id: UUID, person_id: UUID | None) -> SubstituteOffer | None:
    """What a person was asked."""
    query = select(SubstituteOffer).where(
        SubstituteOffer.request_id == request_id, SubstituteOffer.person_id == person_id
    )
    return work.session.scalars(query).one_or_none()


def has_open_offer(work: Work, request_id: UUID) -> bool:
    """Whether somebody who was asked has not answered."""
    waiting = exists().where(SubstituteOffer.request_id == request_id, SubstituteOffer.state == "OFFERED")
    return bool(work.session.scalar(select(waiting)))


def read_candidates(work: Work, request_id: UUID, *, after: int, limit: int) -> dict[str, Any]:
    """Who could take a vacancy, the best first, each with the reasons of their place; from the one after `after`."""
    request = work.one(list_requests(work).where(SubstituteRequest.id == request_id), thing="substitute request")
    session = work.get(PlannedSession, request.session_id)
    policy = policy_of_term(work, session.school_id, session.term_id)
    rows = (
        work.session.execute(_candidates(work, request, session, policy).offset(after).limit(limit + 1))
        .mappings()
        .all()
    )
    items = [{"position": place, **row} for place, row in enumerate(rows[:limit], start=after + 1)]
    return {"items": items, "next": after + limit if len(rows) > limit else None}


def find_candidate(
    work: Work, request: SubstituteRequest, session: PlannedSession, policy: Policy, person_id: UUID
) -> Candidate | None:
    """A person's place, if they could take the vacancy at all."""
    query = _candidates(work, request, session, policy).where(Person.id == person_id)
    row = work.session.execute(query).mappings().one_or_none()
    return None if row is None else Candidate(**row)


def unasked(work: Work, request: SubstituteRequest, session: PlannedSession, policy: Policy) -> list[Candidate]:
    """The best who are free and were not asked yet, as many as are asked at once."""
    asked = exists().where(SubstituteOffer.request_id == request.id, SubstituteOffer.person_id == Person.id)
    most = policy.value("substitutes.offers_at_once")
    query = _candidates(work, request, session, policy).where(~asked, ~_is_busy(session)).limit(most)
    return [Candidate(**row) for row in work.session.execute(query).mappings()]


def _candidates(work: Work, request: SubstituteRequest, session: PlannedSession, policy: Policy) -> Select[Any]:
    on_list = exists().where(Post.person_id == Person.id, Post.school_id == session.school_id)
    missing = (
        select(Person.category)
        .join(Assignment, Assignment.person_id == Person.id)
        .where(Assignment.id == request.removed_assignment_id)
        .correlate(None)
        .scalar_subquery()
    )
    is_free, same_category = ~_is_busy(session), func.coalesce(Person.category == missing, False)
    return (
        select(
            Person.id.label("person_id"),
            is_free.label("is_free"),
            on_list.label("same_school"),
            same_category.label("same_category"),
        )
        .where(
            Person.id.in_(_engaged(session)),
            Person.state == "CLEARED",
            Person.valid_until >= local_date(session.ends_at),
            *_may_hold(request, session, on_list, policy),
            *_teaches(work, request, session, policy),
        )
        .order_by(is_free.desc(), on_list.desc(), same_category.desc(), Person.id)
    )


def _engaged(session: PlannedSession) -> CompoundSelect[Any]:
    """Who is on the school's staff, under a contract, or of a provider that delivers there; found from the school."""
    first, last = local_date(session.starts_at), local_date(session.ends_at)
    contracts = people.contract(Engagement.person_id, session.school_id, first, last)
    delivering = providers.delivering(session.school_id, session.content_type, last)
    return union(
        select(Post.person_id).where(Post.school_id == session.school_id),
        contracts.with_only_columns(Engagement.person_id),
        select(Person.id).where(Person.provider_id.in_(delivering)),
    )


def _may_hold(
    request: SubstituteRequest, session: PlannedSession, on_list: Any, policy: Policy
) -> Sequence[ColumnElement[bool]]:
    """Minors and helpers never supervise; somebody from outside leads only beside a teacher of the school's own."""
    if request.role not in SUPERVISING:
        return ()
    grown = (~Person.is_minor, Person.category.not_in(policy.value("staff.helper_only_categories")))
    if request.role != "LEAD" or not policy.value("staff.teacher_in_charge_each_activity"):
        return grown
    teacher, post = aliased(Person), aliased(Post)
    beside = (
        select(Assignment.id)
        .join(teacher, teacher.id == Assignment.person_id)
        .join(post, and_(post.person_id == Assignment.person_id, post.school_id == session.school_id))
        .where(
            Assignment.session_id == session.id,
            Assignment.state == "CONFIRMED",
            Assignment.role.in_(SUPERVISING),
            teacher.category == standing.OWN_TEACHER,
        )
    )
    return (*grown, or_(and_(on_list, Person.category == standing.OWN_TEACHER), beside.exists()))


def _teaches(
    work: Work, request: SubstituteRequest, session: PlannedSession, policy: Policy
) -> list[ColumnElement[bool]]:
    """Whoever leads tutoring teaches a subject of each grade."""
    if request.role != "LEAD":
        return []
    grades = schedule.grades_of(work, [session.item_id])[session.item_id]
    subjects = standing.tutored(session.content_type, grades, policy).values()
    return [Person.specialities.overlap(list(of_grade)) for of_grade in subjects]


def _is_busy(session: PlannedSession) -> Any:
    return exists().where(
        Assignment.person_id == Person.id,
        Assignment.state == "CONFIRMED",
        Assignment.ends_at > session.starts_at,
        Assignment.starts_at < session.ends_at,
    )


def staffed_meanwhile(work: Work, session: PlannedSession) -> list[Beside]:
    """Other sessions of the school, of the same content and with a lead, whose hours hold these; the latest first."""
    day = local_date(session.starts_at)
    serving = select(Assignment.id).where(
        Assignment.session_id == PlannedSession.id, Assignment.state == "CONFIRMED", Assignment.role.in_(SUPERVISING)
    )
    adults = select(func.count()).select_from(serving.subquery()).scalar_subquery()
    pupils = select(func.coalesce(func.sum(RollChange.difference), 0)).where(
        RollChange.group_id.in_((PlannedSession.group_id, session.group_id)), RollChange.effective_from <= day
    )
    rows = work.session.execute(
        select(PlannedSession.id, adults, pupils.correlate(PlannedSession).scalar_subquery())
        .where(
            PlannedSession.school_id == session.school_id,
            PlannedSession.content_type == session.content_type,
            PlannedSession.state == "SCHEDULED",
            PlannedSession.starts_at <= session.starts_at,
            PlannedSession.ends_at >= session.ends_at,
            PlannedSession.id != session.id,
            schedule.is_led(PlannedSession.id),
        )
        .order_by(PlannedSession.starts_at.desc(), PlannedSession.id)
    )
    return [Beside(*row) for row in rows]
