"""Reading cases."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from services.attendance.directory import queries as directory
from services.attendance.late_pickups import rules
from services.attendance.tables import ContactAttempt, LatePickupCase
from shared.messaging.work import Work


def unresolved(chain_id: UUID) -> Select[LatePickupCase]:
    """The open case of a chain."""
    return select(LatePickupCase).where(LatePickupCase.chain_id == chain_id, LatePickupCase.state.in_(rules.UNRESOLVED))


def list_cases(work: Work) -> Select[Any]:
    """Cases; a guardian sees those of their own children."""
    return directory.narrow(work, select(LatePickupCase), LatePickupCase.pupil_id)


def list_attempts() -> Select[ContactAttempt]:
    """Attempts to reach families."""
    return select(ContactAttempt)
