"""Duty sheets: what a school expects of guards and those who serve, and who has signed it."""

from typing import Any
from uuid import UUID

import pytest

from shared.ids import new_id
from tests.builders import rosters, staff
from tests.builders.rosters import V
from tests.world import World

SERVICES = ("vetting",)
PATH = f"{V}/duty-sheets"


@pytest.fixture
def district(world: World) -> World:
    return rosters.open_term(world)


def publish(world: World, school: UUID, category: str, *duties: str) -> Any:
    body = {"school_id": school, "term_id": world.term, "category": category, "duties": duties or ["看护学生"]}
    return world.as_("principal", school=school).post(PATH, body)


def guard(world: World, school: UUID) -> UUID:
    """A guard under a contract with a school."""
    person = UUID(world.as_("academic_affairs").post(f"{V}/people", {"category": "GUARD"})["id"])
    staff.engaged(world, person, school)
    return person


def unsigned(world: World, school: UUID, sheet: Any) -> list[str]:
    found = world.as_("academic_affairs", school=school).get(f"{PATH}/{sheet['id']}/unsigned")
    return [one["person_id"] for one in found["items"]]


@pytest.mark.clause("P1-2.3.6")
def test_the_duties_of_guards_are_stated_and_each_guard_signs_them(district: World) -> None:
    here, there = district.schools[:2]
    first, second = sorted(guard(district, here) for _ in range(2))
    guard(district, there)
    staff.listed(district, here)
    sheet = publish(district, here, "GUARD", "核验入校凭证", "登记出入人员")
    assert sheet["duties"] == ["核验入校凭证", "登记出入人员"]
    assert unsigned(district, here, sheet) == [str(first), str(second)]
    mine = district.as_("gatekeeper", school=here, person=first)
    signature = mine.post(f"{PATH}/{sheet['id']}/sign")
    assert (signature["person_id"], signature["signed_at"][:10]) == (str(first), district.first_day.isoformat())
    assert unsigned(district, here, sheet) == [str(second)]
    assert mine.refused(f"{PATH}/{sheet['id']}/sign")["code"] == "already_exists"
    assert district.as_("principal", school=here).all(f"{V}/duty-sheet-signatures") == [signature]


def test_a_duty_sheet_is_signed_only_by_whom_it_concerns_and_for_oneself(district: World) -> None:
    here, there = district.schools[:2]
    person = guard(district, here)
    sheet = publish(district, here, "GUARD")
    for role, school, other in (
        ("instructor", here, staff.listed(district, here)),
        ("gatekeeper", None, guard(district, there)),
        ("gatekeeper", here, new_id()),
    ):
        caller = district.as_(role, school=school, person=other)
        assert caller.refused(f"{PATH}/{sheet['id']}/sign")["code"] == "duty_sheet_of_others"
    elsewhere = district.as_("gatekeeper", school=there, person=person)
    elsewhere.post(f"{PATH}/{sheet['id']}/sign", expect=404)
    office = district.as_("academic_affairs", school=here, person=person)
    office.post(f"{PATH}/{sheet['id']}/sign", expect=403)
    body = {"school_id": there, "term_id": district.term, "category": "GUARD", "duties": ["看护学生"]}
    district.as_("principal", school=here).post(PATH, body, expect=404)


def test_a_new_duty_sheet_takes_the_place_of_the_old_one_which_is_kept(district: World) -> None:
    here = district.schools[0]
    person = staff.listed(district, here)
    old, new = publish(district, here, "OWN_TEACHER"), None
    mine = district.as_("class_teacher", school=here, person=person)
    mine.post(f"{PATH}/{old['id']}/sign")
    new = publish(district, here, "OWN_TEACHER", "看护学生", "清点人数")
    assert unsigned(district, here, new) == [str(person)]
    stranger = district.as_("class_teacher", school=here, person=staff.listed(district, here))
    assert stranger.refused(f"{PATH}/{old['id']}/sign")["code"] == "duty_sheet_replaced"
    mine.post(f"{PATH}/{new['id']}/sign")
    assert mine.all(PATH, category="OWN_TEACHER") == [old, new]
    assert [one["sheet_id"] for one in mine.all(f"{V}/duty-sheet-signatures")] == [old["id"], new["id"]]
    assert stranger.all(f"{V}/duty-sheet-signatures") == []
    with pytest.raises(Exception, match="append-only"):
        district.change("vetting", "UPDATE duty_sheets SET duties = '{}' WHERE true")


def test_no_duties_are_stated_for_a_category_that_may_not_serve(district: World) -> None:
    body = {
        "school_id": district.schools[0],
        "term_id": district.term,
        "category": "UNIVERSITY_STUDENT",
        "duties": ["看护学生"],
    }
    assert district.as_("principal").refused(PATH, body)["code"] == "category_not_allowed"
