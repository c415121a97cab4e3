"""HTTP door of substitutes."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.vetting.substitutes import commands, queries
from services.vetting.tables import SubstituteRequest
from shared.messaging.work import Work
from shared.web.door import Door

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
    offered_to = ma.fields.UUID(allow_none=True)
    filled_by = ma.fields.UUID(allow_none=True)


class Offer(ma.Schema):
    """Who is asked."""

    person_id = ma.fields.UUID(required=True)


@door.list(
    "/substitute-requests",
    needs="substitute.read",
    gives=RequestOut,
    of=SubstituteRequest,
    filters=("school_id", "session_id", "state", "offered_to", "starts_at"),
    sorts=("starts_at", "id"),
)
def list_substitute_requests(work: Work) -> Select[Any]:
    """Vacancies of the caller's schools, the most urgent first."""
    return queries.list_requests(work)


@door.post("/substitute-requests/<uuid:request_id>/offer", needs="substitute.offer", takes=Offer, gives=RequestOut)
def offer_substitution(work: Work, request_id: UUID, person_id: UUID) -> SubstituteRequest:
    """Ask one person."""
    return commands.offer(work, request_id, person_id=person_id)


@door.post("/substitute-requests/<uuid:request_id>/decline", needs="substitute.accept", gives=RequestOut)
def decline_substitution(work: Work, request_id: UUID) -> SubstituteRequest:
    """Leave the session to somebody else."""
    return commands.decline(work, request_id)
