"""The register, and the imports that bring it."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.enrollment.tables.metadata import Tables
from shared.tables import Row, SchoolRow, Sealed


class RegisterFact(Row, Tables):
    """A thing of the register. `id` is our school_id, class_id or person_id; `sequence` orders the feed of people."""

    __tablename__ = "register_facts"
    kind: Mapped[str]
    source_id: Mapped[str]
    value: Mapped[dict[str, Any]]
    person_sealed: Mapped[Sealed | None]
    active: Mapped[bool]
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        UniqueConstraint("district_id", "kind", "source_id"),
        Index("register_facts_feed", "district_id", "sequence"),
    )


class School(SchoolRow, Tables):
    """A school (学校); its `id` is its `school_id`."""

    __tablename__ = "schools"
    name: Mapped[str]
    identifier: Mapped[str]
    active: Mapped[bool]


class SchoolClass(SchoolRow, Tables):
    """A class (行政班) and its class teacher (班主任)."""

    __tablename__ = "classes"
    title: Mapped[str]
    grade: Mapped[int]
    teacher_id: Mapped[UUID | None]
    active: Mapped[bool]
    __table_args__ = (Index("classes_by_teacher", "teacher_id"), Index("classes_by_school", "school_id", "id"))


class Pupil(SchoolRow, Tables):
    """A pupil (学生) in a class; the `id` is the person's."""

    __tablename__ = "pupils"
    class_id: Mapped[UUID]
    grade: Mapped[int]
    stage: Mapped[str]
    active: Mapped[bool]
    __table_args__ = (Index("pupils_by_class", "class_id"), Index("pupils_by_school", "school_id", "id"))


class GuardianLink(SchoolRow, Tables):
    """A person is guardian of a pupil (监护关系)."""

    __tablename__ = "guardian_links"
    guardian_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    state: Mapped[str]
    __table_args__ = (UniqueConstraint("pupil_id", "guardian_id"), Index("guardian_links_by_guardian", "guardian_id"))


class StaffPost(SchoolRow, Tables):
    """A person on a school's staff list (教职工)."""

    __tablename__ = "staff_posts"
    person_id: Mapped[UUID]
    role: Mapped[str]
    active: Mapped[bool]
    __table_args__ = (UniqueConstraint("school_id", "person_id"),)


class Import(Row, Tables):
    """A bundle of the register that was read and checked (导入); applied only after somebody saw what it would do."""

    __tablename__ = "imports"
    state: Mapped[str]
    counts: Mapped[dict[str, Any]]
    exceeded: Mapped[list[str]]
    total: Mapped[int]
    problems: Mapped[list[Any]]
    based_on: Mapped[UUID | None]
    uploaded_by: Mapped[str]
    __table_args__ = (
        Index("imports_one_applying", "district_id", unique=True, postgresql_where=text("state = 'APPLYING'")),
    )


class ImportChange(Row, Tables):
    """One change that an import would make, in the order of `position`."""

    __tablename__ = "import_changes"
    import_id: Mapped[UUID]
    position: Mapped[int]
    kind: Mapped[str]
    action: Mapped[str]
    source_id: Mapped[str]
    subject_id: Mapped[UUID]
    value: Mapped[dict[str, Any]]
    person_sealed: Mapped[Sealed | None]
    __table_args__ = (UniqueConstraint("import_id", "position"),)
