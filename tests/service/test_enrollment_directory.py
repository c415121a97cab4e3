"""The district's register comes in, is checked, previewed and applied, and goes out to the other services."""

from typing import Any
from uuid import UUID

import pytest

from shared import jobs
from shared.contracts.enrollment import (
    ClassTeacherAssigned,
    GuardianLinkEnded,
    GuardianLinkVerified,
    PupilLeft,
    PupilMoved,
    PupilRegistered,
    StaffMemberListed,
)
from shared.events import Event
from shared.ids import new_id
from tests.builders import rostering
from tests.world import World

SERVICES = ("enrollment",)
E = "/enrollment/v1"

SIZE: dict[str, Any] = {"schools": 2, "pupils": 40, "district_name": "鹤壁市", **rostering.TERM}


def upload(world: World, content: bytes, expect: int = 201) -> Any:
    reply = world.as_("district_admin").request("POST", f"{E}/imports", content=content)
    assert reply.status_code == expect, reply.text
    return reply.json()


def apply(world: World, staged: Any, **body: Any) -> Any:
    """Apply a staged import to its end; the job."""
    job = world.as_("district_admin").post(f"{E}/imports/{staged['id']}/apply", body, expect=202)
    node = world.suite.nodes["enrollment"]
    jobs.run_waiting(node.database, node.service.jobs)
    return world.as_("principal").get(f"{E}/jobs/{job['id']}")


def said(world: World, kind: type[Event]) -> list[Any]:
    return [event for event in world.said("enrollment") if isinstance(event, kind)]


@pytest.fixture
def rows() -> Any:
    return rostering.tables(3, **SIZE)


@pytest.fixture
def district(world: World, rows: Any) -> World:
    """A district whose register was applied once."""
    staged = upload(world, rostering.pack(rows))
    assert apply(world, staged)["state"] == "done"
    return world


def pupils(world: World) -> list[Any]:
    return world.as_("district_admin").all(f"{E}/pupils")


def test_nothing_changes_before_an_import_is_applied(world: World, rows: Any) -> None:
    staged = upload(world, rostering.pack(rows))
    assert staged["counts"]["pupils"]["added"] == 40
    assert pupils(world) == []
    assert world.said("enrollment") == []


def test_an_applied_register_is_said_with_ids_alone(district: World) -> None:
    assert len(pupils(district)) == len(said(district, PupilRegistered)) == 40
    assert {one.stage for one in said(district, PupilRegistered)} == {"primary", "junior"}
    assert len(said(district, ClassTeacherAssigned)) == len(district.as_("district_admin").all(f"{E}/classes"))
    assert said(district, GuardianLinkVerified)
    assert {one.role for one in said(district, StaffMemberListed)} >= {"teacher", "principal"}


def test_the_same_register_again_changes_nothing(district: World, rows: Any) -> None:
    before = len(district.said("enrollment"))
    staged = upload(district, rostering.pack(rows))
    assert staged["total"] == 0
    apply(district, staged)
    assert len(district.said("enrollment")) == before


def test_more_than_five_hundred_changes_are_applied_in_chunks(world: World) -> None:
    staged = upload(world, rostering.bundle(5, schools=1, pupils=150))
    assert staged["total"] > 1000
    job = apply(world, staged)
    assert (job["state"], job["done"]) == ("done", staged["total"])
    assert len(pupils(world)) == 150


def test_a_broken_bundle_is_refused_whole_with_every_fault(world: World) -> None:
    assert upload(world, b"no zip", expect=422)["errors"]
    assert world.as_("district_admin").get(f"{E}/imports")["items"] == []


def test_a_wrong_row_is_held_back_with_its_reason_and_the_rest_is_applied(world: World) -> None:
    staged = upload(world, rostering.bundle_with(["value_missing"], pupils=20))
    problems = world.as_("district_admin").get(f"{E}/imports/{staged['id']}/problems")["items"]
    assert "value_missing" in {one["code"] for one in problems}
    assert staged["quarantined"] >= 1
    apply(world, staged)
    assert len(pupils(world)) == 19


def test_a_register_that_lost_most_pupils_wants_a_confirmation(district: World, rows: Any) -> None:
    few = {**rows, "roles": [row for row in rows["roles"] if row["role"] != "student"]}
    staged = upload(district, rostering.pack(few))
    assert "pupils" in staged["exceeded"]
    refusal = district.as_("district_admin").refused(f"{E}/imports/{staged['id']}/apply", {})
    assert refusal["code"] == "import_wants_confirmation"
    apply(district, staged, confirmed=True)
    assert len(said(district, PupilLeft)) == 40
    assert not any(one["active"] for one in pupils(district))


def test_a_preview_that_was_overtaken_is_not_applied(district: World, rows: Any) -> None:
    first, second = (upload(district, rostering.pack(rows)) for _ in range(2))
    apply(district, first)
    refusal = district.as_("district_admin").refused(f"{E}/imports/{second['id']}/apply", {})
    assert refusal["code"] == "import_outdated"


