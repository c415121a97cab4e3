"""What a safety pack holds (G-READY)."""

from collections.abc import Collection

from shared.policy import Policy
from shared.refusals import Refused

DOCUMENTS = {"emergency_plan": "readiness.emergency_plan", "pickup_rules": "readiness.pickup_rules"}
"""What readiness asks for besides the safety systems, each by its key."""


def demanded(policy: Policy) -> set[str]:
    """The systems and documents that have to be in force."""
    return {*policy.value("safety.systems"), *(name for name, path in DOCUMENTS.items() if policy.value(path))}


def g_ready(items: Collection[str], policy: Policy) -> None:
    """Nothing that is demanded is missing."""
    if missing := sorted(demanded(policy) - set(items)):
        clauses = (*policy.clauses("readiness.safety_systems"), *policy.clauses("safety.systems"))
        raise Refused("safety_pack_incomplete", gate="G-READY", clauses=clauses, missing=", ".join(missing))
