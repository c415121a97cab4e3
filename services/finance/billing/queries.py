"""Reading all that decides about invoices."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select

from services.finance.billing.rules import Billing, Price
from services.finance.invoices.queries import lines_of
from services.finance.tables import (
    Entry,
    FeePublication,
    FeeStandard,
    Invoice,
    Item,
    Participation,
    Statement,
    Waiver,
)
from shared.messaging.work import Work
from shared.policy import Policy
from shared.policy.published import plan_state, policy_of_term, term
from shared.refusals import Refused
from shared.tables import pins, terms


def find_policy(work: Work, school_id: UUID, term_id: UUID) -> Policy | None:
    """The policy that a school's term is pinned to, None while it has not arrived."""
    try:
        return policy_of_term(work, school_id, term_id)
    except Refused:
        return None


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


def waiting(work: Work, school_id: UUID, term_id: UUID) -> list[Participation]:
    """Confirmed participations about whose fee nothing is decided, locked."""
    query = select(Participation).where(
        Participation.school_id == school_id,
        Participation.term_id == term_id,
        Participation.billing == "WAITS",
        Participation.grade.is_not(None),
    )
    return list(work.session.scalars(query.order_by(Participation.id).with_for_update()))


def held(work: Work, school_id: UUID, term_id: UUID) -> list[Invoice]:
    """Drafts that a gate holds, locked."""
    query = select(Invoice).where(Invoice.school_id == school_id, Invoice.term_id == term_id, Invoice.state == "DRAFT")
    return list(work.session.scalars(query.order_by(Invoice.id).with_for_update()))


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


def prices_of_invoice(work: Work, invoice_id: UUID) -> list[Price | None]:
    """The fee in effect behind each line of an invoice; None where the line's standard ended."""
    lines = lines_of(work, invoice_id)
    prices = find_prices(work, FeeStandard.id.in_([line.standard_id for line in lines]))
    return [prices.get(line.item_id) for line in lines]


def billed(work: Work, term_id: UUID, pupil_ids: Collection[UUID]) -> dict[UUID, int]:
    """What each pupil is billed for a term already, waivers taken off."""
    rows = work.session.execute(
        select(Invoice.pupil_id, func.sum(Invoice.amount_fen - Invoice.waived_fen))
        .where(Invoice.term_id == term_id, Invoice.pupil_id.in_(pupil_ids), Invoice.state.not_in(("DRAFT", "VOID")))
        .group_by(Invoice.pupil_id)
    )
    return {pupil_id: int(total) for pupil_id, total in rows}


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


def _under_review(work: Work, pupil_ids: Collection[UUID]) -> frozenset[UUID]:
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
    published = select(Statement.id).where(
        Statement.school_id == school_id, Statement.term_id == previous, Statement.state == "PUBLISHED"
    )
    return work.session.scalar(published) is not None
