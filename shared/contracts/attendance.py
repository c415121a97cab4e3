"""What attendance (考勤与安全交接) says: which sessions were held, who served, who was there, who fetched whom."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.events import SchoolEvent


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """One session of a series."""

    session_id: UUID
    on: date
    starts_at: datetime
    ends_at: datetime


class SessionsScheduled(SchoolEvent, name="attendance.session.scheduled", subject="group_id"):
    """A group's sessions were laid out, at most 500 an event; `lead_person_id` is who is proposed to lead them."""

    group_id: UUID
    item_id: UUID
    term_id: UUID
    segment: str
    content_type: str
    lead_person_id: UUID
    sessions: tuple[Scheduled, ...]


class SessionRescheduled(SchoolEvent, name="attendance.session.rescheduled", subject="session_id"):
    """A session moved to other hours."""

    session_id: UUID
    on: date
    starts_at: datetime
    ends_at: datetime


class SessionUnstaffed(SchoolEvent, name="attendance.session.unstaffed", subject="session_id"):
    """A session lost somebody whom it needs."""

    session_id: UUID
    group_id: UUID


class SessionStaffed(SchoolEvent, name="attendance.session.staffed", subject="session_id"):
    """A session has everybody whom it needs."""

    session_id: UUID
    group_id: UUID


class SessionOpened(SchoolEvent, name="attendance.session.opened", subject="session_id"):
    """Children may be received."""

    session_id: UUID
    group_id: UUID
    opened_at: datetime


class SessionClosed(SchoolEvent, name="attendance.session.closed", subject="session_id"):
    """Every child received has left to somebody; money and pay follow from this."""

    session_id: UUID
    group_id: UUID
    item_id: UUID
    term_id: UUID
    on: date
    opened_at: datetime
    closed_at: datetime
    expected_count: int
    present_count: int
    learning_minutes: int
    revision: int


class SessionCancelled(SchoolEvent, name="attendance.session.cancelled", subject="session_id"):
    """A session will not be held; the children stay in care or with their class teacher."""

    session_id: UUID
    group_id: UUID
    item_id: UUID
    term_id: UUID
    on: date
    cause: str


class StaffServiceRecorded(SchoolEvent, name="attendance.staff_service.recorded", subject="session_id"):
    """A person served in a closed session; `started_at` decides which side of a block the service lies on."""

    session_id: UUID
    item_id: UUID
    term_id: UUID
    person_id: UUID
    role: str
    nature: str
    on: date
    started_at: datetime
    minutes: int
    clearance_epoch: int
    revision: int


class HeadcountCounted(SchoolEvent, name="attendance.headcount.counted", subject="count_id"):
    """How many pupils really took part in a term, by the profile's basis."""

    count_id: UUID
    term_id: UUID
    basis: str
    pupil_count: int


class AbsenceUnexplained(SchoolEvent, name="attendance.absence.unexplained", subject="pupil_id"):
    """A pupil who was expected is not there and nobody knows why."""

    pupil_id: UUID
    session_id: UUID
    since: datetime


class HandoverCompleted(SchoolEvent, name="attendance.handover.completed", subject="pupil_id"):
    """A child left to somebody who may fetch it; out of ad-hoc care there is no session."""

    handover_id: UUID
    pupil_id: UUID
    session_id: UUID | None
    receiver_kind: str
    method: str
    at: datetime


class AdHocCareStarted(SchoolEvent, name="attendance.ad_hoc_care.started", subject="care_id"):
    """A child stays with its class teacher for once; it costs nothing."""

    care_id: UUID
    pupil_id: UUID
    teacher_id: UUID


class AdHocCareClosed(SchoolEvent, name="attendance.ad_hoc_care.closed", subject="care_id"):
    """Care, handover and talk with the parent are on record."""

    care_id: UUID
    pupil_id: UUID


class LatePickupOpened(SchoolEvent, name="attendance.late_pickup.opened", subject="case_id"):
    """A child waits longer than the profile's first limit."""

    case_id: UUID
    pupil_id: UUID
    minutes_late: int


class LatePickupEscalated(SchoolEvent, name="attendance.late_pickup.escalated", subject="case_id"):
    """The next person is responsible."""

    case_id: UUID
    pupil_id: UUID
    level: int
    minutes_late: int


class LatePickupResolved(SchoolEvent, name="attendance.late_pickup.resolved", subject="case_id"):
    """The child was fetched."""

    case_id: UUID
    pupil_id: UUID
    minutes_late: int


class VenueCheckPassed(SchoolEvent, name="attendance.venue_check.passed", subject="venue_id"):
    """A venue passed its safety check."""

    venue_id: UUID
    valid_until: date


class VenueCheckFailed(SchoolEvent, name="attendance.venue_check.failed", subject="venue_id"):
    """A venue failed its safety check."""

    venue_id: UUID


class SafetyPackReady(SchoolEvent, name="attendance.safety_pack.ready", subject="term_id"):
    """Safety systems, emergency plan and pickup rules are in force for a term."""

    term_id: UUID
    items: tuple[str, ...]


class TermArchiveSealed(SchoolEvent, name="attendance.term_archive.sealed", subject="term_id"):
    """A term's records are complete and closed."""

    term_id: UUID


class EntryRefused(SchoolEvent, name="attendance.gate.entry_refused", subject="entry_id"):
    """Somebody was sent away at the gate; `person_id` where it is known who."""

    entry_id: UUID
    person_id: UUID | None
    at: datetime


class IncidentReported(SchoolEvent, name="attendance.incident.reported", subject="incident_id"):
    """A child came to harm, or nearly; `category` is the breach of ethics that is said of the staff involved."""

    incident_id: UUID
    severity: str
    category: str | None
    person_ids: tuple[UUID, ...]
    at: datetime


class IncidentClosed(SchoolEvent, name="attendance.incident.closed", subject="incident_id"):
    """An incident was looked into, and is over."""

    incident_id: UUID
    severity: str


class ViolationDetected(SchoolEvent, name="attendance.violation.detected", subject="violation_id"):
    """A prohibition seems to be broken, as somebody saw it on the spot; of `target_kind` SCHOOL, PERSON or PROVIDER."""

    violation_id: UUID
    prohibition_code: str
    target_kind: str
    target_id: UUID
    on: date
    evidence_ref: str
