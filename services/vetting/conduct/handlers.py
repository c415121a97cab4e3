"""Allegations that begin with an incident (S11)."""

from services.vetting.conduct import commands, queries
from shared.contracts.attendance import IncidentReported
from shared.messaging.work import Work


def examine_involved(work: Work, reported: IncidentReported) -> None:
    """Staff of whom an incident says a breach of ethics: examined at once, and suspended where it is a grave one."""
    if reported.category is None:
        return
    told_in = f"{reported.name}:{reported.incident_id}"
    for person_id in queries.not_alleged(work, reported.person_ids, told_in):
        commands.examine_allegation(work, person_id, reported.category, account=None, evidence_ref=told_in)
