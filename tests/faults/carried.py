"""What the fault tests share: vetting says, whoever hears it listens, and one check says whether all is well.

The check does not believe the inbox. A trigger in each listener's database writes down what took effect, in that order;
another one writes down every state of a clearance; and a reader asks attendance all the while who is fit.
"""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing.context import ForkServerProcess
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from services.attendance.presence.queries import is_known
from services.attendance.tables import Clearance
from shared.caller import service_itself
from shared.contracts.vetting import StaffBlocked, StaffCleared
from shared.database import enter
from shared.events import Event, decode
from shared.ids import new_id
from shared.messaging.inbox import release
from shared.messaging.lease import Lease, is_fresh
from shared.messaging.rabbit import RabbitPublisher
from shared.messaging.relay import Publisher
from shared.messaging.topology import VHOST
from shared.messaging.work import open_work
from tests import deliverer
from tests.deliverer import PUBLISHER
from tests.servers.rabbitmq import RabbitNode
from tests.world import World

PATIENCE_SECONDS = 90.0
LEASE_SECONDS = 3.0
HEARTBEAT_SECONDS = 2
FENCE_SECONDS = 3
SETTINGS = {
    "lease_seconds": LEASE_SECONDS,
    "heartbeat_seconds": HEARTBEAT_SECONDS,
    "fence_seconds": FENCE_SECONDS,
    "retry_seconds": (0.1, 0.1, 0.2),
}
BOTH = ("relay", "consumer")

_WITNESS = """
CREATE SCHEMA witness;
CREATE TABLE witness.applied (place bigint GENERATED ALWAYS AS IDENTITY, event_id uuid);
CREATE FUNCTION witness.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN INSERT INTO witness.applied (event_id) VALUES (NEW.event_id); RETURN NULL; END $$;
CREATE TRIGGER witness AFTER INSERT OR UPDATE ON inbox FOR EACH ROW
  WHEN (NEW.source = '/vetting' AND NEW.status IN ('done', 'refused')) EXECUTE FUNCTION witness.note()
"""
_EFFECTS = """
CREATE TABLE witness.effects (place bigint GENERATED ALWAYS AS IDENTITY, person uuid, epoch bigint);
CREATE FUNCTION witness.effect() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN INSERT INTO witness.effects (person, epoch) VALUES (NEW.id, NEW.epoch); RETURN NULL; END $$;
CREATE TRIGGER witness AFTER INSERT OR UPDATE ON clearances FOR EACH ROW EXECUTE FUNCTION witness.effect()
"""

_POISON = """
CREATE FUNCTION witness.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$;
CREATE TRIGGER poison BEFORE INSERT OR UPDATE ON clearances FOR EACH ROW
  WHEN (NEW.id = '{person}') EXECUTE FUNCTION witness.refuse()
"""


@dataclass(frozen=True)
class Place:
    """Where an event stands among the others."""

    timeline: UUID
    part: int
    sequence: int
    subject: str
    version: int


class Reader(threading.Thread):
    """Asks attendance again and again who is fit, and remembers when each person was so last.

    Its clock is the stop watch of the test, read before the question: whoever is fit by the answer was so later still.
    """

    def __init__(self, url: str, district: UUID) -> None:
        super().__init__(daemon=True)
        self.fit_at: dict[UUID, float] = {}
        self._engine = create_engine(url, poolclass=NullPool)
        self._district = district
        self._over = threading.Event()
        self.start()

    def run(self) -> None:
        fit = select(Clearance.id).where(Clearance.state == "CLEARED", is_known(Clearance.id), is_fresh(PUBLISHER))
        while not self._over.wait(0.05):
            asked_at = time.monotonic()
            try:
                with Session(self._engine) as session:
                    enter(session, service_itself("attendance", self._district))
                    self.fit_at |= dict.fromkeys(session.scalars(fit), asked_at)
            except DBAPIError:
                continue  # a database that is away shows nobody as fit

    def stop(self) -> None:
        self._over.set()
        self.join(10)


