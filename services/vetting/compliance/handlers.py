"""Cases that begin with what the others noticed (S12)."""

from services.vetting.compliance import commands, queries
from shared.clock import local_date
from shared.contracts.attendance import EntryRefused, ViolationDetected
from shared.contracts.enrollment import ComplaintOpened
from shared.contracts.finance import MoneyViolationDetected
from shared.messaging.work import Work

UNVETTED_ENTRY = "PB08"


def open_for_complaint(work: Work, opened: ComplaintOpened) -> None:
    """A complaint that speaks of a prohibition is examined as a case of its own, since each family gets an answer."""
    if opened.prohibition_code is not None:
        commands.open_heard(
            work,
            opened,
            prohibition_code=opened.prohibition_code,
            happened_on=opened.on,
            target_kind=opened.target_kind,
            target_id=opened.target_id,
            joins=False,
        )


def open_for_violation(work: Work, detected: ViolationDetected) -> None:
    """Somebody on the spot saw a prohibition broken."""
    commands.open_heard(
        work,
        detected,
        prohibition_code=detected.prohibition_code,
        happened_on=detected.on,
        target_kind=detected.target_kind,
        target_id=detected.target_id,
        evidence_ref=detected.evidence_ref,
    )


def open_for_money(work: Work, detected: MoneyViolationDetected) -> None:
    """Finance saw money move as it must not."""
    commands.open_heard(
        work,
        detected,
        prohibition_code=detected.prohibition_code,
        happened_on=detected.on,
        evidence_ref=detected.evidence_ref,
    )


def open_for_refused_entry(work: Work, refused: EntryRefused) -> None:
    """Somebody who is blocked stood at a school's gate; whoever only had no pass is no case."""
    if refused.person_id is not None and queries.is_blocked(work, refused.person_id):
        commands.open_heard(
            work,
            refused,
            prohibition_code=UNVETTED_ENTRY,
            happened_on=local_date(refused.at),
            target_kind="PERSON",
            target_id=refused.person_id,
        )
