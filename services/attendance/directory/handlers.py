"""What attendance keeps of what enrollment and vetting say about schools, and of enrollment's list of people."""

from dataclasses import asdict
from typing import Any

from services.attendance.directory import commands
from services.attendance.tables import BoundException, ClassTeacher, Duty, Group, Pupil, StaffPost
from shared.contracts.enrollment import (
    ClassTeacherAssigned,
    ExceptionApproved,
    ExceptionEnded,
    GroupConfirmed,
    PupilLeft,
    PupilMoved,
    PupilRegistered,
    RollChanged,
    StaffMemberLeft,
    StaffMemberListed,
)
from shared.contracts.vetting import DutyLeaderNamed, DutyLeaderRelieved
from shared.events import SchoolEvent
from shared.ids import new_id
from shared.messaging.feed import Feed
from shared.messaging.work import Work
from shared.service import on


def keep_pupil(work: Work, said: PupilRegistered | PupilMoved) -> None:
    """A pupil's school and class."""
    commands.keep_newest(work, Pupil, _row(said, "pupil_id") | {"left_on": None})


def keep_leaving(work: Work, left: PupilLeft) -> None:
    """A pupil is gone from a date on."""
    owner = {"id": left.pupil_id, "district_id": left.district_id, "school_id": left.school_id}
    commands.keep_newest(work, Pupil, owner | {"left_on": left.effective_on})


def keep_class_teacher(work: Work, assigned: ClassTeacherAssigned) -> None:
    """Who hands the class over."""
    commands.keep_newest(work, ClassTeacher, _row(assigned, "class_id"))


def keep_staff_member(work: Work, said: StaffMemberListed | StaffMemberLeft) -> None:
    """Who is a school's own."""
    owner = {"id": new_id(), "district_id": said.district_id, "school_id": said.school_id, "person_id": said.person_id}
    listed = {"is_listed": isinstance(said, StaffMemberListed)}
    commands.keep_newest(work, StaffPost, owner | listed, key=("school_id", "person_id"))


def keep_duty(work: Work, said: DutyLeaderNamed | DutyLeaderRelieved) -> None:
    """Who leads the duty, or leads it no more."""
    row = _row(said, "duty_id")
    row.pop("cause", None)
    commands.keep_newest(work, Duty, row | {"is_relieved": isinstance(said, DutyLeaderRelieved)})


def keep_group(work: Work, confirmed: GroupConfirmed) -> None:
    """A group, its hours and its venue."""
    row = _row(confirmed, "group_id")
    del row["capacity"]
    slot = row.pop("slot")
    commands.keep_newest(work, Group, row | slot | {"weekdays": list(slot["weekdays"]), "state": "CONFIRMED"})


def keep_exception(work: Work, said: ExceptionApproved | ExceptionEnded) -> None:
    """A bound in principle may be passed, or may no more."""
    commands.keep_newest(work, BoundException, {"valid_until": None} | _row(said, "exception_id"))


def _row(said: SchoolEvent, id_field: str) -> dict[str, Any]:
    """The event's fields as columns; its subject is the id of the row."""
    row = asdict(said)
    return row | {"id": row.pop(id_field)}


NAMES = Feed("enrollment", "/directory/changes", commands.keep_names)

REACTIONS = (
    on(PupilRegistered, keep_pupil),
    on(PupilMoved, keep_pupil),
    on(PupilLeft, keep_leaving),
    on(ClassTeacherAssigned, keep_class_teacher),
    on(StaffMemberListed, keep_staff_member),
    on(StaffMemberLeft, keep_staff_member),
    on(DutyLeaderNamed, keep_duty),
    on(DutyLeaderRelieved, keep_duty),
    on(GroupConfirmed, keep_group),
    on(ExceptionApproved, keep_exception),
    on(ExceptionEnded, keep_exception),
    on(RollChanged, commands.keep_roll_change),
)
