"""A term is opened, families apply, children take part and leave."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.attendance import SafetyPackReady, VenueCheckPassed
from shared.contracts.enrollment import (
    AgreementInForce,
    GroupConfirmed,
    ParticipationActivated,
    ParticipationConfirmed,
    ParticipationWithdrawn,
    ReadinessAchieved,
    RollChanged,
)
from shared.contracts.vetting import StaffBlocked, StaffSuspended
from shared.ids import new_id
from tests.builders.enrollment import (
    E,
    School,
    apply,
    approved,
    before_term,
    confirmed_group,
    links,
    of_type,
    opened,
    settle,
    signed,
    state_of,
)
from tests.world import World

SERVICES = ("enrollment",)


@pytest.fixture
def school(world: World) -> School:
    return before_term(world)


def test_a_child_takes_part_from_application_to_withdrawal(school: School) -> None:
    opened(school)
    link = links(school)[0]
    application = approved(school, link)
    signed(school, link, application)
    confirmed = school.office().post(f"{E}/participations", {"window_id": school.window["id"]})["items"]
    assert [one["id"] for one in confirmed] == [application["id"]]
    assert state_of(school, application["id"]) == "PENDING"
    settle(school, application["id"])
    assert state_of(school, application["id"]) == "ACTIVE"
    group = confirmed_group(school, [application["id"]])
    (roll,) = of_type(school.world, RollChanged)
    assert (str(roll.added[0]), roll.roll_version) == (link["pupil_id"], 1)
    leaving = school.world.first_day + timedelta(days=3)
    school.parent(link).post(f"{E}/participations/{application['id']}/withdraw", {"effective_on": leaving})
    assert len(of_type(school.world, RollChanged)) == 1
    school.world.set_time(school.world.at(1, day=3))
    school.world.run_timers("enrollment")
    gone = of_type(school.world, RollChanged)[-1]
    assert (str(gone.removed[0]), gone.effective_from, gone.roll_version) == (link["pupil_id"], leaving, 2)
    assert of_type(school.world, ParticipationWithdrawn)[0].effective_on == leaving
    assert [type(one) for one in school.world.said("enrollment")].count(GroupConfirmed) == 1
    entries = school.principal().get(f"{E}/rolls", group_id=group["id"])["items"]
    assert entries[0]["ends_on"] == leaving.isoformat()


def test_a_settled_fee_that_is_known_before_the_agreement_waits_for_it(school: School) -> None:
    opened(school)
    link = links(school)[0]
    application = approved(school, link)
    school.office().post(f"{E}/participations", {"application_ids": [application["id"]]})
    settle(school, application["id"])
    settle(school, application["id"])
    assert state_of(school, application["id"]) == "PENDING"
    signed(school, link, application)
    assert state_of(school, application["id"]) == "ACTIVE"
    said = [type(one) for one in school.world.said("enrollment")]
    assert said.count(ParticipationConfirmed) == said.count(ParticipationActivated) == said.count(AgreementInForce) == 1


def test_an_unpaid_child_is_let_in_on_the_first_day(school: School) -> None:
    opened(school)
    link = links(school)[0]
    application = approved(school, link)
    signed(school, link, application)
    school.office().post(f"{E}/participations", {"application_ids": [application["id"]]})
    school.world.run_timers("enrollment")
    assert state_of(school, application["id"]) == "PENDING"
    school.world.set_time(school.world.at(1))
    school.world.run_timers("enrollment")
    assert state_of(school, application["id"]) == "ACTIVE"


def test_a_plan_is_ready_and_active_when_every_point_holds(school: School) -> None:
    opened(school)
    link = links(school)[0]
    application = approved(school, link)
    signed(school, link, application)
    school.office().post(f"{E}/participations", {"application_ids": [application["id"]]})
    settle(school, application["id"])
    group = confirmed_group(school, [application["id"]])
    refusal = school.principal().refused(f"{E}/plans/{school.plan['id']}/activate")
    assert (refusal["code"], refusal["gate"]) == ("not_ready", "G-READY")
    where: dict[str, Any] = {"district_id": school.world.district, "school_id": school.id}
    until = school.world.first_day + timedelta(days=7)
    school.world.hear(VenueCheckPassed(**where, venue_id=UUID(group["venue_id"]), valid_until=until))
    school.world.hear(SafetyPackReady(**where, term_id=school.world.term, items=("gate_log",)))
    assert len(of_type(school.world, ReadinessAchieved)) == 1
    assert school.principal().post(f"{E}/plans/{school.plan['id']}/activate")["state"] == "ACTIVE"


def test_a_caller_who_is_nobody_is_the_teacher_of_no_class(school: School) -> None:
    opened(school)
    apply(school, links(school)[0])
    school.world.change(
        "enrollment", "UPDATE classes SET teacher_id = NULL WHERE district_id = :d", d=school.world.district
    )
    assert school.world.as_("class_teacher", school=school.id).get(f"{E}/applications")["items"] == []


def test_another_school_and_another_district_find_nothing(school: School) -> None:
    opened(school)
    application = apply(school, links(school)[0])
    path = f"{E}/applications/{application['id']}"
    school.world.as_("principal", school=new_id()).get(path, expect=404)
    World(school.world.house, school.world.suite).as_("principal").get(path, expect=404)
    stranger = school.world.as_("guardian", person=new_id())
    stranger.get(path, expect=404)
    assert stranger.get(f"{E}/applications")["items"] == []


def test_families_learn_once_that_somebody_else_will_lead_and_never_why(school: School) -> None:
    opened(school)
    link, other = links(school)[:2]
    application = approved(school, link)
    approved(school, other)
    signed(school, link, application)
    school.office().post(f"{E}/participations", {"application_ids": [application["id"]]})
    settle(school, application["id"])
    confirmed_group(school, [application["id"]])
    about: dict[str, Any] = {"district_id": school.world.district, "person_id": school.lead, "category": "OWN_TEACHER"}
    now = school.world.at(12)
    school.world.hear(
        StaffSuspended(**about, clearance_epoch=2, effective_at=now, reason_class="PRECAUTION"),
        StaffBlocked(**about, clearance_epoch=3, effective_at=now, reason_class="ETHICS"),
    )
    sql = "SELECT person_id, facts FROM notifications WHERE district_id = :d AND template = 'instructor_changed'"
    told = school.world.read("enrollment", sql, d=school.world.district)
    assert told == [(UUID(link["guardian_id"]), {})]
