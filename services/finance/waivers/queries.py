"""Reading waivers."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from services.finance.invoices.queries import visible
from services.finance.tables import Invoice, Pupil, Waiver
from shared.messaging.work import Work
from shared.tables import terms


def list_waivers(work: Work) -> Select[Any]:
    """Waivers that the caller may see."""
    return visible(work, select(Waiver), Waiver.pupil_id)


def schools_of(work: Work, pupil_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The school of each known pupil."""
    rows = work.session.execute(select(Pupil.id, Pupil.school_id).where(Pupil.id.in_(pupil_ids)))
    return dict(rows.all())


def open_basis(work: Work, waiver: Waiver) -> str:
    """The hardship, unsealed; the caller logs the access."""
    return work.keyring.open(waiver.id, "basis", waiver.basis_sealed)


def touched_terms(work: Work, waiver_ids: Collection[UUID]) -> dict[UUID, set[tuple[UUID, UUID]]]:
    """Pupil to the (school, term) of live invoices whose term one of the waivers touches."""
    rows = work.session.execute(
        select(Waiver.pupil_id, Invoice.school_id, Invoice.term_id)
        .join(Invoice, Invoice.pupil_id == Waiver.pupil_id)
        .join(terms, terms.c.term_id == Invoice.term_id)
        .where(
            Waiver.id.in_(waiver_ids),
            Invoice.state != "VOID",
            terms.c.starts_on <= Waiver.ends_on,
            terms.c.ends_on >= Waiver.starts_on,
        )
    )
    touched: dict[UUID, set[tuple[UUID, UUID]]] = defaultdict(set)
    for pupil_id, school_id, term_id in rows:
        touched[pupil_id].add((school_id, term_id))
    return touched
