"""Reading subsidy claims."""

from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.finance.tables import SubsidyClaim
from shared.messaging.work import Work
from shared.tables import terms


def claims_of_year(work: Work, school_id: UUID, year_starts: date, *, but: UUID) -> list[SubsidyClaim]:
    """The school's other claims of a school year that have an amount."""
    query = (
        select(SubsidyClaim)
        .join(terms, terms.c.term_id == SubsidyClaim.term_id)
        .where(
            SubsidyClaim.school_id == school_id,
            SubsidyClaim.id != but,
            SubsidyClaim.amount_fen.is_not(None),
            terms.c.starts_on >= year_starts,
            terms.c.starts_on < date(year_starts.year + 1, year_starts.month, year_starts.day),
        )
    )
    return list(work.session.scalars(query))
