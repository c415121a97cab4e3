"""A child's way: application, agreement, participation, group, roll."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.enrollment.tables.metadata import Tables
from shared.tables import SchoolRow


class Application(SchoolRow, Tables):
    """A family's application (参加申请); `chain` is the profile's review chain, `step` how many of it are done."""

    __tablename__ = "applications"
    window_id: Mapped[UUID]
    plan_id: Mapped[UUID]
    term_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    guardian_id: Mapped[UUID]
    class_id: Mapped[UUID]
    item_ids: Mapped[list[UUID]]
    offered_item_ids: Mapped[list[UUID]]
    kind: Mapped[str]
    state: Mapped[str]
    chain: Mapped[list[Any]]
    step: Mapped[int]
    reason_code: Mapped[str | None]
    evidence_ref: Mapped[str | None]
    """Where the form's evidence is kept; never the paper itself."""
    submitted_at: Mapped[datetime]
    __table_args__ = (
        Index(
            "applications_once",
            "window_id",
            "pupil_id",
            "kind",
            unique=True,
            postgresql_where=text("state NOT IN ('REJECTED', 'DECLINED_BY_FAMILY', 'WITHDRAWN_APPLICATION', 'ENDED')"),
        ),
        Index("applications_by_window", "window_id", "state", "id"),
        Index("applications_by_pupil", "pupil_id"),
        Index("applications_by_class", "class_id", "state", "id"),
    )


class ReviewStep(SchoolRow, Tables):
    """Who did which step of the chain; append-only."""

    __tablename__ = "review_steps"
    application_id: Mapped[UUID]
    step: Mapped[str]
    role: Mapped[str]
    actor: Mapped[str]
    outcome: Mapped[str]
    __table_args__ = (Index("review_steps_by_application", "application_id"),)


class Agreement(SchoolRow, Tables):
    """The service agreement (课后服务协议) of an application; `sections` maps each party to its duties."""

    __tablename__ = "agreements"
    application_id: Mapped[UUID] = mapped_column(unique=True)
    term_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    guardian_id: Mapped[UUID]
    state: Mapped[str]
    sections: Mapped[dict[str, Any]]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    signed_by: Mapped[str | None]
    countersigned_by: Mapped[str | None]
    __table_args__ = (Index("agreements_by_pupil", "pupil_id"),)


class Participation(SchoolRow, Tables):
    """A pupil's place in the service for a term (参加资格). Its `id` is that of the application it descends from."""

    __tablename__ = "participations"
    plan_id: Mapped[UUID]
    term_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    guardian_id: Mapped[UUID]
    grade: Mapped[int]
    stage: Mapped[str]
    state: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    effective_on: Mapped[date | None]
    __table_args__ = (Index("participations_by_pupil", "pupil_id"), Index("participations_by_plan", "plan_id", "state"))


class Place(SchoolRow, Tables):
    """A participation's place in an item, and in a group once it has one."""

    __tablename__ = "places"
    participation_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    item_id: Mapped[UUID]
    group_id: Mapped[UUID | None]
    __table_args__ = (
        UniqueConstraint("participation_id", "item_id"),
        Index("places_by_group", "group_id"),
        Index("places_by_item", "item_id"),
    )


class ActivityGroup(SchoolRow, Tables):
    """An activity group (活动班) of an item, with a venue and a proposed lead."""

    __tablename__ = "groups"
    item_id: Mapped[UUID]
    plan_id: Mapped[UUID]
    term_id: Mapped[UUID]
    title: Mapped[str]
    state: Mapped[str]
    venue_id: Mapped[UUID | None]
    lead_person_id: Mapped[UUID | None]
    capacity: Mapped[int]
    roll_version: Mapped[int]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    __table_args__ = (Index("groups_by_plan", "plan_id", "state"), Index("groups_by_item", "item_id"))


class RollEntry(SchoolRow, Tables):
    """A pupil on a group's roll (服务名册) from a date until a date, the first day without."""

    __tablename__ = "roll_entries"
    group_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    __table_args__ = (
        Index("roll_once", "group_id", "pupil_id", unique=True, postgresql_where=text("ends_on IS NULL")),
    )
