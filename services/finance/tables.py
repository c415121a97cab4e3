"""Everything finance stores. Postings and their entries are the only truth of money: a balance is a fold of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Table, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped

from shared.tables import COLUMN_TYPES, Row, SchoolRow, Sealed


class Tables(DeclarativeBase):
    """Finance's tables. Every integer is wide enough for fen."""

    type_annotation_map = COLUMN_TYPES | {int: BigInteger, list[int]: ARRAY(BigInteger), list[UUID]: ARRAY(Uuid)}


class TermRow(SchoolRow):
    """Base of what belongs to one school's term."""

    __abstract__ = True

    term_id: Mapped[UUID]


# What other services said


class Item(TermRow, Tables):
    """A service item, as enrollment approved it; the id is enrollment's."""

    __tablename__ = "items"
    stage: Mapped[str]
    weekdays: Mapped[list[int]]
    fee_bearing: Mapped[bool]
    provider_id: Mapped[UUID | None]
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


# Fees


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
    __table_args__ = (Index("lines_of_invoice", "invoice_id"),)


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


# The ledger


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


# Pay


class Payee(Row, Tables):
    """A person who serves; the id is the person's. Its row is locked whenever the person's lines may move."""

    __tablename__ = "payees"


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


class HeldSession(SchoolRow, Tables):
    """A session that was held and closed; the id is attendance's."""

    __tablename__ = "held_sessions"
    minutes: Mapped[int]
    state: Mapped[str]


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


class RateTable(SchoolRow, Tables):
    """Pay per period (补助标准). Each of `rates`: category, nature (None: any), rate_fen, funding_source."""

    __tablename__ = "rate_tables"
    rates: Mapped[list[Any]]
    effective_from: Mapped[date]
    state: Mapped[str]
    drafted_by: Mapped[str]
    authority: Mapped[str | None]
    document_no: Mapped[str | None]
    __table_args__ = (Index("rate_tables_of_school", "school_id", "state", "effective_from"),)


class PayRun(TermRow, Tables):
    """Lines paid together (发放批次)."""

    __tablename__ = "pay_runs"
    until: Mapped[date]
    state: Mapped[str]
    prepared_by: Mapped[str]
    approved_by: Mapped[str | None]
    __table_args__ = (Index("runs_of_term", "school_id", "term_id", "id"),)


class PayLine(TermRow, Tables):
    """Pay for recorded service (补助明细); a correction is a further line of the same session and person."""

    __tablename__ = "pay_lines"
    record_id: Mapped[UUID]
    session_id: Mapped[UUID]
    person_id: Mapped[UUID]
    on: Mapped[date]
    revision: Mapped[int]
    minutes: Mapped[int]
    rate_fen: Mapped[int]
    amount_fen: Mapped[int]
    category: Mapped[str]
    funding_source: Mapped[str]
    state: Mapped[str]
    run_id: Mapped[UUID | None]
    __table_args__ = (
        UniqueConstraint("session_id", "person_id", "revision"),
        Index("lines_of_person", "person_id", "state"),
        Index("lines_of_term", "school_id", "term_id", "state"),
        Index("lines_of_run", "run_id"),
        Index("lines_of_record", "record_id"),
    )


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
