"""What finance, vetting and attendance said."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.enrollment.tables.metadata import Tables
from shared.tables import Row, SchoolRow


class ItemPublication(SchoolRow, Tables):
    """A fee publication that covers an item, as finance said it; `heard_version` counts the publication's events."""

    __tablename__ = "item_publications"
    item_id: Mapped[UUID]
    publication_id: Mapped[UUID]
    is_verified: Mapped[bool]
    heard_version: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (UniqueConstraint("item_id", "publication_id"),)


class FeeState(SchoolRow, Tables):
    """What finance said about a participation's fee; the `id` is the participation's, which may be unknown yet."""

    __tablename__ = "fee_states"
    state: Mapped[str | None]
    refund: Mapped[str | None]
    heard_version: Mapped[int] = mapped_column(BigInteger)


class StaffStanding(Row, Tables):
    """A person's clearance as vetting said it; the `id` is the person's."""

    __tablename__ = "staff_standings"
    is_cleared: Mapped[bool]
    clearance_epoch: Mapped[int]
    valid_until: Mapped[date | None]


class ProviderStanding(Row, Tables):
    """A third party on the district's whitelist, as vetting said it; the `id` is the provider's."""

    __tablename__ = "provider_standings"
    kind: Mapped[str]
    valid_until: Mapped[date]
    exits_on: Mapped[date | None]
    """The first day without it, once it leaves."""


class ProviderContract(SchoolRow, Tables):
    """A school's contract with a third party for one content, as vetting said it; the `id` is the contract's."""

    __tablename__ = "provider_contracts"
    provider_id: Mapped[UUID]
    content_type: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    __table_args__ = (Index("provider_contracts_by_provider", "provider_id", "school_id"),)


class VenueStanding(SchoolRow, Tables):
    """A venue's last safety check as attendance said it; the `id` is the venue's."""

    __tablename__ = "venue_standings"
    valid_until: Mapped[date | None]
    heard_version: Mapped[int] = mapped_column(BigInteger)


class TermStanding(SchoolRow, Tables):
    """What attendance said about a school's term: the safety pack stands, the archive is sealed."""

    __tablename__ = "term_standings"
    term_id: Mapped[UUID]
    is_safe: Mapped[bool]
    is_sealed: Mapped[bool]
    __table_args__ = (UniqueConstraint("school_id", "term_id"),)
