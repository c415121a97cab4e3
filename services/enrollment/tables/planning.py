"""What a school may do in a term, and what it plans and offers."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from services.enrollment.tables.metadata import Tables
from shared.tables import Row, SchoolRow


class PolicyProfile(Row, Tables):
    """A published version of a policy profile (政策档案); never edited."""

    __tablename__ = "policy_profiles"
    profile_id: Mapped[str]
    profile_version: Mapped[int]
    state: Mapped[str]
    sha256: Mapped[str]
    effective_from: Mapped[date]
    overlay: Mapped[dict[str, Any]]
    document: Mapped[dict[str, Any]]
    published_by: Mapped[str]
    __table_args__ = (UniqueConstraint("district_id", "profile_id", "profile_version"),)


class BoundException(SchoolRow, Tables):
    """A bound in principle that a school may pass between two dates (例外批准), once an authority approved it."""

    __tablename__ = "bound_exceptions"
    bound: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    document_no: Mapped[str | None]
    requested_by: Mapped[str]
    decided_by: Mapped[str | None]
    __table_args__ = (Index("bound_exceptions_by_school", "school_id", "state", "id"),)


class SchoolCalendar(Row, Tables):
    """A term's days (校历); the `id` is the term_id."""

    __tablename__ = "calendars"
    title: Mapped[str]
    revision: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    collection_starts_on: Mapped[date]
    school_days: Mapped[list[Any]]


class Survey(SchoolRow, Tables):
    """An intention survey (意向调查) of a school's pupils."""

    __tablename__ = "surveys"
    term_id: Mapped[UUID]
    state: Mapped[str]
    closes_on: Mapped[date]
    sent_to_all: Mapped[bool]
    sent_count: Mapped[int]
    __table_args__ = (Index("surveys_by_term", "school_id", "term_id"),)


class SurveyPaper(SchoolRow, Tables):
    """One pupil's paper in a survey; `answered_by` None while unanswered."""

    __tablename__ = "survey_papers"
    survey_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    answered_by: Mapped[str | None]
    wants_service: Mapped[bool | None]
    content_types: Mapped[list[str]]
    __table_args__ = (UniqueConstraint("survey_id", "pupil_id"), Index("survey_papers_by_pupil", "pupil_id"))


class ServicePlan(SchoolRow, Tables):
    """A school's plan for a term (课后服务工作方案), pinned to a policy version."""

    __tablename__ = "plans"
    term_id: Mapped[UUID]
    state: Mapped[str]
    plan_version: Mapped[int]
    said: Mapped[int]
    summary: Mapped[str]
    leadership_group: Mapped[list[UUID]]
    profile_id: Mapped[str]
    profile_version: Mapped[int]
    content_hash: Mapped[str | None]
    filed_hash: Mapped[str | None]
    file_no: Mapped[str | None]
    authored_by: Mapped[str]
    filed_by: Mapped[str | None]
    return_reason: Mapped[str | None]
    ready_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("school_id", "term_id"),)


class ServiceItem(SchoolRow, Tables):
    """An item of the catalogue (服务项目): what is offered to whom, on which weekdays, at which hours."""

    __tablename__ = "items"
    plan_id: Mapped[UUID]
    term_id: Mapped[UUID]
    state: Mapped[str]
    title: Mapped[str]
    content_type: Mapped[str]
    stage: Mapped[str]
    grades: Mapped[list[int]]
    segment: Mapped[str]
    weekdays: Mapped[list[int]]
    starts: Mapped[time]
    ends: Mapped[time]
    capacity: Mapped[int]
    fee_bearing: Mapped[bool]
    lead_person_id: Mapped[UUID | None]
    provider_id: Mapped[UUID | None]
    suspended_for: Mapped[str | None]
    __table_args__ = (
        Index("items_by_plan", "plan_id"),
        Index("items_by_lead", "lead_person_id"),
        Index("items_by_provider", "provider_id", postgresql_where=text("provider_id IS NOT NULL")),
    )


class ParentNotice(SchoolRow, Tables):
    """What the families are told (家长告知书): text by element, and the channels it went out on."""

    __tablename__ = "notices"
    plan_id: Mapped[UUID]
    plan_version: Mapped[int]
    notice_version: Mapped[int]
    state: Mapped[str]
    elements: Mapped[dict[str, Any]]
    channels: Mapped[list[str]]
    __table_args__ = (UniqueConstraint("plan_id", "notice_version"),)


class ApplicationWindow(SchoolRow, Tables):
    """When families may apply (报名期)."""

    __tablename__ = "windows"
    plan_id: Mapped[UUID]
    term_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str]
    __table_args__ = (Index("windows_by_plan", "plan_id"),)
