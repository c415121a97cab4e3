"""Calling a round, applying, selecting, whitelisting, evaluating; contracting a provider for a school."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.vetting.decisions import commands as decisions
from services.vetting.providers import queries, rules
from services.vetting.tables import Provider, ProviderContract, ProviderEvaluation, SelectionRound
from shared.clock import day_ends
from shared.contracts.vetting import (
    ProviderContractActivated,
    ProviderEvaluationCompleted,
    ProviderOffer,
    ProviderPutOnNotice,
    ProviderRejected,
    ProviderWhitelisted,
)
from shared.messaging.work import Work
from shared.policy.gates import g_provider, need_provider_kind
from shared.policy.published import policy_of_district
from shared.refusals import NotFound, Refused
from shared.timers import cancel_timer, set_timer

RECTIFICATION = "provider.rectification"
CONTRACT_END = "provider_contract.end"

# The round (遴选)


def call_round(work: Work, *, title: str, valid_until: date, procurement: str, procurement_ref: str) -> SelectionRound:
    """Call for providers, by a way of buying; whoever is selected is on the whitelist until a date."""
    rules.need_selector(work.caller.roles, policy_of_district(work))
    return work.add(
        SelectionRound(
            district_id=work.caller.district_id,
            title=title,
            valid_until=valid_until,
            state=rules.SELECTION_ROUND.initial,
            called_by=work.caller.subject,
            procurement=procurement,
            procurement_ref=procurement_ref,
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
    excluded_on: date | None = None,
) -> Provider:
    """A provider offers itself in a round that is open; of a kind that the profile allows, without school subjects.

    `excluded_on`: when another district or school last excluded it, as it declares itself.
    """
    found = work.get(SelectionRound, round_id, lock=True)
    rules.SELECTION_ROUND.move(found.state, "close")
    if work.caller.person_id is None:
        raise NotFound("person")
    policy = policy_of_district(work)
    need_provider_kind(policy, kind)
    rules.need_no_subject([offer["content_type"] for offer in offers], policy)
    rules.need_not_gone(queries.formers_of(work, [credit_code]), work.today, policy)
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
            excluded_on=excluded_on,
        )
    )


def close_round(work: Work, round_id: UUID) -> SelectionRound:
    """Take no more applicants."""
    return _move_round(work, round_id, "close")


def select(
    work: Work,
    provider_id: UUID,
    *,
    evidence_ref: str,
    bad_records: Collection[str] = (),
    excluded_on: date | None = None,
) -> Provider:
    """The district finds a provider fit, on a complete dossier, without a bad record and without a recent exclusion.

    `bad_records` and `excluded_on` are what the review found beyond what the provider declared.
    """
    provider = work.get(Provider, provider_id, lock=True)
    policy = policy_of_district(work)
    rules.need_selector(work.caller.roles, policy)
    rules.need_dossier(provider.dossier, policy)
    rules.need_not_gone(queries.formers_of(work, [provider.credit_code]), work.today, policy)
    rules.need_no_bad_record(bad_records, policy)
    for known in (provider.excluded_on, excluded_on):
        rules.need_no_exclusion(known, work.today, policy)
    decide(work, provider, "select", evidence_ref)
    return provider


def reject(work: Work, provider_id: UUID, *, evidence_ref: str) -> Provider:
    """The district finds a provider not fit."""
    provider = work.get(Provider, provider_id, lock=True)
    rules.need_selector(work.caller.roles, policy_of_district(work))
    decide(work, provider, "reject", evidence_ref)
    work.emit(ProviderRejected(district_id=provider.district_id, provider_id=provider.id, kind=provider.kind))
    return provider


def decide(work: Work, provider: Provider, action: str, evidence_ref: str) -> None:
    """Move a provider, and keep who decided it on which evidence; the caller holds its row."""
    keep_decision(work, provider, action, evidence_ref)
    provider.state = rules.PROVIDER.move(provider.state, action)


def keep_decision(work: Work, provider: Provider, action: str, evidence_ref: str) -> None:
    """Keep who decided what about a provider, on which evidence; never whoever represents it."""
    rules.need_not_own(provider.represented_by, work.caller.person_id)
    decisions.keep(work, provider.id, action, evidence_ref)


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
    selected = queries.of_round(work, round_id, "SELECTED")
    rules.need_not_gone(queries.formers_of(work, [one.credit_code for one in selected]), work.today, policy)
    for provider in selected:
        provider.state, provider.valid_until = rules.PROVIDER.move(provider.state, "whitelist"), until
        _say_whitelisted(work, provider, until)
    return found


def _say_whitelisted(work: Work, provider: Provider, until: date) -> None:
    work.emit(
        ProviderWhitelisted(
            district_id=provider.district_id,
            provider_id=provider.id,
            kind=provider.kind,
            valid_until=until,
            offers=tuple(ProviderOffer(**offer) for offer in provider.offers),
        )
    )


def _move_round(work: Work, round_id: UUID, action: str) -> SelectionRound:
    rules.need_selector(work.caller.roles, policy_of_district(work))
    found = work.get(SelectionRound, round_id, lock=True)
    found.state = rules.SELECTION_ROUND.move(found.state, action)
    return found


# Evaluation (评估)


def evaluate(
    work: Work, provider_id: UUID, *, term_id: UUID, score: int, findings: Sequence[str], evidence_ref: str
) -> ProviderEvaluation:
    """The district evaluates a provider's work in a term; below the profile's mark it is put on notice (V6)."""
    provider, policy = work.get(Provider, provider_id, lock=True), policy_of_district(work)
    rules.need_selector(work.caller.roles, policy)
    rules.need_not_own(provider.represented_by, work.caller.person_id)
    rules.PROVIDER.move(provider.state, "evaluate")
    if queries.find_evaluation(work, provider_id, term_id) is not None:
        raise Refused("already_exists", thing="provider_evaluation")
    evaluation = work.add(
        ProviderEvaluation(
            district_id=provider.district_id,
            provider_id=provider_id,
            term_id=term_id,
            score=score,
            findings=list(findings),
            evaluated_by=work.caller.subject,
            evidence_ref=evidence_ref,
        )
    )
    work.emit(
        ProviderEvaluationCompleted(
            district_id=provider.district_id,
            provider_id=provider_id,
            evaluation_id=evaluation.id,
            term_id=term_id,
            score=score,
        )
    )
    if rules.needs_notice(score, policy):
        _notice(work, provider, rules.rectify_by(work.today, policy), evidence_ref)
    return evaluation


def put_on_notice(work: Work, provider_id: UUID, *, evidence_ref: str, rectify_by: date | None = None) -> Provider:
    """The district demands that a provider put its work right by a day, at first within the profile's days (整改)."""
    provider, policy = work.get(Provider, provider_id, lock=True), policy_of_district(work)
    rules.need_selector(work.caller.roles, policy)
    by = rectify_by or rules.rectify_by(work.today, policy)
    rules.need_ahead("rectify_by", by, work.today)
    _notice(work, provider, by, evidence_ref)
    return provider


