"""Opening, investigating, deciding, sanctioning and closing cases."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.vetting.compliance import queries, rules
from services.vetting.conduct import commands as conduct
from services.vetting.decisions import commands as decisions
from services.vetting.exits import commands as exits
from services.vetting.people.rules import need_another
from services.vetting.tables import ComplianceCase
from shared.contracts.vetting import ComplianceCaseClosed, ComplianceCaseOpened, ComplianceCaseSanctioned
from shared.events import SchoolEvent
from shared.ids import new_id
from shared.messaging.work import Work
from shared.policy.codes import SCHOOL
from shared.policy.published import policy_of_district
from shared.refusals import Invalid, NotFound


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
    if not queries.is_target(work, target_kind, target_id):
        raise NotFound(target_kind.lower())
    where = target_id if target_kind == SCHOOL else school_id
    if where is not None:
        work.caller.need_school(where)
    case_id = new_id()
    return _open(
        work,
        evidence_ref,
        id=case_id,
        prohibition_code=prohibition_code,
        target_kind=target_kind,
        target_id=target_id,
        school_id=where,
        happened_on=happened_on,
        account_sealed=work.keyring.seal(case_id, "account", account),
    )


def open_heard(
    work: Work,
    said: SchoolEvent,
    *,
    prohibition_code: str,
    happened_on: date,
    target_kind: str | None = None,
    target_id: UUID | None = None,
    evidence_ref: str | None = None,
    joins: bool = True,
) -> None:
    """Another service told of what may be a breach: a case, once; about the school where nobody else known is named.

    `joins`: what is told again of the same day and target is evidence of the case that is examined, and no second one.
    """
    if queries.is_opened(work, UUID(said.subject)):
        return
    evidence_ref = evidence_ref or f"{said.name}:{said.subject}"
    if target_kind is None or target_id is None or not queries.is_target(work, target_kind, target_id):
        target_kind, target_id = SCHOOL, said.school_id
    if joins and (case := queries.find_under_way(work, said.name, prohibition_code, target_id, happened_on)):
        decisions.keep(work, case.id, "add_evidence", evidence_ref)
        return
    _open(
        work,
        evidence_ref,
        id=new_id(),
        prohibition_code=prohibition_code,
        target_kind=target_kind,
        target_id=target_id,
        school_id=said.school_id,
        happened_on=happened_on,
        source=said.name,
        source_id=UUID(said.subject),
    )


def _open(work: Work, evidence_ref: str, **facts: Any) -> ComplianceCase:
    case = work.add(
        ComplianceCase(
            district_id=work.caller.district_id,
            state=rules.COMPLIANCE_CASE.initial,
            sanctions=[],
            opened_by=work.caller.subject,
            **facts,
        )
    )
    decisions.keep(work, case.id, "open", evidence_ref)
    work.emit(ComplianceCaseOpened(**_about(case)))
    return case


def add_evidence(work: Work, case_id: UUID, *, evidence_ref: str) -> ComplianceCase:
    """Keep where more evidence lies."""
    case = work.get(ComplianceCase, case_id, lock=True)
    rules.need_open(case.state)
    decisions.keep(work, case.id, "add_evidence", evidence_ref)
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
    if category is not None:
        account = queries.open_account(work, case)
        record = conduct.examine_allegation(work, case.target_id, category, account=account, evidence_ref=evidence_ref)
        case.conduct_record_id = record.id
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
    decisions.keep(work, case.id, action, evidence_ref)


def _about(case: ComplianceCase) -> dict[str, Any]:
    return {
        "district_id": case.district_id,
        "case_id": case.id,
        "prohibition_code": case.prohibition_code,
        "target_kind": case.target_kind,
        "source_id": case.source_id,
    }
