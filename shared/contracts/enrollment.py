"""What enrollment (报名) says: the rules in force, who belongs to a school, and which child takes part in what."""

from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from shared.events import DistrictEvent, SchoolEvent


class PolicyProfilePublished(DistrictEvent, name="enrollment.policy_profile.published", subject="profile_id"):
    """A version of a policy profile, as the whole effective document; never changed afterwards."""

    profile_id: str
    profile_version: int
    sha256: str
    effective_from: date
    document: dict[str, Any]


class CalendarPublished(DistrictEvent, name="enrollment.calendar.published", subject="term_id"):
    """A term's days; make-up Saturdays are school days. Published again, it replaces the days of before."""

    term_id: UUID
    starts_on: date
    ends_on: date
    collection_starts_on: date
    school_days: tuple[date, ...]


class StaffMemberListed(SchoolEvent, name="enrollment.staff_member.listed", subject="person_id"):
    """The rostering data names a person as staff of a school; nothing is said about fitness."""

    person_id: UUID
    role: str


class StaffMemberLeft(SchoolEvent, name="enrollment.staff_member.left", subject="person_id"):
    """The rostering data names a person as staff of a school no more."""

    person_id: UUID


class PupilRegistered(SchoolEvent, name="enrollment.pupil.registered", subject="pupil_id"):
    """A pupil is registered at the school, in a class."""

    pupil_id: UUID
    class_id: UUID
    grade: int
    stage: str


class PupilMoved(SchoolEvent, name="enrollment.pupil.moved", subject="pupil_id"):
    """A pupil changed class within the school."""

    pupil_id: UUID
    class_id: UUID
    grade: int
    stage: str


class PupilLeft(SchoolEvent, name="enrollment.pupil.left", subject="pupil_id"):
    """A pupil is no longer registered at the school from a date on."""

    pupil_id: UUID
    effective_on: date


class ClassTeacherAssigned(SchoolEvent, name="enrollment.class_teacher.assigned", subject="class_id"):
    """Who the class teacher (班主任) of a class is."""

    class_id: UUID
    person_id: UUID
    grade: int


class GuardianLinkVerified(SchoolEvent, name="enrollment.guardian_link.verified", subject="link_id"):
    """A person is a verified guardian of a pupil."""

    link_id: UUID
    pupil_id: UUID
    guardian_id: UUID


class GuardianLinkEnded(SchoolEvent, name="enrollment.guardian_link.ended", subject="link_id"):
    """A person is a guardian of a pupil no more."""

    link_id: UUID
    pupil_id: UUID
    guardian_id: UUID


class SurveyClosed(SchoolEvent, name="enrollment.survey.closed", subject="survey_id"):
    """An intention survey ended; only counts leave the service."""

    survey_id: UUID
    term_id: UUID
    sent_count: int
    answer_count: int


class PlanEvent(SchoolEvent):
    """What every event of a plan carries: the version, its content and the policy version that it is pinned to."""

    plan_id: UUID
    term_id: UUID
    plan_version: int
    content_hash: str
    profile_id: str
    profile_version: int


class PlanSubmitted(PlanEvent, name="enrollment.plan.submitted", subject="plan_id"):
    """A school's plan waits for the district."""


class PlanReturned(PlanEvent, name="enrollment.plan.returned", subject="plan_id"):
    """The district sent a plan back."""


class PlanFiled(PlanEvent, name="enrollment.plan.filed", subject="plan_id"):
    """The plan is on file (备案), or adopted where the profile asks for no filing."""


class PlanActivated(PlanEvent, name="enrollment.plan.activated", subject="plan_id"):
    """Everything is ready; sessions may open."""


class PlanFilingRevoked(PlanEvent, name="enrollment.plan.filing_revoked", subject="plan_id"):
    """The district took the filing back."""


class PlanClosed(PlanEvent, name="enrollment.plan.closed", subject="plan_id"):
    """The term is over and archived."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Wall-clock times of a service day, Asia/Shanghai; weekdays count from 1, Monday."""

    weekdays: tuple[int, ...]
    starts: time
    ends: time


class ItemEvent(SchoolEvent):
    """What every event of a service item (服务项目) carries."""

    item_id: UUID
    plan_id: UUID
    term_id: UUID
    content_type: str
    stage: str
    grades: tuple[int, ...]
    segment: str
    slot: Slot
    capacity: int
    fee_bearing: bool
    provider_id: UUID | None = None


class ItemApproved(ItemEvent, name="enrollment.item.approved", subject="item_id"):
    """An item passed the content and time gates."""


class ItemListed(ItemEvent, name="enrollment.item.listed", subject="item_id"):
    """Families may choose the item."""


class ItemSuspended(SchoolEvent, name="enrollment.item.suspended", subject="item_id"):
    """No new sign-up to the item for now."""

    item_id: UUID
    cause: str


class ItemDelisted(SchoolEvent, name="enrollment.item.delisted", subject="item_id"):
    """The item is not offered any more; whoever took part in nothing else has left before this is said."""

    item_id: UUID
    term_id: UUID
    provider_id: UUID | None = None


class ProviderItemsDelisted(DistrictEvent, name="enrollment.provider_items.delisted", subject="provider_id"):
    """No item of a third party that leaves is offered any more; `item_ids` are those that were."""

    provider_id: UUID
    item_ids: tuple[UUID, ...]


