"""What is expected of those who serve, and who put their name to it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from services.vetting.tables.metadata import Tables
from shared.tables import SchoolRow


class DutySheet(SchoolRow, Tables):
    """The duties of a category of people at a school in a term (岗位职责); the newest is in force, all are kept."""

    __tablename__ = "duty_sheets"

    term_id: Mapped[UUID]
    category: Mapped[str]
    duties: Mapped[list[str]]
    published_by: Mapped[str]
    published_at: Mapped[datetime]

    __table_args__ = (Index("duty_sheets_by_category", "school_id", "term_id", "category", "id"),)


class DutySheetSignature(SchoolRow, Tables):
    """A person acknowledged a duty sheet (签收)."""

    __tablename__ = "duty_sheet_signatures"

    sheet_id: Mapped[UUID]
    person_id: Mapped[UUID]
    signed_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("sheet_id", "person_id"),
        Index("duty_sheet_signatures_of_person", "person_id", "id"),
    )
