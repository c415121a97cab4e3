"""Reading violations."""

from services.attendance.tables import Violation
from shared.messaging.work import Work


def open_account(work: Work, violation: Violation) -> str:
    """What was seen, unsealed; the caller logs the access."""
    return work.keyring.open(violation.id, "account", violation.account_sealed)
