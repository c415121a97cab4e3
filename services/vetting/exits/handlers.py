"""What vetting does when the others are done with a provider."""

from services.vetting.exits import commands
from shared.contracts.attendance import SessionCancelled, SessionClosed
from shared.messaging.work import Work


def complete_after_session(work: Work, ended: SessionClosed | SessionCancelled) -> None:
    """A session is over or will not be held; `rosters` has followed it before."""
    commands.look_again(work, ended.item_id)
