"""How a record goes (V3), and what it does to the person (Q1, Q2)."""

from calendar import monthrange
from datetime import date, timedelta

from shared.policy import Policy
from shared.refusals import Invalid, Refused
from shared.states import Machine

CONDUCT_RECORD = Machine(
    "师德与不良记录 conduct record",
    "REPORTED",
    {
        ("REPORTED", "triage"): "UNDER_INVESTIGATION",
        ("REPORTED", "hit"): "SUBSTANTIATED",  # an authority found it; nobody here examines that again
        ("UNDER_INVESTIGATION", "substantiate"): "SUBSTANTIATED",
        ("UNDER_INVESTIGATION", "dismiss"): "UNSUBSTANTIATED",
        ("SUBSTANTIATED", "appeal"): "APPEALED",
        ("APPEALED", "uphold"): "SUBSTANTIATED",
        ("APPEALED", "reverse"): "REVERSED",
        ("SUBSTANTIATED", "lapse"): "LAPSED",
    }
    | {(state, "overturn"): "REVERSED" for state in ("SUBSTANTIATED", "APPEALED", "LAPSED", "REVERSED")},
)

KINDS = (
    "STATUTORY_BAR",
    "COURT_BAN",
    "QUALIFICATION_LOST",
    "QUALIFICATION_REVOKED",
    "TRAINING_BLACKLIST",
    "ETHICS_SUBSTANTIATED",
    "ETHICS_UNDER_INVESTIGATION",
    "DISTRICT_BAN",
)

ALLEGED = {"ETHICS_SUBSTANTIATED": "ETHICS_UNDER_INVESTIGATION"}
FOUND = {alleged: found for found, alleged in ALLEGED.items()}
"""A breach of ethics is not called substantiated before it is (INV-VET-13)."""

REASON_CLASS = {
    "ETHICS_SUBSTANTIATED": "ETHICS",
    "QUALIFICATION_LOST": "QUALIFICATION",
    "QUALIFICATION_REVOKED": "QUALIFICATION",
}


def need_category(kind: str, category: str | None) -> None:
    """A breach of ethics is of one of the eleven categories (教师职业道德), and nothing else is."""
    if (kind in FOUND) != (category is not None):
        raise Invalid({"category": "for_ethics_only" if category else "required_for_ethics"})


def appeal_until(found_on: date, policy: Policy) -> date:
    """The last day to appeal against a finding."""
    return found_on + timedelta(days=policy.value("conduct.appeal_days"))


def need_in_time(until: date | None, today: date, clauses: tuple[str, ...]) -> None:
    """Whoever objects does so within the days that are set; None: they have not begun."""
    if until is not None and today > until:
        raise Refused("too_late_to_object", gate="G-CLEAR", clauses=clauses, last_day=until.isoformat())


def in_force_until(kind: str, sanction: str | None, until: date | None, on: date, policy: Policy) -> date | None:
    """The last day on which the record blocks; None: permanently.

    A sanction sets its months, a court or an authority its date. Raises Refused on an unknown kind or sanction, and
    where neither is given and the kind is not for good.
    """
    if kind not in policy.value("conduct.blocking_records"):
        raise Refused("record_kind_unknown", kind=kind)
    if kind in policy.value("conduct.permanent_records") or sanction in policy.value("conduct.permanent_sanctions"):
        return None
    if sanction is None and until is not None:
        if until < on:
            raise Invalid({"until": "in_the_past"})
        return until
    months = policy.value("conduct.sanction_months").get(sanction)
    if months is None:
        raise Refused("sanction_unknown", sanction=sanction)
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def reason_class(kind: str) -> str:
    """What others may know of the reason: a class, never the record."""
    return REASON_CLASS.get(kind, "STATUTORY")
