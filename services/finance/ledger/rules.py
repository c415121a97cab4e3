"""The accounts (F7), what a posting must be, and the gate G-SPEND (domain.md §4.1)."""

from collections.abc import Mapping

from shared.policy import Policy
from shared.refusals import Refused

RECEIVABLE = "RECEIVABLE"
REFUND_PAYABLE = "REFUND_PAYABLE"
STAFF_PAYABLE = "STAFF_PAYABLE"
PROVIDER_PAYABLE = "PROVIDER_PAYABLE"
SUSPENSE = "SUSPENSE"
"""Money that came without an invoice that could take it; it goes back."""

CASH = {
    "SERVICE_FEE": "SPECIAL_ACCOUNT_SERVICE_FEE",
    "AGENCY_FEE": "SPECIAL_ACCOUNT_AGENCY_FEE",
    "FISCAL_SUBSIDY": "FISCAL_SUBSIDY",
}
"""Funding source to the account that holds its money. Money of one source never pays for another's purpose."""


def income(source: str) -> str:
    """The income account of a source."""
    return f"INCOME_{source}"


def expense(category: str) -> str:
    """The expense account of a spending category."""
    return f"EXPENSE_{category}"


def balanced(amounts: Mapping[str, int]) -> dict[str, int]:
    """What moves, in fen by account, debits positive; raises ValueError unless it adds up to zero (INV-FIN-01)."""
    if sum(amounts.values()):
        raise ValueError("a posting adds up to zero")
    return {account: amount for account, amount in amounts.items() if amount}


def cash_of(source: str) -> str:
    """The account that holds a source's money; raises Refused for a source that the special account does not hold."""
    if source not in CASH:
        raise Refused("source_without_account", gate="G-SPEND", clauses=("EXT-2023-26",), source=source)
    return CASH[source]


def g_spend(category: str, source: str, evidence_ref: str, policy: Policy) -> None:
    """G-SPEND: the category is allowed, this source may pay for it, and there is evidence (INV-FIN-10)."""
    if category not in policy.value("spend.allowed"):
        clauses = (*policy.clauses("spend.allowed"), *policy.clauses("spend.forbidden"))
        raise Refused("category_not_spendable", gate="G-SPEND", clauses=clauses, category=category)
    if category not in policy.value("spend.by_source").get(source, ()):
        clauses = policy.clauses("spend.by_source")
        raise Refused("source_not_for_category", gate="G-SPEND", clauses=clauses, category=category, source=source)
    if not evidence_ref.strip():
        raise Refused("evidence_missing", gate="G-SPEND", clauses=policy.clauses("spend.allowed"))


def need_another(approver: str, preparer: str | None, *, action: str = "approve") -> None:
    """Whoever prepared what moves money does not approve it (domain.md §4.3)."""
    if approver == preparer:
        raise Refused("same_person", action=action)


def need_funds(balance_fen: int, amount_fen: int, source: str, policy: Policy) -> None:
    """G-SPEND: the source's account holds the amount; earmarked money never goes below zero (INV-FIN-01)."""
    if balance_fen < amount_fen:
        clauses = policy.clauses("account")
        raise Refused("insufficient_funds", gate="G-SPEND", clauses=clauses, source=source)
