"""Where attendance's tables are declared."""

from uuid import UUID

from sqlalchemy import ARRAY, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped

from shared.tables import COLUMN_TYPES, SchoolRow


class Tables(DeclarativeBase):
    """Attendance's tables."""

    type_annotation_map = COLUMN_TYPES | {list[UUID]: ARRAY(Uuid)}


class HeardRow(SchoolRow):
    """A copy of what another service says of one subject; `subject_version` tells what has been overtaken."""

    __abstract__ = True

    subject_version: Mapped[int]
