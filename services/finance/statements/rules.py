"""What a statement says (F13)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

STATEMENT = Machine(
    "学期收支公示 term statement",
    "DUE",
    {
        ("DUE", "draft"): "DRAFTED",
        ("OVERDUE", "draft"): "DRAFTED",
        ("DRAFTED", "draft"): "DRAFTED",
        ("APPROVED", "draft"): "DRAFTED",
        ("DUE", "miss"): "OVERDUE",
        ("DRAFTED", "approve"): "APPROVED",
        ("APPROVED", "publish"): "PUBLISHED",
    },
)


def fold(by_kind: Mapping[str, int], lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A term's money by what moved it, in positive and out negative, and the receipts' lines.

    income − expense = balance, and the lines add up to what families paid.
    """
    parts = [{"kind": kind, "amount_fen": amount} for kind, amount in sorted(by_kind.items())]
    income = sum(amount for amount in by_kind.values() if amount > 0)
    expense = -sum(amount for amount in by_kind.values() if amount < 0)
    return {
        "income_fen": income,
        "expense_fen": expense,
        "balance_fen": income - expense,
        "parts": parts,
        "receipts": list(lines),
        "receipts_fen": sum(line["amount_fen"] for line in lines),
    }


def need_term_over(policy: Policy, ends_on: date, today: date) -> None:
    """A term's statement is drawn when it ends."""
    if today < ends_on:
        clauses = policy.clauses("statement.term_end")
        raise Refused("statement_too_early", gate="G-STMT", clauses=clauses, last=ends_on.isoformat())


def need_unmoved(drafted: Mapping[str, Any], now: Mapping[str, Any], policy: Policy) -> None:
    """What was approved is still what the ledger says, to the fen (INV-FIN-16)."""
    if drafted != now:
        raise Refused("ledger_moved", gate="G-STMT", clauses=policy.clauses("statement.term_end"))
