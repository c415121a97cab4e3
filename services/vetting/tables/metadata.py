"""Where vetting's tables are declared."""

from sqlalchemy.orm import DeclarativeBase

from shared.tables import COLUMN_TYPES


class Tables(DeclarativeBase):
    """Vetting's tables."""

    type_annotation_map = COLUMN_TYPES
