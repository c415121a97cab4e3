"""The checklist (E18, G-READY)."""

from collections.abc import Mapping
from datetime import date

from shared.policy import Policy
from shared.refusals import Refused

SAFETY_PACK = ("safety_systems", "emergency_plan", "pickup_rules")
"""Points that attendance's safety pack covers as a whole."""


def checklist(facts: Mapping[str, bool], policy: Policy) -> dict[str, bool]:
    """The points that the profile demands, and whether each holds; a point nobody speaks of does not hold."""
    return {point: facts.get(point, False) for point, wanted in policy.section("readiness").items() if wanted}


def due_on(term_starts_on: date, policy: Policy) -> date | None:
    """By when the profile wants the checklist gone through: its day of the year, the first in the term or after it."""
    month_and_day = policy.value("reconfirm_by")
    if month_and_day is None:
        return None
    month, day = map(int, month_and_day.split("-"))
    due = date(term_starts_on.year, month, day)
    return due if due >= term_starts_on else date(due.year + 1, month, day)


def g_ready(points: Mapping[str, bool], policy: Policy) -> None:
    """G-READY: every point holds; the refusal cites the clauses of those that do not."""
    missing = [point for point, holds in points.items() if not holds]
    if missing:
        clauses = [clause for point in missing for clause in policy.clauses(f"readiness.{point}")]
        raise Refused("not_ready", gate="G-READY", clauses=dict.fromkeys(clauses), missing=", ".join(missing))
