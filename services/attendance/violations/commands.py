"""Writing down what was seen."""

from datetime import date
from typing import Any
from uuid import UUID

from services.attendance.presence import commands as presence
from services.attendance.sessions import queries as sessions
from services.attendance.tables import Violation
from services.attendance.violations import rules
from shared.contracts.attendance import ViolationDetected
from shared.ids import new_id
from shared.messaging.work import Work


def report(
    work: Work,
    *,
    school_id: UUID,
    prohibition_code: str,
    target_kind: str,
    target_id: UUID,
    on: date,
    account: str,
    evidence_ref: str,
    session_id: UUID | None = None,
) -> Violation:
    """Keep that a prohibition seems to be broken, and say it; it is no finding."""
    work.caller.need_school(school_id)
    presence.need_role_or_leading(work, school_id, rules.ON_THE_SPOT)
    rules.need_seen(on, work.today)
    rules.need_target(target_kind, target_id, school_id)
    if session_id is not None:
        sessions.need_at_school(work, session_id, school_id)
    seen: dict[str, Any] = {
        "district_id": work.caller.district_id,
        "school_id": school_id,
        "prohibition_code": prohibition_code,
        "target_kind": target_kind,
        "target_id": target_id,
        "on": on,
        "evidence_ref": evidence_ref,
    }
    violation_id = new_id()
    violation = work.add(
        Violation(
            **seen,
            id=violation_id,
            session_id=session_id,
            account_sealed=work.keyring.seal(violation_id, "account", account),
            reported_by=work.caller.subject,
        )
    )
    work.emit(ViolationDetected(**seen, violation_id=violation_id))
    return violation