def test_a_pupil_who_changes_class_moves_and_keeps_the_id(district: World, rows: Any) -> None:
    classes = [row for row in rows["classes"] if row["schoolSourcedId"] == "s-01"]
    place = next(row for row in rows["enrollments"] if row["role"] == "student" and row["schoolSourcedId"] == "s-01")
    other = next(row for row in classes if row["sourcedId"] != place["classSourcedId"])
    before = {one["id"]: one["class_id"] for one in pupils(district)}
    place["classSourcedId"] = other["sourcedId"]
    apply(district, upload(district, rostering.pack(rows)))
    (moved,) = said(district, PupilMoved)
    after = {one["id"]: one["class_id"] for one in pupils(district)}
    assert [key for key in before if before[key] != after[key]] == [str(moved.pupil_id)]
    assert before.keys() == after.keys()


def test_a_guardian_whom_the_register_no_longer_names_is_none_any_more(district: World, rows: Any) -> None:
    pupil = next(row for row in rows["users"] if row["sourcedId"].startswith("p-") and "," in row["agentSourcedIds"])
    kept, _ = pupil["agentSourcedIds"].split(",")
    pupil["agentSourcedIds"] = kept
    apply(district, upload(district, rostering.pack(rows)))
    (ended,) = said(district, GuardianLinkEnded)
    links = district.as_("district_admin").all(f"{E}/guardian-links", pupil_id=ended.pupil_id)
    assert {(one["guardian_id"], one["state"]) for one in links} >= {(str(ended.guardian_id), "ENDED")}


def test_the_guardians_of_a_pupil_who_is_placed_later_are_linked_then(world: World, rows: Any) -> None:
    place = next(row for row in rows["enrollments"] if row["role"] == "student")
    apply(world, upload(world, rostering.pack(rows | {"enrollments": [r for r in rows["enrollments"] if r != place]})))
    before = len(said(world, GuardianLinkVerified))
    apply(world, upload(world, rostering.pack(rows)))
    assert len(pupils(world)) == 40
    assert len(said(world, GuardianLinkVerified)) > before


def test_the_feed_gives_another_service_everybody_in_order_with_names(district: World) -> None:
    token = district.house.service_token("enrollment")
    headers = {"Authorization": f"Bearer {token}"}
    entries: list[Any] = []
    after = 0
    while True:
        params: dict[str, Any] = {"district": str(district.district), "after": after, "limit": 50}
        page = district.http.get(f"{E}/directory/changes", params=params, headers=headers).json()
        if not page["items"]:
            break
        entries, after = entries + page["items"], page["next"]
    children = [one for one in entries if one["kind"] == "pupil"]
    assert len(children) == 40
    assert all(one["name"] and one["class_id"] for one in children)
    assert all(one["phone"].startswith("1380000") for one in entries if one["kind"] == "adult")
    assert [one["sequence"] for one in entries] == sorted(one["sequence"] for one in entries)


def test_the_feed_is_for_other_services_only(district: World) -> None:
    district.as_("principal").get(f"{E}/directory/changes", district=district.district, expect=403)


def test_a_class_teacher_and_a_guardian_see_their_own_children_alone(district: World) -> None:
    link = district.as_("district_admin").get(f"{E}/guardian-links")["items"][0]
    own = district.as_("guardian", person=UUID(link["guardian_id"])).get(f"{E}/my-children")["items"]
    assert link["pupil_id"] in {one["pupil_id"] for one in own}
    assert len(own) < 10
    found = district.as_("district_admin").get(f"{E}/classes")["items"][0]
    mine = district.as_("class_teacher", person=UUID(found["teacher_id"])).get(f"{E}/my-class")["items"]
    assert {one["class_id"] for one in mine} == {found["id"]}
    assert district.as_("guardian", person=new_id()).get(f"{E}/my-children")["items"] == []


def test_a_school_sees_its_own_pupils_and_another_district_none(district: World) -> None:
    one, other = (UUID(found["id"]) for found in district.as_("district_admin").get(f"{E}/schools")["items"])
    mine = district.as_("principal", school=one).all(f"{E}/pupils")
    assert {found["school_id"] for found in mine} == {str(one)}
    district.as_("principal", school=other).get(f"{E}/people/{mine[0]['id']}", expect=404)
    assert district.as_("principal", school=one).get(f"{E}/people/{mine[0]['id']}")["name"]
    assert pupils(World(district.house, district.suite)) == []


def test_whoever_sees_one_school_brings_no_register_of_the_district(district: World, rows: Any) -> None:
    school = UUID(district.as_("district_admin").get(f"{E}/schools")["items"][0]["id"])
    office = district.as_("academic_affairs", school=school)
    reply = office.request("POST", f"{E}/imports", content=rostering.pack(rows))
    assert (reply.status_code, reply.json()["code"]) == (409, "import_is_for_the_district")
