"""Sessions, who of the staff is there, and which pupil."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from services.attendance.tables.metadata import Tables
from shared.tables import SchoolRow, Sealed


class ServiceSession(SchoolRow, Tables):
    """A group on a date between two instants (服务课次)."""

    __tablename__ = "sessions"
    group_id: Mapped[UUID]
    item_id: Mapped[UUID]
    term_id: Mapped[UUID]
    venue_id: Mapped[UUID]
    stage: Mapped[str]
    segment: Mapped[str]
    content_type: Mapped[str]
    on: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str]
    roll_version: Mapped[int | None]
    """The version of the roll that was in force at opening; who is expected follows from it (INV-ATT-06)."""
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    learning_minutes: Mapped[int | None]
    revision: Mapped[int]
    cancel_cause: Mapped[str | None]
    override_by: Mapped[UUID | None]
    """The duty leader who let cleared staff in while vetting could not be heard (INV-ATT-07)."""
    override_reason: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("group_id", "on"),
        Index("sessions_by_day", "school_id", "on", "starts_at", "id"),
        Index("sessions_by_term", "school_id", "term_id", "state"),
    )


class Presence(SchoolRow, Tables):
    """A person of the staff in a session, from when to when (人员到离岗)."""

    __tablename__ = "presences"
    session_id: Mapped[UUID]
    person_id: Mapped[UUID]
    role: Mapped[str]
    category: Mapped[str]
    clearance_epoch: Mapped[int]
    checked_in_at: Mapped[datetime]
    checked_out_at: Mapped[datetime | None]
    checkout_cause: Mapped[str | None]
    __table_args__ = (
        Index("presence_once", "session_id", "person_id", unique=True, postgresql_where=text("checked_out_at IS NULL")),
        Index("presences_of_person", "person_id", postgresql_where=text("checked_out_at IS NULL")),
        Index("presences_by_school", "school_id", "checked_in_at", "id"),
    )


class Mark(SchoolRow, Tables):
    """What became of a pupil's attendance in a session (考勤记录); the newest holds, none is ever changed."""

    __tablename__ = "marks"
    session_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    status: Mapped[str]
    at: Mapped[datetime]
    marked_by: Mapped[str]
    corrects_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    __table_args__ = (Index("marks_of_session", "session_id", "pupil_id", "id"), Index("marks_of_pupil", "pupil_id"))


class LeaveRequest(SchoolRow, Tables):
    """A guardian says that a pupil will not come on a date (请假)."""

    __tablename__ = "leave_requests"
    pupil_id: Mapped[UUID]
    on: Mapped[date]
    state: Mapped[str]
    requested_by: Mapped[UUID]
    reason_sealed: Mapped[Sealed]
    acknowledged_by: Mapped[str | None]
    __table_args__ = (Index("leave_requests_of_pupil", "pupil_id", "on"),)
