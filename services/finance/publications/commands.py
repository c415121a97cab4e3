"""Posting, verifying, invalidating."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.finance.invoices import commands as invoices
from services.finance.ledger import commands as ledger
from services.finance.publications import rules
from services.finance.tables import FeePublication, FeeStandard
from shared.contracts.finance import FeePublicationInvalidated, FeePublicationVerified
from shared.messaging.work import Work
from shared.policy import Policy
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
    found = work.get(FeePublication, publication_id)
    standard = work.get(FeeStandard, found.standard_id)
    ledger.lock_book(work, standard.school_id, standard.term_id)
    publication = work.get(FeePublication, publication_id, lock=True)
    policy = policy_of_district(work)
    rules.need_another(work.caller.subject, publication.posted_by)
    state = rules.PUBLICATION.move(publication.state, "verify")
    for seen in (contents, publication.contents):
        rules.need_posted_as_approved(seen, standard.content_hash, policy)
    publication.state = state
    publication.verified_by, publication.verified_at = work.caller.subject, work.now
    _see_again_in_time(work, publication, policy)
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
    invoices.retry(work, standard.school_id, standard.term_id)
    return publication


def _see_again_in_time(work: Work, publication: FeePublication, policy: Policy) -> None:
    days = policy.value("fee.publication.reverify_days")
    if days is not None:
        set_timer(work, REVERIFY, publication.id, work.now + timedelta(days=days))


def invalidate(work: Work, publication_id: UUID, *, cause: str) -> FeePublication:
    """Say that a posted fee holds no more: nothing is issued or paid on it from now on."""
    found = work.get(FeePublication, publication_id)
    standard = work.get(FeeStandard, found.standard_id)
    ledger.lock_book(work, standard.school_id, standard.term_id)
    publication = work.get(FeePublication, publication_id, lock=True)
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
