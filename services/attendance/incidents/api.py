"""HTTP door of incidents. What is said of whom is read by those who examine incidents, and logged.

Nobody who is involved gets past it.
"""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.attendance.incidents import commands, queries
from services.attendance.incidents.rules import SEVERITIES
from services.attendance.tables import Incident, IncidentPupil
from shared.messaging.work import Work
from shared.policy.codes import ETHICS_CATEGORIES
from shared.web.door import Door

door = Door("incidents", "安全事件 incidents")


class IncidentOut(ma.Schema):
    """How an incident goes, without those involved; by when who must be told, and when they were."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    session_id = ma.fields.UUID(allow_none=True)
    happened_at = ma.fields.AwareDateTime()
    reported_at = ma.fields.AwareDateTime()
    state = ma.fields.String()
    severity = ma.fields.String()
    guardians_due_at = ma.fields.AwareDateTime()
    guardians_told_at = ma.fields.AwareDateTime(allow_none=True)
    authority_due_at = ma.fields.AwareDateTime(allow_none=True)
    authority_told_at = ma.fields.AwareDateTime(allow_none=True)


class NewIncident(ma.Schema):
    """What happened to which pupils, and how grave it seems; which staff is involved, and the breach said of it."""

    school_id = ma.fields.UUID(required=True)
    session_id = ma.fields.UUID(load_default=None, allow_none=True)
    happened_at = ma.fields.AwareDateTime(required=True)
    severity = ma.fields.String(required=True, validate=ma.validate.OneOf(SEVERITIES))
    pupil_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, 100))
    staff_ids = ma.fields.List(ma.fields.UUID(), load_default=list, validate=ma.validate.Length(0, 100))
    category = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(ETHICS_CATEGORIES))
    account = ma.fields.String(required=True, validate=ma.validate.Length(1, 10_000))


class Severity(ma.Schema):
    """How grave it is."""

    severity = ma.fields.String(required=True, validate=ma.validate.OneOf(SEVERITIES))


class AuthorityReport(ma.Schema):
    """Where the report to the authority is kept."""

    authority_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))


class Findings(ma.Schema):
    """What was found."""

    findings = ma.fields.String(required=True, validate=ma.validate.Length(1, 10_000))


class PupilOut(ma.Schema):
    """A pupil whom an incident concerns."""

    incident_id = ma.fields.UUID()
    pupil_id = ma.fields.UUID()


class IncidentAccount(ma.Schema):
    """What is said of whom, and what was found."""

    staff_ids = ma.fields.List(ma.fields.UUID())
    category = ma.fields.String(allow_none=True)
    account = ma.fields.String()
    findings = ma.fields.String(allow_none=True)


@door.post("/incidents", needs="incident.report", takes=NewIncident, gives=IncidentOut, status=201)
def report_incident(work: Work, **new: Any) -> Incident:
    """Keep that children came to harm, or nearly."""
    return commands.report(work, **new)


@door.list(
    "/incidents",
    needs="incident.read",
    gives=IncidentOut,
    of=Incident,
    filters=("school_id", "session_id", "state", "severity", "happened_at", "guardians_due_at", "authority_due_at"),
    sorts=("happened_at", "id"),
)
def list_incidents(work: Work) -> Select[Any]:
    """Incidents of the caller's schools; a guardian sees those of their own children."""
    return queries.list_incidents(work)


@door.get("/incidents/<uuid:incident_id>", needs="incident.read", gives=IncidentOut)
def read_incident(work: Work, incident_id: UUID) -> Incident:
    """One incident."""
    return queries.find_incident(work, incident_id)


@door.list(
    "/incident-pupils",
    needs="incident.read",
    gives=PupilOut,
    of=IncidentPupil,
    filters=("school_id", "incident_id", "pupil_id"),
)
def list_incident_pupils(work: Work) -> Select[Any]:
    """Whom incidents concern; a guardian sees their own children, at school only those who may read the account."""
    return queries.list_pupils(work)


@door.get("/incidents/<uuid:incident_id>/account", needs="incident.read_account", gives=IncidentAccount)
def read_incident_account(work: Work, incident_id: UUID) -> dict[str, Any]:
    """What is said of whom, for those who examine it."""
    return queries.read_account(work, incident_id)


@door.post("/incidents/<uuid:incident_id>/triage", needs="incident.respond", takes=Severity, gives=IncidentOut)
def triage_incident(work: Work, incident_id: UUID, severity: str) -> Incident:
    """Judge how grave it is; by the leadership or the duty leader, as every answer."""
    return commands.triage(work, incident_id, severity=severity)


@door.post("/incidents/<uuid:incident_id>/respond", needs="incident.respond", gives=IncidentOut)
def respond_to_incident(work: Work, incident_id: UUID) -> Incident:
    """Begin to help."""
    return commands.respond(work, incident_id)


@door.post("/incidents/<uuid:incident_id>/notify-guardians", needs="incident.respond", gives=IncidentOut)
def notify_guardians_of_incident(work: Work, incident_id: UUID) -> Incident:
    """Tell the guardians of the pupils."""
    return commands.notify_guardians(work, incident_id)


@door.post(
    "/incidents/<uuid:incident_id>/report-to-authority",
    needs="incident.respond",
    takes=AuthorityReport,
    gives=IncidentOut,
)
def report_incident_to_authority(work: Work, incident_id: UUID, authority_ref: str) -> Incident:
    """Put on record that the authority was told."""
    return commands.report_to_authority(work, incident_id, authority_ref=authority_ref)


@door.post("/incidents/<uuid:incident_id>/investigate", needs="incident.investigate", takes=Findings, gives=IncidentOut)
def investigate_incident(work: Work, incident_id: UUID, findings: str) -> Incident:
    """Put on record what was found."""
    return commands.investigate(work, incident_id, findings=findings)


@door.post("/incidents/<uuid:incident_id>/close", needs="incident.close", gives=IncidentOut)
def close_incident(work: Work, incident_id: UUID) -> Incident:
    """End it; by somebody else than who looked into it."""
    return commands.close(work, incident_id)
