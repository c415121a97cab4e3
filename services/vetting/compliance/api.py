"""HTTP door of compliance cases. What is said to have happened is read by those who examine cases, and logged."""

from datetime import date
from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select

from services.vetting.compliance import commands, queries, rules
from services.vetting.decisions.api import DecisionEvidence, DecisionsOut
from services.vetting.decisions.queries import list_decisions
from services.vetting.tables import ComplianceCase
from shared.access_log import log_access
from shared.messaging.work import Work
from shared.policy.codes import PROHIBITIONS, TARGETS
from shared.web.door import Door

door = Door("compliance", "违规处置 compliance cases")


class CaseOut(ma.Schema):
    """A case without the account of what happened; `source` is the event that opened it, null where somebody did."""

    id = ma.fields.UUID()
    prohibition_code = ma.fields.String()
    target_kind = ma.fields.String()
    target_id = ma.fields.UUID()
    school_id = ma.fields.UUID(allow_none=True)
    happened_on = ma.fields.Date()
    state = ma.fields.String()
    severity = ma.fields.String(allow_none=True)
    sanctions = ma.fields.List(ma.fields.String())
    conduct_record_id = ma.fields.UUID(allow_none=True)
    source = ma.fields.String(allow_none=True)
    source_id = ma.fields.UUID(allow_none=True)


class NewCase(DecisionEvidence):
    """Which prohibition, by whom, where and when; what is said to have happened, and where the evidence lies."""

    prohibition_code = ma.fields.String(required=True, validate=ma.validate.OneOf(PROHIBITIONS))
    target_kind = ma.fields.String(required=True, validate=ma.validate.OneOf(TARGETS))
    target_id = ma.fields.UUID(required=True)
    school_id = ma.fields.UUID(load_default=None, allow_none=True)
    happened_on = ma.fields.Date(required=True)
    account = ma.fields.String(required=True, validate=ma.validate.Length(1, 10_000))


class Breach(DecisionEvidence):
    """How grave a breach is; of a person also the category of the conduct."""

    severity = ma.fields.String(required=True, validate=ma.validate.OneOf(rules.SEVERITIES))
    category = ma.fields.String(load_default=None, allow_none=True)


class Sanctions(DecisionEvidence):
    """What follows."""

    sanctions = ma.fields.List(ma.fields.String(), required=True, validate=ma.validate.Length(1, 10))


class CaseAccount(ma.Schema):
    """What is said to have happened."""

    account = ma.fields.String(allow_none=True)


class Period(ma.Schema):
    """Between which days it happened, both included."""

    happened_from = ma.fields.Date(load_default=None)
    happened_to = ma.fields.Date(load_default=None)


class CaseCount(ma.Schema):
    """How many cases there are of a kind; `month` as 2026-09."""

    prohibition_code = ma.fields.String()
    target_kind = ma.fields.String()
    school_id = ma.fields.UUID(allow_none=True)
    month = ma.fields.String()
    state = ma.fields.String()
    count = ma.fields.Integer()


class SanctionCount(ma.Schema):
    """How many sanctions there are of a kind."""

    prohibition_code = ma.fields.String()
    target_kind = ma.fields.String()
    school_id = ma.fields.UUID(allow_none=True)
    month = ma.fields.String()
    sanction = ma.fields.String()
    count = ma.fields.Integer()


class ComplianceStatistics(ma.Schema):
    """Cases and sanctions, counted."""

    cases = ma.fields.List(ma.fields.Nested(CaseCount), required=True)
    sanctions = ma.fields.List(ma.fields.Nested(SanctionCount), required=True)


@door.post("/compliance-cases", needs="compliance.open", takes=NewCase, gives=CaseOut, status=201)
def open_compliance_case(work: Work, **new: Any) -> ComplianceCase:
    """Keep that a prohibition may have been broken."""
    return commands.open_case(work, **new)


