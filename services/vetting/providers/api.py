"""HTTP door of providers."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response
from sqlalchemy import Select, select
from stdnum.cn import uscc

from services.vetting.decisions.api import DecisionEvidence, DecisionsOut
from services.vetting.decisions.queries import list_decisions
from services.vetting.providers import commands, queries
from services.vetting.providers.rules import PROCUREMENTS
from services.vetting.tables import Provider, ProviderContract, ProviderEvaluation, SelectionRound
from shared.clock import LAST_DAY
from shared.messaging.work import Work
from shared.web.door import Door
from shared.web.exports import CSV, FORMATS, export
from shared.web.paging import DEFAULT_LIMIT, MAX_LIMIT, Listing

door = Door("providers", "第三方机构 providers")

WHITELIST = Listing(Provider)


class RoundOut(ma.Schema):
    """A selection round; whoever it selects is whitelisted until `valid_until`."""

    id = ma.fields.UUID()
    title = ma.fields.String()
    state = ma.fields.String()
    valid_until = ma.fields.Date()
    publicized_on = ma.fields.Date(allow_none=True)
    procurement = ma.fields.String(allow_none=True)
    procurement_ref = ma.fields.String(allow_none=True)


class NewRound(ma.Schema):
    """For which service, for how long, by which way of buying and under which document."""

    title = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    valid_until = ma.fields.Date(required=True)
    procurement = ma.fields.String(required=True, validate=ma.validate.OneOf(PROCUREMENTS))
    procurement_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))


class OfferOfProvider(ma.Schema):
    """A content and its price a session."""

    content_type = ma.fields.String(required=True)
    price_fen = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=0))


class ProviderOut(ma.Schema):
    """A provider as the district's list has it."""

    id = ma.fields.UUID()
    round_id = ma.fields.UUID()
    name = ma.fields.String()
    credit_code = ma.fields.String()
    kind = ma.fields.String()
    state = ma.fields.String()
    offers = ma.fields.List(ma.fields.Nested(OfferOfProvider))
    valid_until = ma.fields.Date(allow_none=True)
    excluded_on = ma.fields.Date(allow_none=True)
    rectify_by = ma.fields.Date(allow_none=True)
    overdue_on = ma.fields.Date(allow_none=True)
    exit_reason = ma.fields.String(allow_none=True)
    effective_on = ma.fields.Date(allow_none=True)
    exited_on = ma.fields.Date(allow_none=True)
    is_revoked = ma.fields.Boolean()
    reported_to = ma.fields.String(allow_none=True)


class PublicProvider(ma.Schema):
    """A provider as everybody may know it."""

    id = ma.fields.UUID()
    name = ma.fields.String()
    credit_code = ma.fields.String()
    kind = ma.fields.String()
    offers = ma.fields.List(ma.fields.Nested(OfferOfProvider))
    valid_until = ma.fields.Date()


class Whitelist(ma.Schema):
    """A page of the whitelist, and where the next one begins."""

    items = ma.fields.List(ma.fields.Nested(PublicProvider), required=True)
    next = ma.fields.String(allow_none=True, required=True)


class WhitelistPage(ma.Schema):
    """Which part of the whitelist."""

    content_type = ma.fields.String(load_default=None)
    limit = ma.fields.Integer(load_default=DEFAULT_LIMIT, validate=ma.validate.Range(1, MAX_LIMIT))
    cursor = ma.fields.String(load_default=None)


class Form(ma.Schema):
    """Of which form the file is."""

    form = ma.fields.String(load_default=CSV, validate=ma.validate.OneOf(FORMATS))


def _is_credit_code(code: str) -> None:
    if not uscc.is_valid(code):
        raise ma.ValidationError("not_a_credit_code")


class NewProvider(ma.Schema):
    """Who applies, with what papers (name to where it is kept), and what it offers."""

    round_id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    credit_code = ma.fields.String(required=True, validate=_is_credit_code)
    kind = ma.fields.String(required=True)
    dossier = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)
    offers = ma.fields.List(ma.fields.Nested(OfferOfProvider), required=True, validate=ma.validate.Length(1, 50))
    excluded_on = ma.fields.Date(load_default=None, allow_none=True)


