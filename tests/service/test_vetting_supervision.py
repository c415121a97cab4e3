"""What a district looks at: whether each school's people are fit, and its sessions staffed."""

from typing import Any

import pytest

from shared.ids import new_id
from tests.builders import rosters, staff
from tests.builders.rosters import V
from tests.world import World

SERVICES = ("vetting",)

COUNTS = ("people", "cleared", "ends_soon", "blocked", "sessions", "without_lead", "seeking", "unfilled", "open_cases")


@pytest.fixture
def district(world: World) -> World:
    """One school with a blocked teacher, five sessions of which three have no lead, and a case; another with hardly
    anybody.
    """
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
    case = {"prohibition_code": "PB01", "target_kind": "SCHOOL", "target_id": here, "account": "…"}
    told = {"happened_on": world.first_day, "evidence_ref": "督学记录"}
    world.as_("inspector").post(f"{V}/compliance-cases", case | told)
    return world


def line(school: Any, **counted: int) -> dict[str, Any]:
    """A school's line; what is not named is none."""
    return dict.fromkeys(COUNTS, 0) | {"school_id": str(school)} | counted


def seen(world: World, role: str = "district_admin", school: Any = None, **which: Any) -> list[dict[str, Any]]:
    return list(world.as_(role, school=school).get(f"{V}/supervision", **which)["items"])


@pytest.mark.clause("P2-4.2.3")
def test_a_district_sees_school_by_school_who_is_unfit_and_what_nobody_leads(district: World) -> None:
    here, there = district.schools[:2]
    first = line(here, people=4, cleared=2, blocked=1, sessions=5, without_lead=3, seeking=1, open_cases=1)
    second = line(there, people=1, cleared=1, ends_soon=1)
    assert sorted(seen(district), key=lambda one: -int(one["people"])) == [first, second]
    assert seen(district, "principal", there) == [second]
    assert seen(district, "principal", new_id()) == []


def test_supervision_looks_as_many_days_ahead_as_it_is_asked_and_finds_what_was_given_up(district: World) -> None:
    here = district.schools[0]
    tomorrow = seen(district, "inspector", days=1, school_id=here)
    assert [(one["sessions"], one["without_lead"]) for one in tomorrow] == [(2, 0)]
    district.set_time(district.at(15, 45, day=2))
    staff.let_time_act(district)
    assert [(one["seeking"], one["unfilled"]) for one in seen(district, school_id=here)] == [(0, 1)]
