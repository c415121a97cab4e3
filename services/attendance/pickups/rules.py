"""Who may fetch a child (A4, G-HANDOVER)."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

AUTHORIZATION = Machine(
    "接送授权 pickup authorization",
    "PROPOSED",
    {
        ("PROPOSED", "verify"): "ACTIVE",
        ("ACTIVE", "suspend"): "SUSPENDED",
        ("SUSPENDED", "reinstate"): "ACTIVE",
    }
    | {(state, "revoke"): "ENDED" for state in ("PROPOSED", "ACTIVE", "SUSPENDED")},
)

GUARDIAN = "GUARDIAN"
PROPOSABLE = ("STANDING", "ONE_DAY", "SELF_LEAVE", "EMERGENCY_CONTACT")
SELF_LEAVE = "SELF_LEAVE"
LETTING_GO = (GUARDIAN, "STANDING", "ONE_DAY", SELF_LEAVE)
"""The kinds that let a child go: SELF_LEAVE names nobody, the others a person. Contacts are called, and no more."""
WITHOUT_AUTHORIZATION = ("EMERGENCY_RELEASE", "POLICE_OR_COMMUNITY")
BEHIND = {"pickup_suspended": "pickup.suspension_evidence", "minor_may_not_collect": "pickup.minors_may_collect"}
"""The key behind a refusal, besides the pickup rules that are behind all of them."""


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """An authorization of one person for one pupil, as it stands now."""

    kind: str
    state: str
    is_minor: bool


def need_method(method: str, policy: Policy) -> None:
    """A way of handing over that the profile knows, and that rests on an authorization."""
    if method not in policy.value("pickup.handover_methods") or method in WITHOUT_AUTHORIZATION:
        raise Refused("method_not_allowed_here", method=method)


def why_not(found: Collection[Authorization], *, minors_may: bool) -> str:
    """Why none of a person's authorizations lets the child go; the code of the refusal."""
    if any(one.state == "SUSPENDED" for one in found):
        return "pickup_suspended"
    fitting = [one for one in found if one.kind in LETTING_GO]
    if not fitting:
        return "contact_may_not_collect" if found else "pickup_not_authorized"
    standing = [one for one in fitting if one.state == "ACTIVE"]
    if not standing:
        return "pickup_not_authorized"
    if all(one.is_minor for one in standing) and not minors_may:
        return "minor_may_not_collect"
    return "pickup_expired"


def refusal(code: str, policy: Policy) -> Refused:
    """G-HANDOVER says no; a child is never handed to somebody unrelated (23号令第三十一条)."""
    paths = ["readiness.pickup_rules"]
    if "pickup_handover" in policy.value("safety.systems"):
        paths.append("safety.systems")
    if code in BEHIND:
        paths.append(BEHIND[code])
    clauses = dict.fromkeys(clause for path in paths for clause in policy.clauses(path))
    return Refused(code, gate="G-HANDOVER", clauses=clauses)


def need_receiver(receiver: UUID | None, releaser: UUID, policy: Policy) -> None:
    """Somebody is named who takes the child; staff do not release their own child alone (Q21)."""
    if receiver is None:
        raise refusal("pickup_not_authorized", policy)
    path = "pickup.second_staff_for_own_child"
    if receiver == releaser and policy.value(path):
        raise Refused("second_staff_needed", gate="G-HANDOVER", clauses=policy.clauses(path))


def need_grade(grade: int | None, policy: Policy) -> None:
    """A pupil leaves alone from the profile's grade on (INV-ATT-05)."""
    path = "pickup.self_leave_minimum_grade"
    if grade is None or grade < policy.value(path):
        raise Refused(
            "too_young_to_leave_alone", gate="G-HANDOVER", clauses=policy.clauses(path), grade=policy.value(path)
        )


def need_verifier(verifier: str, proposer: str, *, is_class_teacher: bool, roles: Collection[str]) -> None:
    """The class teacher of the child or academic affairs, and never who proposed it."""
    if verifier == proposer:
        raise Refused("same_person", action="verify_authorization")
    if not is_class_teacher and "academic_affairs" not in roles:
        raise Refused("not_class_teacher")


def need_evidence(kind: str, evidence: str | None, policy: Policy) -> None:
    """A guardian keeps the right to fetch their child until a paper says otherwise (Q22)."""
    path = "pickup.suspension_evidence"
    if kind == GUARDIAN and evidence not in policy.value(path):
        raise Refused("suspension_evidence_missing", clauses=policy.clauses(path), wanted=", ".join(policy.value(path)))


def need_local(kind: str) -> None:
    """A guardian's link ends in enrollment's directory, never here."""
    if kind == GUARDIAN:
        raise Refused("guardian_link_elsewhere")
