"""INV-X-08: one service is stopped for a while, the others go on safely; afterwards nothing is lost, no timer skipped.

All four run with all their loops over RabbitMQ. The one that is away has no loop, and does not answer its peers.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.messaging.topology import VHOST
from shared.peers import PeerAway, Peers
from shared.runtime import SERVICES, Loops, Suite
from tests.invariants import NOW, at_rest, broken
from tests.properties.seedling import District, Seedling
from tests.servers.rabbitmq import RabbitNode
from tests.stories.opening import Opening
from tests.stories.plots import HEBI
from tests.stories.service_week import ServiceWeek
from tests.stories.stage import Stage
from tests.world import KEYRING, House, World

LEASE_SECONDS = 3.0


@dataclass
class Reachable:
    """Peers, but for those that are away."""

    peers: Peers
    away: set[str] = field(default_factory=set)

    def get(self, service: str, path: str, params: Mapping[str, Any]) -> Any:
        """See Peers.get."""
        if service in self.away:
            raise PeerAway(service)
        return self.peers.get(service, path, params)


class Town:
    """A district whose services can be stopped and started one by one."""

    def __init__(self, suite: Suite, copied: District) -> None:
        self.suite = suite
        self.world = World(copied.world.house, suite, district=copied.world.district)
        self.stage = Stage(self.world.http, self.world.house.issuer, KEYRING, district=self.world.district)
        opening = Opening(self.stage, HEBI)
        opening.schools, opening.term = [copied.school], copied.term
        self.week = ServiceWeek(opening)
        self.school = copied.school
        self.peers = Reachable(suite.peers)
        self._loops: dict[str, Loops] = {}

    def start(self, *services: str) -> None:
        """Start all roles of services."""
        for name in services:
            self.peers.away.discard(name)
            self._loops[name] = Loops()
            self._loops[name].start(name, self.suite.nodes[name].loops("all", self.peers))

    def stop(self, *services: str) -> None:
        """Stop them."""
        for name in services:
            self.peers.away.add(name)
            self._loops[name].stop(self.suite.nodes[name].database.wake)

    def come_in(self, person: str) -> Any:
        """What the door says to a person."""
        duty = self.stage.as_("duty_staff", school=self.school.id)
        arrival = {"session_id": self.school.sessions[0]["id"], "person_id": person}
        return duty.request("POST", "/attendance/v1/presences", body=arrival).json()

    def why_not(self, person: str) -> Any:
        """Why the roster of the first session keeps a person out; None when it does not."""
        duty = self.stage.as_("duty_staff", school=self.school.id)
        lines = duty.get("/attendance/v1/roster", session_id=self.school.sessions[0]["id"])["items"]
        return next((line["reason"] for line in lines if line["person_id"] == person), "unknown")

    def day_of(self, service: str) -> None:
        """The children are received, and, while the service is away, kept and fetched."""
        self.begin()
        self.stop(service)
        self.week.receive(self.school, 0)
        self.week.release(self.school, 0)

    def begin(self) -> None:
        """Noon of the first day: somebody leads the duty, the room is checked, and it is known who comes.

        Families who owe their fee still are let in on trust when the term begins.
        """
        self.stage.set_time(0, 12)
        self.week.name_duty_leader(self.school, 0)
        self.week.check_venue(self.school)
        self.stage.until(lambda: self.read("attendance", "SELECT count(*) FROM duties WHERE district_id = :d"), [(1,)])
        self.stage.until(self.is_settled)
        roll = "SELECT pupil_id FROM roll_entries WHERE district_id = :d AND ends_on IS NULL"
        self.school.pupils = [str(pupil) for (pupil,) in self.read("enrollment", roll)]

    def read(self, service: str, sql: str) -> Any:
        """Rows of this district."""
        return self.world.read(service, sql, d=self.world.district)

    def is_settled(self) -> bool:
        """No timer is due and everything said was heard; twice, as a handler may set a timer and that say more."""
        due = f"SELECT 1 FROM timers WHERE district_id = :d AND fired_at IS NULL AND due_at <= {NOW}"
        return all(
            not any(self.read(service, due) for service in SERVICES) and at_rest(self.world.read) for _ in range(2)
        )


@pytest.fixture
def town(house: House, rabbit: RabbitNode, seedling: Seedling) -> Iterator[Town]:
    copied = seedling.copy()
    copied.world.deliver_all()
    suite = house.suite(SERVICES, broker_url=rabbit.url(vhost=VHOST), lease_seconds=LEASE_SECONDS)
    town = Town(suite, copied)
    town.start(*SERVICES)
    yield town
    town.stop(*SERVICES)
    town.world.http.close()
    suite.stop()
    copied.world.http.close()


def without_finance(town: Town) -> None:
    """Children are received, kept and fetched without it."""
    town.day_of("finance")


def without_enrollment(town: Town) -> None:
    """The roll that was heard holds; a family leaves on a day that passes meanwhile."""
    town.day_of("enrollment")
    town.stage.set_time(3, 9)


def without_vetting(town: Town) -> None:
    """Once the word of vetting is old nobody new comes in, and every child goes home all the same."""
    office, late = town.stage.as_("academic_affairs", school=town.school.id), town.school.other
    today = {"session_ids": [town.school.sessions[0]["id"]], "person_id": late, "role": "ASSIST"}
    office.post("/vetting/v1/assignments", today)
    town.begin()
    town.week.receive(town.school, 0)
    town.stage.until(lambda: town.why_not(late), None)
    town.stop("vetting")
    town.stage.until(lambda: town.why_not(late), "clearance_unconfirmed")
    assert town.come_in(late)["code"] == "clearance_unconfirmed"
    town.week.release(town.school, 0)


def without_attendance(town: Town) -> None:
    """A block is committed, with everything that vetting, enrollment and finance do about it."""
    town.begin()
    town.stop("attendance")
    officer = town.stage.as_("vetting_officer")
    told = {"person_id": town.school.lead, "kind": "ETHICS_SUBSTANTIATED", "category": "E09", "account": "经核查"}
    principal = town.stage.as_("principal", school=town.school.id, person=town.school.principal)
    record = principal.post("/vetting/v1/conduct-records", told | {"evidence_ref": "case-1"})["id"]
    officer.post(f"/vetting/v1/conduct-records/{record}/triage")
    finding = {"sanction": "DEMERIT", "evidence_ref": "decision-1"}
    officer.post(f"/vetting/v1/conduct-records/{record}/substantiate", finding)
    gone = "SELECT count(*) FROM assignments WHERE district_id = :d AND state = 'REMOVED'"
    assert town.read("vetting", gone) == [(5,)]
    held = "SELECT count(*) FROM standings WHERE district_id = :d AND status = 'BLOCKED'"
    town.stage.until(lambda: town.read("finance", held), [(1,)])
    cause = "SELECT suspended_for FROM items WHERE district_id = :d AND state = 'SUSPENDED'"
    town.stage.until(lambda: town.read("enrollment", cause), [("LEAD_NOT_CLEARED",)])


AFTERWARDS: dict[str, tuple[Callable[[Town], None], str, str, list[Any]]] = {
    "finance": (without_finance, "finance", "SELECT count(*) FROM pay_lines", [(1,)]),
    "enrollment": (without_enrollment, "finance", "SELECT count(*) FROM refunds", [(1,)]),
    "vetting": (without_vetting, "vetting", "SELECT state FROM assignments", [("SERVED",)] * 2 + [("CONFIRMED",)] * 4),
    "attendance": (without_attendance, "attendance", "SELECT state FROM sessions", [("UNSTAFFED",)] * 5),
}
"""By the service that is away: what happens meanwhile, and the rows that show that it was made up for afterwards."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", SERVICES)
def test_the_others_go_on_safely_and_nothing_is_lost(town: Town, service: str) -> None:
    meanwhile, where, sql, rows = AFTERWARDS[service]
    meanwhile(town)
    assert broken_now(town) <= {"INV-X-01", "INV-X-08"}  # what the one that is away has not heard or said
    town.start(service)
    town.stage.until(town.is_settled)
    assert sorted(town.read(where, f"{sql} WHERE district_id = :d"), reverse=True) == rows
    assert broken_now(town) == set()


def broken_now(town: Town) -> set[str]:
    return {one.invariant for one in broken(town.world.read, town.world.district)}
