"""The consumer against kombu by itself: the same kind of queues, the same bodies, prefetch and acks.

Each round's events lie in attendance's queues and, by the same publish, in those of enrollment. Ours takes the former
to attendance's inbox, receipts and projection committed; the baseline takes the latter nowhere: it has no database.
"""

import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

from kombu import entity, messaging
from kombu.connection import Connection

from shared.events import PARTITIONS, decode
from shared.messaging.consumer import PREFETCH, Consumer
from shared.messaging.inbox import Inbox
from shared.messaging.outbox import Outgoing
from shared.messaging.topology import queue_name
from shared.service import Service
from tests.bench.ground import Ground
from tests.bench.measure import Figure, Pair, compare, seconds
from tests.bench.relaying import LISTENERS, Bare, cleared, empty
from tests.world import World

EVENTS_A_ROUND = 3000


def consumer(ground: Ground) -> Figure:
    """From the broker to a committed inbox and projection."""
    world = World(ground.house, ground.house.assembled(("attendance",)))
    publisher = Bare(ground.broker_url)
    empty(ground.broker_url)

    def play(first: bool) -> Pair:
        publisher.publish(_events(world))
        acts = {True: partial(_ours, world, ground.broker_url), False: partial(_theirs, ground.broker_url)}
        spent = {is_ours: seconds(acts[is_ours]) for is_ours in (first, not first)}
        empty(ground.broker_url, LISTENERS)
        return spent[True], spent[False]

    figure = compare("consumer", "event", play, units=EVENTS_A_ROUND, floor=0.25)
    publisher.close()
    kept = world.read("attendance", "SELECT count(*) FROM clearances WHERE district_id = :d", d=world.district)
    if kept[0][0] % EVENTS_A_ROUND:
        raise RuntimeError(f"{kept[0][0]} clearances were kept, no multiple of {EVENTS_A_ROUND}")
    return figure


def _events(world: World) -> list[Outgoing]:
    bodies = [world.envelope(cleared(world)) for _ in range(EVENTS_A_ROUND)]
    said = [decode(body) for body in bodies]
    return [Outgoing(number, one.id, one.partition, one.type, one.body) for number, one in enumerate(said)]


class Counting:
    """An inbox that tells when so many events are committed."""

    def __init__(self, inbox: Inbox, wanted: int) -> None:
        self._inbox = inbox
        self._left = wanted
        self.stop = threading.Event()

    @property
    def service(self) -> Service:
        """Whose inbox it is."""
        return self._inbox.service

    def receive(self, bodies: Sequence[bytes]) -> list[bool]:
        """As the inbox does."""
        readable = self._inbox.receive(bodies)
        self._left -= len(bodies)
        if self._left <= 0:
            self.stop.set()
        return readable

    def retry_due(self) -> int:
        """As the inbox does."""
        return self._inbox.retry_due()


def _ours(world: World, url: str) -> None:
    inbox = Counting(world.suite.inboxes["attendance"], EVENTS_A_ROUND)
    Consumer(url, inbox).run(inbox.stop)


def _theirs(url: str) -> None:
    taken: list[Any] = []

    def take(message: Any) -> None:
        taken.append(message)
        if len(taken) % PREFETCH == 0:  # a last queue that is full of what is not acknowledged sends no more
            message.ack(multiple=True)

    with Connection(url) as connection:
        channel = connection.channel()
        consumer = messaging.Consumer(channel, auto_declare=False, on_message=take, prefetch_count=PREFETCH)
        for part in range(PARTITIONS):
            consumer.add_queue(entity.Queue(queue_name("enrollment", "vetting", part), no_declare=True))
        consumer.consume()
        while len(taken) < EVENTS_A_ROUND:
            connection.drain_events(timeout=10)
