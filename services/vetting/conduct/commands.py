"""Reporting, examining, deciding, appealing."""

from uuid import UUID

from sqlalchemy import select

from services.vetting.clearances import commands as clearances
from services.vetting.conduct import rules
from services.vetting.people import queries as people
from services.vetting.tables import ConductRecord
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy.published import policy_of_district


def report(
    work: Work, *, person_id: UUID, kind: str, category: str | None, account: str, evidence_ref: str
) -> ConductRecord:
    """Keep an allegation; it says nothing yet and touches nobody's clearance."""
    person = people.find_person(work, person_id)
    record_id = new_id()
    return work.add(
        ConductRecord(
            id=record_id,
            district_id=person.district_id,
            person_id=person_id,
            kind=kind,
            category=category,
            state=rules.CONDUCT_RECORD.initial,
            account_sealed=work.keyring.seal(record_id, "account", account),
            evidence_ref=evidence_ref,
            reported_by=work.caller.subject,
        )
    )


def triage(work: Work, record_id: UUID) -> ConductRecord:
    """Begin to examine; an allegation of a serious category suspends the person at once (Q1)."""
    record = work.get(ConductRecord, record_id, lock=True)
    record.state = rules.CONDUCT_RECORD.move(record.state, "triage")
    person = people.find_person(work, record.person_id, lock=True)
    if rules.needs_precaution(record.category, policy_of_district(work)) and person.state == "CLEARED":
        clearances.suspend(work, record.person_id)
    return record


def substantiate(work: Work, record_id: UUID, *, sanction: str | None, evidence_ref: str) -> ConductRecord:
    """Decide that it is true: the person is blocked, and off every roster of the district, in this transaction."""
    record = work.get(ConductRecord, record_id, lock=True)
    rules.need_another(work.caller.subject, record.reported_by, work.caller.person_id, record.person_id)
    record.state = rules.CONDUCT_RECORD.move(record.state, "substantiate")
    record.effective_until = rules.in_force_until(record.kind, sanction, work.today, policy_of_district(work))
    record.effective_from, record.sanction = work.now, sanction
    record.decided_by, record.evidence_ref = work.caller.subject, evidence_ref
    work.session.flush()
    clearances.block(work, record.person_id, rules.reason_class(record.kind))
    return record


def dismiss(work: Work, record_id: UUID, *, evidence_ref: str) -> ConductRecord:
    """Decide that it is not true; a precautionary suspension ends unless another allegation asks for it."""
    record = work.get(ConductRecord, record_id, lock=True)
    rules.need_another(work.caller.subject, record.reported_by, work.caller.person_id, record.person_id)
    record.state = rules.CONDUCT_RECORD.move(record.state, "dismiss")
    record.decided_by, record.evidence_ref = work.caller.subject, evidence_ref
    work.session.flush()
    person = people.find_person(work, record.person_id, lock=True)
    if person.state == "SUSPENDED" and not _other_precaution(work, record):
        clearances.restore(work, record.person_id)
    return record


def _other_precaution(work: Work, record: ConductRecord) -> bool:
    open_categories = work.session.scalars(
        select(ConductRecord.category).where(
            ConductRecord.person_id == record.person_id,
            ConductRecord.id != record.id,
            ConductRecord.state == "UNDER_INVESTIGATION",
        )
    )
    policy = policy_of_district(work)
    return any(rules.needs_precaution(category, policy) for category in open_categories)


def appeal(work: Work, record_id: UUID) -> ConductRecord:
    """The person asks for a re-check (复查); the block stays meanwhile."""
    record = work.get(ConductRecord, record_id, lock=True)
    record.state = rules.CONDUCT_RECORD.move(record.state, "appeal")
    return record


def uphold(work: Work, record_id: UUID) -> ConductRecord:
    """The re-check confirms the finding."""
    record = work.get(ConductRecord, record_id, lock=True)
    record.state = rules.CONDUCT_RECORD.move(record.state, "uphold")
    return record


def reverse(work: Work, record_id: UUID, *, evidence_ref: str) -> ConductRecord:
    """The re-check overturns the finding; the person may be reviewed and cleared anew, nothing comes back by itself."""
    record = work.get(ConductRecord, record_id, lock=True)
    rules.need_another(work.caller.subject, record.decided_by or "", work.caller.person_id, record.person_id)
    record.state = rules.CONDUCT_RECORD.move(record.state, "reverse")
    record.evidence_ref = evidence_ref
    return record