@door.list(
    "/compliance-cases",
    needs="compliance.read",
    gives=CaseOut,
    of=ComplianceCase,
    filters=(
        *("state", "prohibition_code", "target_kind", "target_id", "school_id", "severity"),
        *("happened_on", "source", "sanctions"),
    ),
    sorts=("id", "happened_on"),
)
def list_compliance_cases(work: Work) -> Select[Any]:
    """Cases of the district, or of the caller's schools."""
    return queries.list_cases(work)


@door.get("/compliance-cases/<uuid:case_id>", needs="compliance.read", gives=CaseOut)
def read_compliance_case(work: Work, case_id: UUID) -> ComplianceCase:
    """One case."""
    return queries.find_case(work, case_id)


@door.get("/compliance-cases/<uuid:case_id>/account", needs="compliance.read_account", gives=CaseAccount)
def read_compliance_account(work: Work, case_id: UUID) -> dict[str, str | None]:
    """What is said to have happened, for those who examine cases."""
    case = queries.find_case(work, case_id)
    log_access(work, "vetting.compliance_account", [case.target_id])
    return {"account": queries.open_account(work, case)}


@door.get("/compliance-cases/<uuid:case_id>/evidence", needs="compliance.read_account", gives=DecisionsOut)
def read_compliance_evidence(work: Work, case_id: UUID) -> dict[str, Any]:
    """Who did what about a case, and where the evidence lies."""
    return {"items": list_decisions(work, queries.find_case(work, case_id).id)}


@door.post(
    "/compliance-cases/<uuid:case_id>/add-evidence",
    needs="compliance.investigate",
    takes=DecisionEvidence,
    gives=CaseOut,
)
def add_compliance_evidence(work: Work, case_id: UUID, evidence_ref: str) -> ComplianceCase:
    """Keep where more evidence lies."""
    return commands.add_evidence(work, case_id, evidence_ref=evidence_ref)


@door.post("/compliance-cases/<uuid:case_id>/investigate", needs="compliance.investigate", gives=CaseOut)
def investigate_compliance_case(work: Work, case_id: UUID) -> ComplianceCase:
    """Begin to examine a case."""
    return commands.investigate(work, case_id)


@door.post("/compliance-cases/<uuid:case_id>/confirm", needs="compliance.decide", takes=Breach, gives=CaseOut)
def confirm_compliance_case(work: Work, case_id: UUID, **breach: Any) -> ComplianceCase:
    """Find that the prohibition was broken; not by whoever opened the case."""
    return commands.confirm(work, case_id, **breach)


@door.post("/compliance-cases/<uuid:case_id>/dismiss", needs="compliance.decide", takes=DecisionEvidence, gives=CaseOut)
def dismiss_compliance_case(work: Work, case_id: UUID, evidence_ref: str) -> ComplianceCase:
    """Find that the prohibition was not broken; not by whoever opened the case."""
    return commands.dismiss(work, case_id, evidence_ref=evidence_ref)


@door.post("/compliance-cases/<uuid:case_id>/sanction", needs="compliance.sanction", takes=Sanctions, gives=CaseOut)
def sanction_compliance_case(work: Work, case_id: UUID, **decided: Any) -> ComplianceCase:
    """Sanction a confirmed breach."""
    return commands.sanction(work, case_id, **decided)


@door.post("/compliance-cases/<uuid:case_id>/close", needs="compliance.close", gives=CaseOut)
def close_compliance_case(work: Work, case_id: UUID) -> ComplianceCase:
    """The sanctions were carried out."""
    return commands.close(work, case_id)


@door.get("/compliance-statistics", needs="statistics.read", query=Period, gives=ComplianceStatistics)
def read_compliance_statistics(
    work: Work, happened_from: date | None, happened_to: date | None
) -> dict[str, list[Any]]:
    """Cases by prohibition, target, school, month and state; sanctions likewise."""
    return {
        "cases": queries.count_cases(work, happened_from, happened_to),
        "sanctions": queries.count_sanctions(work, happened_from, happened_to),
    }
