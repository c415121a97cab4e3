"""Reading incidents."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from services.attendance.directory import queries as directory
from services.attendance.incidents import rules
from services.attendance.tables import Incident, IncidentPupil
from shared.access_log import log_access
from shared.messaging.work import Work


def list_incidents(work: Work) -> Select[Any]:
    """Incidents of the caller's schools; a guardian sees those of their own children."""
    seen = directory.narrow(work, select(IncidentPupil.incident_id), IncidentPupil.pupil_id)
    return select(Incident).where(Incident.id.in_(seen))


def find_incident(work: Work, incident_id: UUID) -> Incident:
    """An incident that the caller may see; raises NotFound."""
    found: Incident = work.one(list_incidents(work).where(Incident.id == incident_id), thing="incident")
    return found


def list_pupils(work: Work) -> Select[Any]:
    """Whom incidents concern: a guardian sees their own children, at school only those who may read the account."""
    if not directory.is_family(work):
        work.caller.need("incident.read_account")
    return directory.narrow(work, select(IncidentPupil), IncidentPupil.pupil_id)


def pupils_of(work: Work, incident_id: UUID) -> list[UUID]:
    """The pupils whom an incident concerns."""
    return list(work.session.scalars(select(IncidentPupil.pupil_id).where(IncidentPupil.incident_id == incident_id)))


def read_account(work: Work, incident_id: UUID) -> dict[str, Any]:
    """What is said of whom, and what was found, unsealed; the access is logged."""
    incident = find_incident(work, incident_id)
    rules.need_uninvolved(work.caller.person_id, incident.staff_ids)
    log_access(work, "attendance.incident_account", [*pupils_of(work, incident.id), *incident.staff_ids])
    findings = incident.findings_sealed
    return {
        "staff_ids": incident.staff_ids,
        "category": incident.category,
        "account": work.keyring.open(incident.id, "account", incident.account_sealed),
        "findings": work.keyring.open(incident.id, "findings", findings) if findings else None,
    }
