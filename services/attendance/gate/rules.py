"""Who may pass the gate (A9, G-GATE)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

GATE_ENTRY = Machine(
    "门卫登记 gate entry",
    "ARRIVED",
    {("ARRIVED", "admit"): "ON_CAMPUS", ("ARRIVED", "refuse"): "REFUSED", ("ON_CAMPUS", "leave"): "LEFT"},
)


@dataclass(frozen=True, kw_only=True)
class Pass:
    """A gate pass of a person at this school. No window: only its revocation was heard."""

    state: str
    valid_from: datetime | None
    valid_to: datetime | None


def why_not(passes: Collection[Pass], now: datetime) -> str:
    """Why no pass lets the person in now; the code of the refusal."""
    hours = [(one.valid_from, one.valid_to) for one in passes if one.state == "ISSUED"]
    if not hours:
        return "gate_pass_revoked" if passes else "no_gate_pass"
    if not any(first and last and first <= now <= last for first, last in hours):
        return "gate_pass_not_now"
    return "clearance_unconfirmed"


def refusal(code: str, policy: Policy) -> Refused:
    """G-GATE says no."""
    clauses = (*policy.clauses("safety.systems"), *policy.clauses("gate_pass.tolerance_minutes"))
    return Refused(code, gate="G-GATE", clauses=clauses)


def need_company(
    person_id: UUID | None, accompanied_by: UUID | None, on_duty: Collection[UUID], policy: Policy
) -> None:
    """A visitor walks beside somebody who is on duty at the school now."""
    if accompanied_by is None and person_id is None:
        raise refusal("no_gate_pass", policy)
    if accompanied_by is not None and accompanied_by not in on_duty:
        raise refusal("company_not_on_duty", policy)
