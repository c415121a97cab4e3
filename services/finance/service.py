"""Finance's doors in and out. Read this first."""

from services.finance.billing import commands as billing_commands
from services.finance.billing import handlers as billing_handlers
from services.finance.expenditures.api import door as expenditures
from services.finance.fee_standards import commands as fee_standards_commands
from services.finance.fee_standards.api import door as fee_standards
from services.finance.invoices import commands as invoices_commands
from services.finance.invoices.api import door as invoices
from services.finance.ledger.api import door as ledger
from services.finance.pay import commands as pay_commands
from services.finance.pay import handlers as pay_handlers
from services.finance.pay.api import door as pay
from services.finance.pay_runs.api import door as pay_runs
from services.finance.payments.api import door as payments
from services.finance.publications import commands as publications_commands
from services.finance.publications.api import door as publications
from services.finance.refunds import commands as refunds_commands
from services.finance.refunds.api import door as refunds
from services.finance.settlements import commands as settlements_commands
from services.finance.settlements.api import door as settlements
from services.finance.statements.api import door as statements
from services.finance.subsidies import commands as subsidies_commands
from services.finance.subsidies.api import door as subsidies
from services.finance.tables import Tables
from services.finance.waivers.api import door as waivers
from shared.contracts.attendance import HeadcountCounted, SessionCancelled, SessionClosed, StaffServiceRecorded
from shared.contracts.enrollment import (
    CalendarPublished,
    GuardianLinkEnded,
    GuardianLinkVerified,
    ItemApproved,
    ItemDelisted,
    ItemListed,
    ParticipationConfirmed,
    ParticipationWithdrawn,
    PlanActivated,
    PlanFiled,
    PolicyProfilePublished,
    PupilMoved,
    PupilRegistered,
)
from shared.contracts.vetting import (
    EngagementActivated,
    EngagementTerminated,
    ProviderContractActivated,
    ProviderContractTerminated,
    StaffBlocked,
    StaffCleared,
    StaffExited,
    StaffExpired,
    StaffRegistered,
    StaffRestored,
    StaffSuspended,
)
from shared.policy import published
from shared.service import Service, on

FAMILIES_AND_FEES = (
    on(PupilRegistered, billing_handlers.take_over_pupil),
    on(PupilMoved, billing_handlers.take_over_pupil),
    on(GuardianLinkVerified, billing_handlers.take_over_guardian),
    on(GuardianLinkEnded, billing_handlers.take_over_guardian),
    on(ItemApproved, billing_handlers.take_over_item),
    on(ItemListed, billing_handlers.take_over_item),
    on(ParticipationConfirmed, billing_commands.bill_participation),
    on(ParticipationWithdrawn, refunds_commands.settle_withdrawal),
    on(ItemDelisted, refunds_commands.follow_delisted),
    on(PlanFiled, billing_handlers.bill_what_waited_for_plan),
    on(PlanActivated, billing_handlers.bill_what_waited_for_plan),
    on(PolicyProfilePublished, billing_handlers.bill_what_waited_for_policy),
    on(CalendarPublished, billing_handlers.bill_what_waited_for_calendar),
)

PAY = (
    on(StaffServiceRecorded, pay_commands.keep_service),
    on(SessionClosed, pay_commands.keep_session),
    on(SessionCancelled, pay_commands.keep_session),
    on(StaffRegistered, pay_handlers.meet_person),
    on(StaffCleared, pay_handlers.pay_cleared),
    on(StaffRestored, pay_handlers.pay_cleared),
    on(StaffSuspended, pay_handlers.stop_pay),
    on(StaffBlocked, pay_handlers.stop_pay),
    on(StaffExpired, pay_handlers.stop_pay),
    on(StaffExited, pay_handlers.stop_pay),
    on(EngagementActivated, pay_commands.keep_contract),
    on(EngagementTerminated, pay_handlers.end_rate),
    on(ItemApproved, pay_handlers.price_what_waited_for_item),
    on(PlanFiled, pay_handlers.price_what_waited_for_plan),
    on(PolicyProfilePublished, pay_handlers.price_what_waited_for_policy),
)

TERM_END = (
    on(HeadcountCounted, subsidies_commands.open_claim),
    on(ProviderContractActivated, settlements_commands.keep_contract),
    on(ProviderContractTerminated, settlements_commands.end_contract),
)

SERVICE = Service(
    name="finance",
    title="经费 Finance",
    tables=Tables.metadata,
    doors=(
        fee_standards,
        publications,
        invoices,
        waivers,
        payments,
        refunds,
        ledger,
        expenditures,
        pay,
        pay_runs,
        settlements,
        subsidies,
        statements,
    ),
    reactions=(*published.REACTIONS, *FAMILIES_AND_FEES, *PAY, *TERM_END),
    timers={
        invoices_commands.DUE: invoices_commands.mark_overdue,
        billing_commands.COLLECTION: billing_commands.begin_collection,
        billing_commands.LEFT: refunds_commands.settle_left,
        fee_standards_commands.EFFECTIVE: fee_standards_commands.take_effect,
        publications_commands.REVERIFY: publications_commands.expire,
    },
)
