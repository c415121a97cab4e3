"""Everything attendance stores: first what others said and is kept here, then what attendance itself decides."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped

from shared.tables import COLUMN_TYPES, Row, SchoolRow, Sealed


class Tables(DeclarativeBase):
    """Attendance's tables."""

    type_annotation_map = COLUMN_TYPES


class HeardRow(SchoolRow):
    """A copy of what another service says of one subject; `subject_version` tells what has been overtaken."""

    __abstract__ = True

    subject_version: Mapped[int]


# What vetting said; persons are walled by district, so that one who is blocked is refused everywhere


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
    """A person in a session, by vetting's id; role and epoch are unknown while only the removal was heard."""

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
    __table_args__ = (Index("duties_by_day", "school_id", "on"),)


# What enrollment said


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


class ServiceSession(SchoolRow, Tables):
    """A group on a date between two instants (服务课次)."""

    __tablename__ = "sessions"
    group_id: Mapped[UUID]
    item_id: Mapped[UUID]
    term_id: Mapped[UUID]
    venue_id: Mapped[UUID]
    stage: Mapped[str]
    segment: Mapped[str]
    content_type: Mapped[str]
    on: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str]
    roll_version: Mapped[int | None]
    """The version of the roll that was in force at opening; who is expected follows from it (INV-ATT-06)."""
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    learning_minutes: Mapped[int | None]
    revision: Mapped[int]
    cancel_cause: Mapped[str | None]
    override_by: Mapped[UUID | None]
    """The duty leader who let cleared staff in while vetting could not be heard (INV-ATT-07)."""
    override_reason: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("group_id", "on"),
        Index("sessions_by_day", "school_id", "on", "starts_at", "id"),
        Index("sessions_by_term", "school_id", "term_id", "state"),
    )


class Presence(SchoolRow, Tables):
    """A person of the staff in a session, from when to when (人员到离岗)."""

    __tablename__ = "presences"
    session_id: Mapped[UUID]
    person_id: Mapped[UUID]
    role: Mapped[str]
    category: Mapped[str]
    clearance_epoch: Mapped[int]
    checked_in_at: Mapped[datetime]
    checked_out_at: Mapped[datetime | None]
    checkout_cause: Mapped[str | None]
    __table_args__ = (
        Index("presence_once", "session_id", "person_id", unique=True, postgresql_where=text("checked_out_at IS NULL")),
        Index("presences_of_person", "person_id", postgresql_where=text("checked_out_at IS NULL")),
        Index("presences_by_school", "school_id", "checked_in_at", "id"),
    )


class Mark(SchoolRow, Tables):
    """What became of a pupil's attendance in a session (考勤记录); the newest holds, none is ever changed."""

    __tablename__ = "marks"
    session_id: Mapped[UUID]
    pupil_id: Mapped[UUID]
    status: Mapped[str]
    at: Mapped[datetime]
    marked_by: Mapped[str]
    corrects_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    __table_args__ = (Index("marks_of_session", "session_id", "pupil_id", "id"), Index("marks_of_pupil", "pupil_id"))


class LeaveRequest(SchoolRow, Tables):
    """A guardian says that a pupil will not come on a date (请假)."""

    __tablename__ = "leave_requests"
    pupil_id: Mapped[UUID]
    on: Mapped[date]
    state: Mapped[str]
    requested_by: Mapped[UUID]
    reason_sealed: Mapped[Sealed]
    acknowledged_by: Mapped[str | None]
    __table_args__ = (Index("leave_requests_of_pupil", "pupil_id", "on"),)


class CustodyChain(SchoolRow, Tables):
    """Who keeps a pupil on a date, at this moment (看护责任链); how it came so are its handovers."""

    __tablename__ = "custody_chains"
    pupil_id: Mapped[UUID]
    on: Mapped[date]
    state: Mapped[str]
    session_id: Mapped[UUID | None]
    holder_id: Mapped[UUID | None]
    position: Mapped[int]
    __table_args__ = (
        UniqueConstraint("pupil_id", "on"),
        Index("custody_of_session", "session_id", "state"),
        Index("custody_of_holder", "holder_id", "on"),
        Index("custody_by_day", "school_id", "on", "id"),
    )


class Handover(SchoolRow, Tables):
    """A child passed from one keeper to the next (交接记录); never changed."""

    __tablename__ = "handovers"
    pupil_id: Mapped[UUID]
    on: Mapped[date]
    position: Mapped[int]
    action: Mapped[str]
    session_id: Mapped[UUID | None]
    from_id: Mapped[UUID | None]
    to_id: Mapped[UUID | None]
    authorization_id: Mapped[UUID | None]
    method: Mapped[str | None]
    note: Mapped[str | None]
    at: Mapped[datetime]
    recorded_by: Mapped[str]
    __table_args__ = (
        UniqueConstraint("pupil_id", "on", "position"),
        Index("handovers_by_day", "school_id", "on", "id"),
    )


