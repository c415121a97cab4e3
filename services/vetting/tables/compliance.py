"""What was done against the prohibitions, and what followed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from services.vetting.tables.metadata import Tables
from shared.tables import Row, Sealed


class ComplianceCase(Row, Tables):
    """A breach of a prohibition, or what looks like one (违规处置). Its evidence is among the decisions."""

    __tablename__ = "compliance_cases"

    prohibition_code: Mapped[str]
    target_kind: Mapped[str]
    target_id: Mapped[UUID]
    school_id: Mapped[UUID | None]
    """Where it happened; None: nowhere in particular. The wall is the district's."""
    happened_on: Mapped[date]
    account_sealed: Mapped[Sealed | None]
    """What somebody wrote here; None: what happened is told where the case comes from."""
    source: Mapped[str | None]
    source_id: Mapped[UUID | None]
    """The event and the thing that opened the case; None: somebody here did."""
    state: Mapped[str]
    severity: Mapped[str | None]
    sanctions: Mapped[list[str]]
    opened_by: Mapped[str]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    conduct_record_id: Mapped[UUID | None]
    """The conduct record that a confirmed case about a person became."""

    __table_args__ = (
        Index("compliance_cases_by_state", "district_id", "state", "id"),
        Index("compliance_cases_by_target", "target_id"),
        Index("compliance_cases_by_day", "district_id", "happened_on"),
        Index("compliance_cases_once", "source_id", unique=True),
    )
