"""Enrollment's doors in and out. Read this first."""

from services.enrollment.agreements.api import door as agreements
from services.enrollment.applications import commands as applications_commands
from services.enrollment.applications.api import door as applications
from services.enrollment.calendar.api import door as calendar
from services.enrollment.catalogue import commands as catalogue_commands
from services.enrollment.catalogue import handlers as catalogue_handlers
from services.enrollment.catalogue.api import door as catalogue
from services.enrollment.complaints import commands as complaints_commands
from services.enrollment.complaints.api import door as complaints
from services.enrollment.complaints.handlers import answer_with_outcome
from services.enrollment.directory.api import door as directory
from services.enrollment.imports import commands as imports_commands
from services.enrollment.imports.api import door as imports
from services.enrollment.notices.api import door as notices
from services.enrollment.placement import commands as placement_commands
from services.enrollment.placement import handlers as placement_handlers
from services.enrollment.placement.api import door as placement
from services.enrollment.plans.api import door as plans
from services.enrollment.policies.api import door as policies
from services.enrollment.readiness import commands as readiness_commands
from services.enrollment.readiness import handlers as readiness_handlers
from services.enrollment.readiness.api import door as readiness
from services.enrollment.surveys.api import door as surveys
from services.enrollment.tables import Tables
from shared.contracts.attendance import SafetyPackReady, TermArchiveSealed, VenueCheckFailed, VenueCheckPassed
from shared.contracts.finance import (
    FeePublicationInvalidated,
    FeePublicationVerified,
    InvoiceNotRequired,
    InvoiceSettled,
    RefundClosedZero,
    RefundPaid,
)
from shared.contracts.vetting import (
    ComplianceCaseClosed,
    ProviderContractActivated,
    ProviderContractTerminated,
    ProviderExiting,
    ProviderWhitelisted,
    StaffBlocked,
    StaffCleared,
    StaffExited,
    StaffExpired,
    StaffRestored,
    StaffSuspended,
)
from shared.service import Service, on

SERVICE = Service(
    name="enrollment",
    title="报名 Enrollment",
    tables=Tables.metadata,
    doors=(
        directory,
        imports,
        policies,
        calendar,
        surveys,
        plans,
        catalogue,
        notices,
        applications,
        agreements,
        placement,
        readiness,
        complaints,
    ),
    reactions=(
        on(FeePublicationVerified, catalogue_handlers.keep_verified_publication),
        on(FeePublicationVerified, readiness_handlers.look_at_funds),
        on(FeePublicationInvalidated, catalogue_handlers.suspend_unpublished_items),
        on(InvoiceNotRequired, placement_handlers.start_without_fee),
        on(InvoiceSettled, placement_handlers.start_settled),
        on(RefundPaid, placement_handlers.close_refunded),
        on(RefundClosedZero, placement_handlers.close_without_refund),
        on(StaffCleared, readiness_handlers.keep_cleared),
        on(StaffRestored, readiness_handlers.keep_cleared),
        on(StaffBlocked, readiness_handlers.keep_not_cleared),
        on(StaffSuspended, readiness_handlers.keep_not_cleared),
        on(StaffExpired, readiness_handlers.keep_not_cleared),
        on(StaffExited, readiness_handlers.keep_not_cleared),
        on(SafetyPackReady, readiness_handlers.keep_safety_pack),
        on(VenueCheckPassed, readiness_handlers.keep_passed_venue),
        on(VenueCheckFailed, readiness_handlers.keep_failed_venue),
        on(TermArchiveSealed, readiness_handlers.keep_sealed_archive),
        on(ProviderWhitelisted, catalogue_commands.keep_provider),
        on(ProviderContractActivated, catalogue_commands.keep_contract),
        on(ProviderContractTerminated, catalogue_commands.end_contract),
        on(ProviderExiting, catalogue_commands.follow_exit),
        on(ComplianceCaseClosed, answer_with_outcome),
    ),
    timers={
        applications_commands.STALLED: applications_commands.report_stalled,
        applications_commands.OFFER_ENDS: applications_commands.end_offer,
        placement_commands.FIRST_DAY: placement_commands.let_in,
        placement_commands.LAST_DAY: placement_commands.leave,
        placement_commands.LOOK_AGAIN: readiness_commands.look_again,
        catalogue_commands.DELISTING: readiness_commands.delist_for_exit,
        catalogue_commands.DELISTED: catalogue_commands.say_all_delisted,
        complaints_commands.ANSWER_DUE: complaints_commands.escalate_late,
        complaints_commands.OBJECTION_ENDS: complaints_commands.close_unopposed,
    },
    jobs={imports_commands.JOB: imports_commands.apply_chunk},
)
