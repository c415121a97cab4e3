"""How a pupil's attendance goes (A2)."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from shared.policy import Policy
from shared.refusals import Refused
from shared.states import Machine

ATTENDANCE = Machine(
    "考勤记录 attendance",
    "EXPECTED",
    {("EXPECTED", status): status for status in ("PRESENT", "LATE", "EXCUSED", "UNEXPLAINED")}
    | {("UNEXPLAINED", status): status for status in ("LATE", "EXPLAINED_LATER")}
    | {(state, "LEFT_EARLY"): "LEFT_EARLY" for state in ("PRESENT", "LATE")},
)

STATUSES = ("PRESENT", "LATE", "LEFT_EARLY", "EXCUSED", "UNEXPLAINED", "EXPLAINED_LATER")
ATTENDED = ("PRESENT", "LATE", "LEFT_EARLY")
MARKABLE = ("OPEN", "IN_PROGRESS", "DISMISSING")

LEAVE = Machine("请假 leave request", "REQUESTED", {("REQUESTED", "acknowledge"): "ACKNOWLEDGED"})


def need_markable(state: str) -> None:
    """Marks are made while the session runs."""
    if state not in MARKABLE:
        raise Refused("session_not_running", state=state)


def need_once(pupil_ids: Collection[UUID]) -> None:
    """A pupil stands once in a list."""
    if len(set(pupil_ids)) != len(pupil_ids):
        raise Refused("pupil_twice")


def need_expected(pupil_ids: Collection[UUID], expected: Collection[UUID]) -> None:
    """Only who is on the roll of the session is marked or received (INV-ATT-06)."""
    if strangers := set(pupil_ids) - set(expected):
        raise Refused("pupil_not_expected", count=len(strangers))


def mark(wanted: Mapping[UUID, str], current: Mapping[UUID, str], on_leave: Collection[UUID]) -> None:
    """Whether every new status follows from the present one; an excuse needs a guardian's leave request."""
    for pupil_id, status in wanted.items():
        ATTENDANCE.move(current.get(pupil_id, ATTENDANCE.initial), status)
        if status == "EXCUSED" and pupil_id not in on_leave:
            raise Refused("no_leave_request", pupil_id=str(pupil_id))


def need_another(corrector: str, author: str) -> None:
    """A correction is made by somebody else than who made the mark (domain.md §4.3)."""
    if corrector == author:
        raise Refused("same_person", action="correct_mark")


def alarm_at(marked_at: datetime, policy: Policy) -> datetime:
    """When an absence that nobody explained raises the alarm."""
    return marked_at + timedelta(minutes=policy.value("absence.alarm_minutes"))


def participants(attended: Mapping[UUID, Mapping[int, int]], service_weeks: int, policy: Policy) -> set[UUID]:
    """Who took part in a term (Q3). `attended` counts each pupil's sessions by week of the term."""
    a_week = policy.value("subsidy.basis_sessions_a_week")
    share = policy.value("subsidy.basis_weeks_share_bp")
    return {
        pupil_id
        for pupil_id, weeks in attended.items()
        if sum(count >= a_week for count in weeks.values()) * 10_000 >= share * service_weeks > 0
    }
