"""Vetting's doors in and out. Read this first."""

from services.vetting.checks import commands as check_commands
from services.vetting.checks.api import door as checks
from services.vetting.clearances import commands as clearance_commands
from services.vetting.clearances import queries as clearance_queries
from services.vetting.clearances.api import door as clearances
from services.vetting.compliance import handlers as compliance_handlers
from services.vetting.compliance.api import door as compliance
from services.vetting.conduct import commands as conduct_commands
from services.vetting.conduct.api import door as conduct
from services.vetting.conduct.handlers import examine_involved
from services.vetting.duties.api import door as duties
from services.vetting.duty_sheets.api import door as duty_sheets
from services.vetting.engagements import commands as engagement_commands
from services.vetting.engagements.api import door as engagements
from services.vetting.exits import commands as exit_commands
from services.vetting.exits.api import door as exits
from services.vetting.exits.handlers import complete_after_session
from services.vetting.gate_passes import commands as gate_pass_commands
from services.vetting.gate_passes.api import door as gate_passes
from services.vetting.people.api import door as people
from services.vetting.people.handlers import take_over_staff_member
from services.vetting.providers import commands as provider_commands
from services.vetting.providers.api import door as providers
from services.vetting.reports.api import door as reports
from services.vetting.reviews.api import door as reviews
from services.vetting.rosters import handlers as roster_handlers
from services.vetting.rosters.api import door as rosters
from services.vetting.schedule import commands as schedule_commands
from services.vetting.schedule.api import door as schedule
from services.vetting.substitutes import commands as substitute_commands
from services.vetting.substitutes.api import door as substitutes
from services.vetting.tables import Tables
from shared.contracts.attendance import (
    EntryRefused,
    IncidentReported,
    SessionCancelled,
    SessionClosed,
    SessionsScheduled,
    ViolationDetected,
)
from shared.contracts.enrollment import (
    ComplaintOpened,
    ItemApproved,
    ProviderItemsDelisted,
    RollChanged,
    StaffMemberLeft,
    StaffMemberListed,
)
from shared.contracts.finance import ItemRefundsClosed, MoneyViolationDetected, ProviderSettlementClosed
from shared.contracts.vetting import StaffBlocked, StaffExited, StaffExpired, StaffSuspended
from shared.messaging.receipts import Receipts
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
        schedule,
        rosters,
        substitutes,
        gate_passes,
        duties,
        duty_sheets,
        exits,
        compliance,
        reports,
    ),
    reactions=(
        *published.REACTIONS,
        on(StaffMemberListed, take_over_staff_member),
        on(StaffMemberLeft, roster_handlers.follow_left_staff_member),
        on(ItemApproved, schedule_commands.keep_item),
        on(RollChanged, schedule_commands.keep_roll_change),
        on(SessionsScheduled, schedule_commands.plan_sessions),
        on(SessionCancelled, roster_handlers.end_assignments_of_cancelled),
        on(SessionClosed, roster_handlers.mark_assignments_served),
        on(SessionCancelled, complete_after_session),
        on(SessionClosed, complete_after_session),
        on(ProviderItemsDelisted, exit_commands.keep_delisted),
        on(ProviderSettlementClosed, exit_commands.keep_settlement),
        on(ItemRefundsClosed, exit_commands.keep_refunded),
        on(ComplaintOpened, compliance_handlers.open_for_complaint),
        on(ViolationDetected, compliance_handlers.open_for_violation),
        on(MoneyViolationDetected, compliance_handlers.open_for_money),
        on(EntryRefused, compliance_handlers.open_for_refused_entry),
        on(IncidentReported, examine_involved),
    ),
    receipts=Receipts(
        listeners=clearance_queries.LISTENERS,
        types=(StaffBlocked.name, StaffSuspended.name, StaffExpired.name, StaffExited.name),
        newest=clearance_queries.newest_receipt,
        keep=clearance_commands.keep_receipts,
    ),
    signs=True,
    timers={
        check_commands.EXPIRY: check_commands.expire,
        clearance_commands.EXPIRY: clearance_commands.expire,
        clearance_commands.REMINDER: clearance_commands.remind,
        conduct_commands.LAPSE: conduct_commands.lapse,
        engagement_commands.EXPIRY: engagement_commands.expire,
        substitute_commands.TIMER: substitute_commands.escalate,
        gate_pass_commands.EXPIRY: gate_pass_commands.expire,
        provider_commands.RECTIFICATION: provider_commands.mark_overdue,
        provider_commands.CONTRACT_END: exit_commands.end_contract,
        exit_commands.EFFECT: exit_commands.take_effect,
    },
    jobs={
        check_commands.REQUEST_DUE: check_commands.request_due_chunk,
        check_commands.KEEP_RESULTS: check_commands.keep_results_chunk,
    },
)
