"""Reading profiles and exceptions."""

from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.enrollment.tables import BoundException, PolicyProfile
from shared.messaging.work import Work


def newest_version(work: Work, profile_id: str) -> PolicyProfile | None:
    """The newest version of a profile, locked so that versions are numbered one by one."""
    return work.session.scalar(
        select(PolicyProfile)
        .where(PolicyProfile.profile_id == profile_id)
        .order_by(PolicyProfile.profile_version.desc())
        .limit(1)
        .with_for_update()
    )


def exceptions(work: Work, school_id: UUID, first: date, last: date) -> frozenset[str]:
    """The bounds in principle that a school may pass on every day from `first` to `last`."""
    standing = select(BoundException.bound).where(
        BoundException.school_id == school_id,
        BoundException.state == "APPROVED",
        BoundException.valid_from <= first,
        BoundException.valid_until >= last,
    )
    return frozenset(work.session.scalars(standing))
