"""Requesting checks and recording what the authority answered."""

from datetime import date, timedelta
from uuid import UUID

from services.vetting.checks import rules
from services.vetting.clearances import commands as clearances
from services.vetting.people import queries as people
from services.vetting.people.rules import need_consent
from services.vetting.tables import Check
from shared.messaging.work import Work
from shared.policy.published import policy_of_district


def request_check(work: Work, *, person_id: UUID, kind: str) -> Check:
    """Ask for a check; refused without the person's consent."""
    person = people.find_person(work, person_id)
    need_consent(person.consent_at is not None, policy_of_district(work))
    return work.add(Check(district_id=person.district_id, person_id=person_id, kind=kind, state=rules.CHECK.initial))


def submit_check(work: Work, check_id: UUID) -> Check:
    """The request went to the authority."""
    check = work.get(Check, check_id, lock=True)
    check.state = rules.CHECK.move(check.state, "submit")
    return check


def record_result(work: Work, check_id: UUID, *, result: str, as_of: date, evidence_ref: str) -> Check:
    """Keep the authority's answer; a hit blocks the person in this transaction (高检发〔2020〕14号: 立即停止工作)."""
    check = work.get(Check, check_id, lock=True)
    rules.need_past(as_of, work.today)
    check.state = rules.CHECK.move(check.state, rules.RESULTS[result])
    check.as_of, check.evidence_ref, check.recorded_by = as_of, evidence_ref, work.caller.subject
    check.expires_on = as_of + timedelta(days=policy_of_district(work).value("clearance.max_age_days"))
    if result == "HIT":
        clearances.block(work, check.person_id, "STATUTORY")
    return check
