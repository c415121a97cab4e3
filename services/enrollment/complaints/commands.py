"""Filing, routing, answering, objecting; and what happens when nobody answers, or nobody objects."""

from typing import Any
from uuid import UUID

from services.enrollment.complaints import queries, rules
from services.enrollment.tables import Complaint, ComplaintStep, School
from shared.clock import day_ends
from shared.contracts.enrollment import ComplaintClosed, ComplaintOpened
from shared.ids import new_id
from shared.messaging.work import Work
from shared.notifications import notify
from shared.policy.published import policy_of_district
from shared.refusals import NotFound
from shared.timers import cancel_timer, set_timer

ANSWER_DUE = "complaint.answer_due"
OBJECTION_ENDS = "complaint.objection_ends"


# Who complains


def file_complaint(work: Work, *, school_id: UUID, text: str, **told: Any) -> Complaint:
    """Keep what a family complains of or suggests; an answer is due within the profile's days.

    `told`: topic, happened_on, prohibition_code, target_kind, target_id, evidence_ref. No link to a child of the
    school is asked for: it may be what the complaint is about.
    """
    person_id = work.caller.person_id
    if person_id is None:
        raise NotFound("person")
    school = work.get(School, school_id)
    rules.need_sense(told["happened_on"], work.today, school.id, told["target_kind"], told["target_id"])
    queries.need_target(work, school.id, told["target_kind"], told["target_id"])
    complaint = work.add(
        Complaint(
            district_id=school.district_id,
            school_id=school.id,
            complainant_id=person_id,
            filed_on=work.today,
            state=rules.COMPLAINT.initial,
            answer_by=rules.last_day(work.today, "answer_days", policy_of_district(work)),
            **told,
        )
    )
    _note(work, complaint, "file", text=text)
    set_timer(work, ANSWER_DUE, complaint.id, day_ends(complaint.answer_by))
    _say_opened(work, complaint)
    return complaint


def accept(work: Work, complaint_id: UUID) -> Complaint:
    """The complainant is content with the answer."""
    return _close(work, _own(work, complaint_id), "accept")


def object_to_answer(work: Work, complaint_id: UUID, *, text: str) -> Complaint:
    """The complainant is not content: the district answers, for good. In the profile's days, and so once."""
    complaint = _move(work, _own(work, complaint_id), "object", text=text)
    clauses = policy_of_district(work).clauses("complaints.objection_days")
    rules.need_in_time(complaint.object_until, work.today, clauses)
    cancel_timer(work, OBJECTION_ENDS, complaint.id)
    return complaint


def _own(work: Work, complaint_id: UUID) -> Complaint:
    """The complaint, locked, for who filed it; raises NotFound for everybody else."""
    complaint = work.get(Complaint, complaint_id, lock=True)
    if complaint.complainant_id != work.caller.person_id:
        raise NotFound("complaint")
    return complaint


# Who handles it


def acknowledge(work: Work, complaint_id: UUID) -> Complaint:
    """Say that it has arrived and is looked into."""
    return _move(work, _to_handle(work, complaint_id, "acknowledge"), "acknowledge")


def route(work: Work, complaint_id: UUID, *, service: str) -> Complaint:
    """Name the service that answers for it."""
    complaint = _move(work, _to_handle(work, complaint_id, "route"), "route", code=service)
    complaint.service = service
    return complaint


def escalate(work: Work, complaint_id: UUID) -> Complaint:
    """The school cannot settle it: the district answers."""
    return _move(work, _to_handle(work, complaint_id, "escalate"), "escalate", code="NOT_SETTLED")


def answer(work: Work, complaint_id: UUID, *, text: str) -> Complaint:
    """Answer in writing: for the school, or for the district what was escalated."""
    complaint = _to_handle(work, complaint_id, "answer")
    caller = work.caller
    rules.need_instance(complaint.state, caller.roles, caller.subject, complaint.answered_by)
    complaint.answered_by = caller.subject
    return _answered(work, _move(work, complaint, "answer", text=text))


def _to_handle(work: Work, complaint_id: UUID, action: str) -> Complaint:
    """The complaint, locked, for somebody who has no part in it."""
    complaint = work.get(Complaint, complaint_id, lock=True)
    rules.need_handler(action, work.caller.person_id, complaint.complainant_id, complaint.target_id)
    return complaint


# What comes by itself


def conclude(work: Work, complaint_id: UUID, *, outcome: str) -> None:
    """Vetting closed a case that may have come of a complaint: its outcome is told, and the answer if there was none.

    What opens a case may also be a violation or an entry at the gate; that is no complaint, and nobody here waits.
    """
    complaint = work.session.get(Complaint, complaint_id, with_for_update=True)
    if complaint is None:
        return
    if complaint.state in rules.WAITING:
        _answered(work, _move(work, complaint, "conclude", code=outcome))
    else:
        _note(work, complaint, "conclude", code=outcome)


def escalate_late(work: Work, complaint_id: UUID) -> None:
    """No answer in time (timer): the district answers."""
    complaint = work.get(Complaint, complaint_id, lock=True)
    if complaint.state in rules.UNANSWERED:
        _move(work, complaint, "escalate", code="LATE")


def close_unopposed(work: Work, complaint_id: UUID) -> None:
    """Nobody objected in time (timer)."""
    complaint = work.get(Complaint, complaint_id, lock=True)
    if complaint.state == "ANSWERED":
        _close(work, complaint, "close")


# Steps


def _answered(work: Work, complaint: Complaint) -> Complaint:
    """The complainant has days to object; the answer to an objection is the last word."""
    if complaint.object_until is not None:
        return _close(work, complaint, "close")
    complaint.object_until = rules.last_day(work.today, "objection_days", policy_of_district(work))
    set_timer(work, OBJECTION_ENDS, complaint.id, day_ends(complaint.object_until))
    return complaint


def _close(work: Work, complaint: Complaint, action: str) -> Complaint:
    _move(work, complaint, action)
    cancel_timer(work, OBJECTION_ENDS, complaint.id)
    closed = ComplaintClosed(
        district_id=complaint.district_id, school_id=complaint.school_id, complaint_id=complaint.id
    )
    work.emit(closed, unnamed=True)
    return complaint


def _say_opened(work: Work, complaint: Complaint) -> None:
    opened = ComplaintOpened(
        district_id=complaint.district_id,
        school_id=complaint.school_id,
        complaint_id=complaint.id,
        topic=complaint.topic,
        prohibition_code=complaint.prohibition_code,
        target_kind=complaint.target_kind,
        target_id=complaint.target_id,
        on=complaint.happened_on,
    )
    work.emit(opened, unnamed=True)


def _move(
    work: Work, complaint: Complaint, action: str, *, code: str | None = None, text: str | None = None
) -> Complaint:
    """One step on."""
    complaint.state = rules.COMPLAINT.move(complaint.state, action)
    _note(work, complaint, action, code=code, text=text)
    return complaint


def _note(work: Work, complaint: Complaint, action: str, *, code: str | None = None, text: str | None = None) -> None:
    """Keep who did what, and tell the complainant where it is news."""
    step_id = new_id()
    work.add(
        ComplaintStep(
            id=step_id,
            district_id=complaint.district_id,
            school_id=complaint.school_id,
            complaint_id=complaint.id,
            action=action,
            actor=work.caller.subject,
            at=work.now,
            code=code,
            text_sealed=None if text is None else work.keyring.seal(step_id, "text", text),
        )
    )
    if action in rules.TOLD:
        told = {"complaint_id": str(complaint.id), "state": complaint.state}
        notify(work, complaint.complainant_id, "complaint_moved", **told)
