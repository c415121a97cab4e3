"""What those who serve are paid."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from services.finance.tables.metadata import Tables, TermRow
from shared.tables import Row, SchoolRow


class Payee(Row, Tables):
    """A person who serves; the id is the person's. Its row is locked whenever the person's lines may move."""

    __tablename__ = "payees"


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
