"""How an expenditure goes (F8)."""

from shared.refusals import Refused
from shared.states import Machine

EXPENDITURE = Machine(
    "支出 expenditure",
    "PROPOSED",
    {
        ("PROPOSED", "check"): "CHECKED",
        ("CHECKED", "approve"): "APPROVED",
        ("PROPOSED", "refuse"): "REFUSED",
        ("CHECKED", "refuse"): "REFUSED",
        ("APPROVED", "pay"): "PAID",
    },
)

PAID_ELSEWHERE = frozenset({"STAFF_LABOUR_PAY", "EXTERNAL_LABOUR_FEE", "REFUND"})
"""Categories that follow from recorded service or from a decision about a family, never from a proposal."""


def need_own_way(category: str) -> None:
    """Pay comes from recorded service and a refund from its decision; neither is proposed by hand."""
    if category in PAID_ELSEWHERE:
        raise Refused("category_paid_elsewhere", gate="G-SPEND", clauses=("S5",), category=category)
