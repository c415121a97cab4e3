"""Reading profiles and exceptions."""

from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.enrollment.tables import BoundException, PolicyProfile
from shared.messaging.work import Work
from shared.policy import Policy


def newest_version(work: Work, profile_id: str) -> PolicyProfile | None:
    """The newest version of a profile, locked so that versions are numbered one by one."""
    return work.session.scalar(
        select(PolicyProfile)
        .where(PolicyProfile.profile_id == profile_id)
        .order_by(PolicyProfile.profile_version.desc())
        .limit(1)
        .with_for_update()
    )


def find_policy(work: Work, profile_id: str, version: int) -> Policy:
    """The policy of one published version."""
    profile = work.one(
        select(PolicyProfile).where(PolicyProfile.profile_id == profile_id, PolicyProfile.profile_version == version),
        thing="policy_profile",
    )
    held = _read.get(profile.sha256)
    if held is None:
        held = _read[profile.sha256] = Policy.from_document(profile_id, version, profile.document)
    return held


_read: dict[str, Policy] = {}
"""Policies by sha256: a published version never changes, so each is built once per process."""


def exceptions(work: Work, school_id: UUID, first: date, last: date) -> frozenset[str]:
    """The bounds in principle that a school may pass on every day from `first` to `last`."""
    standing = select(BoundException.bound).where(
        BoundException.school_id == school_id,
        BoundException.state == "APPROVED",
        BoundException.valid_from <= first,
        BoundException.valid_until >= last,
    )
    return frozenset(work.session.scalars(standing))
