"""Who leads the duty, and when."""

from uuid import UUID

import pytest

from shared.contracts.enrollment import StaffMemberLeft
from shared.contracts.vetting import DutyLeaderRelieved
from tests.builders import rosters, staff
from tests.builders.rosters import V
from tests.world import World

SERVICES = ("vetting",)


@pytest.mark.parametrize(("starts", "ends"), [((16, 0), (16, 0)), ((18, 0), (16, 0)), ((16, 0), (26, 0))])
def test_a_duty_is_between_two_instants_of_one_day(
    world: World, starts: tuple[int, int], ends: tuple[int, int]
) -> None:
    rosters.open_term(world)
    (person,) = rosters.add_people(world, 1, world.schools[0])
    wanted = {"school_id": world.schools[0], "person_id": person, "starts_at": world.at(*starts)}
    principal = world.as_("principal", school=world.schools[0])
    late = wanted | {"ends_at": world.at(ends[0] % 24, ends[1], day=ends[0] // 24)}
    fields = principal.post("/vetting/v1/duties", late, expect=422)["errors"]
    assert fields == {"ends_at": "not_later_on_the_same_day"}
    principal.post("/vetting/v1/duties", wanted | {"ends_at": world.at(19)})


def named(world: World, person: UUID, school: UUID, *, day: int = 0) -> str:
    """A duty from four to seven; its id."""
    wanted = {"school_id": school, "person_id": person, "starts_at": world.at(16, day=day)}
    wanted["ends_at"] = world.at(19, day=day)
    return str(world.as_("principal", school=school).post(f"{V}/duties", wanted)["id"])


def standing(world: World, person: UUID) -> dict[str, tuple[str, str | None]]:
    """A person's duties, how each stands and why."""
    found = world.as_("vetting_officer").all(f"{V}/duties", person_id=person)
    return {one["id"]: (one["state"], one["cause"]) for one in found}


def test_the_school_relieves_whom_it_named(world: World) -> None:
    rosters.open_term(world)
    school = world.schools[0]
    (person,) = rosters.add_people(world, 1, school)
    duty = named(world, person, school)
    path = f"{V}/duties/{duty}/relieve"
    world.as_("principal", school=world.schools[1]).post(path, expect=404)
    assert world.as_("principal", school=school).post(path)["state"] == "RELIEVED"
    assert world.as_("principal", school=school).refused(path)["code"] == "illegal_transition"
    last = world.said("vetting")[-1]
    assert isinstance(last, DutyLeaderRelieved)
    assert (str(last.duty_id), last.cause) == (duty, "CANCELLED")


def test_whoever_is_blocked_leads_no_duty_that_is_not_over_at_any_school(world: World) -> None:
    rosters.open_term(world)
    here, there = world.schools[:2]
    (person,) = rosters.add_people(world, 1, here)
    past, ahead, elsewhere = (
        named(world, person, school, day=day) for school, day in ((here, 0), (here, 2), (there, 3))
    )
    world.set_time(world.at(8, day=1))
    staff.substantiate(world, staff.allegation(world, person))
    assert standing(world, person) == {
        past: ("NAMED", None),
        ahead: ("RELIEVED", "BLOCKED"),
        elsewhere: ("RELIEVED", "BLOCKED"),
    }
    relieved = {str(said.duty_id) for said in world.said("vetting") if isinstance(said, DutyLeaderRelieved)}
    assert relieved == {ahead, elsewhere}


def test_whoever_left_a_school_leads_its_duty_no_more_and_goes_on_at_the_other(world: World) -> None:
    rosters.open_term(world)
    here, there = world.schools[:2]
    person = staff.cleared(world, here, there)
    left, kept = named(world, person, here, day=1), named(world, person, there, day=2)
    world.hear(StaffMemberLeft(district_id=world.district, school_id=here, person_id=person))
    assert standing(world, person) == {left: ("RELIEVED", "LEFT_SCHOOL"), kept: ("NAMED", None)}