@dataclass
class Carried:
    """A district whose events travel by one transport, in processes that may be killed."""

    world: World
    node: RabbitNode | None
    people: list[UUID] = field(default_factory=lambda: [new_id() for _ in range(12)])
    watched: UUID = field(default_factory=new_id)
    """Cleared and seen to be fit before the fault; blocked during it."""
    epochs: Counter[UUID] = field(default_factory=Counter)
    blocked_at: dict[UUID, float] = field(default_factory=dict)
    said: dict[UUID, Place] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    """Subjects that waited for an operator: theirs alone may be out of order in their partition."""
    processes: list[ForkServerProcess] = field(default_factory=list)
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = Reader(self.world.house.urls["app"].format(service="attendance"), self.world.district)

    # Saying

    def say(self, person: UUID, count: int = 1) -> None:
        """A person is cleared, epoch after epoch, in one transaction."""
        events = [
            StaffCleared(
                district_id=self.world.district,
                person_id=person,
                category="OWN_TEACHER",
                clearance_epoch=self.epochs[person] + step,
                valid_until=self.world.first_day,
            )
            for step in range(1, count + 1)
        ]
        self.epochs[person] += count
        self._emit(events)

    def block(self) -> None:
        """The watched person is blocked: from a lease later on nobody may see them as fit."""
        self.epochs[self.watched] += 1
        blocked = StaffBlocked(
            district_id=self.world.district,
            person_id=self.watched,
            category="OWN_TEACHER",
            clearance_epoch=self.epochs[self.watched],
            effective_at=self.world.at(8),
            reason_class="ETHICS",
        )
        self._emit([blocked])
        self.blocked_at[self.watched] = time.monotonic()

    def chat(self, seed: int, count: int = 30) -> None:
        """So many transactions about people drawn by a seeded lot."""
        lot = random.Random(seed)
        for _ in range(count):
            self.say(lot.choice(self.people), lot.randint(1, 3))

    def _emit(self, events: Sequence[Event]) -> None:
        database = self.world.suite.nodes[PUBLISHER].database
        with open_work(database, service_itself(PUBLISHER, self.world.district)) as work:
            for event in events:
                work.emit(event)

    # Delivering

    def deliver(
        self, *roles: str, kill: str = "", freeze: str = "", passing: int = 1, **more: Any
    ) -> ForkServerProcess:
        """Start a process that delivers, and that dies or freezes at a crash point's n-th passing."""
        house = self.world.house
        order = deliverer.Order(
            roles=roles or BOTH,
            urls=house.urls,
            data_dir=house.data_dir,
            settings=SETTINGS | {"broker_url": self.node.url(vhost=VHOST) if self.node else None},
            kill={kill: passing},
            freeze={freeze: passing},
            **more,
        )
        self.processes.append(deliverer.start(order))
        return self.processes[-1]

    def kill(self, *processes: ForkServerProcess) -> None:
        """End processes as a power cut would; they are not missed."""
        for process in processes:
            process.kill()
            process.join()
            self.processes.remove(process)

    def bury(self, process: ForkServerProcess) -> None:
        """Wait until a process has died by its own hand, of a crash point."""
        process.join(PATIENCE_SECONDS)
        assert process.exitcode == -9
        self.processes.remove(process)

    def publisher(self) -> Publisher:
        """The road of this transport, in the test's own process."""
        if self.node is None:
            return self.world.suite.publisher(PUBLISHER)
        return RabbitPublisher(self.node.url(vhost=VHOST))

    def poison(self, person: UUID) -> None:
        """Let attendance's handler fail at whatever is said of a person."""
        self.world.change("attendance", _POISON.format(person=person))
        self.late.add(str(person))

    def mend(self) -> None:
        """The cause is gone, and an operator releases what died of it."""
        self.world.change("attendance", "DROP FUNCTION witness.refuse CASCADE")
        sql = "SELECT event_id FROM inbox WHERE status = 'dead' AND subject = ANY(:late)"
        dead = self.world.read("attendance", sql, late=list(self.late))
        with self.world.suite.nodes["attendance"].database.session() as session:
            release(session, [row[0] for row in dead])
            session.commit()

    # Looking

    @property
    def listeners(self) -> list[str]:
        inboxes = self.world.suite.inboxes
        return [name for name, inbox in inboxes.items() if PUBLISHER in inbox.service.listens_to]

    def committed(self) -> list[tuple[Any, ...]]:
        sql = "SELECT part, last_sequence FROM outbox_part WHERE last_sequence > 0 ORDER BY 1"
        return self.world.read(PUBLISHER, sql)

    def heard(self, listener: str) -> list[tuple[Any, ...]]:
        (timeline,) = self.world.read(PUBLISHER, "SELECT DISTINCT timeline FROM outbox_part")
        sql = (
            "SELECT part, sequence FROM inbox_position"
            " WHERE source = '/vetting' AND timeline = :t AND sequence > 0 ORDER BY 1"
        )
        return self.world.read(listener, sql, t=timeline[0])

    def all_heard(self) -> bool:
        committed = self.committed()
        return all(self.heard(listener) == committed for listener in self.listeners)

    def waiting(self, listener: str) -> list[str]:
        """What waits of this test's own people; the database is shared with other tests."""
        sql = (
            "SELECT status FROM inbox WHERE source = '/vetting' AND subject = ANY(:mine)"
            " AND status IN ('parked', 'dead') ORDER BY sequence"
        )
        return [row[0] for row in self.world.read(listener, sql, mine=[str(person) for person in self.epochs])]

    def is_at_rest(self) -> bool:
        """Whether everything said was sent and heard, and nothing waits."""
        unsent = self.world.read(PUBLISHER, "SELECT id FROM outbox WHERE sent_at IS NULL LIMIT 1")
        return not unsent and self.all_heard() and not any(map(self.waiting, self.listeners))

    def epoch_in_attendance(self, person: UUID) -> int:
        rows = self.world.read("attendance", "SELECT epoch FROM clearances WHERE id = :p", p=person)
        return int(rows[0][0]) if rows else 0

    def take_down(self) -> None:
        """Remember what the publisher has said, before it is asked to forget."""
        sql = "SELECT event_id, body FROM outbox WHERE body LIKE :mine"
        for event_id, body in self.world.read(PUBLISHER, sql, mine=f'%"{self.world.district}"%'.encode()):
            said = decode(bytes(body))
            self.said[event_id] = Place(
                said.timeline, said.partition, said.sequence, said.subject, said.subject_version
            )

    # Checking

    def check(self) -> None:
        """After every fault: nothing lost, repeated, out of order or stuck, and nobody blocked was seen as fit."""
        wait_until(self.is_at_rest)
        self.take_down()
        for listener in self.listeners:
            self._check_applied(listener)
        self._check_effects()
        self._check_fitness()
        assert [process.exitcode for process in self.processes if not process.is_alive()] == []

    def _check_applied(self, listener: str) -> None:
        rows = self.world.read(listener, "SELECT event_id FROM witness.applied ORDER BY place")
        applied = [row[0] for row in rows if row[0] in self.said]
        lost = [place for event_id, place in self.said.items() if event_id not in applied]
        repeated = [self.said[event_id] for event_id, times in Counter(applied).items() if times > 1]
        assert (lost, repeated) == ([], []), listener
        versions, numbers = defaultdict(list), defaultdict(list)
        for place in map(self.said.__getitem__, applied):
            versions[place.subject].append(place.version)
            if place.subject not in self.late:
                numbers[place.timeline, place.part].append(place.sequence)
        for run in (*versions.values(), *numbers.values()):
            assert all(one < next_one for one, next_one in pairwise(run)), f"{listener}: out of order: {run}"

    def _check_effects(self) -> None:
        rows = self.world.read("attendance", "SELECT person, epoch FROM witness.effects ORDER BY place")
        effects = defaultdict(list)
        for person, epoch in rows:
            effects[person].append(epoch)
        for person, epoch in self.epochs.items():
            assert effects[person] == list(range(1, epoch + 1))

    def _check_fitness(self) -> None:
        """The watched person was not seen as fit after the bound, and somebody else is seen as fit again."""
        mended_at = time.monotonic()
        others = self.epochs.keys() - self.blocked_at.keys()
        wait_until(lambda: any(self.reader.fit_at.get(person, 0) > mended_at for person in others))
        for person, blocked_at in self.blocked_at.items():
            assert self.reader.fit_at[person] <= blocked_at + LEASE_SECONDS

    # Beginning and ending

    def begin(self) -> None:
        """Everybody is heard of, the watched person is seen to be fit, and the witnesses look on."""
        self.world.deliver_all()  # what tests before this one left
        self.world.change("attendance", "UPDATE inbox_position SET fresh_until = NULL")  # they may lease for longer
        for listener in self.listeners:
            self.world.change(listener, _WITNESS)
        self.world.change("attendance", _EFFECTS)
        for person in (*self.people, self.watched):
            self.say(person)
        self.world.deliver_all()
        suite = self.world.suite
        Lease(suite.inboxes["attendance"], suite.peers, PUBLISHER, seconds=LEASE_SECONDS).renew()
        wait_until(lambda: self.watched in self.reader.fit_at)

    def end(self) -> None:
        self.kill(*list(self.processes))
        self.reader.stop()
        self.world.deliver_all()
        for listener in self.listeners:
            self.world.change(listener, "DROP SCHEMA IF EXISTS witness CASCADE")


def wait_until(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def carry(world: World, node: RabbitNode | None) -> Iterator[Carried]:
    carried = Carried(world, node)
    try:
        carried.begin()
        yield carried
    finally:
        carried.end()


@pytest.fixture(params=["loopback", "rabbitmq"])
def carried(request: pytest.FixtureRequest, world: World) -> Iterator[Carried]:
    """Over both transports."""
    yield from carry(world, request.getfixturevalue("rabbit") if request.param == "rabbitmq" else None)


@pytest.fixture
def over_loopback(world: World) -> Iterator[Carried]:
    """Where the transport makes no difference."""
    yield from carry(world, None)


@pytest.fixture
def over_rabbitmq(world: World, rabbit: RabbitNode) -> Iterator[Carried]:
    """Over RabbitMQ, where relay and consumers are processes of their own."""
    yield from carry(world, rabbit)
