"""One session through its day, as every story runs it: staff in, open, children in, roll called, home, closed."""

from collections.abc import Sequence
from typing import Any

from tests.stories.stage import School, Stage


def let_in(stage: Stage, school: School, session: str, person: str) -> None:
    """A person of the staff checks in, once attendance has heard of the assignment."""
    duty = stage.as_("duty_staff", school=school.id)
    arrival = {"session_id": session, "person_id": person}
    stage.until(lambda: duty.request("POST", "/attendance/v1/presences", body=arrival).status_code, 201)


def open_session(stage: Stage, school: School, session: str, lead: str) -> None:
    """The lead looks at the venue and opens."""
    instructor = stage.as_("instructor", school=school.id, person=lead)
    instructor.post(f"/attendance/v1/sessions/{session}/pre-check")
    path = f"/attendance/v1/sessions/{session}/open"
    stage.until(lambda: instructor.request("POST", path).status_code, 200)


def hand_over(
    stage: Stage, school: School, session: str, pupils: Sequence[str], *, receiver: str, giver: str = ""
) -> None:
    """The class teacher brings children, or whoever keeps them already passes them on."""
    if not pupils:
        return
    body: dict[str, Any] = {"session_id": session, "pupil_ids": list(pupils), "headcount": len(pupils)}
    body["receiver_id"] = receiver
    if giver:
        stage.as_("instructor", school=school.id, person=giver).post("/attendance/v1/custody/transfer", body)
        return
    teacher = stage.as_("class_teacher", school=school.id, person=school.teacher)
    teacher.post("/attendance/v1/custody/hand-over-to-service", body | {"class_id": school.class_id})


def call_roll(stage: Stage, school: School, session: str, lead: str, pupils: Sequence[str]) -> None:
    """Every child is marked."""
    instructor = stage.as_("instructor", school=school.id, person=lead)
    marks = [{"pupil_id": pupil, "status": "PRESENT"} for pupil in pupils]
    instructor.post(f"/attendance/v1/sessions/{session}/marks", {"marks": marks})
    instructor.post(f"/attendance/v1/sessions/{session}/complete-roll-call")


def send_home(stage: Stage, school: School, releaser: Any, pupils: Sequence[str]) -> None:
    """A verified guardian fetches each child with the pickup card."""
    for pupil in pupils:
        receiver = {"method": "PICKUP_CARD", "person_id": school.guardian_of[pupil]}
        releaser.post(f"/attendance/v1/custody/{pupil}/release", receiver)


def close(stage: Stage, school: School, session: str, lead: str, pupils: Sequence[str] = ()) -> None:
    """Whoever is still there goes home, and the session ends."""
    instructor = stage.as_("instructor", school=school.id, person=lead)
    instructor.post(f"/attendance/v1/sessions/{session}/begin-dismissal")
    send_home(stage, school, instructor, pupils)
    instructor.post(f"/attendance/v1/sessions/{session}/close", {"learning_minutes": 0})
