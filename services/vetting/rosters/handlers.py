"""What vetting does when sessions are laid out, held or cancelled, and when somebody leaves a school."""

from services.vetting.people import commands as people
from services.vetting.rosters import commands
from shared.contracts.attendance import SessionCancelled, SessionClosed
from shared.contracts.enrollment import StaffMemberLeft
from shared.messaging.work import Work


def follow_left_staff_member(work: Work, left: StaffMemberLeft) -> None:
    """Somebody left a school: off its staff list, and off its roster."""
    people.strike_off(work, left.school_id, left.person_id)
    commands.leave_school(work, left.school_id, left.person_id)


def end_assignments_of_cancelled(work: Work, cancelled: SessionCancelled) -> None:
    """Nobody serves in a cancelled session."""
    commands.void_session(work, cancelled.session_id, "CANCELLED")


def mark_assignments_served(work: Work, closed: SessionClosed) -> None:
    """Who was assigned to a held session has served."""
    commands.void_session(work, closed.session_id, "CLOSED")
