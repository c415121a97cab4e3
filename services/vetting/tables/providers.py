"""Third parties, their selection and their contracts."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, Uuid, false
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

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
    procurement: Mapped[str | None]
    """By which way the district buys (采购方式), and under which document; None in rounds that did not say."""
    procurement_ref: Mapped[str | None]


class Provider(Row, Tables):
    """A third party that offers content (第三方机构), in one round; who applies again is another row.

    Each of `offers`: content_type, price_fen a session.
    """

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
    excluded_on: Mapped[date | None]
    """When another district or school last excluded it."""
    rectify_by: Mapped[date | None]
    overdue_on: Mapped[date | None]
    """The day after `rectify_by`, once it has come and nobody has decided."""
    exit_reason: Mapped[str | None]
    effective_on: Mapped[date | None]
    """The first day without the provider."""
    exited_on: Mapped[date | None]
    is_revoked: Mapped[bool] = mapped_column(server_default=false())
    """Its qualification was revoked: it is never selected again."""
    reported_to: Mapped[str | None]
    """The licensing authority that was told of the revocation; when and by which document is among the decisions."""
    delisted_item_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    """The items that enrollment took off its lists; None until it said that none is left there."""

    __table_args__ = (
        UniqueConstraint("round_id", "credit_code"),
        Index("providers_by_state", "district_id", "state", "id"),
        Index("providers_by_credit_code", "district_id", "credit_code"),
    )


class ProviderEvaluation(Row, Tables):
    """How the district found a provider's work in a term (机构评估); `score` is of a hundred."""

    __tablename__ = "provider_evaluations"

    provider_id: Mapped[UUID]
    term_id: Mapped[UUID]
    score: Mapped[int]
    findings: Mapped[list[str]]
    evaluated_by: Mapped[str]
    evidence_ref: Mapped[str]

    __table_args__ = (
        UniqueConstraint("provider_id", "term_id"),
        Index("provider_evaluations_by_term", "district_id", "term_id", "id"),
    )


class Decision(Row, Tables):
    """What was decided about a provider or a compliance case, by whom and on which evidence; kept for ever."""

    __tablename__ = "decisions"

    subject_id: Mapped[UUID]
    action: Mapped[str]
    decided_by: Mapped[str]
    evidence_ref: Mapped[str]

    __table_args__ = (Index("decisions_by_subject", "subject_id", "id"),)


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


class ProviderSettlement(SchoolRow, Tables):
    """What finance paid a provider, as finance said it; the id is the settlement's."""

    __tablename__ = "provider_settlements"

    provider_id: Mapped[UUID]
    session_count: Mapped[int]

    __table_args__ = (Index("provider_settlements_by_provider", "provider_id"),)


class RefundedItem(SchoolRow, Tables):
    """A delisted item of whose refunds none is open, as finance said it; the id is the item's."""

    __tablename__ = "refunded_items"
