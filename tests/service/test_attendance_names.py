"""What people are called: pulled from enrollment's directory, kept sealed, read at the door with enrollment away."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from services.attendance.directory.handlers import NAMES
from shared.clock import monotonic
from shared.contracts.enrollment import ClassTeacherAssigned, GuardianLinkVerified, PupilRegistered
from shared.ids import new_id
from shared.messaging import feed
from shared.peers import PeerAway, Peers
from shared.runtime import Loops
from tests.builders import rostering
from tests.client import Client
from tests.world import World

SERVICES = ("enrollment", "attendance")
SIZE: dict[str, Any] = {"schools": 2, "pupils": 30, "district_name": "鹤壁市", **rostering.TERM}


class Line:
    """The road to enrollment: counts what is asked, and may be cut after some questions."""

    def __init__(self, world: World, cut_after: int | None = None) -> None:
        self._peers: Peers = world.suite.peers
        self._district = str(world.district)
        self._left = cut_after
        self.asked: list[int] = []

    def get(self, service: str, path: str, params: Mapping[str, Any]) -> Any:
        """As Peers.get, for one district."""
        if params["district"] != self._district or self._left == len(self.asked):
            raise PeerAway("cut")
        self.asked.append(params["after"])
        return self._peers.get(service, path, params)


@pytest.fixture
def rows() -> Any:
    return rostering.tables(3, **SIZE)


def register(world: World, rows: Any) -> None:
    """Enrollment takes the register in."""
    reply = world.as_("district_admin").request("POST", "/enrollment/v1/imports", content=rostering.pack(rows))
    world.as_("district_admin").post(f"/enrollment/v1/imports/{reply.json()['id']}/apply", {}, expect=202)
    world.run_jobs("enrollment")


@pytest.fixture
def district(world: World, rows: Any) -> World:
    """A register in enrollment; attendance has heard of pupils, guardians and class teachers, and knows no name."""
    world.publish_policy()
    register(world, rows)
    heard = (PupilRegistered, GuardianLinkVerified, ClassTeacherAssigned)
    world.tell("attendance", *(event for event in world.said("enrollment") if isinstance(event, heard)))
    return world


def pull(world: World, line: Line | None = None) -> Line:
    """As the loop of the consumer role does, once."""
    line = line or Line(world)
    feed.pull(world.suite.nodes["attendance"].database, line, NAMES)
    return line


def links(world: World) -> list[Any]:
    return world.as_("district_admin").all("/enrollment/v1/guardian-links")


def names(caller: Client, *people: Any) -> dict[str, str]:
    listed = ",".join(str(person) for person in people)
    return {one["person_id"]: one["name"] for one in caller.get("/attendance/v1/names", person_ids=listed)["items"]}


def register_names(rows: Any) -> set[str]:
    return {row["familyName"] + row["givenName"] for row in rows["users"]}


def kept(world: World) -> int:
    return len(world.read("attendance", "SELECT 1 FROM person_names WHERE district_id = :d", d=world.district))


def test_names_of_pupils_guardians_and_staff_are_pulled_page_by_page(
    district: World, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PAGE", 20)
    pulled = pull(district)
    assert len(pulled.asked) > 4
    link, office = links(district)[0], district.as_("academic_affairs")
    teacher = district.as_("district_admin").get("/enrollment/v1/classes")["items"][0]["teacher_id"]
    found = names(office, link["pupil_id"], link["guardian_id"], teacher)
    assert len(found) == 3
    assert set(found.values()) <= register_names(rows)
    own = district.as_("guardian", person=UUID(link["guardian_id"])).get("/enrollment/v1/my-children")["items"]
    assert found[link["pupil_id"]] in {one["name"] for one in own}


def test_a_pull_that_was_cut_off_goes_on_where_it_was(district: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PAGE", 20)
    cut_off = pull(district, Line(district, cut_after=3))
    assert 0 < kept(district) < len(pull(district).asked) * 20
    total = kept(district)
    resumed = pull(district)
    assert cut_off.asked[:2] == [0, 0], "the first answer tells the timeline"
    assert resumed.asked == [max(resumed.asked)]
    assert kept(district) == total


def test_a_new_name_in_the_register_is_the_name_at_the_door(district: World, rows: Any) -> None:
    pull(district)
    link = links(district)[0]
    before = names(district.as_("academic_affairs"), link["pupil_id"])[link["pupil_id"]]
    for row in rows["users"]:
        if row["familyName"] + row["givenName"] == before:
            row["familyName"], row["givenName"] = "欧阳", "新名"
    register(district, rows)
    pull(district)
    assert names(district.as_("academic_affairs"), link["pupil_id"]) == {link["pupil_id"]: "欧阳新名"}


def test_two_consumers_that_pull_at_once_keep_every_name_once(district: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PAGE", 10)
    with ThreadPoolExecutor(3) as consumers:
        list(consumers.map(pull, [district] * 3))
    people = {link[key] for link in links(district) for key in ("pupil_id", "guardian_id")}
    assert names(district.as_("academic_affairs"), *sorted(people)[:100]).keys() == set(sorted(people)[:100])


def test_the_feed_is_read_anew_when_enrollment_was_restored(district: World) -> None:
    pull(district)
    district.change("attendance", "DELETE FROM person_names WHERE district_id = :d", d=district.district)
    pull(district)
    assert kept(district) == 0
    aged = "UPDATE feed_positions SET timeline = :other WHERE district_id = :d"
    district.change("attendance", aged, other=new_id(), d=district.district)
    pull(district)
    assert kept(district) > 30


def test_names_are_read_at_the_door_with_enrollment_away(district: World) -> None:
    pull(district)
    link = links(district)[0]
    with capture_logs() as logged:
        pull(district, Line(district, cut_after=0))
    assert {entry["event"] for entry in logged} == {"feed_not_pulled"}
    suite = district.house.suite(("attendance",))
    alone = World(district.house, suite, district.district, district.schools)
    try:
        assert len(names(alone.as_("duty_staff"), link["pupil_id"], link["guardian_id"])) == 2
    finally:
        alone.http.close()
        suite.stop()


def test_no_name_is_logged_or_stored_in_the_open(district: World, rows: Any) -> None:
    with capture_logs() as logged:
        pull(district)
    stored = district.read(
        "attendance", "SELECT name_sealed FROM person_names WHERE district_id = :d", d=district.district
    )
    for name in register_names(rows):
        assert name not in str(logged)
        assert not any(name.encode() in sealed for (sealed,) in stored)


def test_a_guardian_reads_the_names_of_their_own_children_alone(district: World) -> None:
    pull(district)
    listed = links(district)
    guardian = listed[0]["guardian_id"]
    children = {one["pupil_id"] for one in listed if one["guardian_id"] == guardian}
    family = children | {one["guardian_id"] for one in listed if one["pupil_id"] in children}
    everybody = {one[key] for one in listed[:40] for key in ("pupil_id", "guardian_id")} | family
    parent = district.as_("guardian", person=UUID(guardian))
    assert names(parent, *everybody).keys() == family < everybody
    assert names(district.as_("guardian", person=new_id()), *everybody) == {}


@pytest.mark.parametrize("besides", ["parent_committee", "volunteer", "nobody_knows_this_role"])
def test_a_guardian_who_helps_besides_sees_no_child_more(district: World, besides: str) -> None:
    pull(district)
    link = links(district)[0]
    token = district.house.issuer.token(
        subject="parent",
        roles=["guardian", besides],
        district_ids=[district.district],
        school_ids=None,
        person_id=new_id(),
        audience="attendance",
        lifetime=timedelta(hours=1),
    )
    assert names(Client(district.http, lambda _: token), link["pupil_id"]) == {}


def test_a_school_reads_the_names_of_its_own_people_alone(district: World) -> None:
    pull(district)
    link = links(district)[0]
    here = UUID(link["school_id"])
    other = next(UUID(one["school_id"]) for one in links(district) if one["school_id"] != link["school_id"])
    assert names(district.as_("gatekeeper", school=here), link["pupil_id"]).keys() == {link["pupil_id"]}
    assert names(district.as_("gatekeeper", school=other), link["pupil_id"]) == {}
    assert names(World(district.house, district.suite).as_("gatekeeper"), link["pupil_id"]) == {}


def test_whoever_a_guardian_named_to_fetch_a_child_has_a_name_at_the_door(district: World) -> None:
    link = links(district)[0]
    parent = district.as_("guardian", person=UUID(link["guardian_id"]))
    collector = {"pupil_id": link["pupil_id"], "kind": "STANDING", "valid_from": district.first_day}
    told = {"name": "王秀英", "phone": "+8613800000001", "relation": "外婆"}
    person = parent.post("/attendance/v1/authorizations", collector | told)["person_id"]
    assert names(district.as_("gatekeeper"), person) == {person: "王秀英"}
    assert names(district.as_("guardian", person=new_id()), person) == {}


def test_each_reading_is_one_row_of_the_access_log_with_whom_it_was_about(district: World) -> None:
    pull(district)
    link = links(district)[0]
    sql = "SELECT purpose, caller, subjects FROM access_log WHERE district_id = :d"
    names(district.as_("gate_device"), link["pupil_id"], link["guardian_id"], new_id())
    names(district.as_("guardian", person=new_id()), link["pupil_id"])
    ((purpose, caller, subjects),) = district.read("attendance", sql, d=district.district)
    assert (purpose, caller) == ("attendance.names", "gate_device")
    assert {str(one) for one in subjects} == {link["pupil_id"], link["guardian_id"]}


def test_a_pull_of_nothing_is_no_reading_of_personal_data(district: World) -> None:
    pull(district)
    sql = "SELECT count(*) FROM access_log WHERE district_id = :d AND purpose = 'enrollment.directory_feed'"
    before = district.read("enrollment", sql, d=district.district)
    assert pull(district).asked
    assert district.read("enrollment", sql, d=district.district) == before != [(0,)]


def test_at_most_a_hundred_names_are_read_at_once(district: World) -> None:
    listed = ",".join(str(new_id()) for _ in range(101))
    district.as_("duty_staff").get("/attendance/v1/names", person_ids=listed, expect=422)
    district.as_("accountant").get("/attendance/v1/names", person_ids=str(new_id()), expect=403)


def test_the_consumer_role_pulls_by_itself(district: World) -> None:
    loops = Loops()
    loops.start("attendance", district.suite.nodes["attendance"].feeds(Line(district)))
    deadline = monotonic() + 20
    while not kept(district) and monotonic() < deadline:
        threading.Event().wait(0.05)
    loops.stop()
    assert kept(district)
