"""When a pass holds (V10, INV-VET-11)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

GATE_PASS = Machine("入校凭证 gate pass", "ISSUED", {("ISSUED", "revoke"): "REVOKED", ("ISSUED", "expire"): "EXPIRED"})

Window = tuple[datetime, datetime]
"""From when to when, both ends in UTC."""


def windows(hours: Sequence[Window], policy: Policy) -> list[Window]:
    """Assignments' hours, each widened by the profile's tolerance at both ends; what then touches is one window."""
    tolerance = timedelta(minutes=policy.value("gate_pass.tolerance_minutes"))
    made: list[Window] = []
    for starts_at, ends_at in sorted(hours):
        opens, shuts = starts_at - tolerance, ends_at + tolerance
        if made and opens <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], shuts))
        else:
            made.append((opens, shuts))
    return made


def within(window: Window, parts: Sequence[Window]) -> list[Window]:
    """What is left of a window inside `parts`."""
    cut = [(max(window[0], opens), min(window[1], shuts)) for opens, shuts in parts]
    return [(opens, shuts) for opens, shuts in cut if opens < shuts]


def need_hours(hours: Sequence[Window], policy: Policy) -> None:
    """A pass is given around confirmed assignments only."""
    if not hours:
        raise Refused("no_assignment_that_day", gate="G-GATE", clauses=policy.clauses("gate_pass.tolerance_minutes"))


def need_shown_now(state: str, window: Window, now: datetime, policy: Policy) -> None:
    """A pass is shown while it holds; what a gate checks offline is made then and lives for moments."""
    clauses = policy.clauses("gate_pass.tolerance_minutes")
    if state != GATE_PASS.initial:
        raise Refused("gate_pass_revoked", gate="G-GATE", clauses=clauses)
    if not window[0] <= now < window[1]:
        raise Refused("gate_pass_not_now", gate="G-GATE", clauses=clauses)
