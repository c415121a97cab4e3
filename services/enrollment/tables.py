"""Everything enrollment stores. What a family or a class may see of it is narrowed further in the queries."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.tables import COLUMN_TYPES, Row, SchoolRow, Sealed

ON_ROLL = "ends_on IS NULL"
APPLYING = "state = 'APPLYING'"
NOT_ENDED = "state NOT IN ('REJECTED', 'DECLINED_BY_FAMILY', 'WITHDRAWN_APPLICATION')"


class Tables(DeclarativeBase):
    """Enrollment's tables."""

    type_annotation_map = COLUMN_TYPES | {list[UUID]: ARRAY(Uuid), list[int]: ARRAY(Integer)}


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
    __table_args__ = (Index("imports_one_applying", "district_id", unique=True, postgresql_where=text(APPLYING)),)


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
    __table_args__ = (Index("items_by_plan", "plan_id"), Index("items_by_lead", "lead_person_id"))


class ItemPublication(SchoolRow, Tables):
    """A fee publication that covers an item, as finance said it; `heard_version` counts the publication's events."""

    __tablename__ = "item_publications"
    item_id: Mapped[UUID]
    publication_id: Mapped[UUID]
    is_verified: Mapped[bool]
    heard_version: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (UniqueConstraint("item_id", "publication_id"),)


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
    submitted_at: Mapped[datetime]
    __table_args__ = (
        Index("applications_once", "window_id", "pupil_id", unique=True, postgresql_where=text(NOT_ENDED)),
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


class FeeState(SchoolRow, Tables):
    """What finance said about a participation's fee; the `id` is the participation's, which may be unknown yet."""

    __tablename__ = "fee_states"
    state: Mapped[str | None]
    refund: Mapped[str | None]
    heard_version: Mapped[int] = mapped_column(BigInteger)


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
    __table_args__ = (Index("roll_once", "group_id", "pupil_id", unique=True, postgresql_where=text(ON_ROLL)),)


class StaffStanding(Row, Tables):
    """A person's clearance as vetting said it; the `id` is the person's."""

    __tablename__ = "staff_standings"
    is_cleared: Mapped[bool]
    clearance_epoch: Mapped[int]
    valid_until: Mapped[date | None]


class VenueStanding(SchoolRow, Tables):
    """A venue's last safety check as attendance said it; the `id` is the venue's."""

    __tablename__ = "venue_standings"
    valid_until: Mapped[date | None]
    heard_version: Mapped[int] = mapped_column(BigInteger)


class TermStanding(SchoolRow, Tables):
    """What attendance said about a school's term: the safety pack stands, the archive is sealed."""

    __tablename__ = "term_standings"
    term_id: Mapped[UUID]
    is_safe: Mapped[bool]
    is_sealed: Mapped[bool]
    __table_args__ = (UniqueConstraint("school_id", "term_id"),)
