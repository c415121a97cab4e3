"""What a fee needs before it holds (F1, G-FEE)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from services.finance.billing.rules import UNITS
from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

FEE_STANDARD = Machine(
    "收费标准 fee standard",
    "DRAFT",
    {
        ("DRAFT", "submit"): "SUBMITTED",
        ("SUBMITTED", "approve"): "APPROVED",
        ("APPROVED", "take_effect"): "IN_EFFECT",
        ("SUBMITTED", "end"): "ENDED",
        ("APPROVED", "end"): "ENDED",
        ("IN_EFFECT", "end"): "ENDED",
    },
)

PUBLICATION_STEP = "publication"
"""The last word of the profile's approval; it is given by a fee publication, not by an authority."""


def g_fee(policy: Policy, kind: str, unit: str, amount_fen: int) -> None:
    """G-FEE: the profile allows a fee of this kind and unit, and it is not above the item's cap (INV-FIN-04, -06)."""
    if policy.value("fee.allowed") is not True:
        raise Refused("fee_not_allowed", gate="G-FEE", clauses=policy.clauses("fee.allowed"))
    if kind not in policy.value("fee.modes"):
        raise Refused("fee_kind_not_allowed", gate="G-FEE", clauses=policy.clauses("fee.modes"), kind=kind)
    if unit not in UNITS or unit not in policy.value("fee.units"):
        raise Refused("fee_unit_not_allowed", gate="G-FEE", clauses=policy.clauses("fee.units"), unit=unit)
    cap = policy.value("fee.item_cap_fen")
    if cap is not None and amount_fen > cap:
        raise Refused("above_item_cap", gate="G-FEE", clauses=policy.clauses("fee.item_cap_fen"), cap=cap)


def need_payee(policy: Policy, payee_kind: str) -> None:
    """Money goes to the school's special account and nowhere else."""
    if payee_kind != policy.value("fee.payee"):
        clauses = (*policy.clauses("account"), *policy.clauses("fee.payee"))
        raise Refused("payee_not_allowed", gate="G-FEE", clauses=clauses, payee=payee_kind)


def need_cost_recovery(policy: Policy, costs: Sequence[Mapping[str, Any]], pupils: int, term_fee_fen: int) -> None:
    """The fees of a term do not exceed the costs that they may be spent on: no profit, no foreign costs."""
    allowed = policy.value("spend.allowed")
    if foreign := [cost["category"] for cost in costs if cost["category"] not in allowed]:
        clauses = (*policy.clauses("spend.allowed"), *policy.clauses("spend.forbidden"))
        raise Refused("category_not_spendable", gate="G-FEE", clauses=clauses, category=foreign[0])
    total = sum(cost["amount_fen"] for cost in costs)
    if policy.value("nonprofit") and term_fee_fen * pupils > total:
        raise Refused("fee_above_cost", gate="G-FEE", clauses=policy.clauses("nonprofit"), costs=total)


def need_items(kind: str, known: Mapping[Any, str], fee_bearing: Collection[Any], wanted: Collection[Any]) -> None:
    """Every item is one of this school and term, bears a fee, and its fee is of this kind."""
    for item_id in wanted:
        if item_id not in fee_bearing or known[item_id] != kind:
            raise Refused("item_not_chargeable", gate="G-FEE", clauses=("Q7",), item_id=str(item_id), kind=kind)


def steps(policy: Policy) -> list[str]:
    """The authorities whose approval a fee needs, in order."""
    return [step for step in policy.value("fee.approval") if step != PUBLICATION_STEP]


def approve(policy: Policy, given: Sequence[Mapping[str, Any]], authority: str) -> bool:
    """Whether this approval is the last one; raises Refused when another authority's word is due first."""
    due = steps(policy)[len(given)]
    if authority != due:
        clauses = policy.clauses("fee.approval")
        raise Refused("wrong_authority", gate="G-FEE", clauses=clauses, expected=due, authority=authority)
    return len(given) + 1 == len(steps(policy))
