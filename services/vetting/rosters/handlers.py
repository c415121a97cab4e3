"""What vetting does when sessions are laid out, held or cancelled."""

from services.vetting.rosters import commands
from shared.contracts.attendance import SessionCancelled, SessionClosed, SessionsScheduled
from shared.messaging.work import Work


def take_over_sessions(work: Work, scheduled: SessionsScheduled) -> None:
    """Know the sessions that people may be assigned to."""
    commands.plan_sessions(work, scheduled)


def end_assignments_of_cancelled(work: Work, cancelled: SessionCancelled) -> None:
    """Nobody serves in a cancelled session."""
    commands.void_session(work, cancelled.session_id, "CANCELLED")


def mark_assignments_served(work: Work, closed: SessionClosed) -> None:
    """Who was assigned to a held session has served."""
    commands.void_session(work, closed.session_id, "CLOSED")
