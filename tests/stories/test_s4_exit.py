"""S4: a provider leaves the district, and all four services end what they have of it, each its own part.

A family has paid for the provider's club and gets its money back. Until the provider leaves, the events travel step by
step; then all loops run, over loopback and over RabbitMQ, and the clock loop delists on the first day without it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.vetting import ProviderExited
from shared.ids import new_id
from tests.builders import enrollment as enrolled
from tests.builders import fees, providers
from tests.builders.enrollment import E, School
from tests.invariants import broken
from tests.stories.test_s3_block import eventually
from tests.world import World

A, F, V = "/attendance/v1", "/finance/v1", "/vetting/v1"


@dataclass
class Club:
    """A museum's science club at one school, paid for by one family, on the morning of its first day."""

    school: School
    provider: str
    child: fees.Child

    @property
    def world(self) -> World:
        return self.school.world

    def exit_state(self) -> Any:
        return self.world.as_("district_admin").get(f"{V}/providers/{self.provider}/exit")

    def sessions(self) -> list[str]:
        return [one["state"] for one in self.school.office().all(f"{A}/sessions")]


@pytest.fixture
def club(world: World) -> Club:
    school, owner = enrolled.before_term(world), new_id()
    world.deliver_all()
    provider = providers.whitelisted(world, owner, day=-2, kind="SCIENCE_MUSEUM")
    world.set_time(world.at(8, day=-7))
    providers.contracted(world, school.id, provider, owner)
    world.deliver_all()
    offered(school, provider)
    child = taking_part(school)
    staffed(school, providers.coach(world, provider, owner))
    return Club(school, provider, child)


def offered(school: School, provider: str) -> None:
    """The club on the list, with a fee that is approved, posted and verified; the window is open."""
    world = school.world
    enrolled.survey(school)
    enrolled.draft(school, title="科技社团", content_type="SCIENCE", provider_id=provider)
    enrolled.file(school)
    world.deliver_all()
    fees.published(world, school.id, fees.standard(world, school.id, [UUID(school.item["id"])], kind="AGENCY_FEE"))
    world.deliver_all()
    school.office().post(f"{E}/items/{school.item['id']}/list")
    enrolled.told(school)
    school.window = school.office().post(f"{E}/windows", {"plan_id": school.plan["id"]})
    school.office().post(f"{E}/windows/{school.window['id']}/open")


def taking_part(school: School) -> fees.Child:
    """A family from its application to its payment on the first morning."""
    world, link = school.world, enrolled.links(school)[0]
    application = enrolled.approved(school, link)
    enrolled.signed(school, link, application)
    school.office().post(f"{E}/participations", {"application_ids": [application["id"]]})
    world.deliver_all()
    world.set_time(world.at(7))
    world.run_timers("finance")
    child = fees.Child(UUID(link["pupil_id"]), UUID(link["guardian_id"]), UUID(application["id"]))
    fees.paid(world, school.id, child)
    world.deliver_all()
    assert enrolled.state_of(school, application["id"]) == "ACTIVE"
    return child


def staffed(school: School, coach: UUID) -> None:
    """A group with its sessions, the coach on the roster of all of them."""
    world = school.world
    group = enrolled.confirmed_group(school, [one["id"] for one in school.principal().all(f"{E}/participations")])
    world.deliver_all()
    school.office().post(f"{A}/sessions/schedule", {"group_id": group["id"]})
    world.deliver_all()
    sessions = [one["id"] for one in school.office().all(f"{V}/sessions")]
    body = {"person_id": coach, "session_ids": sessions, "role": "ASSIST"}
    school.office().post(f"{V}/assignments", body)
    world.deliver_all()


@pytest.fixture
def running(club: Club, broker_url: str | None) -> Iterator[Club]:
    """The same district with every loop of the four services."""
    before = club.world
    suite = before.house.suite(tuple(before.suite.nodes), broker_url=broker_url)
    world = replace(before, suite=suite)
    try:
        suite.start()
        yield replace(club, school=replace(club.school, world=world))
    finally:
        world.http.close()
        suite.stop()


def test_all_four_services_end_their_part_and_only_then_the_provider_has_left(running: Club) -> None:
    club, world, school = running, running.world, running.school
    body = {"reason_code": "PROHIBITION_BREACH", "evidence_ref": "处理决定"}
    world.as_("district_admin").post(f"{V}/providers/{club.provider}/exit", body)
    assert {one["state"] for one in school.office().all(f"{V}/assignments")} == {"REMOVED"}

    eventually(lambda: school.office().get(f"{E}/items/{school.item['id']}")["state"], "DELISTED")
    eventually(lambda: enrolled.state_of(school, str(club.child.participation)), "WITHDRAWN")
    eventually(lambda: set(club.sessions()), {"CANCELLED"})
    eventually(lambda: (club.exit_state()["state"], club.exit_state()["waits_for"]), ("EXITING", ["open_refunds"]))

    due = [(30_000, "CALCULATED")]
    eventually(lambda: [(one["amount_fen"], one["state"]) for one in fees.refund_of(world, club.child)], due)
    (refund,) = fees.refund_of(world, club.child)
    world.as_("principal", school=school.id).post(f"{F}/refunds/{refund['id']}/approve")
    world.as_("cashier", school=school.id).post(f"{F}/refunds/{refund['id']}/pay")
    eventually(lambda: (club.exit_state()["state"], club.exit_state()["waits_for"]), ("EXITED", []))
    assert isinstance(world.said("vetting")[-1], ProviderExited)
    eventually(lambda: broken(world.read, world.district), [])
