"""Reading who keeps whom."""

from collections.abc import Collection
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select

from services.attendance.custody import rules
from services.attendance.directory import queries as directory
from services.attendance.roll_calls import queries as roll_calls
from services.attendance.tables import CustodyChain, Handover, ServiceSession
from shared.messaging.work import Work


def lock_chains(work: Work, pupil_ids: Collection[UUID], on: date) -> list[CustodyChain]:
    """The chains of pupils on a date, locked in one order."""
    return list(work.session.scalars(_chains(), {"pupils": list(pupil_ids), "day": on}))


@cache
def _chains() -> Select[CustodyChain]:
    return (
        select(CustodyChain)
        .where(CustodyChain.pupil_id.in_(bindparam("pupils", expanding=True)), CustodyChain.on == bindparam("day"))
        .order_by(CustodyChain.pupil_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def lock_session_chains(work: Work, session_id: UUID, *conditions: Any) -> list[CustodyChain]:
    """The chains of the children that a session keeps, locked in one order."""
    return list(
        work.session.scalars(
            select(CustodyChain)
            .where(CustodyChain.session_id == session_id, CustodyChain.state.in_(rules.IN_CARE), *conditions)
            .order_by(CustodyChain.pupil_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def kept_count(work: Work, session: ServiceSession) -> int:
    """How many children of a session nobody has taken yet: still here, or marked present and never received."""
    here = select(func.count()).where(CustodyChain.session_id == session.id, CustodyChain.state.in_(rules.IN_CARE))
    newest = roll_calls.newest_marks([session.id])
    received = select(Handover.pupil_id).where(
        Handover.session_id == session.id, Handover.action.in_(("hand_to_service", "join", "transfer"))
    )
    lost = (
        select(func.count())
        .select_from(newest)
        .where(newest.c.status.in_(("PRESENT", "LATE")), newest.c.pupil_id.not_in(received))
    )
    return (work.session.scalar(here) or 0) + (work.session.scalar(lost) or 0)


def list_chains(work: Work) -> Select[Any]:
    """Who keeps whom; a guardian sees their own children."""
    return directory.narrow(work, select(CustodyChain), CustodyChain.pupil_id)


def list_handovers(work: Work) -> Select[Any]:
    """Every passing on; a guardian sees their own children's."""
    return directory.narrow(work, select(Handover), Handover.pupil_id)
