"""Reading who keeps whom."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select

from services.attendance.custody import rules
from services.attendance.directory import queries as directory
from services.attendance.roll_calls import queries as roll_calls
from services.attendance.tables import CustodyChain, Handover, Mark, ServiceSession
from shared.messaging.work import Work
from shared.refusals import NotFound

_LOCKED = (
    select(CustodyChain).order_by(CustodyChain.pupil_id).with_for_update().execution_options(populate_existing=True)
)


_TERM = select(ServiceSession.term_id).where(ServiceSession.id == CustodyChain.session_id).scalar_subquery()
_CHAIN = _LOCKED.add_columns(_TERM).where(
    CustodyChain.pupil_id == bindparam("pupil"), CustodyChain.on == bindparam("day")
)


def lock_chain(work: Work, pupil_id: UUID, on: date) -> tuple[CustodyChain, UUID | None]:
    """A pupil's chain on a date, locked, and the term of its session (None: ad-hoc care); raises NotFound."""
    row = work.session.execute(_CHAIN, {"pupil": pupil_id, "day": on}).one_or_none()
    if row is None:
        raise NotFound("CustodyChain")
    return row[0], row[1]


def lock_chains(work: Work, pupil_ids: Collection[UUID], on: date) -> list[CustodyChain]:
    """The chains of pupils on a date, locked in one order."""
    return list(work.session.scalars(_LOCKED.where(CustodyChain.pupil_id.in_(pupil_ids), CustodyChain.on == on)))


def lock_session_chains(work: Work, session_id: UUID, *conditions: Any) -> list[CustodyChain]:
    """The chains of the children that a session keeps, locked in one order."""
    kept = _LOCKED.where(CustodyChain.session_id == session_id, CustodyChain.state.in_(rules.IN_CARE), *conditions)
    return list(work.session.scalars(kept))


def kept_count(work: Work, session: ServiceSession) -> int:
    """How many children of a session nobody has taken yet: still here, or marked present and never received."""
    here = select(func.count()).where(CustodyChain.session_id == session.id, CustodyChain.state.in_(rules.IN_CARE))
    newest = roll_calls.newest_marks(Mark.session_id == session.id)
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
