"""How much goes back, and who may say so (F6)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from uuid import UUID

from shared.money import prorate
from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

REFUND = Machine(
    "退费 refund",
    "REQUESTED",
    {
        ("REQUESTED", "calculate"): "CALCULATED",
        ("CALCULATED", "close"): "ZERO",
        ("CALCULATED", "approve"): "APPROVED",
        ("REQUESTED", "reject"): "REJECTED",
        ("CALCULATED", "reject"): "REJECTED",
        ("APPROVED", "pay"): "PAID",
        ("PAID", "reconcile"): "RECONCILED",
    },
)

UNDER_WAY = ("REQUESTED", "CALCULATED", "APPROVED")

CAUSES = ("WITHDRAWAL", "CANCELLED_SESSIONS", "PROVIDER_EXIT", "OVERCHARGE", "COLLECTED_WHILE_UNPUBLISHED")


def _by_the_day(due_fen: int, delivered_days: int, days: int) -> int:
    return due_fen - prorate(due_fen, delivered_days, days) if days else due_fen


def _nothing(due_fen: int, delivered_days: int, days: int) -> int:
    return 0


UNUSED: Mapping[str, Callable[[int, int, int], int]] = {"daily_prorata": _by_the_day, "none": _nothing}
"""Refund rule to `(due, delivered days, days) -> fen`; by any other rule a person calculates."""


def unused(
    policy: Policy, due_fen: int, school_days: Sequence[date], stay: tuple[date, date], withdrawn_on: date
) -> int | None:
    """What a withdrawal takes off, rounded up for the family; None where the profile's rule needs a person.

    `stay` is its first and last day, `withdrawn_on` the first day without service (INV-FIN-08, -09).
    """
    rule = UNUSED.get(policy.value("fee.refund_rule"))
    if rule is None:
        return None
    days = [day for day in school_days if stay[0] <= day <= stay[1]]
    return rule(due_fen, sum(day < withdrawn_on for day in days), len(days))


def need_within_paid(amount_fen: int, paid_fen: int, refunded_fen: int, policy: Policy) -> None:
    """No more goes back than came (INV-FIN-08)."""
    if refunded_fen + amount_fen > paid_fen:
        clauses = policy.clauses("fee.refund_rule")
        raise Refused("refund_above_payment", clauses=clauses, limit=paid_fen - refunded_fen)


def need_approver(approver: str, approver_person: UUID | None, preparer: str, payee: UUID | None) -> None:
    """Whoever prepared a refund or receives it does not approve it (domain.md §4.3)."""
    if approver == preparer or (payee is not None and approver_person == payee):
        raise Refused("same_person", action="approve")


def need_not_suspense(from_suspense: bool) -> None:
    """Money that belongs to no invoice is not the school's to keep (INV-FIN-03)."""
    if from_suspense:
        raise Refused("suspense_goes_back", gate="G-PUB", clauses=("S7",))
