"""A school's day in attendance: its group, venue, staff and pupils, told as enrollment and vetting would."""

from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any
from uuid import UUID

from shared.contracts.enrollment import (
    ClassTeacherAssigned,
    GroupConfirmed,
    GuardianLinkVerified,
    PlanActivated,
    PlanEvent,
    PlanFiled,
    PupilRegistered,
    RollChanged,
    Slot,
    StaffMemberListed,
)
from shared.contracts.vetting import AssignedSession, AssignmentsConfirmed, DutyLeaderNamed, StaffBlocked, StaffCleared
from shared.ids import new_id
from tests.client import Client
from tests.world import World


@dataclass
class School:
    """One school with one group of one class."""

    world: World
    id: UUID
    class_id: UUID = field(default_factory=new_id)
    group: UUID = field(default_factory=new_id)
    item: UUID = field(default_factory=new_id)
    class_teacher: UUID = field(default_factory=new_id)
    teacher: UUID = field(default_factory=new_id)
    leader: UUID = field(default_factory=new_id)
    pupils: list[UUID] = field(default_factory=list)
    guardian_of: dict[UUID, UUID] = field(default_factory=dict)
    venue: UUID = field(default_factory=new_id)

    def as_(self, role: str, person: UUID | None = None) -> Client:
        """A caller at this school."""
        return self.world.as_(role, school=self.id, person=person)

    @property
    def owner(self) -> dict[str, Any]:
        """Whose an event of this school is."""
        return {"district_id": self.world.district, "school_id": self.id}

    def sessions(self, **query: Any) -> list[dict[str, Any]]:
        """The group's sessions by time."""
        return self.as_("academic_affairs").all("/attendance/v1/sessions", group_id=self.group, **query)

    def session(self, session_id: str) -> dict[str, Any]:
        """One session."""
        found: dict[str, Any] = self.as_("academic_affairs").get(f"/attendance/v1/sessions/{session_id}")
        return found

    def do(self, session_id: str, verb: str, body: Any = None, **expect: Any) -> Any:
        """A step of a session's day, by its teacher."""
        return self.as_("instructor", self.teacher).post(f"/attendance/v1/sessions/{session_id}/{verb}", body, **expect)

    def check_in(self, session_id: str, person: UUID, **expect: Any) -> Any:
        """Let somebody in."""
        body = {"session_id": session_id, "person_id": person}
        return self.as_("instructor", person).post("/attendance/v1/presences", body, **expect)


def trust_vetting(world: World, seconds: int = 60) -> None:
    """The word of vetting is fresh for a while."""
    for part in range(4):
        world.change(
            "attendance",
            "INSERT INTO inbox_position (source, timeline, part, sequence, fresh_from, fresh_until) VALUES"
            " ('/vetting', :timeline, :part, 0, clock_timestamp(), clock_timestamp() + make_interval(secs => :seconds))"
            " ON CONFLICT (source, timeline, part)"
            " DO UPDATE SET fresh_from = excluded.fresh_from, fresh_until = excluded.fresh_until",
            timeline=world._timeline,
            part=part,
            seconds=seconds,
        )


def lose_vetting(world: World) -> None:
    """Vetting has not been heard for too long."""
    world.change("attendance", "UPDATE inbox_position SET fresh_until = NULL WHERE source = '/vetting'")


def clear(world: World, person: UUID, *, epoch: int = 1, category: str = "OWN_TEACHER") -> None:
    """Vetting clears a person."""
    world.hear(
        StaffCleared(
            district_id=world.district,
            person_id=person,
            category=category,
            clearance_epoch=epoch,
            valid_until=world.first_day + timedelta(days=300),
        )
    )


def blocked(world: World, person: UUID, *, epoch: int = 2) -> StaffBlocked:
    """Vetting blocks a person."""
    return StaffBlocked(
        district_id=world.district,
        person_id=person,
        category="OWN_TEACHER",
        clearance_epoch=epoch,
        effective_at=world.at(12),
        reason_class="ETHICS",
    )


