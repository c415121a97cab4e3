"""Reading cases."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from services.attendance.directory import queries as directory
from services.attendance.late_pickups import rules
from services.attendance.tables import LatePickupCase
from shared.messaging.work import Work


def lock_unresolved(work: Work, chain_id: UUID) -> LatePickupCase | None:
    """The open case of a chain, locked."""
    of_chain = select(LatePickupCase).where(LatePickupCase.chain_id == chain_id)
    return work.session.scalars(
        of_chain.where(LatePickupCase.state.in_(rules.UNRESOLVED)).with_for_update()
    ).one_or_none()


def list_cases(work: Work) -> Select[Any]:
    """Cases; a guardian sees those of their own children."""
    return directory.narrow(work, select(LatePickupCase), LatePickupCase.pupil_id)
