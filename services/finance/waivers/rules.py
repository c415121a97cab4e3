"""What a waiver may say (F4, G-WAIVE)."""

from datetime import date
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

WAIVER = Machine(
    "减免 waiver",
    "APPLIED",
    {
        ("APPLIED", "grant"): "GRANTED",
        ("IMPORTED", "grant"): "GRANTED",
        ("APPLIED", "deny"): "DENIED",
        ("IMPORTED", "deny"): "DENIED",
        ("GRANTED", "revoke"): "REVOKED",
    },
)

FULL = 100


def g_waive(policy: Policy, percent: int) -> None:
    """G-WAIVE: where the profile says that needy pupils are free, a part is not enough."""
    if policy.value("fee.waiver") == "free" and percent != FULL:
        raise Refused("waiver_must_be_full", gate="G-WAIVE", clauses=policy.clauses("fee.waiver"), percent=percent)


def need_basis(policy: Policy, basis: str) -> None:
    """A hardship that the profile knows."""
    if basis not in policy.value("waiver.hardship_bases"):
        clauses = policy.clauses("waiver.hardship_bases")
        raise Refused("hardship_basis_unknown", gate="G-WAIVE", clauses=clauses)


def need_order(starts_on: date, ends_on: date) -> None:
    """It ends after it begins."""
    if ends_on < starts_on:
        raise Refused("dates_out_of_order", first=starts_on.isoformat(), last=ends_on.isoformat())


def need_consent(consent: bool, policy: Policy) -> None:
    """Hardship is sensitive: it is kept only with the family's consent."""
    if not consent:
        raise Refused("consent_missing", gate="G-WAIVE", clauses=policy.clauses("consent.child_under_age"))


def need_pupil(school_id: UUID | None) -> UUID:
    """The pupil is registered somewhere; returns the school."""
    if school_id is None:
        raise Refused("pupil_unknown")
    return school_id


def need_not_back(from_on: date, today: date) -> None:
    """A waiver is never taken back for days that are past."""
    if from_on < today:
        raise Refused("not_retroactive", gate="G-WAIVE", clauses=("S8",))
