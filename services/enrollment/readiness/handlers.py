"""What enrollment does when the others speak about people, venues and safety."""

from services.enrollment.catalogue import commands as catalogue
from services.enrollment.directory.queries import is_cleared
from services.enrollment.readiness import commands
from shared.contracts.attendance import SafetyPackReady, TermArchiveSealed, VenueCheckFailed, VenueCheckPassed
from shared.contracts.finance import FeePublicationVerified
from shared.contracts.vetting import (
    StaffBlocked,
    StaffCleared,
    StaffExited,
    StaffExpired,
    StaffRestored,
    StaffSuspended,
)
from shared.messaging.work import Work


def keep_cleared(work: Work, cleared: StaffCleared | StaffRestored) -> None:
    """A person may lead."""
    epoch = cleared.clearance_epoch
    commands.keep_standing(work, cleared.person_id, is_cleared=True, epoch=epoch, valid_until=cleared.valid_until)
    commands.reconcile_led_by(work, cleared.person_id)


def keep_not_cleared(work: Work, lost: StaffBlocked | StaffSuspended | StaffExpired | StaffExited) -> None:
    """A person may lead no more: no further sign-up to what they lead, and families learn that, not why (S3)."""
    was_cleared = is_cleared(work, lost.person_id)
    commands.keep_standing(work, lost.person_id, is_cleared=False, epoch=lost.clearance_epoch, valid_until=None)
    if not is_cleared(work, lost.person_id):
        catalogue.suspend_led_by(work, lost.person_id)
        if was_cleared:
            commands.tell_families_led_by(work, lost.person_id)


def look_at_funds(work: Work, verified: FeePublicationVerified) -> None:
    """A published fee may be the last point that was missing."""
    commands.reconcile_school(work, verified.school_id)


def keep_passed_venue(work: Work, passed: VenueCheckPassed) -> None:
    """A venue may be used until a date."""
    commands.keep_venue(work, passed.school_id, passed.venue_id, passed.valid_until)


def keep_failed_venue(work: Work, failed: VenueCheckFailed) -> None:
    """A venue may not be used."""
    commands.keep_venue(work, failed.school_id, failed.venue_id, None)


def keep_safety_pack(work: Work, ready: SafetyPackReady) -> None:
    """Safety systems, emergency plan and pickup rules stand for a term."""
    commands.keep_term(work, ready.school_id, ready.term_id, is_safe=True)


def keep_sealed_archive(work: Work, sealed: TermArchiveSealed) -> None:
    """The plan may close."""
    commands.keep_term(work, sealed.school_id, sealed.term_id, is_sealed=True)
