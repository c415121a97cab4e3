"""Opening, investigating, deciding, sanctioning and closing cases."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.vetting.compliance import queries, rules
from services.vetting.conduct import commands as conduct
from services.vetting.exits import commands as exits
from services.vetting.people.queries import find_person
from services.vetting.people.rules import need_another
from services.vetting.tables import ComplianceCase, Decision, Provider
from shared.contracts.vetting import ComplianceCaseClosed, ComplianceCaseOpened, ComplianceCaseSanctioned
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy.published import policy_of_district
from shared.refusals import Invalid


def open_case(
    work: Work,
    *,
    prohibition_code: str,
    target_kind: str,
    target_id: UUID,
    school_id: UUID | None,
    happened_on: date,
    account: str,
    evidence_ref: str,
) -> ComplianceCase:
    """Keep that a prohibition may have been broken, by whom, where and when; it is no finding."""
    if happened_on > work.today:
        raise Invalid({"happened_on": "in_the_future"})
    _need_target(work, target_kind, target_id)
    where = target_id if target_kind == rules.SCHOOL else school_id
    if where is not None:
        work.caller.need_school(where)
    case_id = new_id()
    case = work.add(
        ComplianceCase(
            id=case_id,
            district_id=work.caller.district_id,
            prohibition_code=prohibition_code,
            target_kind=target_kind,
            target_id=target_id,
            school_id=where,
            happened_on=happened_on,
            account_sealed=work.keyring.seal(case_id, "account", account),
            state=rules.COMPLIANCE_CASE.initial,
            sanctions=[],
            opened_by=work.caller.subject,
        )
    )
    _keep_evidence(work, case, "open", evidence_ref)
    work.emit(ComplianceCaseOpened(**_about(case)))
    return case


def _need_target(work: Work, target_kind: str, target_id: UUID) -> None:
    """A person or a provider of the district; raises NotFound. Of schools vetting keeps no list."""
    if target_kind == rules.PERSON:
        find_person(work, target_id)
    elif target_kind == rules.PROVIDER:
        work.get(Provider, target_id)


def add_evidence(work: Work, case_id: UUID, *, evidence_ref: str) -> ComplianceCase:
    """Keep where more evidence lies."""
    case = work.get(ComplianceCase, case_id, lock=True)
    rules.need_open(case.state)
    _keep_evidence(work, case, "add_evidence", evidence_ref)
    return case


def investigate(work: Work, case_id: UUID) -> ComplianceCase:
    """Begin to examine a case."""
    case = work.get(ComplianceCase, case_id, lock=True)
    case.state = rules.COMPLIANCE_CASE.move(case.state, "investigate")
    return case


def confirm(
    work: Work, case_id: UUID, *, severity: str, evidence_ref: str, category: str | None = None
) -> ComplianceCase:
    """Find that the prohibition was broken; about a person it becomes a conduct record, to be decided there."""
    case = work.get(ComplianceCase, case_id, lock=True)
    rules.need_category(case.target_kind, category)
    _decide(work, case, "confirm", evidence_ref)
    case.severity = severity
    if case.target_kind == rules.PERSON:
        record = conduct.report(
            work,
            person_id=case.target_id,
            kind="ETHICS_SUBSTANTIATED",
            category=category,
            account=queries.open_account(work, case),
            evidence_ref=evidence_ref,
        )
        work.session.flush()
        case.conduct_record_id = conduct.triage(work, record.id).id
    return case


def dismiss(work: Work, case_id: UUID, *, evidence_ref: str) -> ComplianceCase:
    """Find that the prohibition was not broken; the case is over."""
    case = work.get(ComplianceCase, case_id, lock=True)
    _decide(work, case, "dismiss", evidence_ref)
    work.emit(ComplianceCaseClosed(**_about(case), outcome="UNFOUNDED"))
    return case


def sanction(work: Work, case_id: UUID, *, sanctions: Sequence[str], evidence_ref: str) -> ComplianceCase:
    """Sanction a confirmed breach; a provider whose qualification is revoked leaves at once."""
    case = work.get(ComplianceCase, case_id, lock=True)
    rules.need_sanctions(sanctions, case.target_kind, policy_of_district(work))
    _decide(work, case, "sanction", evidence_ref)
    case.sanctions = sorted(set(sanctions))
    if rules.REVOKED in sanctions:
        exits.revoke_qualification(work, case.target_id, evidence_ref=evidence_ref)
    work.emit(ComplianceCaseSanctioned(**_about(case), sanctions=tuple(case.sanctions)))
    return case


def close(work: Work, case_id: UUID) -> ComplianceCase:
    """The sanctions were carried out; the case is over."""
    case = work.get(ComplianceCase, case_id, lock=True)
    case.state = rules.COMPLIANCE_CASE.move(case.state, "close")
    work.emit(ComplianceCaseClosed(**_about(case), outcome="SANCTIONED"))
    return case


def _decide(work: Work, case: ComplianceCase, action: str, evidence_ref: str) -> None:
    caller = work.caller
    need_another("decide", caller.subject, caller.person_id, before=(case.opened_by,), subject=case.target_id)
    case.state = rules.COMPLIANCE_CASE.move(case.state, action)
    case.decided_by, case.decided_at = work.caller.subject, work.now
    _keep_evidence(work, case, action, evidence_ref)


def _keep_evidence(work: Work, case: ComplianceCase, action: str, evidence_ref: str) -> None:
    work.add(
        Decision(
            district_id=case.district_id,
            subject_id=case.id,
            action=action,
            decided_by=work.caller.subject,
            evidence_ref=evidence_ref,
        )
    )


def _about(case: ComplianceCase) -> dict[str, Any]:
    return {
        "district_id": case.district_id,
        "case_id": case.id,
        "prohibition_code": case.prohibition_code,
        "target_kind": case.target_kind,
        "source_id": None,
    }
