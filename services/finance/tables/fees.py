"""What families are charged, pay and get back."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from services.finance.tables.metadata import Tables, TermRow
from shared.tables import SchoolRow, Sealed


class FeeStandard(TermRow, Tables):
    """A fee for items in a term (收费标准). `content_hash`, of what has to be posted, comes with the last approval."""

    __tablename__ = "fee_standards"
    item_ids: Mapped[list[UUID]]
    kind: Mapped[str]
    unit: Mapped[str]
    amount_fen: Mapped[int]
    costs: Mapped[dict[str, Any]]
    complaint_phone: Mapped[str]
    payee_account: Mapped[str]
    effective_from: Mapped[date]
    state: Mapped[str]
    drafted_by: Mapped[str]
    approvals: Mapped[list[Any]]
    content_hash: Mapped[str | None]
    __table_args__ = (Index("standards_of_term", "school_id", "term_id", "state"),)


class FeePublication(SchoolRow, Tables):
    """A posted fee (收费公示) and who saw it there."""

    __tablename__ = "fee_publications"
    standard_id: Mapped[UUID]
    photo_ref: Mapped[str]
    place: Mapped[str]
    urls: Mapped[list[str]]
    contents: Mapped[dict[str, Any]]
    content_hash: Mapped[str]
    state: Mapped[str]
    posted_by: Mapped[str]
    verified_by: Mapped[str | None]
    verified_at: Mapped[datetime | None]
    cause: Mapped[str | None]
    __table_args__ = (Index("publications_of_standard", "standard_id", "state"),)


class Invoice(TermRow, Tables):
    """What a family owes for a term (账单); `amount_fen` is before waivers. `held_because`: the refusal of a draft."""

    __tablename__ = "invoices"
    participation_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str]
    held_because: Mapped[str | None]
    held_gate: Mapped[str | None]
    held_clauses: Mapped[list[str]]
    amount_fen: Mapped[int]
    waived_fen: Mapped[int]
    due_on: Mapped[date | None]
    issued_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("participation_id", "kind"),
        Index("invoices_of_pupil", "pupil_id", "term_id"),
        Index("invoices_held", "school_id", "term_id", "id", postgresql_where=text("state = 'DRAFT'")),
    )


class InvoiceLine(SchoolRow, Tables):
    """What an invoice charges for: each line names its item and its standard."""

    __tablename__ = "invoice_lines"
    invoice_id: Mapped[UUID]
    item_id: Mapped[UUID]
    standard_id: Mapped[UUID]
    amount_fen: Mapped[int]
    __table_args__ = (Index("lines_of_invoice", "invoice_id"), Index("lines_of_item", "item_id"))


class Waiver(SchoolRow, Tables):
    """A pupil pays less or nothing (减免). The hardship basis is sealed and never leaves finance."""

    __tablename__ = "waivers"
    pupil_id: Mapped[UUID]
    state: Mapped[str]
    percent: Mapped[int | None]
    basis_sealed: Mapped[Sealed]
    evidence_ref: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    applied_by: Mapped[str]
    reviewed_by: Mapped[str | None]
    __table_args__ = (Index("waivers_of_pupil", "pupil_id", "state"),)


class Payment(TermRow, Tables):
    """An attempt to pay an invoice (缴费). `receipt_salt` lets whoever holds the receipt find its public line."""

    __tablename__ = "payments"
    invoice_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    amount_fen: Mapped[int]
    payee_account: Mapped[str]
    state: Mapped[str]
    started_by: Mapped[UUID]
    receipt_salt: Mapped[str]
    transaction_id: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    __table_args__ = (Index("payments_of_invoice", "invoice_id"),)


class GatewayReceipt(SchoolRow, Tables):
    """A signed word of the payment gateway; one per transaction, for ever."""

    __tablename__ = "gateway_receipts"
    transaction_id: Mapped[str]
    payment_id: Mapped[UUID]
    amount_fen: Mapped[int]
    __table_args__ = (UniqueConstraint("district_id", "transaction_id"),)


class Refund(TermRow, Tables):
    """Money to go back to a family (退费). `decides` names what it is the one decision about."""

    __tablename__ = "refunds"
    invoice_id: Mapped[UUID]
    participation_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    payee_id: Mapped[UUID | None]
    cause: Mapped[str]
    decides: Mapped[str]
    from_suspense: Mapped[bool]
    amount_fen: Mapped[int]
    reason: Mapped[str | None]
    state: Mapped[str]
    prepared_by: Mapped[str]
    approved_by: Mapped[str | None]
    __table_args__ = (UniqueConstraint("district_id", "decides"), Index("refunds_of_invoice", "invoice_id"))
