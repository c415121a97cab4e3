"""Who serves or asks to, and what was found about them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.vetting.tables.metadata import Tables
from shared.tables import Row, SchoolRow, Sealed

OPEN_CHECK = "state IN ('REQUESTED', 'SUBMITTED')"


class Person(Row, Tables):
    """A person who serves, or asks to (服务人员). Its id is the `person_id` used everywhere."""

    __tablename__ = "people"

    category: Mapped[str]
    state: Mapped[str]
    clearance_epoch: Mapped[int]
    """Grows with every clearance, suspension, block and expiry; a listener ignores what is older."""
    valid_until: Mapped[date | None]
    reason_class: Mapped[str | None]
    """Why the person is suspended, blocked or expired: a class, never what happened. None while none of these."""
    is_minor: Mapped[bool]
    provider_id: Mapped[UUID | None]
    """Whose staff a person of a third party is."""
    lost_by: Mapped[UUID | None]
    """The event that last took the clearance away."""
    consent_at: Mapped[datetime | None]
    specialities: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """What the person can teach or guide beside their post (特长), each a short word: 书法, 足球."""
    name_sealed: Mapped[Sealed | None]
    id_number_sealed: Mapped[Sealed | None]
    id_number_index: Mapped[bytes | None]

    __table_args__ = (
        Index("people_by_state", "district_id", "state", "id"),
        Index("people_by_end", "district_id", "state", "valid_until"),
        Index("people_by_provider", "provider_id", postgresql_where=text("provider_id IS NOT NULL")),
        Index("people_by_speciality", "specialities", postgresql_using="gin"),
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
    detail_sealed: Mapped[Sealed | None]
    """What a hit found; for vetting officers alone."""

    __table_args__ = (
        Index("checks_by_person", "person_id", "kind"),
        Index("checks_by_state", "district_id", "state", "id"),
        Index("checks_one_open", "person_id", "kind", unique=True, postgresql_where=text(OPEN_CHECK)),
    )


class CheckAnswer(Row, Tables):
    """A line of a file of results, from the upload until the job has kept it; `outcome` None: not looked at yet."""

    __tablename__ = "check_answers"

    batch_id: Mapped[UUID]
    position: Mapped[int]
    line: Mapped[int]
    person_id: Mapped[UUID | None]
    id_number_index: Mapped[bytes | None]
    kind: Mapped[str | None]
    result: Mapped[str | None]
    as_of: Mapped[date | None]
    evidence_ref: Mapped[str | None]
    bars_until: Mapped[date | None]
    detail_sealed: Mapped[Sealed | None]
    outcome: Mapped[str | None]

    __table_args__ = (UniqueConstraint("batch_id", "position"),)


class ConductRecord(Row, Tables):
    """Something said or found about a person's conduct (师德与不良记录)."""

    __tablename__ = "conduct_records"

    person_id: Mapped[UUID]
    kind: Mapped[str]
    category: Mapped[str | None]
    state: Mapped[str]
    check_id: Mapped[UUID | None]
    """The check whose hit this is; the account is then the check's detail."""
    account_sealed: Mapped[Sealed | None]
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
    """Where the statement is kept that the school's own staff does not suffice (师资不足说明)."""
    signed_by: Mapped[list[str]]

    __table_args__ = (Index("engagements_by_person", "person_id", "school_id"),)


class InsufficiencyDeclaration(SchoolRow, Tables):
    """A principal states that the school's own staff does not suffice for a time (师资不足说明)."""

    __tablename__ = "insufficiency_declarations"

    starts_on: Mapped[date]
    ends_on: Mapped[date]
    evidence_ref: Mapped[str]
    declared_by: Mapped[str]

    __table_args__ = (Index("insufficiency_by_school", "school_id", "ends_on"),)


class Receipt(Tables):
    """When a listener applied an event that takes a clearance away, by the clock of its database."""

    __tablename__ = "receipts"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    listener: Mapped[str] = mapped_column(primary_key=True)
    applied_at: Mapped[datetime]

    __table_args__ = (Index("receipts_newest", "listener", "applied_at"),)
