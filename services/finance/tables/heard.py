"""What other services said, as far as finance needs it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from services.finance.tables.metadata import Tables, TermRow
from shared.tables import Row, SchoolRow


class Item(TermRow, Tables):
    """A service item, as enrollment approved it; the id is enrollment's."""

    __tablename__ = "items"
    stage: Mapped[str]
    content_type: Mapped[str]
    weekdays: Mapped[list[int]]
    fee_bearing: Mapped[bool]
    provider_id: Mapped[UUID | None]
    delisting: Mapped[str | None]
    """None while it is offered; OPEN until no refund that its end asks for is open, then CLOSED."""
    heard_version: Mapped[int]


class Pupil(SchoolRow, Tables):
    """A registered pupil; the id is enrollment's."""

    __tablename__ = "pupils"
    heard_version: Mapped[int]


class GuardianLink(SchoolRow, Tables):
    """Who may see and pay a pupil's invoices; the id is the link's."""

    __tablename__ = "guardian_links"
    pupil_id: Mapped[UUID]
    guardian_id: Mapped[UUID]
    is_verified: Mapped[bool]
    heard_version: Mapped[int]
    __table_args__ = (Index("links_of_guardian", "guardian_id", "pupil_id"),)


class Participation(TermRow, Tables):
    """A pupil's place for a term (参加资格); `withdrawn_on` is its first day without service. `billing`: of the fee."""

    __tablename__ = "participations"
    pupil_id: Mapped[UUID]
    guardian_id: Mapped[UUID | None]
    grade: Mapped[int | None]
    fee_item_ids: Mapped[list[UUID] | None]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    withdrawn_on: Mapped[date | None]
    billing: Mapped[str]
    __table_args__ = (Index("participations_of_term", "school_id", "term_id", "billing"),)


class Standing(Row, Tables):
    """What vetting said of a person under one epoch. The set of them decides about pay, in whatever order heard."""

    __tablename__ = "standings"
    person_id: Mapped[UUID]
    epoch: Mapped[int]
    status: Mapped[str]
    category: Mapped[str]
    effective_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("person_id", "epoch"),)


class Contract(SchoolRow, Tables):
    """An engagement in force (聘用协议); the id is vetting's. `rate_fen`: agreed pay a period."""

    __tablename__ = "contracts"
    person_id: Mapped[UUID]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    rate_fen: Mapped[int | None]
    __table_args__ = (Index("contracts_of_person", "person_id", "school_id"),)


class ProviderContract(SchoolRow, Tables):
    """A school's contract with a third party; the id is vetting's. `price_fen` a session."""

    __tablename__ = "provider_contracts"
    provider_id: Mapped[UUID]
    represented_by: Mapped[UUID]
    content_type: Mapped[str]
    price_fen: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    __table_args__ = (Index("provider_contracts_by_provider", "provider_id", "school_id"),)


class HeldSession(TermRow, Tables):
    """A session that was held and closed, or cancelled; the id is attendance's."""

    __tablename__ = "held_sessions"
    item_id: Mapped[UUID]
    on: Mapped[date]
    minutes: Mapped[int]
    state: Mapped[str]
    settlement_id: Mapped[UUID | None]
    """In which settlement a provider's session is; never in two."""
    __table_args__ = (Index("held_sessions_of_item", "item_id", "on"),)


class ServiceRecord(TermRow, Tables):
    """A person served in a session. `waits_for`: what is still unknown before it can be priced."""

    __tablename__ = "service_records"
    session_id: Mapped[UUID]
    person_id: Mapped[UUID]
    item_id: Mapped[UUID]
    nature: Mapped[str]
    on: Mapped[date]
    started_at: Mapped[datetime]
    minutes: Mapped[int]
    clearance_epoch: Mapped[int]
    revision: Mapped[int]
    waits_for: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("session_id", "person_id"),
        Index("records_of_person", "person_id"),
        Index("records_waiting", "school_id", "term_id", postgresql_where=text("waits_for IS NOT NULL")),
    )
