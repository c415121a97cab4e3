"""What a contract needs (V7)."""

from datetime import date

from shared.policy import Policy
from shared.refusals import Invalid, Refused
from shared.states import Machine

ENGAGEMENT = Machine(
    "聘用协议 engagement",
    "DRAFT",
    {
        ("DRAFT", "sign"): "SIGNED",
        ("SIGNED", "activate"): "ACTIVE",
        ("ACTIVE", "terminate"): "ENDED",
        ("SIGNED", "terminate"): "ENDED",
        ("DRAFT", "terminate"): "ENDED",
        ("ACTIVE", "expire"): "ENDED",
    },
)

PARTIES = ("school", "person")


def need_interval(starts_on: date, ends_on: date) -> None:
    """An interval ends no earlier than it begins."""
    if ends_on < starts_on:
        raise Invalid({"ends_on": "before_starts_on"})


def need_kind(category: str, kind: str, policy: Policy) -> None:
    """The contract kinds that the profile allows for a category (INV-VET-14)."""
    if kind not in policy.value("staff.contract_kinds").get(category, ()):
        raise Refused(
            "contract_kind_not_allowed",
            gate="G-CLEAR",
            clauses=policy.clauses("staff.contract_kinds"),
            category=category,
            kind=kind,
        )


def need_insufficiency(category: str, insufficiency_ref: str | None, policy: Policy) -> None:
    """Outside people only where the school states that its own staff does not suffice, if the profile says so."""
    external = category not in policy.value("staff.internal_categories")
    if external and policy.value("staff.external_only_if_insufficient") and not insufficiency_ref:
        clauses = policy.clauses("staff.external_only_if_insufficient")
        raise Refused("insufficiency_not_declared", gate="G-CLEAR", clauses=clauses)


def is_signed(signed_by: list[str]) -> bool:
    """Both parties have signed."""
    return set(signed_by) == set(PARTIES)
