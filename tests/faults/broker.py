"""What the tests of RabbitMQ share: a node with empty queues, a publisher, and a listener that only keeps."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pika
import pytest

from shared.messaging.consumer import Consumer
from shared.messaging.outbox import Outgoing
from shared.messaging.rabbit import RabbitPublisher
from shared.messaging.topology import VHOST
from tests.servers.rabbitmq import RabbitNode
from tests.topology import PASSWORD, empty_queues

pytestmark = pytest.mark.servers

UNREADABLE = b"no event"


@pytest.fixture
def node(rabbit: RabbitNode) -> RabbitNode:
    """The node of all tests, with empty queues."""
    empty_queues(rabbit)
    return rabbit


@pytest.fixture
def publisher(node: RabbitNode) -> Iterator[RabbitPublisher]:
    publisher = RabbitPublisher(url(node, "vetting-relay"), batch_seconds=5.0)
    yield publisher
    publisher.close()


def url(node: RabbitNode, user: str, vhost: str = VHOST) -> str:
    return node.url(user, "guest" if user == "guest" else PASSWORD, vhost)


@contextmanager
def channel_of(node: RabbitNode, vhost: str = VHOST) -> Iterator[Any]:
    connection = pika.BlockingConnection(pika.URLParameters(url(node, "guest", vhost)))
    try:
        yield connection.channel()
    finally:
        connection.close()


def waiting(node: RabbitNode, queue: str) -> int:
    with channel_of(node) as channel:
        return int(channel.queue_declare(queue, passive=True).method.message_count)


def taken(node: RabbitNode, listener: str) -> list[bytes]:
    """All that lies in a listener's queues from vetting; it is gone from them then."""
    bodies: list[bytes] = []
    with channel_of(node) as channel:
        for part in range(4):
            channel.basic_consume(
                f"{listener}.vetting.p{part:02d}", lambda *delivery: bodies.append(delivery[3]), auto_ack=True
            )
        before = -1
        while before < len(bodies):
            before = len(bodies)
            channel.connection.process_data_events(time_limit=1.0)
    return bodies


def made(count: int, *, event_type: str = "vetting.staff.blocked", body: bytes = b"", start: int = 0) -> list[Outgoing]:
    return [
        Outgoing(number, uuid4(), number % 4, event_type, body or f"{number:08d}".encode().ljust(700, b"."))
        for number in range(start, start + count)
    ]


def ids(rows: Sequence[Outgoing]) -> frozenset[int]:
    return frozenset(row.id for row in rows)


def numbers(bodies: Sequence[bytes]) -> list[int]:
    return [int(body[:8]) for body in bodies]


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


@dataclass(frozen=True)
class Attendance:
    """What a consumer asks of a service."""

    name: str = "attendance"
    listens_to: tuple[str, ...] = ("enrollment", "vetting")


class Ear:
    """Stands for an inbox: keeps what it hears, and fails as often as it is told to."""

    def __init__(self, *faults: Exception) -> None:
        self.service = Attendance()
        self.heard: list[bytes] = []
        self.offered = 0
        self.ticks = 0
        self._faults = list(faults)

    def receive(self, bodies: Sequence[bytes]) -> list[bool]:
        self.offered += len(bodies)
        if self._faults:
            raise self._faults.pop()
        self.heard += bodies
        return [body != UNREADABLE for body in bodies]

    def retry_due(self) -> int:
        self.ticks += 1
        return 0


@contextmanager
def listening(node: RabbitNode, ear: Ear, **options: Any) -> Iterator[None]:
    consumer = Consumer(url(node, "attendance-consumer"), ear, patience_seconds=(0.2, 1.0), **options)
    stop = threading.Event()
    thread = threading.Thread(target=consumer.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()