class NoticePublished(SchoolEvent, name="enrollment.notice.published", subject="notice_id"):
    """The parents' notice (告知书) is out."""

    notice_id: UUID
    plan_id: UUID
    notice_version: int
    elements: tuple[str, ...]
    channels: tuple[str, ...]


class WindowOpened(SchoolEvent, name="enrollment.window.opened", subject="window_id"):
    """Families may apply."""

    window_id: UUID
    plan_id: UUID
    kind: str


class WindowClosed(SchoolEvent, name="enrollment.window.closed", subject="window_id"):
    """The window shut."""

    window_id: UUID
    plan_id: UUID
    kind: str


class ApplicationSubmitted(SchoolEvent, name="enrollment.application.submitted", subject="application_id"):
    """A guardian applied."""

    application_id: UUID
    pupil_id: UUID
    item_ids: tuple[UUID, ...]


class ApplicationApproved(SchoolEvent, name="enrollment.application.approved", subject="application_id"):
    """The review chain ended in approval."""

    application_id: UUID
    pupil_id: UUID
    item_ids: tuple[UUID, ...]


class ApplicationRejected(SchoolEvent, name="enrollment.application.rejected", subject="application_id"):
    """The review chain ended in a reasoned refusal."""

    application_id: UUID
    pupil_id: UUID
    reason_code: str


class ApplicationStalled(SchoolEvent, name="enrollment.application.stalled", subject="application_id"):
    """An application waits for a decision longer than the profile allows."""

    application_id: UUID
    pupil_id: UUID
    waiting_days: int


class AgreementInForce(SchoolEvent, name="enrollment.agreement.in_force", subject="agreement_id"):
    """Guardian and school signed, or the guardian acknowledged whose duties are which."""

    agreement_id: UUID
    participation_id: UUID
    starts_on: date
    ends_on: date


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place in an item."""

    item_id: UUID
    segment: str
    fee_bearing: bool


class ParticipationEvent(SchoolEvent):
    """What every event of a participation (参加资格) carries."""

    participation_id: UUID
    term_id: UUID
    pupil_id: UUID


class ParticipationConfirmed(ParticipationEvent, name="enrollment.participation.confirmed", subject="participation_id"):
    """A pupil has places for the term, not yet active; finance decides whether a fee is due."""

    guardian_id: UUID
    grade: int
    stage: str
    places: tuple[Place, ...]
    starts_on: date
    ends_on: date


class ParticipationActivated(ParticipationEvent, name="enrollment.participation.activated", subject="participation_id"):
    """The pupil takes part from `starts_on`."""

    starts_on: date


class WithdrawalRequested(
    ParticipationEvent, name="enrollment.participation.withdrawal_requested", subject="participation_id"
):
    """A guardian ends the participation on a date."""

    effective_on: date


class ParticipationWithdrawn(ParticipationEvent, name="enrollment.participation.withdrawn", subject="participation_id"):
    """The participation has ended; `effective_on` is its first day without service."""

    effective_on: date


class ParticipationCompleted(ParticipationEvent, name="enrollment.participation.completed", subject="participation_id"):
    """The term is over for this pupil."""


class GroupConfirmed(SchoolEvent, name="enrollment.group.confirmed", subject="group_id"):
    """An activity group (活动班) is formed and registered, with a proposed lead and a venue."""

    group_id: UUID
    item_id: UUID
    term_id: UUID
    stage: str
    segment: str
    content_type: str
    slot: Slot
    capacity: int
    venue_id: UUID
    lead_person_id: UUID
    starts_on: date
    ends_on: date


class GroupClosed(SchoolEvent, name="enrollment.group.closed", subject="group_id"):
    """The group meets no more."""

    group_id: UUID


class RollChanged(SchoolEvent, name="enrollment.roll.changed", subject="group_id"):
    """Who is on a group's roll (名册) from a date on; the fold of all changes is the roll."""

    group_id: UUID
    roll_version: int
    effective_from: date
    added: tuple[UUID, ...]
    removed: tuple[UUID, ...]


class ReadinessAchieved(SchoolEvent, name="enrollment.readiness.achieved", subject="plan_id"):
    """Every point of the checklist holds."""

    plan_id: UUID


class ExceptionApproved(SchoolEvent, name="enrollment.exception.approved", subject="exception_id"):
    """A soft bound may be passed until a date, on an authority's document."""

    exception_id: UUID
    bound: str
    valid_from: date
    valid_until: date


class ExceptionEnded(SchoolEvent, name="enrollment.exception.ended", subject="exception_id"):
    """The exception holds no more."""

    exception_id: UUID


class ComplaintOpened(SchoolEvent, name="enrollment.complaint.opened", subject="complaint_id"):
    """Somebody complains. With a prohibition it speaks of a breach, of `target_id` where it names one."""

    complaint_id: UUID
    topic: str
    prohibition_code: str | None
    target_kind: str | None
    target_id: UUID | None
    on: date


class ComplaintClosed(SchoolEvent, name="enrollment.complaint.closed", subject="complaint_id"):
    """A complaint was answered, and whoever complained has been told."""

    complaint_id: UUID
