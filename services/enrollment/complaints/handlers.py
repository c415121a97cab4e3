"""What becomes of a complaint when vetting has decided about the breach that it spoke of."""

from services.enrollment.complaints import commands
from shared.contracts.vetting import ComplianceCaseClosed
from shared.messaging.work import Work


def answer_with_outcome(work: Work, closed: ComplianceCaseClosed) -> None:
    """Whoever complained learns what the case came to; cases that nobody complained of are none of ours."""
    if closed.source_id is not None:
        commands.conclude(work, closed.source_id, outcome=closed.outcome)
