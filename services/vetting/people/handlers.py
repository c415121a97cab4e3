"""What vetting does when people are listed."""

from services.vetting.people import commands
from shared.contracts.enrollment import StaffMemberListed
from shared.messaging.work import Work


def take_over_staff_member(work: Work, listed: StaffMemberListed) -> None:
    """A staff member of the rostering data becomes known, uncleared."""
    commands.list_staff_member(work, listed.district_id, listed.school_id, listed.person_id, listed.role)
