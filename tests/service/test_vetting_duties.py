"""Who leads the duty, and when."""

import pytest

from tests.builders import rosters
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
