"""HTTP door of substitutes."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.vetting.substitutes import commands, queries
from services.vetting.tables import SubstituteOffer, SubstituteRequest
from shared.messaging.work import Work
from shared.policy.codes import ROLES
from shared.web.door import Door
from shared.web.paging import Window

door = Door("substitutes", "代班 substitutes")


class RequestOut(ma.Schema):
    """A vacancy and how far the search is."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    session_id = ma.fields.UUID()
    role = ma.fields.String()
    state = ma.fields.String()
    level = ma.fields.Integer()
    starts_at = ma.fields.AwareDateTime()
    filled_by = ma.fields.UUID(allow_none=True)
    last_resort = ma.fields.String(allow_none=True)
    merge_into = ma.fields.UUID(allow_none=True)


class NewOffer(ma.Schema):
    """Who is asked."""

    person_id = ma.fields.UUID(required=True)


class OfferOut(ma.Schema):
    """A question put to somebody, and why they were asked before others."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    request_id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    state = ma.fields.String()
    same_school = ma.fields.Boolean()
    same_category = ma.fields.Boolean()
    starts_at = ma.fields.AwareDateTime()


class NewRequest(ma.Schema):
    """For which session, and in which role."""

    session_id = ma.fields.UUID(required=True)
    role = ma.fields.String(required=True, validate=ma.validate.OneOf(ROLES))


class CandidateOut(ma.Schema):
    """Who could take a vacancy; the three reasons of the position, the weightiest first."""

    position = ma.fields.Integer()
    person_id = ma.fields.UUID()
    is_free = ma.fields.Boolean()
    same_school = ma.fields.Boolean()
    same_category = ma.fields.Boolean()


class CandidatesOut(ma.Schema):
    """The best first; `next` is the `after` of the next part."""

    items = ma.fields.List(ma.fields.Nested(CandidateOut))
    next = ma.fields.Integer(allow_none=True)


@door.post("/substitute-requests", needs="substitute.open", takes=NewRequest, gives=RequestOut, status=201)
def open_substitute_request(work: Work, **wanted: Any) -> SubstituteRequest:
    """Seek somebody for a session that lacks one."""
    return commands.open_request(work, **wanted)


@door.list(
    "/substitute-requests",
    needs="substitute.read",
    gives=RequestOut,
    of=SubstituteRequest,
    filters=("school_id", "session_id", "state", "level", "starts_at"),
    sorts=("starts_at", "id"),
)
def list_substitute_requests(work: Work) -> Select[Any]:
    """Vacancies of the caller's schools, the most urgent first."""
    return queries.list_requests(work)


@door.get(
    "/substitute-requests/<uuid:request_id>/candidates", needs="substitute.offer", query=Window, gives=CandidatesOut
)
def list_candidates(work: Work, request_id: UUID, after: int, limit: int) -> dict[str, Any]:
    """Who could take a vacancy, in the order in which they are asked."""
    return queries.read_candidates(work, request_id, after=after, limit=limit)


@door.list(
    "/substitute-offers",
    needs="substitute.read",
    gives=OfferOut,
    of=SubstituteOffer,
    filters=("school_id", "request_id", "person_id", "state", "starts_at"),
    sorts=("starts_at", "id"),
)
def list_substitute_offers(work: Work) -> Select[Any]:
    """Who was asked what; whoever may only answer sees their own."""
    return queries.list_offers(work)


@door.post("/substitute-requests/<uuid:request_id>/offer", needs="substitute.offer", takes=NewOffer, gives=RequestOut)
def offer_substitution(work: Work, request_id: UUID, person_id: UUID) -> SubstituteRequest:
    """Ask one person; others who were asked may still accept."""
    return commands.offer(work, request_id, person_id=person_id)


@door.post("/substitute-requests/<uuid:request_id>/decline", needs="substitute.accept", gives=RequestOut)
def decline_substitution(work: Work, request_id: UUID) -> SubstituteRequest:
    """Leave the session to somebody else."""
    return commands.decline(work, request_id)
