"""Reading invoices, and all that decides about them."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from services.finance.invoices.rules import COLLECTABLE, Billing, Price
from services.finance.ledger import queries as ledger
from services.finance.tables import (
    Entry,
    FeePublication,
    FeeStandard,
    GuardianLink,
    Invoice,
    InvoiceLine,
    Item,
    Participation,
    Statement,
    Waiver,
)
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.published import plan_state, policy_of_term, term
from shared.refusals import NotFound, Refused
from shared.tables import pins, terms

OFFICE = frozenset({"district_admin", "principal", "accountant", "cashier", "auditor"})
"""Roles that see every family's invoices in their schools; anybody else sees those of their own children."""


def find_policy(work: Work, school_id: UUID, term_id: UUID) -> Policy | None:
    """The policy that a school's term is pinned to, None while it has not arrived."""
    try:
        return policy_of_term(work, school_id, term_id)
    except Refused:
        return None


def own_children(work: Work) -> Select[UUID]:
    """Pupils whose verified guardian the caller is."""
    return select(GuardianLink.pupil_id).where(
        GuardianLink.guardian_id == work.caller.person_id, GuardianLink.is_verified
    )


def need_guardian(work: Work, pupil_id: UUID) -> UUID:
    """The caller's person id; NotFound unless the caller is the pupil's verified guardian."""
    children = own_children(work).where(GuardianLink.pupil_id == pupil_id)
    if work.caller.person_id is None or work.session.scalar(children.limit(1)) is None:
        raise NotFound("pupil")
    return work.caller.person_id


def visible(work: Work, query: Select[Any], pupil_id: InstrumentedAttribute[UUID]) -> Select[Any]:
    """`query` narrowed to the caller's own children, unless the caller works in an office."""
    if work.caller.roles & OFFICE:
        return query
    return query.where(pupil_id.in_(own_children(work)))


def list_invoices(work: Work) -> Select[Any]:
    """Invoices that the caller may see."""
    return visible(work, select(Invoice), Invoice.pupil_id)


def find_invoice(work: Work, invoice_id: UUID) -> Invoice:
    """An invoice that the caller may see; raises NotFound."""
    found: Invoice = work.one(list_invoices(work).where(Invoice.id == invoice_id), thing="invoice")
    return found


def lines_of(work: Work, invoice_id: UUID) -> list[InvoiceLine]:
    """What an invoice charges for."""
    return list(work.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id)))


def find_waiting(work: Work, *conditions: Any) -> list[tuple[UUID, UUID]]:
    """(school, term) with a participation that waits for a fact, or an invoice that a gate holds, in order."""
    held = exists().where(Invoice.participation_id == Participation.id, Invoice.state == "DRAFT")
    waits = or_(Participation.billing == "WAITS", held)
    rows = work.session.execute(
        select(Participation.school_id, Participation.term_id)
        .where(waits, *conditions)
        .distinct()
        .order_by(Participation.school_id, Participation.term_id)
    )
    return [(row.school_id, row.term_id) for row in rows]


def find_left(work: Work, participation_ids: Collection[UUID]) -> list[UUID]:
    """Those that were withdrawn already."""
    query = select(Participation.id).where(
        Participation.id.in_(participation_ids), Participation.withdrawn_on.is_not(None)
    )
    return list(work.session.scalars(query))


def kinds_of(work: Work, item_ids: Collection[UUID]) -> dict[UUID, str]:
    """The kind of fee of each known item: a provider's price is collected for it (代收费)."""
    rows = work.session.execute(select(Item.id, Item.provider_id).where(Item.id.in_(item_ids)))
    return {item_id: "AGENCY_FEE" if provider_id else "SERVICE_FEE" for item_id, provider_id in rows}


# What decides


def find_billing(work: Work, school_id: UUID, term_id: UUID, pupil_ids: Collection[UUID]) -> Billing:
    """Everything that decides about a term's invoices; raises Refused("policy_missing")."""
    policy, calendar = policy_of_term(work, school_id, term_id), term(work, term_id)
    return Billing(
        policy=policy,
        school_days=calendar.school_days,
        term_starts_on=calendar.starts_on,
        term_ends_on=calendar.ends_on,
        collection_starts_on=calendar.collection_starts_on,
        today=work.today,
        plan_state=plan_state(work, school_id, term_id),
        is_previous_term_stated=_is_previous_term_stated(work, school_id, term_id),
        prices=find_prices(work, FeeStandard.school_id == school_id, FeeStandard.term_id == term_id),
        percents=_percents(work, pupil_ids, term_id),
        under_review=_under_review(work, pupil_ids),
    )


