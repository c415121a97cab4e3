"""What attendance does when vetting speaks of people and rosters, and when a group closes."""

from collections.abc import Sequence

from services.attendance.directory import commands as directory
from services.attendance.presence import commands as presence
from services.attendance.presence.commands import Word
from services.attendance.sessions import commands
from shared.contracts.enrollment import GroupClosed
from shared.contracts.vetting import (
    AssignmentsConfirmed,
    AssignmentsRemoved,
    StaffBlocked,
    StaffCleared,
    StaffExited,
    StaffExpired,
    StaffRestored,
    StaffSuspended,
    SubstituteUnfilled,
)
from shared.messaging.work import Work
from shared.service import on, on_many

STATES = {StaffSuspended: "SUSPENDED", StaffBlocked: "BLOCKED", StaffExpired: "EXPIRED", StaffExited: "EXITED"}


def follow_clearances_given(work: Work, said: Sequence[StaffCleared | StaffRestored]) -> None:
    """People may serve; a restoration also tells that everything before it was lost.

    Nobody leaves by this: whoever lost a clearance was checked out by the event that took it.
    """
    presence.keep_clearances(
        work,
        [
            Word(
                id=one.person_id,
                category=one.category,
                state="CLEARED",
                epoch=one.clearance_epoch,
                lost_epoch=one.clearance_epoch - 1 if isinstance(one, StaffRestored) else 0,
                valid_until=one.valid_until,
            )
            for one in said
        ],
    )
    commands.follow_clearances(work, [one.person_id for one in said])


def follow_clearance_lost(work: Work, said: StaffSuspended | StaffBlocked | StaffExpired | StaffExited) -> None:
    """A person may not serve any more: off every session, out of the door, the children to somebody else."""
    word = Word(
        id=said.person_id,
        category=said.category,
        state=STATES[type(said)],
        epoch=said.clearance_epoch,
        lost_epoch=said.clearance_epoch,
        reason_class=None if isinstance(said, StaffExpired | StaffExited) else said.reason_class,
    )
    presence.keep_clearances(work, [word])
    commands.follow_loss(work, said.person_id)


def follow_confirmed(work: Work, said: AssignmentsConfirmed) -> None:
    """A person is on the roster of sessions."""
    presence.keep_confirmed(work, said)
    commands.follow_roster(work, [one.session_id for one in said.assigned])


def follow_removed(work: Work, said: AssignmentsRemoved) -> None:
    """A person is off the roster of sessions."""
    presence.keep_removed(work, said)
    commands.follow_roster(work, [one.session_id for one in said.removed])


def warn_of_vacancy(work: Work, said: SubstituteUnfilled) -> None:
    """Nobody takes a vacancy."""
    commands.warn_unfilled(work, said.session_id)


def follow_closed_group(work: Work, closed: GroupClosed) -> None:
    """A group meets no more."""
    directory.close_group(work, closed)
    commands.cancel_of_closed_group(work, closed.group_id)


REACTIONS = (
    on_many(StaffCleared, follow_clearances_given),
    on_many(StaffRestored, follow_clearances_given),
    on(StaffSuspended, follow_clearance_lost),
    on(StaffBlocked, follow_clearance_lost),
    on(StaffExpired, follow_clearance_lost),
    on(StaffExited, follow_clearance_lost),
    on(AssignmentsConfirmed, follow_confirmed),
    on(AssignmentsRemoved, follow_removed),
    on(SubstituteUnfilled, warn_of_vacancy),
    on(GroupClosed, follow_closed_group),
)
