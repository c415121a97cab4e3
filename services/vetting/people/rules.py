"""Who may serve: the clearance machine (V1) and the gate G-CLEAR (domain.md §4.1)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Invalid, Refused
from shared.states import Machine

SERVING = ("REGISTERED", "UNDER_REVIEW", "CLEARED", "SUSPENDED", "EXPIRED", "BLOCKED")

STAFF_MEMBER = Machine(
    "服务人员 staff member",
    "REGISTERED",
    {
        ("REGISTERED", "start_review"): "UNDER_REVIEW",
        ("EXPIRED", "start_review"): "UNDER_REVIEW",
        ("BLOCKED", "start_review"): "UNDER_REVIEW",
        ("EXITED", "start_review"): "UNDER_REVIEW",
        ("UNDER_REVIEW", "clear"): "CLEARED",
        ("CLEARED", "clear"): "CLEARED",  # the yearly re-check came in time
        ("CLEARED", "suspend"): "SUSPENDED",
        ("SUSPENDED", "restore"): "CLEARED",
        ("CLEARED", "expire"): "EXPIRED",
        ("SUSPENDED", "expire"): "EXPIRED",
    }
    | {(state, "block"): "BLOCKED" for state in (*SERVING, "EXITED")}
    | {(state, "leave"): "EXITED" for state in SERVING},
)

OWN_TEACHER, PROVIDER_STAFF = "OWN_TEACHER", "PROVIDER_STAFF"
SECONDMENT = "SECONDMENT"
TUTORING = "HOMEWORK_TUTORING"
PROVIDERS = ("provider.training_institutions", "provider.partner_orgs")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A check's newest result."""

    kind: str
    state: str
    as_of: date | None


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Why a person may serve at a school at all: its staff list, or a contract that holds for the whole time."""

    is_listed: bool
    contract_kind: str | None = None
    insufficiency_ref: str | None = None


def need_consent(has_consent: bool, policy: Policy) -> None:
    """No query about a person before the person agreed to it."""
    if not has_consent:
        raise Refused("consent_missing", gate="G-CLEAR", clauses=policy.clauses("checks.need_consent"))


def clear(category: str, checks: Collection[Seen], blocking: Collection[str], today: date, policy: Policy) -> date:
    """Until when the person is cleared; raises Refused where a check, the category or a record stands against it."""
    g_category(category, policy)
    need_no_record(blocking, policy)
    required = required_checks(category, policy)
    max_age = timedelta(days=policy.value("clearance.max_age_days"))
    good = {seen.kind: seen.as_of for seen in checks if seen.state == "CLEAR" and seen.as_of is not None}
    fresh = {kind: as_of for kind, as_of in good.items() if as_of + max_age > today}
    if missing := [kind for kind in required if kind not in fresh]:
        clauses = policy.clauses("checks.required")
        if set(missing) & set(policy.value("checks.qualification_kinds")):
            clauses += policy.clauses("staff.qualification_required")
        raise Refused("checks_incomplete", gate="G-CLEAR", clauses=clauses, missing=", ".join(missing))
    return min(fresh[kind] for kind in required) + max_age


def required_checks(category: str, policy: Policy) -> tuple[str, ...]:
    """The kinds of check that a category needs; raises Refused when the profile has none for it."""
    required = policy.value("checks.required").get(category)
    if required is None:
        raise Refused("category_not_allowed", gate="G-CLEAR", clauses=_who_may_serve(policy), category=category)
    return tuple(required)


def need_no_record(blocking: Collection[str], policy: Policy) -> None:
    """While a record is in force, a block stands and no review begins (INV-VET-05)."""
    if blocking:
        raise _blocked(policy)


def is_serious(category: str | None, policy: Policy) -> bool:
    """Whether an allegation of this category keeps a person away before anything is found (Q1)."""
    return category in policy.value("conduct.precaution_categories")


def need_no_precaution(alleged: Collection[str | None], policy: Policy) -> None:
    """Nobody is cleared while a serious allegation is examined; any other says nothing yet (INV-VET-13)."""
    if any(is_serious(category, policy) for category in alleged):
        clauses = policy.clauses("conduct.precaution_categories")
        raise Refused("allegation_open", gate="G-CLEAR", clauses=clauses)


def need_another(
    action: str, caller: str, caller_person: UUID | None, *, before: Collection[str | None], subject: UUID
) -> None:
    """Whoever acted before, or is the subject, does not do this (domain.md §4.3, INV-VET-15)."""
    if caller in before or caller_person == subject:
        raise Refused("same_person", action=action)


def g_category(category: str, policy: Policy) -> None:
    """The profile names who may serve; nobody else may (D5). Providers' staff may where it allows any provider."""
    paths = PROVIDERS if category == PROVIDER_STAFF else ("staff.internal_categories", "staff.external_categories")
    allowed = {one for path in paths for one in policy.value(path)}
    if not (allowed if category == PROVIDER_STAFF else category in allowed):
        raise Refused("category_not_allowed", gate="G-CLEAR", clauses=_who_may_serve(policy), category=category)


