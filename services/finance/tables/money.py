"""The ledger, and what is spent, granted and accounted for in public."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Table, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from services.finance.tables.metadata import Tables, TermRow


class Book(TermRow, Tables):
    """The books of a school and term (专户账). Its row is locked to spend, so that no account goes below zero."""

    __tablename__ = "books"
    __table_args__ = (UniqueConstraint("school_id", "term_id"),)


class Posting(TermRow, Tables):
    """One movement of money; never changed. `cause` makes it happen once."""

    __tablename__ = "postings"
    kind: Mapped[str]
    cause: Mapped[str]
    posted_on: Mapped[date]
    __table_args__ = (UniqueConstraint("district_id", "cause"), Index("postings_of_term", "school_id", "term_id", "id"))


class Entry(TermRow, Tables):
    """A line of a posting: debits are positive, credits negative, and a posting adds up to zero."""

    __tablename__ = "entries"
    posting_id: Mapped[UUID]
    account: Mapped[str]
    amount_fen: Mapped[int]
    invoice_id: Mapped[UUID | None]
    __table_args__ = (
        Index("entries_of_account", "school_id", "term_id", "account"),
        Index("entries_of_posting", "posting_id"),
        Index("entries_of_invoice", "invoice_id", postgresql_where=text("invoice_id IS NOT NULL")),
    )


class Expenditure(TermRow, Tables):
    """Money to be spent (支出), other than pay and refunds, which have their own ways."""

    __tablename__ = "expenditures"
    category: Mapped[str]
    source: Mapped[str]
    amount_fen: Mapped[int]
    evidence_ref: Mapped[str]
    payee: Mapped[str]
    state: Mapped[str]
    proposed_by: Mapped[str]
    approved_by: Mapped[str | None]
    __table_args__ = (Index("expenditures_of_term", "school_id", "term_id", "state"),)


class SubsidyClaim(TermRow, Tables):
    """The subsidy that a term's real headcount gives (补贴核定); the id is that of attendance's count."""

    __tablename__ = "subsidy_claims"
    pupil_count: Mapped[int]
    amount_fen: Mapped[int | None]
    document_no: Mapped[str | None]
    uplift_bp: Mapped[int]
    state: Mapped[str]
    calculated_by: Mapped[str | None]
    __table_args__ = (Index("claims_of_school", "school_id", "term_id"),)


class ProviderSettlement(TermRow, Tables):
    """What a provider gets for sessions delivered up to a day (机构结算)."""

    __tablename__ = "provider_settlements"
    provider_id: Mapped[UUID]
    until: Mapped[date]
    session_count: Mapped[int]
    amount_fen: Mapped[int]
    state: Mapped[str]
    calculated_by: Mapped[str]
    approved_by: Mapped[str | None]
    __table_args__ = (Index("settlements_of_term", "school_id", "term_id", "id"),)


class Statement(TermRow, Tables):
    """A term's income and spending (学期收支公示)."""

    __tablename__ = "statements"
    state: Mapped[str]
    totals: Mapped[dict[str, Any]]
    drafted_by: Mapped[str]
    approved_by: Mapped[str | None]
    __table_args__ = (UniqueConstraint("school_id", "term_id"),)


published_statements = Table(
    "published_statements",
    Tables.metadata,
    Column("id", Uuid, primary_key=True),
    Column("document", JSONB, nullable=False),
    comment="Public by purpose and without any name: it has no district wall, anyone may read it.",
)
