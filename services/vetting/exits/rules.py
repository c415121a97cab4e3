"""For what a provider leaves, from when, and what an exit waits for (V4, INV-VET-07, -08)."""

from dataclasses import dataclass
from datetime import date

from shared.policy import Policy
from shared.refusals import Invalid, Refused

REASONS = ("provider.evaluation_exit", "provider.other_exit_reasons")


@dataclass(frozen=True, kw_only=True)
class Left:
    """What is left of a provider that leaves."""

    assignments: bool
    """Somebody of its staff is on a roster."""
    listed_items: bool = False
    """Enrollment has not said that it lists nothing of it, and which items there were; so the rest is not known."""
    open_sessions: bool = False
    """A session of its items is neither closed nor cancelled."""
    unsettled_sessions: int = 0
    """Delivered sessions under a contract that finance has not paid; below 0: paid, and not heard of yet."""
    open_refunds: bool = False
    """Finance has not said of every delisted item that no refund is open."""


def need_reason(reason_code: str, policy: Policy) -> None:
    """A provider leaves for a reason of the profile's lists."""
    known = [reason for path in REASONS for reason in policy.value(path)]
    if reason_code not in known:
        clauses = dict.fromkeys(clause for path in REASONS for clause in policy.clauses(path))
        raise Refused("exit_reason_unknown", gate="G-PROVIDER", clauses=clauses, reason=reason_code)


def effective_on(reason_code: str, wanted: date | None, today: date, policy: Policy) -> date:
    """The first day without the provider: today for an urgent reason, otherwise as wanted. Raises Invalid."""
    if reason_code in policy.value("provider.urgent_exit_reasons"):
        return today
    if wanted is None:
        raise Invalid({"effective_on": "required_unless_urgent"})
    if wanted < today:
        raise Invalid({"effective_on": "in_the_past"})
    return wanted


def need_to_report(is_revoked: bool, reported_to: str | None, policy: Policy) -> None:
    """A licensing authority is told of a qualification that was revoked, once."""
    if not is_revoked:
        raise Refused("qualification_not_revoked", gate="G-PROVIDER", clauses=policy.clauses("sanctions"))
    if reported_to is not None:
        raise Refused("already_exists", thing="report_of_revocation")


def waits_for(left: Left) -> tuple[str, ...]:
    """What an exit still waits for, by name; it is complete when that is nothing."""
    return tuple(name for name, value in vars(left).items() if value)
