"""The conformance suite: what delivery promises (messaging.md §0), the same over loopback and over RabbitMQ.

Vetting says, attendance listens, each with its own database. Whatever is killed, repeated, lost or poisoned on the way:
every committed event takes effect exactly once, in the order of its partition.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pika
import pytest
from sqlalchemy import select

from shared.caller import service_itself
from shared.contracts.vetting import StaffBlocked, StaffCleared
from shared.events import PARTITIONS
from shared.ids import new_id
from shared.messaging.inbox import release
from shared.messaging.lease import Lease, is_fresh
from shared.messaging.topology import VHOST, queue_name
from shared.messaging.work import open_work
from shared.peers import PeerAway, Peers
from tests.deliverer import PAIR
from tests.servers.rabbitmq import RabbitNode
from tests.world import House, World

SERVICES = PAIR
PATIENCE_SECONDS = 40.0
GOOD, BAD = '"clearance_epoch":1', '"clearance_epoch":"many"'


@dataclass
class Carried:
    """A district whose events travel by one transport, in a process that may be killed."""

    world: World
    broker_url: str | None
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def say(self, person: UUID, epoch: int, count: int = 1) -> None:
        """A person is cleared, epoch after epoch, in one transaction."""
        world = self.world
        with open_work(world.suite.nodes["vetting"].database, service_itself("vetting", world.district)) as work:
            for step in range(count):
                work.emit(
                    StaffCleared(
                        district_id=world.district,
                        person_id=person,
                        category="OWN_TEACHER",
                        clearance_epoch=epoch + step,
                        valid_until=world.first_day,
                    )
                )

    def deliver(self, **crash: int) -> subprocess.Popen[bytes]:
        """Start a process that delivers, with crash points armed to their n-th passing."""
        house = self.world.house
        order = {"urls": house.urls, "data_dir": str(house.data_dir), "broker_url": self.broker_url, "crash": crash}
        process = subprocess.Popen([sys.executable, "-m", "tests.deliverer", json.dumps(order)])
        self.processes.append(process)
        return process

    def deliver_and_die(self, point: str, passing: int = 1) -> None:
        """Deliver until the process kills itself at a crash point."""
        assert self.deliver(**{point: passing}).wait(PATIENCE_SECONDS) == -signal.SIGKILL

    def settle(self) -> None:
        """Wait until everything said has taken effect or waits for an operator."""
        wait_until(lambda: self.unsent() == 0 and self.applied() == self.committed())

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def unsent(self) -> int:
        (row,) = self.world.read("vetting", "SELECT count(*) FROM outbox WHERE sent_at IS NULL")
        return int(row[0])

    def committed(self) -> list[tuple[int, int]]:
        return [
            tuple(row) for row in self.world.read("vetting", "SELECT part, last_sequence FROM outbox_part ORDER BY 1")
        ]

    def applied(self) -> list[tuple[int, int]]:
        sql = "SELECT part, sequence FROM inbox_position WHERE source = '/vetting' AND timeline = :timeline ORDER BY 1"
        found = dict(map(tuple, self.world.read("attendance", sql, timeline=self.timeline())))
        return [(part, found.get(part, 0)) for part in range(PARTITIONS)]

    def timeline(self) -> UUID:
        (row,) = self.world.read("vetting", "SELECT DISTINCT timeline FROM outbox_part")
        return UUID(str(row[0]))

    def epoch_in_attendance(self, person: UUID) -> int:
        rows = self.world.read("attendance", "SELECT epoch FROM clearances WHERE id = :p", p=person)
        return int(rows[0][0]) if rows else 0


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "did not settle in time"
        time.sleep(0.05)


def assert_applied_exactly_once(carried: Carried) -> None:
    """Set equality of what was said and what took effect, and one receipt each (messaging.md §6, 1 and 3)."""
    said = carried.world.read("vetting", "SELECT event_id FROM outbox WHERE timeline = :t", t=carried.timeline())
    sql = "SELECT event_id FROM inbox WHERE source = '/vetting' AND timeline = :t AND status = 'done'"
    done = carried.world.read("attendance", sql, t=carried.timeline())
    assert sorted(said) == sorted(done)


@pytest.fixture(params=["loopback", "rabbitmq"])
def carried(request: pytest.FixtureRequest, world: World) -> Iterator[Carried]:
    broker: RabbitNode | None = request.getfixturevalue("rabbit") if request.param == "rabbitmq" else None
    carried = Carried(world, broker.url(vhost=VHOST) if broker else None)
    yield carried
    carried.stop()
    # What this test left unsent must not surprise the next one.
    world.deliver_all()


@pytest.mark.parametrize(
    "point",
    [
        "relay_after_read",
        "relay_after_publish",  # between publish and mark
        "inbox_before_commit",
        "inbox_after_commit",
    ],
)
def test_a_process_killed_at_any_point_loses_and_repeats_nothing(carried: Carried, point: str) -> None:
    people = [new_id() for _ in range(12)]
    for person in people:
        carried.say(person, 1, count=3)
    carried.deliver_and_die(point)
    carried.say(people[0], 4)
    carried.deliver()
    carried.settle()
    assert_applied_exactly_once(carried)
    assert carried.epoch_in_attendance(people[0]) == 4


def test_two_delivering_processes_share_the_work_without_repeating_it(carried: Carried) -> None:
    first, second = carried.deliver(), carried.deliver()
    people = [new_id() for _ in range(30)]
    for epoch in range(1, 4):
        for person in people:
            carried.say(person, epoch)
    first.kill()
    carried.settle()
    assert second.poll() is None
    assert_applied_exactly_once(carried)
    assert {carried.epoch_in_attendance(person) for person in people} == {3}


def test_an_event_delivered_again_a_hundred_times_changes_nothing(carried: Carried) -> None:
    person = new_id()
    carried.say(person, 1, count=2)
    carried.deliver()
    carried.settle()
    (body,) = carried.world.read(
        "vetting", "SELECT body FROM outbox WHERE subject = :s ORDER BY id LIMIT 1", s=str(person)
    )
    for _ in range(100):
        carried.world.suite.inboxes["attendance"].receive([bytes(body[0])])
    assert_applied_exactly_once(carried)
    assert carried.epoch_in_attendance(person) == 2


def test_an_event_lost_on_the_way_is_pulled_from_its_publisher(carried: Carried) -> None:
    person = new_id()
    carried.say(person, 1, count=2)
    carried.deliver()
    carried.settle()
    carried.stop()
    carried.say(person, 3)
    lose(carried, person)
    carried.say(person, 4)
    carried.deliver()
    carried.settle()
    assert_applied_exactly_once(carried)
    assert carried.epoch_in_attendance(person) == 4


def lose(carried: Carried, person: UUID) -> None:
    """Take the newest event away after it counts as sent: from the queue, or, without a broker, by marking it sent."""
    world = carried.world
    if carried.broker_url is None:
        world.change("vetting", "UPDATE outbox SET sent_at = now() WHERE sent_at IS NULL")
        return
    relay = world.suite.nodes["vetting"].relay(
        world.house.suite(("vetting",), broker_url=carried.broker_url).publisher("vetting")
    )
    while relay.step():
        pass
    relay.close()
    with pika.BlockingConnection(pika.URLParameters(carried.broker_url)) as connection:
        channel = connection.channel()
        purged = [
            channel.queue_purge(queue_name("attendance", "vetting", part)).method.message_count
            for part in range(PARTITIONS)
        ]
    assert sum(purged) == 1


def test_a_poisoned_event_waits_alone_while_others_flow(carried: Carried) -> None:
    poisoned, well = new_id(), new_id()
    carried.say(poisoned, 1)
    carried.world.change(
        "vetting",
        "UPDATE outbox SET body ="
        " convert_to(replace(convert_from(body, 'UTF8'), :good, :bad), 'UTF8') WHERE subject = :s",
        s=str(poisoned),
        good=GOOD,
        bad=BAD,
    )
    carried.say(poisoned, 2)
    carried.say(well, 1)
    carried.deliver()
    carried.settle()
    wait_until(lambda: waiting(carried, poisoned) == ["dead", "parked"])
    assert carried.epoch_in_attendance(well) == 1
    assert carried.epoch_in_attendance(poisoned) == 0
    mend(carried, poisoned)
    wait_until(lambda: waiting(carried, poisoned) == [])
    assert carried.epoch_in_attendance(poisoned) == 2


def waiting(carried: Carried, person: UUID) -> list[str]:
    sql = "SELECT status FROM inbox WHERE subject = :s AND status IN ('parked', 'dead') ORDER BY sequence"
    return [row[0] for row in carried.world.read("attendance", sql, s=str(person))]


def mend(carried: Carried, person: UUID) -> None:
    """What an operator does once the fault is understood: the event is made readable and tried again."""
    world = carried.world
    world.change(
        "attendance",
        "UPDATE inbox SET body ="
        " convert_to(replace(convert_from(body, 'UTF8'), :bad, :good), 'UTF8') WHERE subject = :s",
        s=str(person),
        good=GOOD,
        bad=BAD,
    )
    sql = "SELECT event_id FROM inbox WHERE subject = :s AND status = 'dead'"
    with world.suite.nodes["attendance"].database.session() as session:
        assert release(session, [row[0] for row in world.read("attendance", sql, s=str(person))]) == 1
        session.commit()


class Switch:
    """Peers that can be cut off."""

    def __init__(self, peers: Peers) -> None:
        self.peers = peers
        self.is_cut = False

    def get(self, service: str, path: str, params: Mapping[str, Any]) -> Any:
        if self.is_cut:
            raise PeerAway(service)
        return self.peers.get(service, path, params)


def test_a_copy_is_trusted_for_the_lease_and_not_longer_when_its_publisher_is_away(world: World, house: House) -> None:
    world.deliver_all()
    world.change("attendance", "UPDATE inbox_position SET fresh_until = NULL")
    switch = Switch(world.suite.peers)
    lease = Lease(world.suite.inboxes["attendance"], switch, "vetting", seconds=1.0)

    def fresh() -> bool:
        with world.suite.nodes["attendance"].database.session() as session:
            return bool(session.scalar(select(is_fresh("vetting"))))

    lease.renew()
    assert fresh()
    switch.is_cut = True
    with pytest.raises(PeerAway):
        lease.renew()
    assert fresh()
    wait_until(lambda: not fresh())
    switch.is_cut = False
    lease.renew()
    assert fresh()


def test_a_lease_is_not_renewed_over_an_event_that_has_not_arrived(world: World) -> None:
    """The naive heartbeat would overtake a lost block; this lease pulls the block first."""
    world.deliver_all()
    person = new_id()
    with open_work(world.suite.nodes["vetting"].database, service_itself("vetting", world.district)) as work:
        work.emit(
            StaffBlocked(
                district_id=world.district,
                person_id=person,
                category="OWN_TEACHER",
                clearance_epoch=1,
                effective_at=work.now,
                reason_class="ETHICS",
            )
        )
    Lease(world.suite.inboxes["attendance"], world.suite.peers, "vetting", seconds=60).renew()
    rows = world.read("attendance", "SELECT state FROM clearances WHERE id = :p", p=person)
    assert rows == [("BLOCKED",)]
