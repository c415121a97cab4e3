"""What vetting and enrollment said.

Clearances and assignments are walled by district, as in vetting: a person known to be blocked is refused everywhere.
"""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from services.attendance.tables.metadata import HeardRow, Tables
from shared.tables import Row, SchoolRow, Sealed


class Clearance(Row, Tables):
    """The newest word on whether a person may be near children. Its id is the `person_id`."""

    __tablename__ = "clearances"
    category: Mapped[str]
    state: Mapped[str]
    epoch: Mapped[int]
    lost_epoch: Mapped[int]
    """The last epoch at which a clearance was taken away: assignments confirmed up to it are gone for good."""
    valid_until: Mapped[date | None]
    reason_class: Mapped[str | None]


class Assignment(Row, Tables):
    """A person in a session, as vetting assigned and removed them; the id is vetting's.

    A removal may be heard before its confirmation: role and epoch are unknown until that comes.
    """

    __tablename__ = "assignments"
    school_id: Mapped[UUID]
    person_id: Mapped[UUID]
    session_id: Mapped[UUID]
    state: Mapped[str]
    role: Mapped[str | None]
    clearance_epoch: Mapped[int | None]
    cause: Mapped[str | None]
    __table_args__ = (Index("assignment_session", "session_id"), Index("assignment_person", "person_id", "session_id"))


class GatePass(Row, Tables):
    """A pass for an external person (入校凭证); the id is vetting's. No window: only the revocation was heard yet."""

    __tablename__ = "gate_passes"
    school_id: Mapped[UUID]
    person_id: Mapped[UUID]
    state: Mapped[str]
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]
    __table_args__ = (Index("gate_passes_of_person", "person_id", "school_id"),)


class Duty(HeardRow, Tables):
    """Who leads the duty (带班领导) at a school between two instants of a date; the id is vetting's."""

    __tablename__ = "duties"
    person_id: Mapped[UUID]
    on: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    is_relieved: Mapped[bool] = mapped_column(server_default=false())
    """Vetting named them and took it back: they lead no more."""
    __table_args__ = (Index("duties_by_day", "school_id", "on"),)


class Pupil(HeardRow, Tables):
    """A registered pupil and their class."""

    __tablename__ = "pupils"
    class_id: Mapped[UUID | None]
    grade: Mapped[int | None]
    stage: Mapped[str | None]
    left_on: Mapped[date | None]


class PersonName(Row, Tables):
    """What somebody of the register is called (姓名); the id is the person's. Pulled, because no event carries it."""

    __tablename__ = "person_names"
    name_sealed: Mapped[Sealed]


class ClassTeacher(HeardRow, Tables):
    """Who the class teacher (班主任) of a class is; the id is the class's."""

    __tablename__ = "class_teachers"
    person_id: Mapped[UUID]
    grade: Mapped[int]


class StaffPost(HeardRow, Tables):
    """Whether a person is on a school's staff list (教职工); who is not is no teacher of the school's own."""

    __tablename__ = "staff_posts"
    person_id: Mapped[UUID]
    is_listed: Mapped[bool]
    __table_args__ = (UniqueConstraint("school_id", "person_id"),)


class Group(HeardRow, Tables):
    """An activity group (活动班) as enrollment confirmed it. `starts` and `ends` are local wall-clock."""

    __tablename__ = "groups"
    item_id: Mapped[UUID]
    term_id: Mapped[UUID]
    stage: Mapped[str]
    segment: Mapped[str]
    content_type: Mapped[str]
    weekdays: Mapped[list[Any]]
    starts: Mapped[time]
    ends: Mapped[time]
    venue_id: Mapped[UUID]
    lead_person_id: Mapped[UUID]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    state: Mapped[str]


class RollEntry(SchoolRow, Tables):
    """One line of a roll change (名册变更); the fold of all lines of a group is its roll."""

    __tablename__ = "roll_entries"
    group_id: Mapped[UUID]
    roll_version: Mapped[int]
    pupil_id: Mapped[UUID]
    effective_from: Mapped[date]
    added: Mapped[bool]
    __table_args__ = (UniqueConstraint("group_id", "pupil_id", "roll_version"), Index("rolls_of_pupil", "pupil_id"))


class BoundException(HeardRow, Tables):
    """A soft bound that an authority lets a school pass between two dates; its end may be heard alone."""

    __tablename__ = "bound_exceptions"
    bound: Mapped[str | None]
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
