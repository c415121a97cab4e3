"""Where enrollment's tables are declared."""

from uuid import UUID

from sqlalchemy import Integer, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase

from shared.tables import COLUMN_TYPES


class Tables(DeclarativeBase):
    """Enrollment's tables."""

    type_annotation_map = COLUMN_TYPES | {list[UUID]: ARRAY(Uuid), list[int]: ARRAY(Integer)}
