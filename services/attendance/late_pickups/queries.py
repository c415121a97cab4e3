"""Reading cases."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select

from services.attendance.directory import queries as directory
from services.attendance.late_pickups import rules
from services.attendance.tables import LatePickupCase
from shared.messaging.work import Work


def lock_unresolved(work: Work, chain_id: UUID) -> LatePickupCase | None:
    """The open case of a chain, locked."""
    return work.session.scalars(_unresolved(), {"chain": chain_id}).one_or_none()


@cache
def _unresolved() -> Select[LatePickupCase]:
    is_of_chain = LatePickupCase.chain_id == bindparam("chain")
    return select(LatePickupCase).where(is_of_chain, LatePickupCase.state.in_(rules.UNRESOLVED)).with_for_update()


def list_cases(work: Work) -> Select[Any]:
    """Cases; a guardian sees those of their own children."""
    return directory.narrow(work, select(LatePickupCase), LatePickupCase.pupil_id)
