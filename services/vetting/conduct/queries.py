"""Reading conduct records."""

from services.vetting.tables import ConductRecord
from shared.messaging.work import Work


def open_account(work: Work, record: ConductRecord) -> str:
    """What was said, unsealed; the caller logs the access."""
    return work.keyring.open(record.id, "account", record.account_sealed)
