"""Posting, verifying, invalidating."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.finance.billing import commands as billing
from services.finance.ledger import commands as ledger
from services.finance.ledger.rules import need_another
from services.finance.publications import rules
from services.finance.tables import FeePublication, FeeStandard
from shared.contracts.finance import FeePublicationInvalidated, FeePublicationVerified
from shared.messaging.work import Work
from shared.policy.published import policy_of_district
from shared.timers import cancel_timer, set_timer

REVERIFY = "publication.reverify"


def post(
    work: Work, *, standard_id: UUID, photo_ref: str, place: str, urls: Sequence[str], contents: Mapping[str, Any]
) -> FeePublication:
    """Say where and how a standard is posted; nothing may be collected before somebody else saw it there."""
    standard = work.get(FeeStandard, standard_id)
    rules.need_in_force(standard.state, policy_of_district(work))
    return work.add(
        FeePublication(
            district_id=standard.district_id,
            school_id=standard.school_id,
            standard_id=standard.id,
            photo_ref=photo_ref,
            place=place,
            urls=list(urls),
            contents=dict(contents),
            content_hash=rules.content_hash(contents),
            state=rules.PUBLICATION.initial,
            posted_by=work.caller.subject,
        )
    )


def verify(work: Work, publication_id: UUID, *, contents: Mapping[str, Any]) -> FeePublication:
    """Confirm what was seen at the place; invoices that only this held are issued at once."""
    standard, publication = _lock(work, publication_id)
    policy = policy_of_district(work)
    need_another(work.caller.subject, publication.posted_by, action="verify")
    state = rules.PUBLICATION.move(publication.state, "verify")
    for seen in (contents, publication.contents):
        rules.need_posted_as_approved(seen, standard.content_hash, policy)
    publication.state = state
    publication.verified_by, publication.verified_at = work.caller.subject, work.now
    days = policy.value("fee.publication.reverify_days")
    if days is not None:
        set_timer(work, REVERIFY, publication.id, work.now + timedelta(days=days))
    work.emit(
        FeePublicationVerified(
            district_id=publication.district_id,
            school_id=publication.school_id,
            publication_id=publication.id,
            standard_id=standard.id,
            item_ids=tuple(standard.item_ids),
            content_hash=publication.content_hash,
        )
    )
    work.session.flush()
    billing.retry(work, standard.school_id, standard.term_id)
    return publication


def invalidate(work: Work, publication_id: UUID, *, cause: str) -> FeePublication:
    """Say that a posted fee holds no more: nothing is issued or paid on it from now on."""
    standard, publication = _lock(work, publication_id)
    publication.state = rules.PUBLICATION.move(publication.state, "invalidate")
    publication.cause = cause
    cancel_timer(work, REVERIFY, publication.id)
    work.emit(
        FeePublicationInvalidated(
            district_id=publication.district_id,
            school_id=publication.school_id,
            publication_id=publication.id,
            standard_id=standard.id,
            item_ids=tuple(standard.item_ids),
            cause=cause,
        )
    )
    return publication


def _lock(work: Work, publication_id: UUID) -> tuple[FeeStandard, FeePublication]:
    """A publication and its standard; the book is locked, then the publication."""
    standard = work.get(FeeStandard, work.get(FeePublication, publication_id).standard_id)
    ledger.lock_book(work, standard.school_id, standard.term_id)
    return standard, work.get(FeePublication, publication_id, lock=True)


def expire(work: Work, publication_id: UUID) -> None:
    """Nobody looked again in time (timer)."""
    if work.get(FeePublication, publication_id).state == "VERIFIED":
        invalidate(work, publication_id, cause="NOT_SEEN_AGAIN")


def invalidate_all(work: Work, standard: FeeStandard, cause: str) -> None:
    """Every publication of a standard that holds no more."""
    live = select(FeePublication.id).where(
        FeePublication.standard_id == standard.id, FeePublication.state.in_(("POSTED", "VERIFIED"))
    )
    for publication_id in list(work.session.scalars(live.order_by(FeePublication.id))):
        invalidate(work, publication_id, cause=cause)