class ReviewFindings(DecisionEvidence):
    """What the review found on the lists of organizations, and when the provider was last excluded elsewhere."""

    bad_records = ma.fields.List(ma.fields.String(), load_default=[], validate=ma.validate.Length(0, 10))
    excluded_on = ma.fields.Date(load_default=None, allow_none=True)


class Notice(DecisionEvidence):
    """Until when the provider may put its work right; the profile's days where nothing is said."""

    rectify_by = ma.fields.Date(load_default=None, allow_none=True, validate=ma.validate.Range(max=LAST_DAY))


class NewEvaluation(DecisionEvidence):
    """A term's work: a score of a hundred, and what was found."""

    term_id = ma.fields.UUID(required=True)
    score = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(0, 100))
    findings = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(1, 500)), required=True, validate=ma.validate.Length(0, 50)
    )


class EvaluationOut(ma.Schema):
    """How the district found a provider's work in a term."""

    id = ma.fields.UUID()
    provider_id = ma.fields.UUID()
    term_id = ma.fields.UUID()
    score = ma.fields.Integer()
    findings = ma.fields.List(ma.fields.String())


class ContractOut(ma.Schema):
    """A school's contract with a provider; `price_fen` is the price of a session."""

    id = ma.fields.UUID()
    school_id = ma.fields.UUID()
    provider_id = ma.fields.UUID()
    content_type = ma.fields.String()
    price_fen = ma.fields.Integer()
    starts_on = ma.fields.Date()
    ends_on = ma.fields.Date()
    state = ma.fields.String()
    signed_by = ma.fields.List(ma.fields.String())


class NewContract(ma.Schema):
    """The terms, and where the statement is kept that the school cannot meet the need itself."""

    school_id = ma.fields.UUID(required=True)
    provider_id = ma.fields.UUID(required=True)
    content_type = ma.fields.String(required=True)
    price_fen = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=0))
    starts_on = ma.fields.Date(required=True)
    ends_on = ma.fields.Date(required=True)
    need_ref = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(1, 200))


@door.post("/selection-rounds", needs="provider.call_round", takes=NewRound, gives=RoundOut, status=201)
def call_selection_round(work: Work, **new: Any) -> SelectionRound:
    """Call for providers."""
    return commands.call_round(work, **new)


@door.list(
    "/selection-rounds", needs="provider.read", gives=RoundOut, of=SelectionRound, filters=("state", "procurement")
)
def list_selection_rounds(work: Work) -> Select[Any]:
    """Rounds of the district."""
    return select(SelectionRound)


@door.post("/selection-rounds/<uuid:round_id>/close", needs="provider.close_round", gives=RoundOut)
def close_selection_round(work: Work, round_id: UUID) -> SelectionRound:
    """Take no more applicants."""
    return commands.close_round(work, round_id)


@door.post("/selection-rounds/<uuid:round_id>/review", needs="provider.select", gives=RoundOut)
def review_selection_round(work: Work, round_id: UUID) -> SelectionRound:
    """Say that every applicant has an answer."""
    return commands.review_round(work, round_id)


@door.post("/selection-rounds/<uuid:round_id>/publicize", needs="provider.select", gives=RoundOut)
def publicize_selection_round(work: Work, round_id: UUID) -> SelectionRound:
    """Show the result to everybody."""
    return commands.publicize_round(work, round_id)


@door.post("/selection-rounds/<uuid:round_id>/confirm", needs="provider.confirm_round", gives=RoundOut)
def confirm_selection_round(work: Work, round_id: UUID) -> SelectionRound:
    """Put who was selected on the whitelist."""
    return commands.confirm_round(work, round_id)


@door.post("/providers", needs="provider.apply", takes=NewProvider, gives=ProviderOut, status=201)
def apply_as_provider(work: Work, **new: Any) -> Provider:
    """Apply in an open round."""
    return commands.apply(work, **new)


@door.list(
    "/providers",
    needs="provider.read",
    gives=ProviderOut,
    of=Provider,
    filters=("state", "kind", "round_id", "credit_code", "valid_until", "rectify_by", "overdue_on"),
)
def list_providers(work: Work) -> Select[Any]:
    """Applicants and the whitelist."""
    return queries.list_providers(work)


@door.get("/providers/<uuid:provider_id>", needs="provider.read", gives=ProviderOut)
def read_provider(work: Work, provider_id: UUID) -> Provider:
    """One provider."""
    return queries.read_provider(work, provider_id)


