"""Reporting an incident, answering it, telling who must know, looking into it and closing it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.attendance.directory import queries as directory
from services.attendance.incidents import queries, rules
from services.attendance.presence import commands as presence
from services.attendance.sessions import queries as sessions
from services.attendance.tables import Incident, IncidentPupil
from shared.contracts.attendance import IncidentClosed, IncidentReported
from shared.ids import new_id
from shared.messaging.work import Work
from shared.notifications import notify, notify_all
from shared.policy.published import policy_of_district
from shared.refusals import NotFound
from shared.timers import set_timer

GUARDIANS_TIMER = "incident.guardians"
AUTHORITY_TIMER = "incident.authority"


def report(
    work: Work,
    *,
    school_id: UUID,
    happened_at: datetime,
    severity: str,
    pupil_ids: Sequence[UUID],
    account: str,
    staff_ids: Sequence[UUID] = (),
    category: str | None = None,
    session_id: UUID | None = None,
) -> Incident:
    """Keep that children came to harm, or nearly, and say it; of those involved the event names the staff alone."""
    work.caller.need_school(school_id)
    rules.need_happened(happened_at, work.now)
    rules.need_staff(staff_ids, category)
    if session_id is not None:
        sessions.need_at_school(work, session_id, school_id)
    if directory.pupils_of_school(work, school_id, pupil_ids) != set(pupil_ids):
        raise NotFound("pupil")
    incident_id = new_id()
    incident = Incident(
        id=incident_id,
        district_id=work.caller.district_id,
        school_id=school_id,
        session_id=session_id,
        happened_at=happened_at,
        reported_at=work.now,
        reported_by=work.caller.subject,
        state=rules.INCIDENT.initial,
        severity=severity,
        staff_ids=sorted(set(staff_ids)),
        category=category,
        account_sealed=work.keyring.seal(incident_id, "account", account),
    )
    _watch(work, incident)
    work.add(incident)
    _add_pupils(work, incident, pupil_ids)
    _say_reported(work, incident)
    return incident


def _watch(work: Work, incident: Incident) -> None:
    """Set by when guardians and authority must know, as grave as the incident is."""
    policy = policy_of_district(work)
    incident.guardians_due_at = rules.guardians_due(incident.reported_at, policy)
    incident.authority_due_at = rules.authority_due(incident.reported_at, incident.severity, policy)
    set_timer(work, GUARDIANS_TIMER, incident.id, incident.guardians_due_at)
    if incident.authority_due_at is not None:
        set_timer(work, AUTHORITY_TIMER, incident.id, incident.authority_due_at)


def _add_pupils(work: Work, incident: Incident, pupil_ids: Sequence[UUID]) -> None:
    owner = {"district_id": incident.district_id, "school_id": incident.school_id, "incident_id": incident.id}
    for pupil_id in sorted(set(pupil_ids)):
        work.add(IncidentPupil(**owner, pupil_id=pupil_id))


def _say_reported(work: Work, incident: Incident) -> None:
    work.emit(
        IncidentReported(
            district_id=incident.district_id,
            school_id=incident.school_id,
            incident_id=incident.id,
            severity=incident.severity,
            category=incident.category,
            person_ids=tuple(incident.staff_ids),
            at=incident.happened_at,
        )
    )


def triage(work: Work, incident_id: UUID, *, severity: str) -> Incident:
    """Judge how grave it is; from that follows whether the authority must be told."""
    incident = _answered(work, incident_id, "triage")
    incident.severity = severity
    _watch(work, incident)
    return incident


def respond(work: Work, incident_id: UUID) -> Incident:
    """Begin to help."""
    return _answered(work, incident_id, "respond")


def notify_guardians(work: Work, incident_id: UUID) -> Incident:
    """Tell the guardians of the pupils, whom nobody has told yet, and put on record that they know."""
    incident = _answered(work, incident_id, "notify_guardians")
    if incident.guardians_told_at is None:
        _tell_guardians(work, incident)
    return incident


def report_to_authority(work: Work, incident_id: UUID, *, authority_ref: str) -> Incident:
    """Put on record that the authority was told, and where the report is kept."""
    incident = _answered(work, incident_id, "report_to_authority")
    incident.authority_told_at, incident.authority_ref = work.now, authority_ref
    return incident


def investigate(work: Work, incident_id: UUID, *, findings: str) -> Incident:
    """Put on record what was found; of a serious incident once the authority knows."""
    incident = _taken_up(work, incident_id)
    rules.need_authority_told(incident.state, incident.severity, policy_of_district(work))
    incident.state = rules.INCIDENT.move(incident.state, "investigate")
    incident.findings_sealed = work.keyring.seal(incident.id, "findings", findings)
    incident.investigated_by = work.caller.subject
    return incident


def close(work: Work, incident_id: UUID) -> Incident:
    """End it, and say so; by somebody else than who looked into it."""
    incident = _taken_up(work, incident_id)
    rules.need_another(work.caller.subject, incident.investigated_by)
    incident.state = rules.INCIDENT.move(incident.state, "close")
    work.emit(
        IncidentClosed(
            district_id=incident.district_id,
            school_id=incident.school_id,
            incident_id=incident.id,
            severity=incident.severity,
        )
    )
    return incident


def tell_guardians(work: Work, incident_id: UUID) -> None:
    """Nobody has told the guardians (timer): they are told now, and so is the duty leader that nobody had."""
    incident = work.get(Incident, incident_id, lock=True)
    if incident.guardians_told_at is None:
        _tell_guardians(work, incident)
        _remind(work, incident, "incident_guardians_due")


def remind_of_authority(work: Work, incident_id: UUID) -> None:
    """The authority has not been told of a serious incident (timer): the duty leader is reminded."""
    incident = work.get(Incident, incident_id)
    if incident.authority_due_at is not None and incident.authority_told_at is None:
        _remind(work, incident, "incident_authority_due")


def _taken_up(work: Work, incident_id: UUID) -> Incident:
    """The incident, locked, by somebody who is not involved."""
    incident = work.get(Incident, incident_id, lock=True)
    rules.need_uninvolved(work.caller.person_id, incident.staff_ids)
    return incident


def _answered(work: Work, incident_id: UUID, action: str) -> Incident:
    """The incident, taken up and moved by the leadership or whoever leads the duty now."""
    incident = _taken_up(work, incident_id)
    presence.need_role_or_leading(work, incident.school_id, rules.ANSWERING)
    incident.state = rules.INCIDENT.move(incident.state, action)
    return incident


def _tell_guardians(work: Work, incident: Incident) -> None:
    people = directory.guardians(work, *queries.pupils_of(work, incident.id))
    notify_all(work, people, "incident", incident_id=str(incident.id))
    incident.guardians_told_at = work.now


def _remind(work: Work, incident: Incident, template: str) -> None:
    leader = directory.duty_leader(work, incident.school_id, work.now)
    if leader is not None:
        notify(work, leader, template, incident_id=str(incident.id))
