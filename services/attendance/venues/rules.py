"""When a venue may be used (G-VENUE), and how a hazard goes (A8)."""

from dataclasses import dataclass
from datetime import date, timedelta

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

HAZARD = Machine(
    "隐患 hazard",
    "OPEN",
    {
        ("OPEN", "rectify"): "RECTIFYING",
        ("RECTIFYING", "close"): "VERIFIED_CLOSED",
    },
)

SEVERITIES = ("MINOR", "MAJOR", "CRITICAL")
MAX_AGE = "safety.venue_check_max_age_days"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A venue as its newest check and its hazards show it."""

    scope: str
    checked_on: date | None
    passed: bool
    has_critical_hazard: bool


def need_scope(scope: str, policy: Policy) -> None:
    """The profile says whether the service may leave the campus."""
    if scope not in policy.value("venue.scope"):
        raise Refused("venue_out_of_scope", gate="G-VENUE", clauses=policy.clauses("venue.scope"), scope=scope)


def need_area(area: str, policy: Policy) -> None:
    """Hazards lie in one of the areas that the profile names."""
    if area not in policy.value("safety.hazard_areas"):
        raise Refused("hazard_area_unknown", area=area)


def valid_until(checked_on: date, policy: Policy) -> date:
    """The last day on which a check holds."""
    return checked_on + timedelta(days=policy.value(MAX_AGE))


def g_venue(condition: Condition, on: date, policy: Policy) -> None:
    """G-VENUE: in scope, checked lately and passed, without an open critical hazard (INV-ATT-14)."""
    need_scope(condition.scope, policy)
    clauses = (*policy.clauses("safety.systems"), *policy.clauses(MAX_AGE))
    if condition.checked_on is None or valid_until(condition.checked_on, policy) < on:
        raise Refused("venue_check_missing", gate="G-VENUE", clauses=clauses, days=policy.value(MAX_AGE))
    if not condition.passed:
        raise Refused("venue_check_failed", gate="G-VENUE", clauses=clauses)
    if condition.has_critical_hazard:
        raise Refused("venue_hazard_open", gate="G-VENUE", clauses=policy.clauses("safety.hazard_areas"))