class PickupAuthorization(HeardRow, Tables):
    """Who may fetch a pupil (接送授权). A verified guardian's is kept from enrollment and has the id of the link."""

    __tablename__ = "pickup_authorizations"
    pupil_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    """None: the pupil leaves alone."""
    kind: Mapped[str]
    state: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    relation: Mapped[str | None]
    is_minor: Mapped[bool]
    name_sealed: Mapped[Sealed | None]
    phone_sealed: Mapped[Sealed | None]
    proposed_by: Mapped[str]
    verified_by: Mapped[str | None]
    evidence: Mapped[str | None]
    evidence_ref: Mapped[str | None]
    __table_args__ = (Index("pickup_authorizations_of_pupil", "pupil_id", "person_id"),)


class LatePickupCase(SchoolRow, Tables):
    """A child waits to be fetched longer than it should (逾时未接). It never costs anything."""

    __tablename__ = "late_pickup_cases"
    pupil_id: Mapped[UUID]
    session_id: Mapped[UUID]
    chain_id: Mapped[UUID]
    on: Mapped[date]
    state: Mapped[str]
    level: Mapped[int]
    due_at: Mapped[datetime]
    """The planned end of the session, from which lateness is counted."""
    resolved_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("chain_id", "due_at"),
        Index("late_pickup_cases_by_day", "school_id", "on", "id"),
    )


class ContactAttempt(SchoolRow, Tables):
    """Somebody tried to reach a family (联系记录); never changed."""

    __tablename__ = "contact_attempts"
    case_id: Mapped[UUID]
    authorization_id: Mapped[UUID | None]
    outcome: Mapped[str]
    at: Mapped[datetime]
    logged_by: Mapped[str]
    __table_args__ = (Index("contact_attempts_of_case", "case_id", "id"),)


class Venue(SchoolRow, Tables):
    """A place where groups meet (活动场所)."""

    __tablename__ = "venues"
    name: Mapped[str]
    scope: Mapped[str]


class VenueCheck(SchoolRow, Tables):
    """A safety check of a venue (场所安全检查); never changed."""

    __tablename__ = "venue_checks"
    venue_id: Mapped[UUID]
    on: Mapped[date]
    passed: Mapped[bool]
    note: Mapped[str | None]
    checked_by: Mapped[str]
    __table_args__ = (Index("venue_checks_of_venue", "venue_id", "id"),)


class Hazard(SchoolRow, Tables):
    """Something dangerous at a venue (隐患)."""

    __tablename__ = "hazards"
    venue_id: Mapped[UUID]
    area: Mapped[str]
    severity: Mapped[str]
    state: Mapped[str]
    description: Mapped[str]
    opened_by: Mapped[str]
    __table_args__ = (Index("hazards_of_venue", "venue_id", "state"),)


class GateEntry(SchoolRow, Tables):
    """Somebody at the gate (门卫登记): let in, gone again, or refused."""

    __tablename__ = "gate_entries"
    person_id: Mapped[UUID | None]
    pass_id: Mapped[UUID | None]
    accompanied_by: Mapped[UUID | None]
    state: Mapped[str]
    reason: Mapped[str | None]
    arrived_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    written_by: Mapped[str]
    __table_args__ = (Index("gate_entries_by_school", "school_id", "arrived_at", "id"),)


class SafetyPack(SchoolRow, Tables):
    """A term's safety systems with the documents in force (安全制度、应急预案、接领细则)."""

    __tablename__ = "safety_packs"
    term_id: Mapped[UUID]
    documents: Mapped[dict[str, Any]]
    ready_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("school_id", "term_id"),)


class ActivityRecord(SchoolRow, Tables):
    """A class's log of one week of the term (活动记录)."""

    __tablename__ = "activity_records"
    class_id: Mapped[UUID]
    term_id: Mapped[UUID]
    week: Mapped[int]
    state: Mapped[str]
    content: Mapped[str | None]
    submitted_by: Mapped[str]
    decided_by: Mapped[str | None]
    __table_args__ = (UniqueConstraint("class_id", "term_id", "week"),)


class TermArchive(SchoolRow, Tables):
    """A term's records, closed (学期存档)."""

    __tablename__ = "term_archives"
    term_id: Mapped[UUID]
    sealed_by: Mapped[str]
    sealed_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("school_id", "term_id"),)
