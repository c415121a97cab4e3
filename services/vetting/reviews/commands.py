"""Delivering a written notice, asking for a re-check, deciding it."""

from uuid import UUID

from sqlalchemy import select

from services.vetting.clearances.rules import WRITTEN_NOTICE
from services.vetting.conduct import commands as conduct
from services.vetting.conduct.rules import need_in_time
from services.vetting.people.rules import need_another
from services.vetting.reviews import queries, rules
from services.vetting.tables import ReviewRequest, WrittenNotice
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy.published import policy_of_district
from shared.refusals import Refused


def deliver(work: Work, notice_id: UUID, *, evidence_ref: str) -> WrittenNotice:
    """The person holds the notice; the days to ask for a re-check begin."""
    notice = work.get(WrittenNotice, notice_id, lock=True)
    notice.state = WRITTEN_NOTICE.move(notice.state, "deliver")
    notice.delivered_at, notice.delivered_by, notice.evidence_ref = work.now, work.caller.subject, evidence_ref
    notice.review_until = rules.review_until(work.today, notice.review_days)
    return notice


def file_review(work: Work, notice_id: UUID, *, statement: str, paper_ref: str | None) -> ReviewRequest:
    """Ask for a re-check, once for each notice; the person stays blocked meanwhile."""
    visible = queries.list_notices(work).where(WrittenNotice.id == notice_id)
    notice = work.one(visible, lock=True, thing="written notice")
    rules.need_own_or_paper(work.caller.person_id, notice.person_id, paper_ref)
    need_in_time(notice.review_until, work.today, policy_of_district(work).clauses("clearance.review_days"))
    if work.session.scalar(select(ReviewRequest.id).where(ReviewRequest.notice_id == notice_id)) is not None:
        raise Refused("already_exists", thing="review")
    review_id = new_id()
    return work.add(
        ReviewRequest(
            id=review_id,
            district_id=notice.district_id,
            person_id=notice.person_id,
            notice_id=notice.id,
            state=rules.REVIEW_REQUEST.initial,
            statement_sealed=work.keyring.seal(review_id, "statement", statement),
            filed_by=work.caller.subject,
            paper_ref=paper_ref,
        )
    )


def examine(work: Work, review_id: UUID) -> ReviewRequest:
    """Begin to look at a decision again."""
    review = work.get(ReviewRequest, review_id, lock=True)
    _need_another(work, review, work.get(WrittenNotice, review.notice_id), "examine")
    review.state = rules.REVIEW_REQUEST.move(review.state, "examine")
    return review


def uphold(work: Work, review_id: UUID, *, evidence_ref: str) -> ReviewRequest:
    """The decision stands."""
    return _decide(work, review_id, "uphold", evidence_ref)[0]


def overturn(work: Work, review_id: UUID, *, evidence_ref: str) -> ReviewRequest:
    """The decision was wrong: its record is reversed, and the person may be reviewed anew; nothing comes back by itself
    (INV-VET-16).
    """
    review, notice = _decide(work, review_id, "overturn", evidence_ref)
    if notice.record_id is not None:
        conduct.overturn(work, notice.record_id, evidence_ref=evidence_ref)
    return review


def _decide(work: Work, review_id: UUID, action: str, evidence_ref: str) -> tuple[ReviewRequest, WrittenNotice]:
    review = work.get(ReviewRequest, review_id, lock=True)
    notice = work.get(WrittenNotice, review.notice_id)
    _need_another(work, review, notice, action)
    review.state = rules.REVIEW_REQUEST.move(review.state, action)
    review.decided_by, review.decided_at, review.evidence_ref = work.caller.subject, work.now, evidence_ref
    return review, notice


def _need_another(work: Work, review: ReviewRequest, notice: WrittenNotice, action: str) -> None:
    before = (notice.decided_by, review.filed_by)
    need_another(action, work.caller.subject, work.caller.person_id, before=before, subject=review.person_id)
