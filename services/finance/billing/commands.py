"""From participations to drafts, and from drafts to invoices."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.finance.billing import queries, rules
from services.finance.invoices import commands as invoices
from services.finance.invoices.rules import INVOICE
from services.finance.ledger import commands as ledger
from services.finance.tables import Book, Invoice, InvoiceLine, Participation
from shared.clock import day_begins
from shared.contracts.enrollment import ParticipationConfirmed, ParticipationEvent
from shared.contracts.finance import InvoiceNotRequired
from shared.ids import new_id
from shared.messaging.work import Work
from shared.refusals import Refused
from shared.timers import set_timer

COLLECTION = "invoice.collection"
LEFT = "participation.left"
"""Refunds stand above invoices: that a family had left before it was billed is told by a timer that is due at once."""


# From participations to drafts


def keep_participation(work: Work, said: ParticipationEvent) -> Participation:
    """The participation that an event speaks of, locked; opened when this is the first word of it."""
    known = work.session.get(Participation, said.participation_id, with_for_update=True, populate_existing=True)
    if known is not None:
        return known
    return work.add(
        Participation(
            id=said.participation_id,
            district_id=said.district_id,
            school_id=said.school_id,
            term_id=said.term_id,
            pupil_id=said.pupil_id,
            billing="WAITS",
        )
    )


def bill_participation(work: Work, confirmed: ParticipationConfirmed) -> None:
    """Decide about the fee of a participation."""
    ledger.lock_book(work, confirmed.school_id, confirmed.term_id)
    participation = keep_participation(work, confirmed)
    if participation.billing != "WAITS":
        return
    participation.guardian_id = confirmed.guardian_id
    participation.grade = confirmed.grade
    participation.fee_item_ids = [place.item_id for place in confirmed.places if place.fee_bearing]
    participation.starts_on, participation.ends_on = confirmed.starts_on, confirmed.ends_on
    work.session.flush()
    _bill(work, confirmed.school_id, confirmed.term_id, [participation])


def retry(work: Work, school_id: UUID, term_id: UUID) -> None:
    """Try again whatever waits for a fact or is held by a gate; called by whatever could have opened one."""
    ledger.lock_book(work, school_id, term_id)
    _bill(work, school_id, term_id, queries.waiting(work, school_id, term_id))
    issue(work, school_id, term_id, queries.held(work, school_id, term_id))


def retry_where(work: Work, *conditions: Any) -> None:
    """`retry` at every school and term where something waits."""
    for school_id, term_id in queries.find_waiting(work, *conditions):
        retry(work, school_id, term_id)


def _bill(work: Work, school_id: UUID, term_id: UUID, participations: Sequence[Participation]) -> None:
    """Draft what is due, and issue it where the gates let it pass."""
    policy = queries.find_policy(work, school_id, term_id)
    if policy is None:
        return
    kinds = queries.kinds_of(work, {item for one in participations for item in one.fee_item_ids or ()})
    drafts: list[Invoice] = []
    for one in participations:
        items = one.fee_item_ids or []
        if rules.is_free(policy, one.grade or 0, items):
            one.billing = "NOT_REQUIRED"
            work.emit(InvoiceNotRequired(district_id=one.district_id, school_id=school_id, participation_id=one.id))
        elif kinds.keys() >= set(items):
            one.billing = "BILLED"
            drafts += [_draft(one, kind) for kind in sorted({kinds[item] for item in items})]
    work.session.add_all(drafts)
    work.session.flush()
    issue(work, school_id, term_id, drafts)


def _draft(participation: Participation, kind: str) -> Invoice:
    return Invoice(
        id=new_id(),
        district_id=participation.district_id,
        school_id=participation.school_id,
        participation_id=participation.id,
        pupil_id=participation.pupil_id,
        term_id=participation.term_id,
        kind=kind,
        state=INVOICE.initial,
        held_clauses=[],
        amount_fen=0,
        waived_fen=0,
    )


# From drafts to invoices


def issue(work: Work, school_id: UUID, term_id: UUID, drafts: Sequence[Invoice]) -> None:
    """Issue the drafts of one term that no gate stops; the others keep the reason. The caller holds the book."""
    if not drafts:
        return
    work.session.flush()
    pupil_ids = {draft.pupil_id for draft in drafts}
    try:
        billing = queries.find_billing(work, school_id, term_id, pupil_ids)
    except Refused as refusal:
        _hold(drafts, refusal)
        return
    stays = _stays(work, drafts)
    billed = queries.billed(work, term_id, pupil_ids)
    issued: list[Invoice] = []
    for draft in drafts:
        if _issue_one(work, billing, draft, stays[draft.id], billed.get(draft.pupil_id, 0)):
            issued.append(draft)
            billed[draft.pupil_id] = billed.get(draft.pupil_id, 0) + draft.amount_fen - draft.waived_fen
    invoices.claim(work, issued)
    _wait_for_collection(work, billing, school_id, term_id, len(issued) < len(drafts))
    for participation_id in queries.find_left(work, {draft.participation_id for draft in drafts}):
        set_timer(work, LEFT, participation_id, work.now)


def _stays(work: Work, drafts: Sequence[Invoice]) -> dict[UUID, rules.Stay]:
    """What each draft is for: the items of its kind, while the participation lasts."""
    ids = {draft.participation_id for draft in drafts}
    known = {row.id: row for row in work.session.scalars(select(Participation).where(Participation.id.in_(ids)))}
    kinds = queries.kinds_of(work, {item for row in known.values() for item in row.fee_item_ids or ()})
    stays = {}
    for draft in drafts:
        row = known[draft.participation_id]
        if row.starts_on is None or row.ends_on is None:
            raise ValueError("a billed participation has its dates")
        items = [item for item in row.fee_item_ids or () if kinds[item] == draft.kind]
        stays[draft.id] = rules.Stay(
            pupil_id=row.pupil_id, item_ids=items, starts_on=row.starts_on, ends_on=row.ends_on
        )
    return stays


def _issue_one(work: Work, billing: rules.Billing, draft: Invoice, stay: rules.Stay, billed_fen: int) -> bool:
    try:
        charges, bill = rules.assess(billing, stay, billed_fen)
    except Refused as refusal:
        _hold([draft], refusal)
        return False
    draft.held_because, draft.held_gate, draft.held_clauses = None, None, []
    draft.amount_fen, draft.waived_fen, draft.issued_at = bill.gross, bill.waived, work.now
    draft.state = INVOICE.move(draft.state, "issue" if bill.due else "settle")
    draft.due_on = work.today + timedelta(days=billing.policy.value("fee.invoice_due_days"))
    where = {"district_id": draft.district_id, "school_id": draft.school_id, "invoice_id": draft.id}
    work.session.add_all(
        InvoiceLine(
            id=new_id(),
            item_id=line.item_id,
            standard_id=line.standard_id,
            amount_fen=line.amount_fen,
            **where,
        )
        for line in charges
    )
    return True


def _hold(drafts: Sequence[Invoice], refusal: Refused) -> None:
    for draft in drafts:
        draft.held_because, draft.held_gate, draft.held_clauses = refusal.code, refusal.gate, list(refusal.clauses)


def _wait_for_collection(work: Work, billing: rules.Billing, school_id: UUID, term_id: UUID, any_held: bool) -> None:
    """A draft that came before the collection begins is tried again on that day."""
    first = rules.collection_starts_on(billing.policy, billing.term_starts_on, billing.collection_starts_on)
    if any_held and billing.today < first:
        book = ledger.lock_book(work, school_id, term_id)
        set_timer(work, COLLECTION, book.id, day_begins(first))


def begin_collection(work: Work, book_id: UUID) -> None:
    """The day on which a term's fees may be asked for has come (timer)."""
    book = work.get(Book, book_id)
    retry(work, book.school_id, book.term_id)
