"""Where finance's tables are declared."""

from uuid import UUID

from sqlalchemy import BigInteger, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped

from shared.tables import COLUMN_TYPES, SchoolRow


class Tables(DeclarativeBase):
    """Finance's tables. Every integer is wide enough for fen."""

    type_annotation_map = COLUMN_TYPES | {int: BigInteger, list[int]: ARRAY(BigInteger), list[UUID]: ARRAY(Uuid)}


class TermRow(SchoolRow):
    """Base of what belongs to one school's term."""

    __abstract__ = True

    term_id: Mapped[UUID]
