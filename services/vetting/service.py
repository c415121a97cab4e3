"""Vetting's doors in and out. Read this first."""

from services.vetting.checks import commands as check_commands
from services.vetting.checks.api import door as checks
from services.vetting.clearances import commands as clearance_commands
from services.vetting.clearances.api import door as clearances
from services.vetting.conduct import commands as conduct_commands
from services.vetting.conduct.api import door as conduct
from services.vetting.duties.api import door as duties
from services.vetting.engagements import commands as engagement_commands
from services.vetting.engagements.api import door as engagements
from services.vetting.gate_passes.api import door as gate_passes
from services.vetting.people.api import door as people
from services.vetting.people.handlers import take_over_staff_member
from services.vetting.providers.api import door as providers
from services.vetting.reviews.api import door as reviews
from services.vetting.rosters import handlers as roster_handlers
from services.vetting.rosters.api import door as rosters
from services.vetting.substitutes import commands as substitute_commands
from services.vetting.substitutes.api import door as substitutes
from services.vetting.tables import Tables
from shared.contracts.attendance import SessionCancelled, SessionClosed, SessionsScheduled
from shared.contracts.enrollment import StaffMemberLeft, StaffMemberListed
from shared.policy import published
from shared.service import Service, on

SERVICE = Service(
    name="vetting",
    title="人员与第三方审核 Vetting",
    tables=Tables.metadata,
    doors=(
        people,
        clearances,
        checks,
        conduct,
        reviews,
        engagements,
        providers,
        rosters,
        substitutes,
        gate_passes,
        duties,
    ),
    reactions=(
        *published.REACTIONS,
        on(StaffMemberListed, take_over_staff_member),
        on(StaffMemberLeft, roster_handlers.follow_left_staff_member),
        on(SessionsScheduled, roster_handlers.take_over_sessions),
        on(SessionCancelled, roster_handlers.end_assignments_of_cancelled),
        on(SessionClosed, roster_handlers.mark_assignments_served),
    ),
    timers={
        check_commands.EXPIRY: check_commands.expire,
        clearance_commands.EXPIRY: clearance_commands.expire,
        clearance_commands.REMINDER: clearance_commands.remind,
        conduct_commands.LAPSE: conduct_commands.lapse,
        engagement_commands.EXPIRY: engagement_commands.expire,
        substitute_commands.TIMER: substitute_commands.escalate,
    },
    jobs={
        check_commands.REQUEST_DUE: check_commands.request_due_chunk,
        check_commands.KEEP_RESULTS: check_commands.keep_results_chunk,
    },
)
