"""Vetting's doors in and out. Read this first."""

from services.vetting.checks.api import door as checks
from services.vetting.clearances import commands as clearance_commands
from services.vetting.clearances import queries as clearance_queries
from services.vetting.clearances.api import door as clearances
from services.vetting.conduct.api import door as conduct
from services.vetting.duties.api import door as duties
from services.vetting.engagements.api import door as engagements
from services.vetting.gate_passes.api import door as gate_passes
from services.vetting.people.api import door as people
from services.vetting.people.handlers import take_over_staff_member
from services.vetting.providers.api import door as providers
from services.vetting.rosters import handlers as roster_handlers
from services.vetting.rosters.api import door as rosters
from services.vetting.substitutes import commands as substitute_commands
from services.vetting.substitutes.api import door as substitutes
from services.vetting.tables import Tables
from shared.contracts.attendance import SessionCancelled, SessionClosed, SessionsScheduled
from shared.contracts.enrollment import StaffMemberLeft, StaffMemberListed
from shared.contracts.vetting import StaffBlocked, StaffExpired, StaffSuspended
from shared.messaging.receipts import Receipts
from shared.policy import published
from shared.service import Service, on

SERVICE = Service(
    name="vetting",
    title="人员与第三方审核 Vetting",
    tables=Tables.metadata,
    doors=(people, clearances, checks, conduct, engagements, providers, rosters, substitutes, gate_passes, duties),
    reactions=(
        *published.REACTIONS,
        on(StaffMemberListed, take_over_staff_member),
        on(StaffMemberLeft, roster_handlers.follow_left_staff_member),
        on(SessionsScheduled, roster_handlers.take_over_sessions),
        on(SessionCancelled, roster_handlers.end_assignments_of_cancelled),
        on(SessionClosed, roster_handlers.mark_assignments_served),
    ),
    receipts=Receipts(
        listeners=clearance_queries.LISTENERS,
        types=(StaffBlocked.name, StaffSuspended.name, StaffExpired.name),
        newest=clearance_queries.newest_receipt,
        keep=clearance_commands.keep_receipts,
    ),
    signs=True,
    timers={
        "clearance.expiry": clearance_commands.expire,
        substitute_commands.TIMER: substitute_commands.escalate,
    },
)
