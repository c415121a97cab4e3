"""How a profile (E1) and an exception to one of its bounds go (Q6)."""

from collections.abc import Collection
from datetime import date

from shared.policy import Policy
from shared.refusals import Invalid, Refused
from shared.states import Machine

POLICY_PROFILE = Machine(
    "政策档案 policy profile",
    "DRAFT",
    {("DRAFT", "publish"): "PUBLISHED", ("PUBLISHED", "supersede"): "SUPERSEDED"},
)

EXCEPTION = Machine(
    "例外批准 exception",
    "REQUESTED",
    {
        ("REQUESTED", "approve"): "APPROVED",
        ("REQUESTED", "reject"): "REJECTED",
        ("APPROVED", "end"): "ENDED",
    },
)


def need_soft(bound: str, policy: Policy) -> None:
    """Only a bound that the profile has and that holds in principle may be passed; a hard one never."""
    if bound not in policy.document:
        raise Invalid({"bound": "unknown_bound"})
    if not policy.is_soft(bound):
        raise Refused("bound_is_hard", gate="G-TIME", clauses=policy.clauses(bound), bound=bound)


def need_span(valid_from: date, valid_until: date) -> None:
    """An exception ends, and not before it begins."""
    if valid_until < valid_from:
        raise Invalid({"valid_until": "before_start"})


def need_authority(roles: Collection[str], decider: str, requester: str, policy: Policy) -> None:
    """The profile's authority decides, and nobody about their own request."""
    path = "exception.authority_role"
    if policy.value(path) not in roles:
        raise Refused("not_the_authority", gate="G-TIME", clauses=policy.clauses(path), role=policy.value(path))
    if decider == requester:
        raise Refused("same_person", gate="G-TIME", clauses=policy.clauses(path), action="approve")
