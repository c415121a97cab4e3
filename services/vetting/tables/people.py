"""Who serves or asks to, and what was found about them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.vetting.tables.metadata import Tables
from shared.tables import Row, SchoolRow, Sealed


class Person(Row, Tables):
    """A person who serves, or asks to (服务人员). Its id is the `person_id` used everywhere."""

    __tablename__ = "people"

    category: Mapped[str]
    state: Mapped[str]
    clearance_epoch: Mapped[int]
    """Grows with every clearance, suspension, block and expiry; a listener ignores what is older."""
    valid_until: Mapped[date | None]
    is_minor: Mapped[bool]
    provider_id: Mapped[UUID | None]
    """Whose staff a person of a third party is."""
    lost_by: Mapped[UUID | None]
    """The event that last took the clearance away."""
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


class Receipt(Tables):
    """When a listener applied an event that takes a clearance away, by the clock of its database."""

    __tablename__ = "receipts"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    listener: Mapped[str] = mapped_column(primary_key=True)
    applied_at: Mapped[datetime]

    __table_args__ = (Index("receipts_newest", "listener", "applied_at"),)
