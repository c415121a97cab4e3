"""What vetting (人员与第三方审核) says: who may be near the children, and who is assigned to what."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.events import DistrictEvent, SchoolEvent


class StaffRegistered(DistrictEvent, name="vetting.staff.registered", subject="person_id"):
    """A person consented to the queries and is under review."""

    person_id: UUID
    category: str


class StaffCleared(DistrictEvent, name="vetting.staff.cleared", subject="person_id"):
    """Every required check is clear, until `valid_until`."""

    person_id: UUID
    category: str
    clearance_epoch: int
    valid_until: date


class StaffSuspended(DistrictEvent, name="vetting.staff.suspended", subject="person_id"):
    """A serious allegation is being examined; not a finding."""

    person_id: UUID
    category: str
    clearance_epoch: int
    effective_at: datetime
    reason_class: str


class StaffBlocked(DistrictEvent, name="vetting.staff.blocked", subject="person_id"):
    """May not be near children anywhere in the district from `effective_at` on."""

    person_id: UUID
    category: str
    clearance_epoch: int
    effective_at: datetime
    reason_class: str


class StaffRestored(DistrictEvent, name="vetting.staff.restored", subject="person_id"):
    """Cleared again after a suspension or a block; assignments of before stay gone."""

    person_id: UUID
    category: str
    clearance_epoch: int
    valid_until: date


class StaffExpired(DistrictEvent, name="vetting.staff.expired", subject="person_id"):
    """The clearance ran out without a new one."""

    person_id: UUID
    category: str
    clearance_epoch: int
    effective_at: datetime


class StaffExited(DistrictEvent, name="vetting.staff.exited", subject="person_id"):
    """The person serves no more, at any school of the district; no judgment."""

    person_id: UUID
    category: str
    clearance_epoch: int
    effective_at: datetime


class EngagementActivated(SchoolEvent, name="vetting.engagement.activated", subject="engagement_id"):
    """A contract is in force; `rate_fen` is the agreed pay per period, None where rates of the school's table hold."""

    engagement_id: UUID
    person_id: UUID
    kind: str
    starts_on: date
    ends_on: date
    rate_fen: int | None = None


class EngagementTerminated(SchoolEvent, name="vetting.engagement.terminated", subject="engagement_id"):
    """A contract ended."""

    engagement_id: UUID
    person_id: UUID
    ended_on: date


@dataclass(frozen=True, kw_only=True)
class ProviderOffer:
    """A content that a provider may deliver, and its highest price a session."""

    content_type: str
    price_fen: int


class ProviderWhitelisted(DistrictEvent, name="vetting.provider.whitelisted", subject="provider_id"):
    """The district selected a third party; schools may contract it for what it offers until `valid_until`."""

    provider_id: UUID
    kind: str
    valid_until: date
    offers: tuple[ProviderOffer, ...]


class ProviderRejected(DistrictEvent, name="vetting.provider.rejected", subject="provider_id"):
    """The district did not select a third party."""

    provider_id: UUID
    kind: str


class ProviderEvaluationCompleted(DistrictEvent, name="vetting.provider_evaluation.completed", subject="provider_id"):
    """The district evaluated a third party's work in a term; `score` is of a hundred."""

    provider_id: UUID
    evaluation_id: UUID
    term_id: UUID
    score: int


class ProviderPutOnNotice(DistrictEvent, name="vetting.provider.put_on_notice", subject="provider_id"):
    """A third party is to put its work right by a day; whitelisted again when it has."""

    provider_id: UUID
    kind: str
    rectify_by: date


class ProviderExiting(DistrictEvent, name="vetting.provider.exiting", subject="provider_id"):
    """A third party leaves; `effective_on` is the first day without it. Nothing new is agreed from now on."""

    provider_id: UUID
    kind: str
    reason_code: str
    effective_on: date


class ProviderExited(DistrictEvent, name="vetting.provider.exited", subject="provider_id"):
    """A third party has left: no assignment, no listed item, no settlement and no refund of it is open."""

    provider_id: UUID
    kind: str


class ProviderContractActivated(SchoolEvent, name="vetting.provider_contract.activated", subject="contract_id"):
    """A school's contract with a provider for one content is in force; `price_fen` is the price of a session."""

    contract_id: UUID
    provider_id: UUID
    represented_by: UUID
    content_type: str
    price_fen: int
    starts_on: date
    ends_on: date


