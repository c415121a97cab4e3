"""What a person is told in writing, and the re-check that they may ask for."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from services.vetting.tables.metadata import Tables
from shared.tables import Row, Sealed


class WrittenNotice(Row, Tables):
    """A person is told in writing why they may not serve, and of the right of re-check (书面告知)."""

    __tablename__ = "written_notices"

    person_id: Mapped[UUID]
    code: Mapped[str]
    reason_class: Mapped[str]
    record_id: Mapped[UUID | None]
    """The conduct record behind a block; a re-check that overturns the decision overturns it."""
    decided_by: Mapped[str]
    due_on: Mapped[date]
    review_days: Mapped[int]
    state: Mapped[str]
    delivered_at: Mapped[datetime | None]
    delivered_by: Mapped[str | None]
    evidence_ref: Mapped[str | None]
    """Where the signed receipt is kept."""
    review_until: Mapped[date | None]
    """The last day to ask for a re-check; None until the notice is delivered, since the days run from then."""

    __table_args__ = (
        Index("written_notices_by_person", "person_id"),
        Index("written_notices_by_state", "district_id", "state", "due_on", "id"),
    )


class ReviewRequest(Row, Tables):
    """A person asks that a decision about them be looked at again (复查)."""

    __tablename__ = "review_requests"

    person_id: Mapped[UUID]
    notice_id: Mapped[UUID]
    state: Mapped[str]
    statement_sealed: Mapped[Sealed]
    filed_by: Mapped[str]
    paper_ref: Mapped[str | None]
    """Where the paper is kept, when an officer filed it for the person."""
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    evidence_ref: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("notice_id"),
        Index("review_requests_by_person", "person_id"),
        Index("review_requests_by_state", "district_id", "state", "id"),
    )
