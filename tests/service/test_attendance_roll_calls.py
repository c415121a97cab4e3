"""Who is expected, who is there, and the count of a term."""

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from shared.contracts.attendance import AbsenceUnexplained, HeadcountCounted
from shared.ids import new_id
from tests.builders import care
from tests.builders.care import School, hand_over, mark, said
from tests.world import World

SERVICES = ("attendance",)
API = "/attendance/v1"


@pytest.fixture
def school(world: World) -> School:
    care.open_term(world)
    return care.build_school(world)


@pytest.fixture
def session(school: School) -> str:
    return care.open_session(school)


def test_forty_pupils_are_received_and_marked_in_one_request_each(world: World) -> None:
    care.open_term(world)
    school = care.build_school(world, pupils=40)
    session = care.open_session(school)
    assert hand_over(school, session)["headcount"] == 40
    assert len(mark(school, session)["items"]) == 40
    roll = school.as_("instructor").get(f"{API}/sessions/{session}/roll")
    assert {line["status"] for line in roll["items"]} == {"PRESENT"}


def test_a_mark_is_never_changed_but_corrected_by_somebody_else(school: School, session: str) -> None:
    mark(school, session)
    again = mark(school, session, "EXCUSED", expect=409)
    assert again["code"] == "illegal_transition"
    wrong = {"pupil_id": school.pupils[0], "status": "UNEXPLAINED", "reason": "看错"}
    assert school.do(session, "marks/correct", wrong, expect=409)["code"] == "same_person"
    school.as_("instructor", new_id()).post(f"{API}/sessions/{session}/marks/correct", wrong)
    marks = school.as_("instructor").all(f"{API}/marks", session_id=session, pupil_id=school.pupils[0])
    assert [one["status"] for one in marks] == ["PRESENT", "UNEXPLAINED"]
    assert marks[1]["corrects_id"] == marks[0]["id"]
    with pytest.raises(DBAPIError, match="append-only"):
        school.world.change("attendance", "UPDATE marks SET status = 'LATE' WHERE id = :id", id=marks[0]["id"])


def test_an_excuse_needs_a_guardians_leave_request(school: School, session: str) -> None:
    pupil = school.pupils[0]
    assert mark(school, session, "EXCUSED", [pupil], expect=409)["code"] == "no_leave_request"
    leave = {"pupil_id": pupil, "on": school.world.first_day, "reason": "发烧"}
    stranger = school.as_("guardian", new_id())
    stranger.post(f"{API}/leave-requests", leave, expect=404)
    guardian = school.as_("guardian", school.guardian_of[pupil])
    guardian.post(f"{API}/leave-requests", leave, expect=201)
    mark(school, session, "EXCUSED", [pupil])
    assert stranger.all(f"{API}/leave-requests") == []
    assert len(guardian.all(f"{API}/leave-requests")) == 1


def test_the_roll_call_is_complete_when_everybody_has_a_mark(school: School, session: str) -> None:
    mark(school, session, pupils=school.pupils[:2])
    assert school.do(session, "complete-roll-call", expect=409)["code"] == "roll_call_incomplete"
    mark(school, session, "UNEXPLAINED", school.pupils[2:])
    school.do(session, "complete-roll-call")


def test_an_absence_that_nobody_explains_raises_the_alarm_after_the_profiles_minutes(
    school: School, session: str
) -> None:
    missing, found = school.pupils[:2]
    mark(school, session, "UNEXPLAINED", [missing, found])
    mark(school, session, "LATE", [found])
    school.world.set_time(school.world.at(16, 29))
    school.world.run_timers("attendance")
    assert said(school, AbsenceUnexplained) == []
    school.world.set_time(school.world.at(16, 31))
    school.world.run_timers("attendance")
    (event,) = said(school, AbsenceUnexplained)
    assert event.pupil_id == missing


def test_the_headcount_counts_who_really_came_in_half_of_the_weeks(world: World) -> None:
    care.open_term(world, days=10)
    school = care.build_school(world, pupils=3)
    steady, once, _ = school.pupils
    ids = care.schedule(school)
    for session, present in ((ids[0], [steady, once]), (ids[5], [steady]), (ids[6], [steady])):
        close_with(world, session, present)
    body = {"school_id": school.id, "term_id": world.term}
    counted = school.as_("principal").post(f"{API}/headcounts", body)
    assert counted["basis"] == "actual_participants"
    assert counted["pupil_count"] == 2
    (event,) = said(school, HeadcountCounted)
    assert event.pupil_count == 2


def close_with(world: World, session: str, present: list[Any]) -> None:
    """A held session, straight into the database: its day is told elsewhere."""
    world.change("attendance", "UPDATE sessions SET state = 'CLOSED' WHERE id = :id", id=session)
    for pupil in present:
        world.change(
            "attendance",
            "INSERT INTO marks (id, district_id, school_id, version, session_id, pupil_id, status, at, marked_by)"
            " SELECT gen_random_uuid(), district_id, school_id, 1, id, :pupil, 'PRESENT', now(), 'test'"
            " FROM sessions WHERE id = :session",
            session=session,
            pupil=pupil,
        )
