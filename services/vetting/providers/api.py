"""HTTP door of providers."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import Select, select
from stdnum.cn import uscc

from services.vetting.providers import commands, queries
from services.vetting.tables import Provider, ProviderContract, SelectionRound
from shared.messaging.work import Work
from shared.web.door import Door

door = Door("providers", "第三方机构 providers")


class RoundOut(ma.Schema):
    """A selection round; whoever it selects is whitelisted until `valid_until`."""

    id = ma.fields.UUID()
    title = ma.fields.String()
    state = ma.fields.String()
    valid_until = ma.fields.Date()
    publicized_on = ma.fields.Date(allow_none=True)


class NewRound(ma.Schema):
    """For which service, and for how long."""

    title = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))
    valid_until = ma.fields.Date(required=True)


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


class SelectionEvidence(ma.Schema):
    """Where the evidence of a decision is kept."""

    evidence_ref = ma.fields.String(required=True, validate=ma.validate.Length(1, 200))


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


@door.list("/selection-rounds", needs="provider.read", gives=RoundOut, of=SelectionRound, filters=("state",))
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
    filters=("state", "kind", "round_id", "valid_until"),
)
def list_providers(work: Work) -> Select[Any]:
    """Applicants and the whitelist."""
    return queries.list_providers(work)


@door.post("/providers/<uuid:provider_id>/select", needs="provider.select", takes=SelectionEvidence, gives=ProviderOut)
def select_provider(work: Work, provider_id: UUID, evidence_ref: str) -> Provider:
    """Find a provider fit."""
    return commands.select(work, provider_id, evidence_ref=evidence_ref)


@door.post("/providers/<uuid:provider_id>/reject", needs="provider.reject", takes=SelectionEvidence, gives=ProviderOut)
def reject_provider(work: Work, provider_id: UUID, evidence_ref: str) -> Provider:
    """Find a provider not fit."""
    return commands.reject(work, provider_id, evidence_ref=evidence_ref)


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
