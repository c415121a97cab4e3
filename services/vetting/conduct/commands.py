"""Reporting, examining, deciding, appealing, and the end of a sanction."""

from datetime import date
from uuid import UUID

from services.vetting.clearances import commands as clearances
from services.vetting.conduct import rules
from services.vetting.decisions import commands as decisions
from services.vetting.people import queries as people
from services.vetting.people import rules as standing
from services.vetting.tables import Check, ConductRecord
from shared.clock import day_ends, local_date
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy.published import policy_of_district
from shared.refusals import NotFound
from shared.timers import set_timer

LAPSE = "conduct.lapse"


def report(
    work: Work, *, person_id: UUID, kind: str, category: str | None, account: str | None, evidence_ref: str
) -> ConductRecord:
    """Keep an allegation; it says nothing yet and touches nobody's clearance.

    Without an account it is told where `evidence_ref` says.
    """
    person = people.find_person(work, person_id)
    kind, record_id = rules.ALLEGED.get(kind, kind), new_id()
    rules.need_category(kind, category)
    return work.add(
        ConductRecord(
            id=record_id,
            district_id=person.district_id,
            person_id=person_id,
            kind=kind,
            category=category,
            state=rules.CONDUCT_RECORD.initial,
            account_sealed=None if account is None else work.keyring.seal(record_id, "account", account),
            evidence_ref=evidence_ref,
            reported_by=work.caller.subject,
        )
    )


def examine_allegation(
    work: Work, person_id: UUID, category: str, *, account: str | None, evidence_ref: str
) -> ConductRecord:
    """Keep a breach of ethics that is alleged, and begin to examine it."""
    kind = "ETHICS_SUBSTANTIATED"
    record = report(work, person_id=person_id, kind=kind, category=category, account=account, evidence_ref=evidence_ref)
    work.session.flush()
    return triage(work, record.id)


def triage(work: Work, record_id: UUID) -> ConductRecord:
    """Begin to examine; an allegation of a serious category suspends the person at once (Q1)."""
    record = work.get(ConductRecord, record_id, lock=True)
    record.state = rules.CONDUCT_RECORD.move(record.state, "triage")
    person = people.find_person(work, record.person_id, lock=True)
    if standing.is_serious(record.category, policy_of_district(work)) and person.state == "CLEARED":
        clearances.suspend(work, record.person_id)
    return record


def substantiate(
    work: Work, record_id: UUID, *, sanction: str | None, until: date | None, evidence_ref: str
) -> ConductRecord:
    """Decide that it is true: the person is blocked, and off every roster of the district, in this transaction."""
    record = _decide(work, record_id, "substantiate", evidence_ref)
    record.kind = rules.FOUND.get(record.kind, record.kind)
    record.sanction = sanction
    _put_in_force(
        work, record, rules.in_force_until(record.kind, sanction, until, work.today, policy_of_district(work))
    )
    return record


def keep_hit(work: Work, check: Check, kind: str, until: date | None) -> None:
    """A hit is an authority's finding: a record in force from now on, and the person is blocked.

    Without a date it stands until a re-check overturns it.
    """
    record = work.add(
        ConductRecord(
            district_id=check.district_id,
            person_id=check.person_id,
            kind=kind,
            state=rules.CONDUCT_RECORD.move(rules.CONDUCT_RECORD.initial, "hit"),
            check_id=check.id,
            evidence_ref=check.evidence_ref,
            reported_by=work.caller.subject,
            decided_by=work.caller.subject,
        )
    )
    is_for_good = kind in policy_of_district(work).value("conduct.permanent_records")
    _put_in_force(work, record, None if is_for_good else until)


def dismiss(work: Work, record_id: UUID, *, evidence_ref: str) -> ConductRecord:
    """Decide that it is not true; a precautionary suspension ends unless another allegation asks for it."""
    record = _decide(work, record_id, "dismiss", evidence_ref)
    work.session.flush()
    person = people.find_person(work, record.person_id, lock=True)
    policy = policy_of_district(work)
    others = people.open_allegations(work, record.person_id, but=record.id)
    if person.state == "SUSPENDED" and not any(standing.is_serious(category, policy) for category in others):
        clearances.restore(work, record.person_id)
    return record


def appeal(work: Work, record_id: UUID) -> ConductRecord:
    """The person appeals against the finding, within the profile's days; the block stays meanwhile."""
    record = work.get(ConductRecord, record_id, lock=True)
    if work.caller.person_id != record.person_id:
        raise NotFound("conduct record")
    found_on = local_date(record.effective_from) if record.effective_from else work.today
    policy = policy_of_district(work)
    rules.need_in_time(rules.appeal_until(found_on, policy), work.today, policy.clauses("conduct.appeal_days"))
    record.state = rules.CONDUCT_RECORD.move(record.state, "appeal")
    return record


def uphold(work: Work, record_id: UUID, *, evidence_ref: str) -> ConductRecord:
    """The appeal confirms the finding; a sanction that ended meanwhile lapses now."""
    record = _decide(work, record_id, "uphold", evidence_ref)
    _set_lapse(work, record)
    return record


def reverse(work: Work, record_id: UUID, *, evidence_ref: str) -> ConductRecord:
    """The appeal overturns the finding; the person may be reviewed and cleared anew, nothing comes back by itself."""
    return _decide(work, record_id, "reverse", evidence_ref)


def overturn(work: Work, record_id: UUID, *, evidence_ref: str) -> None:
    """A re-check found the decision wrong (`reviews` judged who may say so)."""
    record = work.get(ConductRecord, record_id, lock=True)
    record.state = rules.CONDUCT_RECORD.move(record.state, "overturn")
    decisions.keep(work, record.id, "overturn", evidence_ref)


def lapse(work: Work, record_id: UUID) -> None:
    """The sanction's last day is over (timer): the record blocks no more and stays as history (Q1).

    The person is not cleared by it. While an appeal is open nothing lapses; upholding it looks again.
    """
    record = work.get(ConductRecord, record_id, lock=True)
    is_over = record.effective_until is not None and record.effective_until < work.today
    if is_over and record.state == "SUBSTANTIATED":
        record.state = rules.CONDUCT_RECORD.move(record.state, "lapse")


def _decide(work: Work, record_id: UUID, action: str, evidence_ref: str) -> ConductRecord:
    """Move a record, on evidence that is kept beside that of before; by whoever neither reported nor decided it."""
    record, caller = work.get(ConductRecord, record_id, lock=True), work.caller
    before = (record.reported_by, record.decided_by)
    standing.need_another(action, caller.subject, caller.person_id, before=before, subject=record.person_id)
    record.state, record.decided_by = rules.CONDUCT_RECORD.move(record.state, action), caller.subject
    decisions.keep(work, record.id, action, evidence_ref)
    return record


def _put_in_force(work: Work, record: ConductRecord, until: date | None) -> None:
    record.effective_from, record.effective_until = work.now, until
    work.session.flush()
    _set_lapse(work, record)
    clearances.block(work, record.person_id, rules.reason_class(record.kind), record_id=record.id)


def _set_lapse(work: Work, record: ConductRecord) -> None:
    if record.effective_until is not None:
        set_timer(work, LAPSE, record.id, day_ends(record.effective_until))
