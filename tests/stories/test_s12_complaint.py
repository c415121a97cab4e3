"""S12: a family's complaint names a prohibition. Vetting examines it as a case, and the family learns what came of it.

Enrollment and vetting run with all their loops, over loopback and over RabbitMQ.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.builders import enrollment as enrolled
from tests.builders.enrollment import E, School
from tests.stories.test_s3_block import eventually
from tests.world import World

SERVICES = ("enrollment", "vetting")
V = "/vetting/v1"


@pytest.fixture
def school(world: World, broker_url: str | None) -> Iterator[School]:
    """A school of a district whose policy is known everywhere."""
    before = enrolled.before_term(world, "p2-anhui")
    world.deliver_all()
    suite = world.house.suite(SERVICES, broker_url=broker_url)
    running = replace(world, suite=suite)
    try:
        suite.start()
        yield replace(before, world=running)
    finally:
        running.http.close()
        suite.stop()


def cases(world: World, complaint: str) -> list[dict[str, Any]]:
    found = world.as_("district_admin").all(f"{V}/compliance-cases")
    return [one for one in found if one["source_id"] == complaint]


def test_a_family_that_complained_of_a_breach_learns_what_the_case_came_to(school: School) -> None:
    world, link = school.world, enrolled.links(school)[0]
    parent = world.as_("guardian", person=UUID(link["guardian_id"]))
    told = {"school_id": school.id, "topic": "FEE", "text": "老师让我们扫码交钱", "prohibition_code": "PB04"}
    complaint = parent.post(f"{E}/complaints", told | {"happened_on": enrolled.today(school)})["id"]
    eventually(lambda: [one["state"] for one in cases(world, complaint)], ["OPENED"])
    (case,) = cases(world, complaint)
    assert (case["target_kind"], case["target_id"], case["source"]) == (
        "SCHOOL",
        str(school.id),
        "enrollment.complaint.opened",
    )
    district, path = world.as_("district_admin"), f"{V}/compliance-cases/{case['id']}"
    world.as_("inspector").post(f"{path}/investigate")
    district.post(f"{path}/confirm", {"severity": "SERIOUS", "evidence_ref": "调查报告"})
    district.post(f"{path}/sanction", {"sanctions": ["CRITICISM"], "evidence_ref": "处理决定"})
    district.post(f"{path}/close")
    eventually(lambda: parent.get(f"{E}/complaints/{complaint}")["state"], "ANSWERED")
    last = parent.get(f"{E}/complaints/{complaint}/history")["steps"][-1]
    assert (last["action"], last["code"]) == ("conclude", "SANCTIONED")
    assert parent.post(f"{E}/complaints/{complaint}/accept")["state"] == "CLOSED"
