"""What families complain of or suggest, and what was done about it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from services.enrollment.tables.metadata import Tables
from shared.tables import SchoolRow, Sealed


class Complaint(SchoolRow, Tables):
    """A complaint or suggestion (意见建议与投诉) about a school's service; its words are among its steps."""

    __tablename__ = "complaints"
    complainant_id: Mapped[UUID]
    """Told to nobody: no door gives it, no event and no log names it."""
    topic: Mapped[str]
    prohibition_code: Mapped[str | None]
    target_kind: Mapped[str | None]
    target_id: Mapped[UUID | None]
    happened_on: Mapped[date]
    evidence_ref: Mapped[str | None]
    filed_on: Mapped[date]
    state: Mapped[str]
    service: Mapped[str | None]
    """The service that answers for what is complained of."""
    answer_by: Mapped[date]
    answered_by: Mapped[str | None]
    object_until: Mapped[date | None]
    """The last day to object to the first answer; None: there is none yet."""
    __table_args__ = (
        Index("complaints_by_school", "school_id", "state", "id"),
        Index("complaints_by_complainant", "complainant_id"),
        Index("complaints_by_day", "district_id", "filed_on"),
    )


class ComplaintStep(SchoolRow, Tables):
    """Who did what about a complaint, with the words where there are any; rewritten only to rotate keys."""

    __tablename__ = "complaint_steps"
    complaint_id: Mapped[UUID]
    action: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
    code: Mapped[str | None]
    """The service that it was routed to, why it was escalated, or what the case came to."""
    text_sealed: Mapped[Sealed | None]
    __table_args__ = (Index("complaint_steps_by_complaint", "complaint_id"),)