def need_provider(category: str, has_provider: bool) -> None:
    """Staff of a provider come with their provider, and nobody else does."""
    if (category == PROVIDER_STAFF) != has_provider:
        raise Invalid({"provider_id": "for_provider_staff_only" if has_provider else "required_for_provider_staff"})


def labels(words: Iterable[str]) -> list[str]:
    """Words without blanks around them, each once, in the order given."""
    return [word for word in dict.fromkeys(word.strip() for word in words) if word]


def g_clear(state: str, valid_until: date | None, last_day: date, policy: Policy) -> None:
    """G-CLEAR: the person is cleared for the whole interval that ends on `last_day`."""
    if state in ("BLOCKED", "SUSPENDED"):
        raise _blocked(policy)
    if state != "CLEARED" or valid_until is None or valid_until < last_day:
        clauses = (*policy.clauses("staff.qualification_required"), *policy.clauses("checks.required"))
        raise Refused("not_cleared", gate="G-CLEAR", clauses=clauses, last_day=last_day.isoformat())


def need_ground(category: str, ground: Ground, policy: Policy) -> None:
    """On the school's staff; or under a contract of a kind that the profile allows, with a statement that the own staff
    does not suffice where it wants one (INV-VET-14).
    """
    if ground.is_listed:
        return
    if ground.contract_kind is None:
        raise Refused("engagement_missing", gate="G-CLEAR", clauses=policy.clauses("staff.contract_required"))
    if ground.contract_kind == SECONDMENT:
        need_secondment(category, policy)
    else:
        need_contract_kind(category, ground.contract_kind, policy)
    need_insufficiency(category, ground.insufficiency_ref, policy)


def need_secondment(category: str, policy: Policy) -> None:
    """A teacher of one school serves at another where the profile lets the district send teachers (P2-3.4.4)."""
    if category != OWN_TEACHER or not policy.value("staff.cross_school"):
        raise Refused("secondment_not_allowed", gate="G-CLEAR", clauses=policy.clauses("staff.cross_school"))


def need_contract_kind(category: str, kind: str, policy: Policy) -> None:
    """The contract kinds that the profile allows for a category."""
    if kind not in policy.value("staff.contract_kinds").get(category, ()):
        clauses = policy.clauses("staff.contract_kinds")
        raise Refused("contract_kind_not_allowed", gate="G-CLEAR", clauses=clauses, category=category, kind=kind)


def need_insufficiency(category: str, insufficiency_ref: str | None, policy: Policy) -> None:
    """Outside people only where the school states that its own staff does not suffice, if the profile says so."""
    external = category not in policy.value("staff.internal_categories")
    if external and policy.value("staff.external_only_if_insufficient") and not insufficiency_ref:
        clauses = policy.clauses("staff.external_only_if_insufficient")
        raise Refused("insufficiency_not_declared", gate="G-CLEAR", clauses=clauses)


def tutored(content_type: str, grades: Collection[int], policy: Policy) -> Mapping[str, Collection[str]]:
    """By grade, the subjects of which whoever leads such a session teaches one; nothing but tutoring asks for any.

    An item whose grades nobody told is for all of them.
    """
    subjects = policy.value("homework_subjects")
    if content_type != TUTORING or subjects is None:
        return {}
    return {grade: subjects.get(grade, ()) for grade in map(str, grades or subjects)}


def _blocked(policy: Policy) -> Refused:
    clauses = (*policy.clauses("staff.bad_record_block"), *policy.clauses("staff.ethics_block"))
    return Refused("person_blocked", gate="G-CLEAR", clauses=clauses)


def _who_may_serve(policy: Policy) -> tuple[str, ...]:
    return policy.clauses("staff.external_categories")
