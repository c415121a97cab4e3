"""When the end of a clearance is spoken of, and what is owed in writing to whoever may not serve."""

from datetime import date, timedelta

from shared.policy import Policy
from shared.states import Machine

WRITTEN_NOTICE = Machine("书面告知 written notice", "DUE", {("DUE", "deliver"): "DELIVERED"})

BLOCK, HIT = "BLOCK", "HIT"
"""What a written notice tells of: a block, or a hit that blocks nobody."""


def next_reminder(valid_until: date, today: date, policy: Policy) -> date | None:
    """The next day on which to remind of the end of a clearance; None when none is left (S14)."""
    days = (valid_until - timedelta(days=before) for before in policy.value("clearance.reminder_days"))
    return min((day for day in days if day > today), default=None)


def notice_due(decided_on: date, policy: Policy) -> date:
    """The last day to hand over the written notice of a decision (INV-VET-12)."""
    return decided_on + timedelta(days=policy.value("clearance.written_notice_days"))