def _notice(work: Work, provider: Provider, rectify_by: date, evidence_ref: str) -> None:
    decide(work, provider, "put_on_notice", evidence_ref)
    provider.rectify_by, provider.overdue_on = rectify_by, None
    set_timer(work, RECTIFICATION, provider.id, day_ends(rectify_by))
    work.emit(
        ProviderPutOnNotice(
            district_id=provider.district_id, provider_id=provider.id, kind=provider.kind, rectify_by=rectify_by
        )
    )


def rectify(work: Work, provider_id: UUID, *, evidence_ref: str) -> Provider:
    """The district finds that a provider has put its work right; it is whitelisted as before."""
    provider, policy = work.get(Provider, provider_id, lock=True), policy_of_district(work)
    rules.need_selector(work.caller.roles, policy)
    until = rules.need_still_listed(provider.valid_until, work.today, policy)
    decide(work, provider, "rectify", evidence_ref)
    provider.rectify_by = provider.overdue_on = None
    cancel_timer(work, RECTIFICATION, provider.id)
    _say_whitelisted(work, provider, until)
    return provider


def mark_overdue(work: Work, provider_id: UUID) -> None:
    """The day for putting things right has passed (timer): shown to the district, which decides what follows."""
    provider = work.get(Provider, provider_id, lock=True)
    if provider.state == "ON_NOTICE":
        provider.overdue_on = work.today


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
    provider, policy = queries.find_provider(work, provider_id), policy_of_district(work)
    listed = queries.as_listed(provider)
    g_provider(policy, kind=listed.kind, listed_until=rules.until_for("contract", listed, policy), last_day=ends_on)
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
    provider, policy = queries.find_provider(work, contract.provider_id), policy_of_district(work)
    represents = work.caller.person_id == provider.represented_by
    if not represents:
        work.caller.need_school(contract.school_id)
    contract.signed_by = sorted({*contract.signed_by, "provider" if represents else "school"})
    if not rules.is_signed(contract.signed_by):
        return contract
    listed = queries.as_listed(provider)
    until = rules.until_for("contract", listed, policy)
    g_provider(policy, kind=listed.kind, listed_until=until, last_day=contract.ends_on)
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
    set_timer(work, CONTRACT_END, contract.id, day_ends(contract.ends_on))
    return contract
