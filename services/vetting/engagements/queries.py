"""Reading what engagements rest on."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.vetting.tables import InsufficiencyDeclaration, Post
from shared.messaging.work import Work


def declared_ref(work: Work, school_id: UUID, on: date) -> str | None:
    """Where the school's declaration is kept that its own staff does not suffice on a day; None without one."""
    return work.session.scalar(
        select(InsufficiencyDeclaration.evidence_ref)
        .where(
            InsufficiencyDeclaration.school_id == school_id,
            InsufficiencyDeclaration.starts_on <= on,
            InsufficiencyDeclaration.ends_on >= on,
        )
        .order_by(InsufficiencyDeclaration.id.desc())
        .limit(1)
    )


def schools_of(work: Work, person_id: UUID) -> Sequence[UUID]:
    """The schools on whose staff lists a person is."""
    return work.session.scalars(select(Post.school_id).where(Post.person_id == person_id)).all()
