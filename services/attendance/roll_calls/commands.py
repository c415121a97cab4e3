"""Marking who is there, asking for leave, raising the alarm, and counting who took part."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from services.attendance.directory import queries as directory
from services.attendance.roll_calls import queries, rules
from services.attendance.tables import LeaveRequest, Mark, ServiceSession
from shared.contracts.attendance import AbsenceUnexplained, HeadcountCounted
from shared.ids import new_id
from shared.messaging.work import Work
from shared.notifications import notify
from shared.policy.published import policy_of_term, term
from shared.timers import set_timers

TIMER = "absence.alarm"


def mark(work: Work, session_id: UUID, *, marks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mark pupils of a running session, a whole group at once; all or none."""
    session = work.get(ServiceSession, session_id, lock=True)
    rules.need_markable(session.state)
    rules.need_once([one["pupil_id"] for one in marks])
    wanted = {one["pupil_id"]: one["status"] for one in marks}
    rules.need_expected(wanted, queries.expected_pupils(work, session))
    excused = [pupil_id for pupil_id, status in wanted.items() if status == "EXCUSED"]
    rules.mark(wanted, queries.statuses(work, session.id), queries.on_leave(work, excused, session.on))
    rows = [_row(work, session, pupil_id, status) for pupil_id, status in wanted.items()]
    work.session.connection().execute(_ADD, rows)
    if missing := [row for row in rows if row["status"] == "UNEXPLAINED"]:
        due = rules.alarm_at(work.now, policy_of_term(work, session.school_id, session.term_id))
        set_timers(work, TIMER, [(row["id"], due) for row in missing])
    return rows


_ADD = insert(Mark)  # a class's worth of plain rows needs nothing of what the mapped class does for each


def _row(work: Work, session: ServiceSession, pupil_id: UUID, status: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "district_id": session.district_id,
        "school_id": session.school_id,
        "version": 1,
        "session_id": session.id,
        "pupil_id": pupil_id,
        "status": status,
        "at": work.now,
        "marked_by": work.caller.subject,
        "corrects_id": None,
        "reason": None,
    }


def correct(work: Work, session_id: UUID, *, pupil_id: UUID, status: str, reason: str) -> Mark:
    """Add a mark that stands for a wrong one, by somebody else than its author; the wrong one stays readable."""
    session = work.get(ServiceSession, session_id, lock=True)
    rules.need_expected([pupil_id], queries.expected_pupils(work, session))
    wrong = queries.newest_mark(work, session.id, pupil_id)
    row = _row(work, session, pupil_id, status) | {"reason": reason}
    if wrong is not None:
        rules.need_another(work.caller.subject, wrong.marked_by)
        row["corrects_id"] = wrong.id
    return work.add(Mark(**row))


def mark_left_early(work: Work, session_id: UUID, pupil_id: UUID) -> None:
    """A pupil was fetched before the session's end."""
    session = work.get(ServiceSession, session_id)
    newest = queries.newest_mark(work, session_id, pupil_id)
    if newest is not None and (newest.status, "LEFT_EARLY") in rules.ATTENDANCE.moves:
        work.add(Mark(**_row(work, session, pupil_id, "LEFT_EARLY")))


def raise_alarm(work: Work, mark_id: UUID) -> None:
    """An absence is still unexplained (timer): class teacher, guardians and duty leader are told (S9)."""
    missed = work.get(Mark, mark_id)
    newest = queries.newest_mark(work, missed.session_id, missed.pupil_id)
    if newest is None or newest.id != missed.id:
        return
    told = {
        *directory.guardians(work, missed.pupil_id),
        directory.class_teacher_of(work, missed.pupil_id),
        directory.duty_leader(work, missed.school_id, work.now),
    }
    for person_id in told:
        if person_id is not None:
            notify(work, person_id, "absence_unexplained", session_id=str(missed.session_id))
    work.emit(
        AbsenceUnexplained(
            district_id=missed.district_id,
            school_id=missed.school_id,
            pupil_id=missed.pupil_id,
            session_id=missed.session_id,
            since=missed.at,
        )
    )


def request_leave(work: Work, *, pupil_id: UUID, on: date, reason: str) -> LeaveRequest:
    """A guardian says that their child will not come on a date."""
    pupil = directory.own_pupil(work, pupil_id)
    request_id = new_id()
    return work.add(
        LeaveRequest(
            id=request_id,
            district_id=pupil.district_id,
            school_id=pupil.school_id,
            pupil_id=pupil.id,
            on=on,
            state=rules.LEAVE.initial,
            requested_by=work.caller.person_id,
            reason_sealed=work.keyring.seal(request_id, "reason", reason),
        )
    )


def acknowledge_leave(work: Work, request_id: UUID) -> LeaveRequest:
    """The teacher on duty has seen it."""
    leave = work.get(LeaveRequest, request_id, lock=True)
    leave.state = rules.LEAVE.move(leave.state, "acknowledge")
    leave.acknowledged_by = work.caller.subject
    return leave


def count_participants(work: Work, *, school_id: UUID, term_id: UUID) -> dict[str, Any]:
    """Count who really took part in a term, by the basis that subsidies use (INV-ATT-19), and say it."""
    work.caller.need_school(school_id)
    policy, calendar = policy_of_term(work, school_id, term_id), term(work, term_id)
    attended: dict[UUID, Counter[int]] = defaultdict(Counter)
    for pupil_id, on in queries.attended_days(work, school_id, term_id):
        attended[pupil_id][calendar.week_of(on)] += 1
    weeks = {calendar.week_of(on) for on in queries.service_days(work, school_id, term_id)}
    count = len(rules.participants(attended, len(weeks), policy))
    counted = HeadcountCounted(
        district_id=work.caller.district_id,
        school_id=school_id,
        count_id=new_id(),
        term_id=term_id,
        basis=policy.value("subsidy.basis"),
        pupil_count=count,
    )
    work.emit(counted)
    return {"count_id": counted.count_id, "basis": counted.basis, "pupil_count": count}