@door.get("/providers/<uuid:provider_id>/decisions", needs="provider.read_decisions", gives=DecisionsOut)
def read_provider_decisions(work: Work, provider_id: UUID) -> dict[str, Any]:
    """What was decided about a provider, with the evidence."""
    return {"items": list_decisions(work, work.get(Provider, provider_id).id)}


@door.get("/whitelists/<uuid:district_id>", needs=None, query=WhitelistPage, gives=Whitelist)
def read_whitelist(work: Work, district_id: UUID, content_type: str | None, **page: Any) -> dict[str, Any]:
    """Who is on a district's whitelist today, with contents and prices; for everybody."""
    work.act_as(replace(work.caller, district_ids=frozenset({district_id}), school_ids=None))
    rows, following = WHITELIST.page(work, queries.on_whitelist(work, content_type), page | {"sort": "id"})
    return {"items": rows, "next": following}


@door.get("/whitelist", needs="provider.export", query=Form)
def export_whitelist(work: Work, form: str) -> Response:
    """Who is on the whitelist today, one row a content with its price, as a file."""
    return export("whitelist", queries.WHITELIST_COLUMNS, queries.whitelist_rows(work), form)


@door.post("/providers/<uuid:provider_id>/select", needs="provider.select", takes=ReviewFindings, gives=ProviderOut)
def select_provider(work: Work, provider_id: UUID, **findings: Any) -> Provider:
    """Find a provider fit."""
    return commands.select(work, provider_id, **findings)


@door.post("/providers/<uuid:provider_id>/reject", needs="provider.reject", takes=DecisionEvidence, gives=ProviderOut)
def reject_provider(work: Work, provider_id: UUID, evidence_ref: str) -> Provider:
    """Find a provider not fit."""
    return commands.reject(work, provider_id, evidence_ref=evidence_ref)


@door.post(
    "/providers/<uuid:provider_id>/evaluate",
    needs="provider.evaluate",
    takes=NewEvaluation,
    gives=EvaluationOut,
    status=201,
)
def evaluate_provider(work: Work, provider_id: UUID, **found: Any) -> ProviderEvaluation:
    """Evaluate a term's work; a low score puts the provider on notice."""
    return commands.evaluate(work, provider_id, **found)


@door.list(
    "/provider-evaluations",
    needs="provider.read",
    gives=EvaluationOut,
    of=ProviderEvaluation,
    filters=("provider_id", "term_id", "score"),
)
def list_provider_evaluations(work: Work) -> Select[Any]:
    """Evaluations of the district's providers, or of the one that the caller represents."""
    return queries.list_evaluations(work)


@door.post(
    "/providers/<uuid:provider_id>/put-on-notice", needs="provider.put_on_notice", takes=Notice, gives=ProviderOut
)
def put_provider_on_notice(work: Work, provider_id: UUID, **notice: Any) -> Provider:
    """Demand that a provider put its work right by a day."""
    return commands.put_on_notice(work, provider_id, **notice)


@door.post(
    "/providers/<uuid:provider_id>/rectify", needs="provider.put_on_notice", takes=DecisionEvidence, gives=ProviderOut
)
def rectify_provider(work: Work, provider_id: UUID, evidence_ref: str) -> Provider:
    """Find that a provider has put its work right."""
    return commands.rectify(work, provider_id, evidence_ref=evidence_ref)


@door.post("/provider-contracts", needs="engagement.draft", takes=NewContract, gives=ContractOut, status=201)
def draft_provider_contract(work: Work, **terms: Any) -> ProviderContract:
    """Write a contract."""
    return commands.draft_contract(work, **terms)


@door.list(
    "/provider-contracts",
    needs="engagement.read",
    gives=ContractOut,
    of=ProviderContract,
    filters=("school_id", "provider_id", "content_type", "state"),
)
def list_provider_contracts(work: Work) -> Select[Any]:
    """Contracts of the caller's schools, or of the provider that the caller represents."""
    return queries.list_contracts(work)


@door.post("/provider-contracts/<uuid:contract_id>/sign", needs="engagement.sign", gives=ContractOut)
def sign_provider_contract(work: Work, contract_id: UUID) -> ProviderContract:
    """Sign for the school, or for the provider that the caller represents."""
    return commands.sign_contract(work, contract_id)
