"""Reading conduct records."""

from services.vetting.tables import ConductRecord
from shared.messaging.work import Work
from shared.refusals import NotFound


def open_account(work: Work, record: ConductRecord) -> str:
    """What was said, unsealed; the caller logs the access. NotFound for a hit, whose detail is with its check."""
    if record.account_sealed is None:
        raise NotFound("account")
    return work.keyring.open(record.id, "account", record.account_sealed)
