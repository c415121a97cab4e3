"""What a district looks at: whether each school's people are fit, and its sessions staffed."""

import pytest

from shared.ids import new_id
from tests.builders import rosters, staff
from tests.builders.rosters import V
from tests.world import World

SERVICES = ("vetting",)


@pytest.mark.clause("P2-4.2.3")
def test_a_district_sees_school_by_school_who_is_unfit_and_what_nobody_leads(world: World) -> None:
    rosters.open_term(world, base="p2-anhui")
    here, there = world.schools[:2]
    lead, gone, blocked = (staff.cleared(world, here) for _ in range(3))
    staff.listed(world, here)
    rosters.add_people(world, 1, there, valid_days=60)
    sessions = staff.sessions(world, here)
    rosters.assign(world, here, lead, sessions[:2])
    (assignment,) = rosters.assign(world, here, gone, sessions[2:3])
    world.as_("academic_affairs").post(f"{V}/assignments/{assignment}/remove")
    staff.substantiate(world, staff.allegation(world, blocked))
    case = {
        "prohibition_code": "PB01",
        "target_kind": "SCHOOL",
        "target_id": here,
        "happened_on": world.first_day,
        "account": "…",
        "evidence_ref": "督学记录",
    }
    world.as_("inspector").post(f"{V}/compliance-cases", case)
    nothing = dict.fromkeys(("blocked", "sessions", "without_lead", "seeking", "unfilled", "open_cases"), 0)
    first = nothing | {
        "school_id": str(here),
        "people": 4,
        "cleared": 2,
        "ends_soon": 0,
        "blocked": 1,
        "sessions": 5,
        "without_lead": 3,
        "seeking": 1,
        "open_cases": 1,
    }
    second = nothing | {"school_id": str(there), "people": 1, "cleared": 1, "ends_soon": 1}
    seen = world.as_("district_admin").get(f"{V}/supervision")
    assert {line["school_id"]: line for line in seen["items"]} == {str(here): first, str(there): second}
    assert seen["until"] == world.at(0, day=7).date().isoformat()
    tomorrow = world.as_("inspector").get(f"{V}/supervision", days=1, school_id=here)["items"]
    assert [(line["sessions"], line["without_lead"]) for line in tomorrow] == [(2, 0)]
    assert world.as_("principal", school=there).get(f"{V}/supervision")["items"] == [second]
    assert world.as_("principal", school=new_id()).get(f"{V}/supervision")["items"] == []
    world.set_time(world.at(16, day=2))
    staff.let_time_act(world)
    world.set_time(world.at(15, 45, day=2))
    later = world.as_("district_admin").get(f"{V}/supervision", school_id=here)["items"]
    assert [(line["seeking"], line["unfilled"]) for line in later] == [(0, 1)]
