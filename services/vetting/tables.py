"""Everything vetting stores. Persons and assignments are walled by district: a block holds at every school."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped

from shared.tables import COLUMN_TYPES, Row, SchoolRow, Sealed


class Tables(DeclarativeBase):
    """Vetting's tables."""

    type_annotation_map = COLUMN_TYPES


class Person(Row, Tables):
    """A person who serves, or asks to (服务人员). Its id is the `person_id` used everywhere."""

    __tablename__ = "people"

    category: Mapped[str]
    state: Mapped[str]
    clearance_epoch: Mapped[int]
    """Grows with every clearance, suspension, block and expiry; a listener ignores what is older."""
    valid_until: Mapped[date | None]
    is_minor: Mapped[bool]
    consent_at: Mapped[datetime | None]
    name_sealed: Mapped[Sealed | None]
    id_number_sealed: Mapped[Sealed | None]
    id_number_index: Mapped[bytes | None]

    __table_args__ = (
        Index("people_by_state", "district_id", "state", "id"),
        UniqueConstraint("district_id", "id_number_index"),
    )


class Post(SchoolRow, Tables):
    """A person on a school's staff list, by the rostering data."""

    __tablename__ = "posts"

    person_id: Mapped[UUID]
    role: Mapped[str]

    __table_args__ = (UniqueConstraint("school_id", "person_id"), Index("posts_by_person", "person_id"))


class Check(Row, Tables):
    """A query about a person at an authority (准入查询), or a certificate seen."""

    __tablename__ = "checks"

    person_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str]
    as_of: Mapped[date | None]
    expires_on: Mapped[date | None]
    evidence_ref: Mapped[str | None]
    recorded_by: Mapped[str | None]

    __table_args__ = (Index("checks_by_person", "person_id", "kind"),)


class ConductRecord(Row, Tables):
    """Something said or found about a person's conduct (师德与不良记录)."""

    __tablename__ = "conduct_records"

    person_id: Mapped[UUID]
    kind: Mapped[str]
    category: Mapped[str | None]
    state: Mapped[str]
    account_sealed: Mapped[Sealed]
    evidence_ref: Mapped[str]
    reported_by: Mapped[str]
    decided_by: Mapped[str | None]
    sanction: Mapped[str | None]
    effective_from: Mapped[datetime | None]
    effective_until: Mapped[date | None]

    __table_args__ = (
        Index("conduct_by_person", "person_id"),
        Index("conduct_by_state", "district_id", "state", "id"),
    )


class Engagement(SchoolRow, Tables):
    """A contract between a school and a person (聘用协议). `rate_fen`: pay per period, None: the school's table."""

    __tablename__ = "engagements"

    person_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    rate_fen: Mapped[int | None]
    insufficiency_ref: Mapped[str | None]
    """The statement that the school's own staff does not suffice (师资不足说明)."""
    signed_by: Mapped[list[str]]

    __table_args__ = (Index("engagements_by_person", "person_id", "school_id"),)


class PlannedSession(SchoolRow, Tables):
    """A session as attendance scheduled it; the id is attendance's."""

    __tablename__ = "planned_sessions"

    group_id: Mapped[UUID]
    item_id: Mapped[UUID]
    term_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str]

    __table_args__ = (Index("planned_sessions_by_group", "group_id", "starts_at"),)


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
        Index("assignments_of_session", "session_id"),
        Index("assignments_by_school", "school_id", "starts_at", "id"),
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
    removed_assignment_id: Mapped[UUID]
    role: Mapped[str]
    state: Mapped[str]
    level: Mapped[int]
    starts_at: Mapped[datetime]
    offered_to: Mapped[UUID | None]
    filled_by: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("removed_assignment_id"),
        Index("substitutes_by_school", "school_id", "state", "starts_at", "id"),
        Index("substitutes_by_session", "session_id"),
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

    __table_args__ = (Index("duties_by_day", "school_id", "on"),)