def assign(school: School, person: UUID, session_ids: list[Any], *, role: str = "LEAD", epoch: int = 1) -> list[UUID]:
    """Vetting assigns a person to sessions; the assignments' ids."""
    assigned = tuple(AssignedSession(assignment_id=new_id(), session_id=UUID(str(one))) for one in session_ids)
    school.world.hear(
        AssignmentsConfirmed(**school.owner, person_id=person, role=role, clearance_epoch=epoch, assigned=assigned)
    )
    return [one.assignment_id for one in assigned]


def open_term(world: World, base: str = "p5-hebi", days: int = 5) -> None:
    """Policy, calendar, plans, and a fresh word of vetting."""
    world.publish_policy(base)
    world.publish_calendar(days)
    for school in world.schools:
        pin_plan(world, school)
    trust_vetting(world)


def pin_plan(world: World, school: UUID, *said: type[PlanEvent]) -> None:
    """One plan of a school goes through states, by default to being active."""
    profile_id, version = world.profile
    plan: dict[str, Any] = {
        "school_id": school,
        "plan_id": new_id(),
        "term_id": world.term,
        "plan_version": 1,
        "content_hash": "0" * 64,
        "profile_id": profile_id,
        "profile_version": version,
    }
    world.hear(*(event(district_id=world.district, **plan) for event in said or (PlanFiled, PlanActivated)))


def build_school(world: World, index: int = 0, *, pupils: int = 3, grade: int = 3, **group: Any) -> School:
    """A school with a checked venue, a class with guardians, and a group whose roll is the class."""
    school = School(world, world.schools[index])
    venue = school.as_("academic_affairs").post("/attendance/v1/venues", {"school_id": school.id, "name": "三年级教室"})
    school.venue = UUID(venue["id"])
    school.as_("duty_staff").post(f"/attendance/v1/venues/{school.venue}/checks", {"passed": True})
    world.hear(
        ClassTeacherAssigned(**school.owner, class_id=school.class_id, person_id=school.class_teacher, grade=grade)
    )
    for person in (school.class_teacher, school.teacher, school.leader):
        list_teacher(school, person)
    for _ in range(pupils):
        add_pupil(school, grade)
    confirm_group(school, **group)
    enroll(school, school.pupils, version=1)
    return school


def list_teacher(school: School, person: UUID) -> None:
    """A person is on the school's staff list."""
    school.world.hear(StaffMemberListed(**school.owner, person_id=person, role="teacher"))


def add_pupil(school: School, grade: int = 3) -> UUID:
    """A pupil of the class with one guardian."""
    pupil, guardian = new_id(), new_id()
    school.world.hear(
        PupilRegistered(**school.owner, pupil_id=pupil, class_id=school.class_id, grade=grade, stage="primary"),
        GuardianLinkVerified(**school.owner, link_id=new_id(), pupil_id=pupil, guardian_id=guardian),
    )
    school.pupils.append(pupil)
    school.guardian_of[pupil] = guardian
    return pupil


def confirm_group(school: School, **changes: Any) -> None:
    """Enrollment confirms the group: every weekday 16:20 to 17:50."""
    fields: dict[str, Any] = {
        "group_id": school.group,
        "item_id": school.item,
        "term_id": school.world.term,
        "stage": "primary",
        "segment": "service",
        "content_type": "HOMEWORK_CARE",
        "slot": Slot(weekdays=(1, 2, 3, 4, 5), starts=time(16, 20), ends=time(17, 50)),
        "capacity": 40,
        "venue_id": school.venue,
        "lead_person_id": school.teacher,
        "starts_on": school.world.first_day,
        "ends_on": school.world.first_day + timedelta(days=120),
    }
    school.world.hear(GroupConfirmed(**school.owner, **(fields | changes)))


def enroll(school: School, added: list[UUID], *, version: int, removed: tuple[UUID, ...] = (), day: int = 0) -> None:
    """Enrollment changes the roll from a day on."""
    school.world.hear(
        RollChanged(
            **school.owner,
            group_id=school.group,
            roll_version=version,
            effective_from=school.world.first_day + timedelta(days=day),
            added=tuple(added),
            removed=removed,
        )
    )


