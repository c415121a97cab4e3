"""What went wrong: incidents, and prohibitions that seem to be broken."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from services.attendance.tables.metadata import Tables
from shared.tables import SchoolRow, Sealed


class Incident(SchoolRow, Tables):
    """Children came to harm, or nearly (安全事件)."""

    __tablename__ = "incidents"
    session_id: Mapped[UUID | None]
    happened_at: Mapped[datetime]
    reported_at: Mapped[datetime]
    reported_by: Mapped[str]
    state: Mapped[str]
    severity: Mapped[str]
    staff_ids: Mapped[list[UUID]]
    category: Mapped[str | None]
    """Of the breach of ethics that is said of the staff involved."""
    account_sealed: Mapped[Sealed]
    guardians_due_at: Mapped[datetime]
    guardians_told_at: Mapped[datetime | None]
    authority_due_at: Mapped[datetime | None]
    """None: it is not serious."""
    authority_told_at: Mapped[datetime | None]
    authority_ref: Mapped[str | None]
    findings_sealed: Mapped[Sealed | None]
    investigated_by: Mapped[str | None]
    __table_args__ = (Index("incidents_by_school", "school_id", "happened_at", "id"),)


class IncidentPupil(SchoolRow, Tables):
    """A pupil whom an incident concerns."""

    __tablename__ = "incident_pupils"
    incident_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    __table_args__ = (
        UniqueConstraint("incident_id", "pupil_id"),
        Index("incidents_of_pupil", "pupil_id", "incident_id"),
    )


class Violation(SchoolRow, Tables):
    """A prohibition that seems to be broken, as somebody saw it on the spot (违规线索); never changed."""

    __tablename__ = "violations"
    session_id: Mapped[UUID | None]
    prohibition_code: Mapped[str]
    target_kind: Mapped[str]
    target_id: Mapped[UUID]
    on: Mapped[date]
    account_sealed: Mapped[Sealed]
    evidence_ref: Mapped[str]
    reported_by: Mapped[str]
    __table_args__ = (Index("violations_by_school", "school_id", "on", "id"),)
