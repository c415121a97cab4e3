"""What finance does when a participation ends early."""

from services.finance.refunds import commands
from shared.contracts.enrollment import ParticipationWithdrawn
from shared.messaging.work import Work


def settle_withdrawal(work: Work, withdrawn: ParticipationWithdrawn) -> None:
    """One refund decision for each invoice of the participation."""
    commands.settle_withdrawal(work, withdrawn)
