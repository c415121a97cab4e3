"""Who serves in which session, who stands in, who passes the gate, who leads."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.vetting.tables.metadata import Tables
from shared.tables import Row, SchoolRow


class PlannedSession(SchoolRow, Tables):
    """A session as attendance scheduled it; the id is attendance's."""

    __tablename__ = "planned_sessions"

    group_id: Mapped[UUID]
    item_id: Mapped[UUID]
    term_id: Mapped[UUID]
    content_type: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str]

    __table_args__ = (
        Index("planned_sessions_by_group", "group_id", "starts_at"),
        Index("planned_sessions_by_item", "item_id", "state"),
        Index("planned_sessions_by_term", "term_id", "school_id"),
        Index("planned_sessions_by_time", "school_id", "starts_at", "id"),
    )


class Item(SchoolRow, Tables):
    """What is offered, as enrollment approved it; the id is enrollment's."""

    __tablename__ = "items"

    grades: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class RollChange(SchoolRow, Tables):
    """By how many a group's roll grows or shrinks from a day on; the sum of all is its size."""

    __tablename__ = "roll_changes"

    group_id: Mapped[UUID]
    roll_version: Mapped[int]
    effective_from: Mapped[date]
    difference: Mapped[int]

    __table_args__ = (UniqueConstraint("group_id", "roll_version"),)


HELD = ("CONFIRMED", "SERVED")
"""States of an assignment that was not taken off."""


class Assignment(Row, Tables):
    """A person in a session, in a role (排班). `school_id` is for its readers; the wall is the district's."""

    __tablename__ = "assignments"

    school_id: Mapped[UUID]
    person_id: Mapped[UUID]
    session_id: Mapped[UUID]
    role: Mapped[str]
    state: Mapped[str]
    cause: Mapped[str | None]
    clearance_epoch: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    __table_args__ = (
        Index("assignments_of_person", "person_id", "ends_at", postgresql_where=text("state = 'CONFIRMED'")),
        Index("assignments_served", "person_id", "school_id", postgresql_where=text("state = 'SERVED'")),
        Index("assignments_of_session", "session_id"),
        Index("assignments_by_school", "school_id", "starts_at", "id"),
        Index(
            "assignments_proposed_once",
            "session_id",
            "person_id",
            unique=True,
            postgresql_where=text("state = 'PROPOSED'"),
        ),
        Index("assignments_once", "session_id", "person_id", unique=True, postgresql_where=text("state = 'CONFIRMED'")),
        Index(
            "assignments_one_lead",
            "session_id",
            unique=True,
            postgresql_where=text("state = 'CONFIRMED' AND role = 'LEAD'"),
        ),
    )


class SubstituteRequest(Row, Tables):
    """Somebody is sought for a session (代班)."""

    __tablename__ = "substitute_requests"

    school_id: Mapped[UUID]
    session_id: Mapped[UUID]
    removed_assignment_id: Mapped[UUID | None]
    """Whose place is vacant; None: nobody had been found before."""
    role: Mapped[str]
    state: Mapped[str]
    level: Mapped[int]
    starts_at: Mapped[datetime]
    filled_by: Mapped[UUID | None]
    last_resort: Mapped[str | None]
    """What is left for the children when nobody was found: MERGE or BASE_CARE."""
    merge_into: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("removed_assignment_id"),
        Index("substitutes_by_school", "school_id", "state", "starts_at", "id"),
        Index("substitutes_by_session", "session_id"),
    )


class SubstituteOffer(Row, Tables):
    """Somebody is asked to take a vacancy. The three reasons are why they stood where they stood in the order."""

    __tablename__ = "substitute_offers"

    school_id: Mapped[UUID]
    request_id: Mapped[UUID]
    person_id: Mapped[UUID]
    state: Mapped[str]
    same_school: Mapped[bool]
    same_category: Mapped[bool]
    starts_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("request_id", "person_id"),
        Index("substitute_offers_of_person", "person_id", "state", "starts_at", "id"),
        Index("substitute_offers_by_school", "school_id", "starts_at", "id"),
    )


class GatePass(Row, Tables):
    """An external person may pass a school's gate in a window (入校凭证)."""

    __tablename__ = "gate_passes"

    school_id: Mapped[UUID]
    person_id: Mapped[UUID]
    state: Mapped[str]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    cause: Mapped[str | None]

    __table_args__ = (
        Index("gate_passes_of_person", "person_id", "state"),
        Index("gate_passes_by_school", "school_id", "valid_from", "id"),
    )


class Duty(SchoolRow, Tables):
    """Who leads the duty (带班领导) at a school between two instants of a date."""

    __tablename__ = "duties"

    person_id: Mapped[UUID]
    on: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str]
    cause: Mapped[str | None]

    __table_args__ = (
        Index("duties_by_day", "school_id", "on"),
        Index("duties_of_person", "person_id", "ends_at", postgresql_where=text("state = 'NAMED'")),
    )