def find_prices(work: Work, *conditions: Any) -> dict[UUID, Price]:
    """The fees in effect by item, and whether each is verified to be posted as it was approved."""
    verified = exists().where(
        FeePublication.standard_id == FeeStandard.id,
        FeePublication.state == "VERIFIED",
        FeePublication.content_hash == FeeStandard.content_hash,
    )
    rows = work.session.execute(
        select(FeeStandard, Item.id, Item.weekdays, verified)
        .join(Item, Item.id == func.any(FeeStandard.item_ids))
        .where(FeeStandard.state == "IN_EFFECT", *conditions)
    )
    return {
        item_id: Price(
            item_id=item_id,
            standard_id=standard.id,
            unit=standard.unit,
            amount_fen=standard.amount_fen,
            weekdays=weekdays,
            is_published=is_published,
            payee_account=standard.payee_account,
        )
        for standard, item_id, weekdays, is_published in rows
    }


def prices_of_invoice(work: Work, invoice_id: UUID) -> list[Price]:
    """The fees in effect behind an invoice's lines; a line whose standard ended has none and is not published."""
    lines = lines_of(work, invoice_id)
    prices = find_prices(work, FeeStandard.id.in_([line.standard_id for line in lines]))
    return [prices[line.item_id] for line in lines if line.item_id in prices]


def has_every_price(work: Work, invoice_id: UUID) -> bool:
    """Whether every line's standard is still in effect and verified to be posted."""
    prices = prices_of_invoice(work, invoice_id)
    return len(prices) == len(lines_of(work, invoice_id)) and all(price.is_published for price in prices)


def billed(work: Work, term_id: UUID, pupil_ids: Collection[UUID]) -> dict[UUID, int]:
    """What each pupil is billed for a term already, waivers taken off."""
    rows = work.session.execute(
        select(Invoice.pupil_id, func.sum(Invoice.amount_fen - Invoice.waived_fen))
        .where(Invoice.term_id == term_id, Invoice.pupil_id.in_(pupil_ids), Invoice.state.not_in(("DRAFT", "VOID")))
        .group_by(Invoice.pupil_id)
    )
    return {pupil_id: int(total) for pupil_id, total in rows}


def open_invoices(work: Work, participation_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many invoices of each participation are drafts or still to be paid."""
    if not participation_ids:
        return {}
    work.session.flush()
    is_open = Invoice.state.in_(("DRAFT", *COLLECTABLE))
    rows = work.session.execute(
        select(Invoice.participation_id, func.count())
        .where(Invoice.participation_id.in_(participation_ids), is_open)
        .group_by(Invoice.participation_id)
    )
    return dict(rows.all())


def _percents(work: Work, pupil_ids: Collection[UUID], term_id: UUID) -> dict[UUID, int]:
    """The best waiver of each pupil that touches the term."""
    calendar = term(work, term_id)
    rows = work.session.execute(
        select(Waiver.pupil_id, func.max(Waiver.percent))
        .where(
            Waiver.pupil_id.in_(pupil_ids),
            Waiver.state == "GRANTED",
            Waiver.starts_on <= calendar.ends_on,
            Waiver.ends_on >= calendar.starts_on,
        )
        .group_by(Waiver.pupil_id)
    )
    return {pupil_id: percent for pupil_id, percent in rows if percent is not None}


def _under_review(work: Work, pupil_ids: Iterable[UUID]) -> frozenset[UUID]:
    waiting = select(Waiver.pupil_id).where(Waiver.pupil_id.in_(pupil_ids), Waiver.state == "APPLIED")
    return frozenset(work.session.scalars(waiting))


def _is_previous_term_stated(work: Work, school_id: UUID, term_id: UUID) -> bool:
    """Whether the last term before in which the school had a plan and moved money has a public statement."""
    this = select(terms.c.starts_on).where(terms.c.term_id == term_id).scalar_subquery()
    moved = exists().where(Entry.school_id == school_id, Entry.term_id == terms.c.term_id)
    previous = work.session.scalar(
        select(terms.c.term_id)
        .join(pins, and_(pins.c.term_id == terms.c.term_id, pins.c.school_id == school_id))
        .where(terms.c.ends_on < this, moved)
        .order_by(terms.c.ends_on.desc())
        .limit(1)
    )
    if previous is None:
        return True
    published = exists().where(
        Statement.school_id == school_id, Statement.term_id == previous, Statement.state == "PUBLISHED"
    )
    return bool(work.session.scalar(select(or_(published, false()))))


def figures(work: Work, invoice: Invoice) -> dict[str, int]:
    """An invoice in figures, from the ledger."""
    ids = [invoice.id]
    return {
        "paid_fen": ledger.paid(work, ids).get(invoice.id, 0),
        "credited_fen": ledger.credited(work, ids).get(invoice.id, 0),
        "outstanding_fen": ledger.owed(work, ids).get(invoice.id, 0),
    }
