"""Calling a round, applying, selecting, whitelisting; contracting a provider for a school."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.vetting.providers import queries, rules
from services.vetting.tables import Provider, ProviderContract, SelectionRound
from shared.contracts.vetting import ProviderContractActivated, ProviderOffer, ProviderWhitelisted
from shared.messaging.work import Work
from shared.policy.gates import g_provider, need_provider_kind
from shared.policy.published import policy_of_district
from shared.refusals import NotFound

# The round (遴选)


def call_round(work: Work, *, title: str, valid_until: date) -> SelectionRound:
    """Call for providers; whoever is selected is on the whitelist until a date."""
    rules.need_selector(work.caller.roles, policy_of_district(work))
    return work.add(
        SelectionRound(
            district_id=work.caller.district_id,
            title=title,
            valid_until=valid_until,
            state=rules.SELECTION_ROUND.initial,
            called_by=work.caller.subject,
        )
    )


def apply(
    work: Work,
    *,
    round_id: UUID,
    name: str,
    credit_code: str,
    kind: str,
    dossier: Mapping[str, str],
    offers: Sequence[Mapping[str, Any]],
) -> Provider:
    """A provider offers itself in a round that is open; of a kind that the profile allows, without school subjects."""
    found = work.get(SelectionRound, round_id, lock=True)
    rules.SELECTION_ROUND.move(found.state, "close")
    if work.caller.person_id is None:
        raise NotFound("person")
    policy = policy_of_district(work)
    need_provider_kind(policy, kind)
    rules.need_no_subject([offer["content_type"] for offer in offers], policy)
    return work.add(
        Provider(
            district_id=found.district_id,
            round_id=found.id,
            name=name,
            credit_code=credit_code,
            kind=kind,
            dossier=dict(dossier),
            offers=list(offers),
            state=rules.PROVIDER.initial,
            represented_by=work.caller.person_id,
        )
    )


def close_round(work: Work, round_id: UUID) -> SelectionRound:
    """Take no more applicants."""
    return _move_round(work, round_id, "close")


def select(work: Work, provider_id: UUID, *, evidence_ref: str) -> Provider:
    """The district finds a provider fit, on a complete dossier."""
    provider = work.get(Provider, provider_id, lock=True)
    policy = policy_of_district(work)
    rules.need_selector(work.caller.roles, policy)
    rules.need_dossier(provider.dossier, policy)
    _decide(work, provider, "select", evidence_ref)
    return provider


def reject(work: Work, provider_id: UUID, *, evidence_ref: str) -> Provider:
    """The district finds a provider not fit."""
    provider = work.get(Provider, provider_id, lock=True)
    rules.need_selector(work.caller.roles, policy_of_district(work))
    _decide(work, provider, "reject", evidence_ref)
    return provider


def _decide(work: Work, provider: Provider, action: str, evidence_ref: str) -> None:
    provider.state = rules.PROVIDER.move(provider.state, action)
    provider.decided_by, provider.evidence_ref = work.caller.subject, evidence_ref


def review_round(work: Work, round_id: UUID) -> SelectionRound:
    """Every applicant has an answer."""
    found = _move_round(work, round_id, "review")
    rules.need_decided(queries.undecided_count(work, round_id), policy_of_district(work))
    return found


def publicize_round(work: Work, round_id: UUID) -> SelectionRound:
    """Show the result to everybody; the days of publicity begin (公示)."""
    found = _move_round(work, round_id, "publicize")
    found.publicized_on = work.today
    return found


def confirm_round(work: Work, round_id: UUID) -> SelectionRound:
    """The days of publicity are over: who was selected is on the whitelist."""
    found = _move_round(work, round_id, "confirm")
    policy = policy_of_district(work)
    rules.need_publicity(found.publicized_on, work.today, policy)
    until = rules.listed_until(found.valid_until, work.today, policy)
    for provider in queries.of_round(work, round_id, "SELECTED"):
        provider.state, provider.valid_until = rules.PROVIDER.move(provider.state, "whitelist"), until
        work.emit(
            ProviderWhitelisted(
                district_id=provider.district_id,
                provider_id=provider.id,
                kind=provider.kind,
                valid_until=until,
                offers=tuple(ProviderOffer(**offer) for offer in provider.offers),
            )
        )
    return found


def _move_round(work: Work, round_id: UUID, action: str) -> SelectionRound:
    rules.need_selector(work.caller.roles, policy_of_district(work))
    found = work.get(SelectionRound, round_id, lock=True)
    found.state = rules.SELECTION_ROUND.move(found.state, action)
    return found


# Contracts


def draft_contract(
    work: Work,
    *,
    school_id: UUID,
    provider_id: UUID,
    content_type: str,
    price_fen: int,
    starts_on: date,
    ends_on: date,
    need_ref: str | None = None,
) -> ProviderContract:
    """Write a school's contract with a provider, within what the whitelist says of content, price and time."""
    work.caller.need_school(school_id)
    provider, policy = work.get(Provider, provider_id), policy_of_district(work)
    listed = queries.as_listed(provider)
    g_provider(policy, kind=listed.kind, listed_until=listed.until, last_day=ends_on)
    rules.need_terms(content_type, price_fen, need_ref, listed, policy)
    return work.add(
        ProviderContract(
            district_id=provider.district_id,
            school_id=school_id,
            provider_id=provider.id,
            content_type=content_type,
            price_fen=price_fen,
            starts_on=starts_on,
            ends_on=ends_on,
            need_ref=need_ref,
            state=rules.CONTRACT.initial,
            signed_by=[],
        )
    )


def sign_contract(work: Work, contract_id: UUID) -> ProviderContract:
    """One party signs, whoever represents the provider or the school; two signatures put it in force."""
    contract = work.get(ProviderContract, contract_id, lock=True)
    provider = work.get(Provider, contract.provider_id)
    represents = work.caller.person_id == provider.represented_by
    if not represents:
        work.caller.need_school(contract.school_id)
    contract.signed_by = sorted({*contract.signed_by, "provider" if represents else "school"})
    if not rules.is_signed(contract.signed_by):
        return contract
    listed = queries.as_listed(provider)
    g_provider(policy_of_district(work), kind=listed.kind, listed_until=listed.until, last_day=contract.ends_on)
    contract.state = rules.CONTRACT.move(rules.CONTRACT.move(contract.state, "sign"), "activate")
    work.emit(
        ProviderContractActivated(
            district_id=contract.district_id,
            school_id=contract.school_id,
            contract_id=contract.id,
            provider_id=contract.provider_id,
            represented_by=provider.represented_by,
            content_type=contract.content_type,
            price_fen=contract.price_fen,
            starts_on=contract.starts_on,
            ends_on=contract.ends_on,
        )
    )
    return contract
