"""Reading complaints. Who sees which one is decided here, and who reads its words."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, false, func, or_, select, true

from services.enrollment.complaints import rules
from services.enrollment.tables import Complaint, ComplaintStep, ProviderStanding, StaffPost, StaffStanding, Survey
from shared.access_log import log_access
from shared.messaging.work import Work
from shared.policy.codes import PERSON, PROVIDER
from shared.policy.published import policy_of_district
from shared.refusals import Forbidden, NotFound
from shared.tables import pins, terms


def list_complaints(work: Work) -> Select[Complaint]:
    """One's own complaints; for whom it is a duty those of their schools, but none about themselves."""
    person, roles = work.caller.person_id, work.caller.roles
    of_others = true() if person is None else Complaint.target_id.is_distinct_from(person)
    if roles & rules.SEE_ALL:
        seen = of_others
    elif rules.SEE_FEES in roles:
        seen = and_(of_others, Complaint.topic == "FEE")
    else:
        seen = false()
    return select(Complaint).where(or_(Complaint.complainant_id == person, seen))


def find_complaint(work: Work, complaint_id: UUID) -> Complaint:
    """A complaint that the caller may see; raises NotFound."""
    return work.one(list_complaints(work).where(Complaint.id == complaint_id), thing="complaint")


def read_history(work: Work, complaint_id: UUID) -> dict[str, Any]:
    """What was said and done, words opened, for who complained and who handles it; the access is logged.

    The log names the complaint and nobody; who reads their own is not in it, since that would tell who complained.
    """
    complaint = find_complaint(work, complaint_id)
    if work.caller.person_id != complaint.complainant_id:
        if not work.caller.permissions & rules.HANDLE:
            raise Forbidden("complaint.answer")
        log_access(work, "enrollment.complaint", [complaint.id])
    steps = select(ComplaintStep).where(ComplaintStep.complaint_id == complaint.id)
    ordered = work.session.scalars(steps.order_by(ComplaintStep.at, ComplaintStep.id))
    return {"evidence_ref": complaint.evidence_ref, "steps": [_opened(work, step) for step in ordered]}


def _opened(work: Work, step: ComplaintStep) -> dict[str, Any]:
    sealed = step.text_sealed
    text = None if sealed is None else work.keyring.open(step.id, "text", sealed)
    return {"action": step.action, "at": step.at, "code": step.code, "text": text}


def need_target(work: Work, school_id: UUID, target_kind: str | None, target_id: UUID | None) -> None:
    """A person on the school's staff list or known to vetting, or a provider; raises NotFound."""
    known = {
        PERSON: or_(
            exists().where(StaffPost.person_id == target_id, StaffPost.school_id == school_id),
            exists().where(StaffStanding.id == target_id),
        ),
        PROVIDER: exists().where(ProviderStanding.id == target_id),
    }
    if target_kind in known and not work.session.scalar(select(known[target_kind])):
        raise NotFound(target_kind.lower())


def count_complaints(work: Work, first: date | None, last: date | None) -> list[Any]:
    """Complaints by topic, prohibition, school, month of filing and state."""
    month = func.to_char(Complaint.filed_on, "YYYY-MM").label("month")
    rows = select(Complaint.topic, Complaint.prohibition_code, Complaint.school_id, month, Complaint.state)
    if first is not None:
        rows = rows.where(Complaint.filed_on >= first)
    if last is not None:
        rows = rows.where(Complaint.filed_on <= last)
    one = rows.subquery()
    counted = select(*one.c, func.count().label("count")).group_by(*one.c).order_by(*one.c)
    return list(work.session.execute(counted))


def find_silent_schools(work: Work) -> list[Any]:
    """Schools with a running term from whose families nothing was heard in the profile's cycle so far.

    Heard is a complaint, a suggestion, or a survey that was closed. Where the profile listens all the time it sets no
    day by which a family must have spoken, so nobody is silent.
    """
    month = func.greatest(terms.c.starts_on, work.today.replace(day=1))
    since = {"term": terms.c.starts_on, "month": month}.get(policy_of_district(work).value("feedback_cycle"))
    if since is None:
        return []
    filed = exists().where(Complaint.school_id == pins.c.school_id, Complaint.filed_on >= since)
    asked = exists().where(Survey.school_id == pins.c.school_id, Survey.state == "CLOSED", Survey.closes_on >= since)
    caller = work.caller
    silent = (
        select(pins.c.school_id, pins.c.term_id, since.label("since"))
        .join(terms, terms.c.term_id == pins.c.term_id)
        .where(pins.c.district_id.in_(caller.district_ids), pins.c.state == "ACTIVE")
        .where(terms.c.starts_on <= work.today, terms.c.ends_on >= work.today, ~filed, ~asked)
        .order_by(pins.c.school_id, pins.c.term_id)
    )
    if caller.school_ids is not None:
        silent = silent.where(pins.c.school_id.in_(caller.school_ids))
    return list(work.session.execute(silent))
