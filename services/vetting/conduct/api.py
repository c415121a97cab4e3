"""HTTP door of conduct records. What was said about a person is read by vetting officers alone, and logged."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select

from services.vetting.conduct import commands, queries
from services.vetting.conduct.rules import KINDS
from services.vetting.decisions.api import DecisionEvidence, DecisionsOut
from services.vetting.decisions.queries import list_decisions
from services.vetting.tables import ConductRecord
from shared.access_log import log_access
from shared.clock import LAST_DAY
from shared.messaging.work import Work
from shared.policy.codes import ETHICS_CATEGORIES
from shared.web.door import Door

door = Door("conduct", "师德与不良记录 conduct records")


class RecordOut(ma.Schema):
    """A record without the account of what happened."""

    id = ma.fields.UUID()
    person_id = ma.fields.UUID()
    kind = ma.fields.String()
    category = ma.fields.String(allow_none=True)
    state = ma.fields.String()
    sanction = ma.fields.String(allow_none=True)
    effective_from = ma.fields.AwareDateTime(allow_none=True)
    effective_until = ma.fields.Date(allow_none=True)


class Allegation(ma.Schema):
    """What is said, about whom, and where the evidence is kept."""

    person_id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(KINDS))
    category = ma.fields.String(load_default=None, validate=ma.validate.OneOf(ETHICS_CATEGORIES))
    account = ma.fields.String(required=True, validate=ma.validate.Length(1, 10_000))
    evidence_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))


class Finding(DecisionEvidence):
    """The decision and its evidence: a sanction sets how long the record blocks, a court or an authority its date."""

    sanction = ma.fields.String(load_default=None)
    until = ma.fields.Date(load_default=None, validate=ma.validate.Range(max=LAST_DAY))


class Account(ma.Schema):
    """What was said."""

    account = ma.fields.String()


@door.post("/conduct-records", needs="conduct.report", takes=Allegation, gives=RecordOut, status=201)
def report_conduct(work: Work, **allegation: Any) -> ConductRecord:
    """Keep an allegation."""
    return commands.report(work, **allegation)


@door.list(
    "/conduct-records",
    needs="conduct.read",
    gives=RecordOut,
    of=ConductRecord,
    filters=("person_id", "state", "kind", "category"),
)
def list_conduct_records(work: Work) -> Select[Any]:
    """Records of the district."""
    return select(ConductRecord)


@door.get("/conduct-records/<uuid:record_id>", needs="conduct.read", gives=RecordOut)
def read_conduct_record(work: Work, record_id: UUID) -> ConductRecord:
    """One record."""
    return work.get(ConductRecord, record_id)


@door.get("/conduct-records/<uuid:record_id>/account", needs="conduct.decide", gives=Account)
def read_account(work: Work, record_id: UUID) -> dict[str, str]:
    """What was said, for those who decide."""
    record = work.get(ConductRecord, record_id)
    log_access(work, "vetting.conduct_account", [record.person_id])
    return {"account": queries.open_account(work, record)}


@door.get("/conduct-records/<uuid:record_id>/decisions", needs="conduct.decide", gives=DecisionsOut)
def read_conduct_decisions(work: Work, record_id: UUID) -> dict[str, Any]:
    """Who decided what about a record, on which evidence, for those who decide."""
    return {"items": list_decisions(work, work.get(ConductRecord, record_id).id)}


@door.post("/conduct-records/<uuid:record_id>/triage", needs="conduct.triage", gives=RecordOut)
def triage_conduct(work: Work, record_id: UUID) -> ConductRecord:
    """Begin to examine."""
    return commands.triage(work, record_id)


@door.post("/conduct-records/<uuid:record_id>/substantiate", needs="conduct.decide", takes=Finding, gives=RecordOut)
def substantiate_conduct(work: Work, record_id: UUID, **finding: Any) -> ConductRecord:
    """Decide that it is true; the person is off every roster at once."""
    return commands.substantiate(work, record_id, **finding)


@door.post("/conduct-records/<uuid:record_id>/dismiss", needs="conduct.decide", takes=DecisionEvidence, gives=RecordOut)
def dismiss_conduct(work: Work, record_id: UUID, evidence_ref: str) -> ConductRecord:
    """Decide that it is not true."""
    return commands.dismiss(work, record_id, evidence_ref=evidence_ref)


@door.post("/conduct-records/<uuid:record_id>/appeal", needs="conduct.appeal", gives=RecordOut)
def appeal_conduct(work: Work, record_id: UUID) -> ConductRecord:
    """The person appeals against the finding."""
    return commands.appeal(work, record_id)


@door.post(
    "/conduct-records/<uuid:record_id>/uphold", needs="conduct.decide_appeal", takes=DecisionEvidence, gives=RecordOut
)
def uphold_conduct(work: Work, record_id: UUID, evidence_ref: str) -> ConductRecord:
    """The appeal confirms the finding."""
    return commands.uphold(work, record_id, evidence_ref=evidence_ref)


@door.post(
    "/conduct-records/<uuid:record_id>/reverse", needs="conduct.decide_appeal", takes=DecisionEvidence, gives=RecordOut
)
def reverse_conduct(work: Work, record_id: UUID, evidence_ref: str) -> ConductRecord:
    """The appeal overturns the finding."""
    return commands.reverse(work, record_id, evidence_ref=evidence_ref)
