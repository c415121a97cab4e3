"""Third parties, their selection and their contracts."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from services.vetting.tables.metadata import Tables
from shared.tables import Row, SchoolRow


class SelectionRound(Row, Tables):
    """The district selects providers (遴选)."""

    __tablename__ = "selection_rounds"

    title: Mapped[str]
    state: Mapped[str]
    valid_until: Mapped[date]
    publicized_on: Mapped[date | None]
    called_by: Mapped[str]


class Provider(Row, Tables):
    """A third party that offers content (第三方机构). Each of `offers`: content_type, price_fen a session."""

    __tablename__ = "providers"

    round_id: Mapped[UUID]
    name: Mapped[str]
    credit_code: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    dossier: Mapped[dict[str, Any]]
    """Paper to where it is kept."""
    offers: Mapped[list[Any]]
    valid_until: Mapped[date | None]
    represented_by: Mapped[UUID]
    decided_by: Mapped[str | None]
    evidence_ref: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("round_id", "credit_code"),
        Index("providers_by_state", "district_id", "state", "id"),
    )


class ProviderContract(SchoolRow, Tables):
    """A school's contract with a provider for one content (机构合作协议); `price_fen` a session."""

    __tablename__ = "provider_contracts"

    provider_id: Mapped[UUID]
    content_type: Mapped[str]
    price_fen: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    need_ref: Mapped[str | None]
    """The statement that the school cannot meet the need itself."""
    state: Mapped[str]
    signed_by: Mapped[list[str]]

    __table_args__ = (Index("provider_contracts_by_provider", "provider_id", "school_id", "state"),)
