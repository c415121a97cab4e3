"""Reading waivers."""

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


def touched_terms(work: Work, waiver: Waiver) -> list[tuple[UUID, UUID]]:
    """(school, term) of the pupil's live invoices whose term the waiver touches, in order."""
    rows = work.session.execute(
        select(Invoice.school_id, Invoice.term_id)
        .join(terms, terms.c.term_id == Invoice.term_id)
        .where(
            Invoice.pupil_id == waiver.pupil_id,
            Invoice.state != "VOID",
            terms.c.starts_on <= waiver.ends_on,
            terms.c.ends_on >= waiver.starts_on,
        )
        .distinct()
        .order_by(Invoice.school_id, Invoice.term_id)
    )
    return [(row.school_id, row.term_id) for row in rows]
