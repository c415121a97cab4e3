"""How a record goes (V3), and what it does to the person (Q1, Q2)."""

from calendar import monthrange
from datetime import date

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

CONDUCT_RECORD = Machine(
    "师德与不良记录 conduct record",
    "REPORTED",
    {
        ("REPORTED", "triage"): "UNDER_INVESTIGATION",
        ("UNDER_INVESTIGATION", "substantiate"): "SUBSTANTIATED",
        ("UNDER_INVESTIGATION", "dismiss"): "UNSUBSTANTIATED",
        ("SUBSTANTIATED", "appeal"): "APPEALED",
        ("APPEALED", "uphold"): "SUBSTANTIATED",
        ("APPEALED", "reverse"): "REVERSED",
        ("SUBSTANTIATED", "lapse"): "LAPSED",
    },
)

REASON_CLASS = {
    "ETHICS_SUBSTANTIATED": "ETHICS",
    "QUALIFICATION_LOST": "QUALIFICATION",
    "QUALIFICATION_REVOKED": "QUALIFICATION",
}


def need_another(decider: str, reporter: str, decider_person: object, subject_person: object) -> None:
    """Whoever reported a record, or is its subject, does not decide it (domain.md §4.3)."""
    if decider == reporter or decider_person == subject_person:
        raise Refused("same_person", action="substantiate")


def needs_precaution(category: str | None, policy: Policy) -> bool:
    """Whether an allegation of this category suspends at once, before anything is found."""
    return category in policy.value("conduct.precaution_categories")


def in_force_until(kind: str, sanction: str | None, on: date, policy: Policy) -> date | None:
    """The last day on which the record blocks; None: permanently. Raises Refused on an unknown kind or sanction."""
    if kind not in policy.value("conduct.blocking_records"):
        raise Refused("record_kind_unknown", kind=kind)
    if kind in policy.value("conduct.permanent_records") or sanction in policy.value("conduct.permanent_sanctions"):
        return None
    months = policy.value("conduct.sanction_months").get(sanction)
    if months is None:
        raise Refused("sanction_unknown", sanction=sanction)
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def reason_class(kind: str) -> str:
    """What others may know of the reason: a class, never the record."""
    return REASON_CLASS.get(kind, "STATUTORY")
