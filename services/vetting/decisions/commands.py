"""Keeping a decision."""

from uuid import UUID

from services.vetting.tables import Decision
from shared.messaging.work import Work


def keep(work: Work, subject_id: UUID, action: str, evidence_ref: str) -> None:
    """The caller decides something, on evidence that is kept where `evidence_ref` says."""
    work.add(
        Decision(
            district_id=work.caller.district_id,
            subject_id=subject_id,
            action=action,
            decided_by=work.caller.subject,
            evidence_ref=evidence_ref,
        )
    )