class ProviderContractTerminated(SchoolEvent, name="vetting.provider_contract.terminated", subject="contract_id"):
    """A school's contract with a provider ended; sessions up to `ended_on` are still settled."""

    contract_id: UUID
    provider_id: UUID
    ended_on: date


@dataclass(frozen=True, kw_only=True)
class AssignedSession:
    """One session of a person's assignment."""

    assignment_id: UUID
    session_id: UUID


class AssignmentsConfirmed(SchoolEvent, name="vetting.roster.assignments_confirmed", subject="person_id"):
    """A person is assigned to sessions of one school, at most 500 an event."""

    person_id: UUID
    role: str
    clearance_epoch: int
    assigned: tuple[AssignedSession, ...]


class AssignmentsRemoved(SchoolEvent, name="vetting.roster.assignments_removed", subject="person_id"):
    """A person's assignments at one school ended before their sessions, at most 500 an event."""

    person_id: UUID
    cause: str
    clearance_epoch: int
    removed: tuple[AssignedSession, ...]


class SubstitutesRequested(SchoolEvent, name="vetting.substitute.requested", subject="person_id"):
    """Somebody else is sought for the sessions of a person who was removed, at most 500 an event."""

    person_id: UUID
    requests: tuple[AssignedSession, ...]
    """`assignment_id` is that of the removed assignment."""


class SubstituteOpened(SchoolEvent, name="vetting.substitute.opened", subject="request_id"):
    """Somebody is sought for a session in a role that nobody held before."""

    request_id: UUID
    session_id: UUID
    role: str


class SubstituteFilled(SchoolEvent, name="vetting.substitute.filled", subject="request_id"):
    """A substitute accepted; the confirmed assignment is said as well."""

    request_id: UUID
    session_id: UUID
    person_id: UUID


class SubstituteEscalated(SchoolEvent, name="vetting.substitute.escalated", subject="request_id"):
    """Nobody accepted: the school itself has to find somebody before `deadline`."""

    request_id: UUID
    session_id: UUID
    deadline: datetime


class SubstituteUnfilled(SchoolEvent, name="vetting.substitute.unfilled", subject="request_id"):
    """Nobody accepted in time. `last_resort` is MERGE, into the staffed session `merge_into`, or BASE_CARE."""

    request_id: UUID
    session_id: UUID
    last_resort: str | None = None
    merge_into: UUID | None = None


class GatePassIssued(SchoolEvent, name="vetting.gate_pass.issued", subject="pass_id"):
    """An external person may pass the gate in a window of time."""

    pass_id: UUID
    person_id: UUID
    valid_from: datetime
    valid_to: datetime


class GatePassesRevoked(SchoolEvent, name="vetting.gate_pass.revoked", subject="person_id"):
    """Passes of a person at one school hold no more."""

    person_id: UUID
    pass_ids: tuple[UUID, ...]
    cause: str


class DutyEvent(SchoolEvent):
    """Who leads the duty (带班领导) at a school on a date, between two instants."""

    duty_id: UUID
    person_id: UUID
    on: date
    starts_at: datetime
    ends_at: datetime


class DutyLeaderNamed(DutyEvent, name="vetting.duty_leader.named", subject="duty_id"):
    """Who leads the duty at a school on a date, between two instants."""


class DutyLeaderRelieved(DutyEvent, name="vetting.duty_leader.relieved", subject="duty_id"):
    """Who was named leads the duty no more."""

    cause: str


class ComplianceCaseEvent(DistrictEvent):
    """What every event of a compliance case (违规处置) carries: which prohibition, and what kind of thing broke it.

    `source_id` is the complaint, the violation or the gate entry that opened it; None: somebody here did.
    """

    case_id: UUID
    prohibition_code: str
    target_kind: str
    source_id: UUID | None


class ComplianceCaseOpened(ComplianceCaseEvent, name="vetting.compliance_case.opened", subject="case_id"):
    """Somebody may have broken a prohibition; not a finding."""


class ComplianceCaseSanctioned(ComplianceCaseEvent, name="vetting.compliance_case.sanctioned", subject="case_id"):
    """A breach was confirmed and sanctioned."""

    sanctions: tuple[str, ...]


class ComplianceCaseClosed(ComplianceCaseEvent, name="vetting.compliance_case.closed", subject="case_id"):
    """A case is over: sanctioned, or unfounded."""

    outcome: str
