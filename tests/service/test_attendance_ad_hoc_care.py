"""Ad-hoc care: a guardian cannot come in time, and the class teacher keeps the child; it ends with a handover."""

from typing import Any

import pytest

from shared.contracts.attendance import AdHocCareClosed, AdHocCareStarted, HandoverCompleted
from shared.ids import new_id
from tests.builders import care
from tests.builders.care import School
from tests.world import World

SERVICES = ("attendance",)
A = "/attendance/v1/ad-hoc-care"


@pytest.fixture
def school(world: World) -> School:
    care.open_term(world, "p3-shanghai")
    school = care.build_school(world, segment="extended")
    world.set_time(world.at(16))
    return school


def guardian(school: School) -> Any:
    return school.world.as_("guardian", person=school.guardian_of[school.pupils[0]])


def requested(school: School) -> str:
    body = {"pupil_id": school.pupils[0], "on": school.world.first_day}
    return str(guardian(school).post(A, body)["id"])


def kept(school: School) -> str:
    """In the class teacher's care; the id."""
    made = requested(school)
    teacher = school.as_("class_teacher", school.class_teacher)
    teacher.post(f"{A}/{made}/accept")
    teacher.post(f"{A}/{made}/start")
    return made


@pytest.mark.clause("P3-2.2.16")
def test_a_guardian_asks_and_only_the_class_teacher_keeps_the_child(school: School) -> None:
    made = requested(school)
    refusal = school.as_("class_teacher", school.teacher).refused(f"{A}/{made}/accept")
    assert (refusal["code"], refusal["clauses"][0]["id"]) == ("not_class_teacher", "P3-2.2.17")
    teacher = school.as_("class_teacher", school.class_teacher)
    assert teacher.post(f"{A}/{made}/accept")["state"] == "ASSIGNED"
    assert teacher.post(f"{A}/{made}/start")["state"] == "IN_CARE"
    chain = care.chain(school, school.pupils[0])
    assert (chain["state"], chain["holder_id"]) == ("AD_HOC_CARE", str(school.class_teacher))
    assert len(care.said(school, AdHocCareStarted)) == 1


def test_nobody_asks_for_a_child_of_others(school: School) -> None:
    stranger = school.world.as_("guardian", person=new_id())
    stranger.refused(A, {"pupil_id": school.pupils[0], "on": school.world.first_day}, status=404)


@pytest.mark.clause("P3-2.2.17")
def test_it_is_closed_only_with_care_handover_and_talk_on_record(school: School) -> None:
    made, teacher = kept(school), school.as_("class_teacher", school.class_teacher)
    early = teacher.refused(f"{A}/{made}/close", {"contact": "PHONE"})
    assert (early["code"], early["clauses"][0]["id"]) == ("ad_hoc_care_incomplete", "P3-2.2.17")
    care.release(school, school.pupils[0], new_id(), releaser=school.class_teacher, expect=409)
    care.release(school, school.pupils[0], guardian_id(school), releaser=school.class_teacher)
    assert teacher.refused(f"{A}/{made}/close")["code"] == "ad_hoc_care_incomplete"
    assert teacher.post(f"{A}/{made}/close", {"contact": "IN_PERSON"})["state"] == "CLOSED"
    assert [one.session_id for one in care.said(school, HandoverCompleted)] == [None]
    assert len(care.said(school, AdHocCareClosed)) == 1


def guardian_id(school: School) -> Any:
    return school.guardian_of[school.pupils[0]]


def test_a_guardian_who_comes_in_time_takes_the_request_back(school: School) -> None:
    made = requested(school)
    assert guardian(school).post(f"{A}/{made}/cancel")["state"] == "CANCELLED"
    school.as_("class_teacher", school.class_teacher).refused(f"{A}/{made}/accept")
