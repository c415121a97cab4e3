"""What attendance does when enrollment verifies guardians."""

from services.attendance.pickups import commands
from shared.contracts.enrollment import GuardianLinkEnded, GuardianLinkVerified
from shared.service import on

REACTIONS = (
    on(GuardianLinkVerified, commands.keep_guardian),
    on(GuardianLinkEnded, commands.keep_guardian),
)
