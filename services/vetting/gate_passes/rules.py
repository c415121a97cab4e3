"""When a pass holds (V10, INV-VET-11)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

GATE_PASS = Machine("入校凭证 gate pass", "ISSUED", {("ISSUED", "revoke"): "REVOKED", ("ISSUED", "expire"): "EXPIRED"})


def window(hours: Sequence[tuple[datetime, datetime]], policy: Policy) -> tuple[datetime, datetime]:
    """From the first start to the last end of one day's confirmed assignments, widened by the profile's tolerance."""
    if not hours:
        raise Refused("no_assignment_that_day", gate="G-GATE", clauses=policy.clauses("gate_pass.tolerance_minutes"))
    tolerance = timedelta(minutes=policy.value("gate_pass.tolerance_minutes"))
    return min(start for start, _ in hours) - tolerance, max(end for _, end in hours) + tolerance
