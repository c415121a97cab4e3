"""Who keeps each child, who may fetch it, and what happens when nobody comes."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from services.attendance.tables.metadata import HeardRow, Tables
from shared.tables import SchoolRow, Sealed


class CustodyChain(SchoolRow, Tables):
    """Who keeps a pupil on a date, at this moment (看护责任链); how it came so are its handovers."""

    __tablename__ = "custody_chains"
    pupil_id: Mapped[UUID]
    on: Mapped[date]
    state: Mapped[str]
    session_id: Mapped[UUID | None]
    holder_id: Mapped[UUID | None]
    position: Mapped[int]
    __table_args__ = (
        UniqueConstraint("pupil_id", "on"),
        Index("custody_of_session", "session_id", "state"),
        Index("custody_of_holder", "holder_id", "on"),
        Index("custody_by_day", "school_id", "on", "id"),
    )


class Handover(SchoolRow, Tables):
    """A child passed from one keeper to the next (交接记录); never changed."""

    __tablename__ = "handovers"
    pupil_id: Mapped[UUID]
    on: Mapped[date]
    position: Mapped[int]
    action: Mapped[str]
    session_id: Mapped[UUID | None]
    from_id: Mapped[UUID | None]
    to_id: Mapped[UUID | None]
    authorization_id: Mapped[UUID | None]
    method: Mapped[str | None]
    note: Mapped[str | None]
    at: Mapped[datetime]
    recorded_by: Mapped[str]
    __table_args__ = (
        UniqueConstraint("pupil_id", "on", "position"),
        Index("handovers_by_day", "school_id", "on", "id"),
    )


class PickupAuthorization(HeardRow, Tables):
    """Who may fetch a pupil (接送授权). A verified guardian's is kept from enrollment and has the id of the link.

    `person_id` None: the pupil leaves alone.
    """

    __tablename__ = "pickup_authorizations"
    pupil_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    kind: Mapped[str]
    state: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    relation: Mapped[str | None]
    is_minor: Mapped[bool]
    name_sealed: Mapped[Sealed | None]
    phone_sealed: Mapped[Sealed | None]
    proposed_by: Mapped[str]
    verified_by: Mapped[str | None]
    evidence: Mapped[str | None]
    evidence_ref: Mapped[str | None]
    __table_args__ = (Index("pickup_authorizations_of_pupil", "pupil_id", "person_id"),)


class AdHocCare(SchoolRow, Tables):
    """A child kept for once by its class teacher (临时看护). It never costs anything."""

    __tablename__ = "ad_hoc_care"
    pupil_id: Mapped[UUID]
    on: Mapped[date]
    state: Mapped[str]
    requested_by: Mapped[UUID]
    teacher_id: Mapped[UUID | None]
    chain_id: Mapped[UUID | None]
    started_at: Mapped[datetime | None]
    handover_id: Mapped[UUID | None]
    contact: Mapped[str | None]
    __table_args__ = (
        Index("ad_hoc_care_by_day", "school_id", "on", "id"),
        Index("ad_hoc_care_of_chain", "chain_id"),
    )


class LatePickupCase(SchoolRow, Tables):
    """A child waits to be fetched longer than it should (逾时未接). It never costs anything."""

    __tablename__ = "late_pickup_cases"
    pupil_id: Mapped[UUID]
    session_id: Mapped[UUID]
    chain_id: Mapped[UUID]
    on: Mapped[date]
    state: Mapped[str]
    level: Mapped[int]
    due_at: Mapped[datetime]
    """The planned end of the session, from which lateness is counted."""
    resolved_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("chain_id", "due_at"),
        Index("late_pickup_cases_by_day", "school_id", "on", "id"),
    )


class ContactAttempt(SchoolRow, Tables):
    """Somebody tried to reach a family (联系记录); never changed."""

    __tablename__ = "contact_attempts"
    case_id: Mapped[UUID]
    authorization_id: Mapped[UUID | None]
    outcome: Mapped[str]
    at: Mapped[datetime]
    logged_by: Mapped[str]
    __table_args__ = (Index("contact_attempts_of_case", "case_id", "id"),)
