"""How ad-hoc care goes (A7), and what it needs (INV-ATT-15)."""

from collections.abc import Mapping
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

AD_HOC_CARE = Machine(
    "临时看护 ad-hoc care",
    "REQUESTED",
    {
        ("REQUESTED", "accept"): "ASSIGNED",
        ("ASSIGNED", "start"): "IN_CARE",
        ("IN_CARE", "hand_over"): "HANDED_OVER",
        ("HANDED_OVER", "close"): "CLOSED",
    }
    | {(state, "cancel"): "CANCELLED" for state in ("REQUESTED", "ASSIGNED")},
)

CONTACTS = ("IN_PERSON", "PHONE", "MESSAGE")


def need_allowed(policy: Policy) -> None:
    """The profile knows ad-hoc care."""
    if not policy.value("ad_hoc_care.allowed"):
        raise Refused("ad_hoc_care_not_offered", clauses=policy.clauses("ad_hoc_care.allowed"))


def need_class_teacher(teacher: UUID | None, caller: UUID | None, policy: Policy) -> UUID:
    """The child stays with its own class teacher; returns who that is."""
    if teacher is None or teacher != caller:
        raise Refused("not_class_teacher", gate="G-HANDOVER", clauses=policy.clauses("ad_hoc_care.keeper_role"))
    return teacher


def need_records(records: Mapping[str, bool], policy: Policy) -> None:
    """Every record that the profile names is there."""
    missing = [name for name in policy.value("ad_hoc_care.records") if not records.get(name)]
    if missing:
        clauses = policy.clauses("ad_hoc_care.records")
        raise Refused("ad_hoc_care_incomplete", gate="G-HANDOVER", clauses=clauses, missing=", ".join(missing))
