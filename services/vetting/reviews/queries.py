"""Reading written notices and reviews."""

from sqlalchemy import Select, select

from services.vetting.clearances.rules import WRITTEN_NOTICE
from services.vetting.tables import ReviewRequest, WrittenNotice
from shared.messaging.work import Work


def list_notices(work: Work) -> Select[WrittenNotice]:
    """Notices that the caller may see: those who handle reviews see all of them, anybody else their own."""
    query = select(WrittenNotice)
    if "review.read" in work.caller.permissions:
        return query
    return query.where(WrittenNotice.person_id == work.caller.person_id)


def list_overdue(work: Work) -> Select[WrittenNotice]:
    """Notices that should have been delivered by now."""
    return list_notices(work).where(WrittenNotice.state == WRITTEN_NOTICE.initial, WrittenNotice.due_on < work.today)


def list_reviews(work: Work) -> Select[ReviewRequest]:
    """Reviews that the caller may see, as with notices."""
    query = select(ReviewRequest)
    if "review.read" in work.caller.permissions:
        return query
    return query.where(ReviewRequest.person_id == work.caller.person_id)


def open_statement(work: Work, review: ReviewRequest) -> str:
    """What the person says, unsealed; the caller logs the access."""
    return work.keyring.open(review.id, "statement", review.statement_sealed)
