"""The relay against pika by itself: the same exchange, queues, bodies, confirms and number of messages in flight.

Ours reads the outbox, publishes, and marks what was confirmed; the baseline publishes bodies that it has in memory.
"""

import threading
from collections.abc import Sequence
from functools import partial
from itertools import takewhile
from typing import Any

import pika

from shared.caller import service_itself
from shared.contracts.vetting import StaffCleared
from shared.events import CONTENT_TYPE, PARTITIONS
from shared.ids import new_id
from shared.messaging import outbox
from shared.messaging.outbox import Outgoing
from shared.messaging.rabbit import RabbitPublisher
from shared.messaging.relay import Relay
from shared.messaging.topology import EVENTS, queue_name
from shared.messaging.work import open_work
from tests.bench.ground import Ground
from tests.bench.measure import Figure, Pair, compare, seconds
from tests.world import World

PAIR = ("vetting", "attendance")
LISTENERS = ("attendance", "enrollment", "finance")
EVENTS_A_ROUND = 1000
WINDOW = 400


def relay(ground: Ground) -> Figure:
    """From the outbox to confirmed and marked."""
    world = World(ground.house, ground.house.assembled(PAIR))
    ours = world.suite.nodes["vetting"].relay(RabbitPublisher(ground.broker_url, window=WINDOW))
    theirs = Bare(ground.broker_url)

    def play(first: bool) -> Pair:
        rows = say(world, EVENTS_A_ROUND)
        acts = {True: partial(_drain, ours), False: partial(theirs.publish, rows)}
        spent = {is_ours: seconds(acts[is_ours]) for is_ours in (first, not first)}
        empty(ground.broker_url)
        return spent[True], spent[False]

    figure = compare("relay", "event", play, units=EVENTS_A_ROUND, floor=0.5)
    ours.close()
    theirs.close()
    return figure


def say(world: World, count: int) -> list[Outgoing]:
    """Vetting clears people, a few at a time; what now lies in its outbox."""
    database = world.suite.nodes["vetting"].database
    for _ in range(count // 20):
        with open_work(database, service_itself("vetting", world.district)) as work:
            for _ in range(20):
                work.emit(cleared(world))
    with database.engine.connect() as connection:
        return outbox.unsent(connection, range(PARTITIONS), count)


def cleared(world: World) -> StaffCleared:
    """Somebody is cleared."""
    return StaffCleared(
        district_id=world.district,
        person_id=new_id(),
        category="OWN_TEACHER",
        clearance_epoch=1,
        valid_until=world.first_day,
    )


def empty(broker_url: str, listeners: Sequence[str] = LISTENERS) -> None:
    """Throw away what lies in the listeners' queues from vetting, so that no round finds fuller ones than another."""
    connection = pika.BlockingConnection(pika.URLParameters(broker_url))
    channel = connection.channel()
    for listener in listeners:
        for part in range(PARTITIONS):
            channel.queue_purge(queue_name(listener, "vetting", part))
    connection.close()


def _drain(relay: Relay) -> None:
    while relay.step():
        pass


class Bare:
    """Publishes with a window of confirms, as pika's documentation shows, and nothing else."""

    def __init__(self, url: str) -> None:
        self._rows: Sequence[Outgoing] = ()
        self._next = self._tag = 0
        self._waiting: dict[int, None] = {}
        self._channel: Any = None
        self._ready, self._done = threading.Event(), threading.Event()
        self._connection = pika.SelectConnection(pika.URLParameters(url), on_open_callback=self._open)
        threading.Thread(target=self._connection.ioloop.start, daemon=True).start()
        self._ready.wait(10)

    def publish(self, rows: Sequence[Outgoing]) -> None:
        """Return when all are confirmed."""
        self._rows, self._next, self._done = rows, 0, threading.Event()
        self._connection.ioloop.add_callback_threadsafe(self._fill)
        if not self._done.wait(60):
            raise RuntimeError("the broker did not confirm")

    def close(self) -> None:
        """Close the connection."""
        self._connection.ioloop.add_callback_threadsafe(self._connection.close)

    def _open(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._confirm)

    def _confirm(self, channel: Any) -> None:
        self._channel = channel
        channel.confirm_delivery(self._acked, callback=lambda _: self._ready.set())

    def _fill(self) -> None:
        while self._next < len(self._rows) and len(self._waiting) < WINDOW:
            row = self._rows[self._next]
            properties = pika.BasicProperties(
                message_id=str(row.event_id), type=row.type, content_type=CONTENT_TYPE, delivery_mode=2
            )
            self._channel.basic_publish(EVENTS, row.routing_key, row.body, properties, mandatory=True)
            self._next += 1
            self._tag += 1
            self._waiting[self._tag] = None

    def _acked(self, frame: Any) -> None:
        tag = frame.method.delivery_tag
        for one in list(takewhile(lambda sent: sent <= tag, self._waiting)) if frame.method.multiple else [tag]:
            del self._waiting[one]
        self._fill()
        if not self._waiting:
            self._done.set()
