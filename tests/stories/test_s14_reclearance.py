"""S14: a year passes. A teacher is reminded, queried in batch, expires for want of an answer, and is back once it came.

Vetting and attendance run with all their loops, over loopback and over RabbitMQ; the clock loop fires what falls due.
"""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.vetting import StaffCleared, StaffExpired, StaffRestored
from tests.builders import staff
from tests.stories.test_s3_block import clearance, eventually
from tests.world import House, World

SERVICES = ("vetting", "attendance")
V = "/vetting/v1"
LAST_TO_ANSWER = "TEACHER_QUALIFICATION"


@pytest.fixture
def world(house: House, broker_url: str | None) -> Iterator[World]:
    suite = house.suite(SERVICES, broker_url=broker_url)
    world = World(house, suite)
    try:
        world.publish_policy()
        suite.start()
        yield world
    finally:
        world.http.close()
        suite.stop()


def ended(world: World, job: dict[str, Any]) -> dict[str, Any]:
    """The job, once it is done."""
    officer = world.as_("vetting_officer")
    eventually(lambda: officer.get(f"{V}/jobs/{job['id']}")["state"], "done")
    return dict(officer.get(f"{V}/jobs/{job['id']}"))


def answer(world: World, asked: list[dict[str, str]], day: int) -> None:
    """The authority fills in the file that it was sent, and the officer hands it in."""
    filled = io.StringIO()
    writer = csv.DictWriter(filled, asked[0].keys())
    writer.writeheader()
    as_of = (world.first_day + timedelta(days=day)).isoformat()
    writer.writerows(row | {"result": "CLEAR", "as_of": as_of, "evidence_ref": f"批次-{day}"} for row in asked)
    officer = world.as_("vetting_officer")
    reply = officer.request("POST", f"{V}/check-results", content=filled.getvalue().encode())
    assert ended(world, reply.json())["errors"] == []


def reminders(world: World, person: UUID) -> int:
    sql = "SELECT count(*) FROM notifications WHERE person_id = :p AND template = 'clearance_ends_soon'"
    return int(world.read("vetting", sql, p=person)[0][0])


def test_a_clearance_that_is_not_renewed_in_time_shuts_the_door_until_the_last_answer_is_there(world: World) -> None:
    person, officer = staff.cleared(world, world.schools[0]), world.as_("vetting_officer")
    eventually(lambda: clearance(world, person), "CLEARED")
    world.set_time(world.at(9, day=310))
    eventually(lambda: reminders(world, person), 1)
    ended(world, officer.post(f"{V}/checks/request-due"))
    sent = officer.request("GET", f"{V}/requested-checks.csv").content.decode("utf-8-sig")
    asked = list(csv.DictReader(io.StringIO(sent)))
    assert [row["kind"] for row in asked] == sorted(staff.TEACHER_CHECKS)
    late = [row for row in asked if row["kind"] == LAST_TO_ANSWER]
    answer(world, [row for row in asked if row not in late], day=310)

    world.set_time(world.at(9, day=366))
    eventually(lambda: clearance(world, person), "EXPIRED")
    assert officer.get(f"{V}/people/{person}")["reason_class"] == "EXPIRED"
    assert officer.all(f"{V}/written-notices", person_id=person) == []
    world.as_("academic_affairs").post(f"{V}/people/{person}/start-review", {"consent": True})
    refusal = officer.refused(f"{V}/people/{person}/clear")
    assert (refusal["code"], LAST_TO_ANSWER in refusal["detail"]) == ("checks_incomplete", True)

    answer(world, late, day=366)
    officer.post(f"{V}/people/{person}/clear")
    eventually(lambda: clearance(world, person), "CLEARED")
    said = [one for one in world.said("vetting") if isinstance(one, StaffCleared | StaffExpired | StaffRestored)]
    assert [(one.name, one.clearance_epoch) for one in said] == [
        ("vetting.staff.cleared", 1),
        ("vetting.staff.expired", 2),
        ("vetting.staff.restored", 3),
    ]