def schedule(school: School) -> list[str]:
    """Academic affairs lays the sessions out; their ids by time."""
    school.as_("academic_affairs").post("/attendance/v1/sessions/schedule", {"group_id": school.group})
    return [session["id"] for session in school.sessions()]


def staff(school: School, session_ids: list[str]) -> None:
    """A cleared teacher leads the sessions, a duty leader is named for the first day."""
    world = school.world
    clear(world, school.teacher)
    assign(school, school.teacher, session_ids)
    name_leader(school)


def name_leader(school: School) -> None:
    """The leader is cleared, and named for the first day."""
    clear(school.world, school.leader)
    school.world.hear(DutyLeaderNamed(**duty(school, school.leader)))


def duty(school: School, person: UUID, starts: int = 15) -> dict[str, Any]:
    """A duty of the first day until 19:00, as vetting's events tell it."""
    world = school.world
    hours = {"on": world.first_day, "starts_at": world.at(starts), "ends_at": world.at(19)}
    return {**school.owner, "duty_id": new_id(), "person_id": person, **hours}


def ready(school: School, *, at: tuple[int, int] = (16, 15)) -> str:
    """Staffed and pre-checked, at an hour of the first day; the session's id."""
    ids = schedule(school)
    staff(school, ids)
    school.do(ids[0], "pre-check")
    school.world.set_time(school.world.at(*at))
    return ids[0]


def open_session(school: School, *, at: tuple[int, int] = (16, 15)) -> str:
    """The first session, open with its teacher in it; its id."""
    session = ready(school, at=at)
    school.check_in(session, school.teacher)
    school.do(session, "open")
    return session


def clause_ids(refusal: dict[str, Any]) -> list[str]:
    """The clauses that a refusal cites."""
    return [clause["id"] for clause in refusal["clauses"]]


def said(school: School, kind: type[Any]) -> list[Any]:
    """What attendance said of one kind, in order."""
    return [event for event in school.world.said("attendance") if isinstance(event, kind)]


def hand_over(school: School, session: str, pupils: list[UUID] | None = None, **changes: Any) -> Any:
    """The class teacher hands pupils (all of them) to the session."""
    listed = school.pupils if pupils is None else pupils
    body = {"session_id": session, "class_id": school.class_id, "pupil_ids": listed, "headcount": len(listed)}
    expect = changes.pop("expect", 200)
    teacher = school.as_("class_teacher", changes.pop("person", school.class_teacher))
    return teacher.post("/attendance/v1/custody/hand-over-to-service", body | changes, expect=expect)


def mark(school: School, session: str, status: str = "PRESENT", pupils: list[UUID] | None = None, **expect: Any) -> Any:
    """The teacher marks pupils (all of them)."""
    listed = school.pupils if pupils is None else pupils
    return school.do(session, "marks", {"marks": [{"pupil_id": one, "status": status} for one in listed]}, **expect)


def release(school: School, pupil: UUID, person: UUID | None = None, **more: Any) -> Any:
    """A member of staff (the teacher) lets a child go to somebody."""
    body = {"method": more.pop("method", "KNOWN_GUARDIAN_SIGNATURE"), "person_id": person}
    expect = more.pop("expect", 200)
    releaser = school.as_("instructor", more.pop("releaser", school.teacher))
    return releaser.post(f"/attendance/v1/custody/{pupil}/release", body | more, expect=expect)


def dismissed(school: School, session: str) -> None:
    """Received, marked, and waiting to be fetched at the planned end."""
    hand_over(school, session)
    mark(school, session)
    school.do(session, "complete-roll-call")
    school.world.set_time(school.world.at(17, 50))
    school.do(session, "begin-dismissal")


def chain(school: School, pupil: UUID) -> dict[str, Any]:
    """Who keeps a pupil today."""
    (found,) = school.as_("principal").all("/attendance/v1/custody", pupil_id=pupil)
    return dict(found)
