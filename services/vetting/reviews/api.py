"""HTTP door of reviews. A person reads what concerns them; what they say in a review is sealed, its readings logged."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.vetting.decisions.api import DecisionEvidence
from services.vetting.reviews import commands, queries, rules
from services.vetting.tables import ReviewRequest, WrittenNotice
from shared.access_log import log_access
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("reviews", "复查 written notices and reviews")


class NoticeOut(ma.Schema):
    """What a person is told, in both languages; `due_on` is the last day to deliver it.

    `review_until` is the last day to ask for a re-check, null until delivery, from which its days run.
    """

    id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    code = ma.fields.String()
    reason_class = ma.fields.String()
    text = ma.fields.Function(lambda row: rules.wording(row.code, row.reason_class, row.review_days))
    due_on = ma.fields.Date()
    state = ma.fields.String()
    delivered_at = ma.fields.AwareDateTime(allow_none=True)
    review_until = ma.fields.Date(allow_none=True)


class Receipt(ma.Schema):
    """Where the signed receipt is kept."""

    evidence_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))


class ReviewOut(ma.Schema):
    """A re-check and how far it is."""

    id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    notice_id = ma.fields.UUID()
    state = ma.fields.String()
    decided_at = ma.fields.AwareDateTime(allow_none=True)


class NewReview(ma.Schema):
    """What the person says; `paper_ref` where their paper is kept, when an officer files it for them."""

    statement = ma.fields.String(required=True, validate=ma.validate.Length(1, 10_000))
    paper_ref = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 200))


class Statement(ma.Schema):
    """What the person says."""

    statement = ma.fields.String()


@door.list(
    "/written-notices",
    needs="written_notice.read",
    gives=NoticeOut,
    of=WrittenNotice,
    filters=("person_id", "state", "reason_class", "due_on"),
    sorts=("due_on", "id"),
)
def list_written_notices(work: Work) -> Select[Any]:
    """Notices of the district, or the caller's own."""
    return queries.list_notices(work)


@door.list(
    "/written-notices/overdue",
    needs="written_notice.read",
    gives=NoticeOut,
    of=WrittenNotice,
    sorts=("due_on", "id"),
)
def list_overdue_notices(work: Work) -> Select[Any]:
    """Notices that were not delivered in time."""
    return queries.list_overdue(work)


@door.get("/written-notices/<uuid:notice_id>", needs="written_notice.read", gives=NoticeOut)
def read_written_notice(work: Work, notice_id: UUID) -> WrittenNotice:
    """One notice."""
    return work.one(queries.list_notices(work).where(WrittenNotice.id == notice_id), thing="written notice")


@door.post("/written-notices/<uuid:notice_id>/deliver", needs="written_notice.deliver", takes=Receipt, gives=NoticeOut)
def deliver_written_notice(work: Work, notice_id: UUID, evidence_ref: str) -> WrittenNotice:
    """The person holds it."""
    return commands.deliver(work, notice_id, evidence_ref=evidence_ref)


@door.post(
    "/written-notices/<uuid:notice_id>/file-review", needs="review.file", takes=NewReview, gives=ReviewOut, status=201
)
def file_review(work: Work, notice_id: UUID, **told: Any) -> ReviewRequest:
    """Ask for a re-check."""
    return commands.file_review(work, notice_id, **told)


@door.list(
    "/review-requests",
    needs="written_notice.read",
    gives=ReviewOut,
    of=ReviewRequest,
    filters=("person_id", "notice_id", "state"),
)
def list_review_requests(work: Work) -> Select[Any]:
    """Re-checks of the district, or the caller's own."""
    return queries.list_reviews(work)


@door.get("/review-requests/<uuid:review_id>", needs="written_notice.read", gives=ReviewOut)
def read_review_request(work: Work, review_id: UUID) -> ReviewRequest:
    """One re-check."""
    return work.one(queries.list_reviews(work).where(ReviewRequest.id == review_id), thing="review")


@door.get("/review-requests/<uuid:review_id>/statement", needs="review.read_statement", gives=Statement)
def read_review_statement(work: Work, review_id: UUID) -> dict[str, str]:
    """What the person says, for those who handle reviews."""
    review = work.get(ReviewRequest, review_id)
    log_access(work, "vetting.review_statement", [review.person_id])
    return {"statement": queries.open_statement(work, review)}


@door.post("/review-requests/<uuid:review_id>/examine", needs="review.decide", gives=ReviewOut)
def examine_review(work: Work, review_id: UUID) -> ReviewRequest:
    """Begin to look at the decision again."""
    return commands.examine(work, review_id)


@door.post("/review-requests/<uuid:review_id>/uphold", needs="review.decide", takes=DecisionEvidence, gives=ReviewOut)
def uphold_review(work: Work, review_id: UUID, evidence_ref: str) -> ReviewRequest:
    """The decision stands."""
    return commands.uphold(work, review_id, evidence_ref=evidence_ref)


@door.post("/review-requests/<uuid:review_id>/overturn", needs="review.decide", takes=DecisionEvidence, gives=ReviewOut)
def overturn_review(work: Work, review_id: UUID, evidence_ref: str) -> ReviewRequest:
    """The decision was wrong."""
    return commands.overturn(work, review_id, evidence_ref=evidence_ref)
