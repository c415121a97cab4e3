"""Reading safety packs."""

from uuid import UUID

from sqlalchemy import Select, select

from services.attendance.tables import SafetyPack


def of_term(school_id: UUID, term_id: UUID) -> Select[SafetyPack]:
    """The pack of a school's term."""
    return select(SafetyPack).where(SafetyPack.school_id == school_id, SafetyPack.term_id == term_id)
