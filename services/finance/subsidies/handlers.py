"""What finance does when a term's pupils were counted."""

from services.finance.subsidies import commands
from shared.contracts.attendance import HeadcountCounted
from shared.messaging.work import Work


def open_claim(work: Work, counted: HeadcountCounted) -> None:
    """A claim waits to be calculated."""
    commands.keep_count(work, counted)
