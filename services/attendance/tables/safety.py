"""Places, the gate, safety systems, and the records of a term."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from services.attendance.tables.metadata import Tables
from shared.tables import SchoolRow


class Venue(SchoolRow, Tables):
    """A place where groups meet (活动场所)."""

    __tablename__ = "venues"
    name: Mapped[str]
    scope: Mapped[str]


class VenueCheck(SchoolRow, Tables):
    """A safety check of a venue (场所安全检查); never changed."""

    __tablename__ = "venue_checks"
    venue_id: Mapped[UUID]
    on: Mapped[date]
    passed: Mapped[bool]
    note: Mapped[str | None]
    checked_by: Mapped[str]
    __table_args__ = (Index("venue_checks_of_venue", "venue_id", "id"),)


class Hazard(SchoolRow, Tables):
    """Something dangerous at a venue (隐患)."""

    __tablename__ = "hazards"
    venue_id: Mapped[UUID]
    area: Mapped[str]
    severity: Mapped[str]
    state: Mapped[str]
    description: Mapped[str]
    opened_by: Mapped[str]
    __table_args__ = (Index("hazards_of_venue", "venue_id", "state"),)


class GateEntry(SchoolRow, Tables):
    """Somebody at the gate (门卫登记): let in, gone again, or refused."""

    __tablename__ = "gate_entries"
    person_id: Mapped[UUID | None]
    pass_id: Mapped[UUID | None]
    accompanied_by: Mapped[UUID | None]
    state: Mapped[str]
    reason: Mapped[str | None]
    arrived_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    written_by: Mapped[str]
    __table_args__ = (Index("gate_entries_by_school", "school_id", "arrived_at", "id"),)


class SafetyPack(SchoolRow, Tables):
    """A term's safety systems with the documents in force (安全制度、应急预案、接领细则)."""

    __tablename__ = "safety_packs"
    term_id: Mapped[UUID]
    documents: Mapped[dict[str, Any]]
    ready_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("school_id", "term_id"),)


class ActivityRecord(SchoolRow, Tables):
    """A class's log of one week of the term (活动记录)."""

    __tablename__ = "activity_records"
    class_id: Mapped[UUID]
    term_id: Mapped[UUID]
    week: Mapped[int]
    state: Mapped[str]
    content: Mapped[str | None]
    submitted_by: Mapped[str]
    decided_by: Mapped[str | None]
    __table_args__ = (UniqueConstraint("class_id", "term_id", "week"),)


class TermArchive(SchoolRow, Tables):
    """A term's records, closed (学期存档)."""

    __tablename__ = "term_archives"
    term_id: Mapped[UUID]
    sealed_by: Mapped[str]
    sealed_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("school_id", "term_id"),)
