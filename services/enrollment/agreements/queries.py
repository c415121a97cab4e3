"""Reading agreements."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from services.enrollment.tables import Agreement
from shared.messaging.work import Work
from shared.refusals import NotFound


def find_agreements(work: Work, agreement_ids: Collection[UUID]) -> list[Agreement]:
    """Agreements, locked in the order of their ids; raises NotFound unless all are there."""
    query = select(Agreement).where(Agreement.id.in_(agreement_ids)).order_by(Agreement.id)
    found = list(work.session.scalars(query.with_for_update().execution_options(populate_existing=True)))
    if len(found) != len(set(agreement_ids)):
        raise NotFound("agreement")
    return found
