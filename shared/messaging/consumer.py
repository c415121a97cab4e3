"""The consumer: takes a listener's queues in batches to its inbox, and acks after the inbox has committed.

A fault of the database, a publisher or the broker is never answered message by message: the connection is closed, which
puts everything back in order, and opened again after a while (messaging.md §4). What the inbox cannot read goes to the
listener's dead letters, bytes and all.
"""

import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

import structlog
from amqp import AMQPError
from kombu import entity, messaging
from kombu.connection import Connection
from sqlalchemy.exc import DBAPIError

from shared.clock import monotonic
from shared.crash import crash_point
from shared.events import PARTITIONS
from shared.messaging.inbox import GapOpen
from shared.messaging.topology import queue_name

log = structlog.get_logger()

PREFETCH = 100
BATCH = 200
GATHER_SECONDS = 0.02
IDLE_SECONDS = 0.25
TICK_SECONDS = 1.0
FAULTS = (GapOpen, DBAPIError, AMQPError, OSError)


class Listener(Protocol):
    """The part of a Service that a consumer needs."""

    @property
    def name(self) -> str:
        """See Service.name."""

    @property
    def listens_to(self) -> tuple[str, ...]:
        """See Service.listens_to."""


class Receiver(Protocol):
    """The part of an Inbox that a consumer needs."""

    @property
    def service(self) -> Listener:
        """Whose inbox it is."""

    def receive(self, bodies: Sequence[bytes]) -> list[bool]:
        """See Inbox.receive."""

    def retry_due(self) -> int:
        """See Inbox.retry_due."""


class Consumer:
    """One consumer of one service: all the publishers that it hears, all partitions, one connection, one channel.

    Only one consumer of a queue is served at a time, the first to come. So each of several replicas takes its share of
    the partitions first, and stands by for the others after `stagger_seconds`. A silent broker is given up after at
    most twice `heartbeat` (seconds).
    """

    def __init__(
        self,
        url: str,
        inbox: Receiver,
        *,
        replica: int = 0,
        replicas: int = 1,
        stagger_seconds: float = 3.0,
        heartbeat: int = 10,
        patience_seconds: tuple[float, float] = (1.0, 30.0),
    ) -> None:
        self._inbox = inbox
        self._url = url
        self._heartbeat = heartbeat
        self._stagger_seconds = stagger_seconds
        self._shortest, self._longest = patience_seconds
        self._patience = self._shortest
        self._first: list[str] = []
        self._standby: list[str] = []
        for part in range(PARTITIONS):
            share = self._first if part % replicas == replica else self._standby
            share += [queue_name(inbox.service.name, publisher, part) for publisher in inbox.service.listens_to]

    def run(self, stop: threading.Event) -> None:
        """Consume until `stop`; waits out every fault, longer each time until a batch succeeds."""
        while not stop.is_set():
            connection = Connection(
                self._url,
                heartbeat=self._heartbeat,
                connect_timeout=5,
                transport_options={"read_timeout": 2 * self._heartbeat, "write_timeout": 5},
            )
            try:
                self._consume(connection, stop)
            except FAULTS as fault:
                log.warning(
                    "consumer_waits", listener=self._inbox.service.name, seconds=self._patience, fault=repr(fault)[:300]
                )
                stop.wait(self._patience)
                self._patience = min(self._patience * 2, self._longest)
            finally:
                connection.collect()  # without a farewell, which a frozen broker would never answer

    def _consume(self, connection: Connection, stop: threading.Event) -> None:
        """Consume until `stop` or a fault."""
        self._inbox.retry_due()  # while the database is away nothing is delivered, and no delivery counted, in vain
        received: deque[Any] = deque()
        consumer = self._listen(connection, received)
        standby, standby_at = self._standby, monotonic() + self._stagger_seconds
        next_tick = monotonic() + TICK_SECONDS
        while not stop.is_set():
            self._gather(connection, received)
            if batch := [received.popleft() for _ in range(min(BATCH, len(received)))]:
                self._settle(batch)
            if monotonic() >= next_tick:
                next_tick = monotonic() + TICK_SECONDS
                connection.heartbeat_check()
                self._inbox.retry_due()
            if standby and monotonic() >= standby_at:
                _add(consumer, standby)
                standby = []

    def _listen(self, connection: Connection, received: deque[Any]) -> messaging.Consumer:
        channel = connection.channel()
        channel.auto_decode = False
        consumer = messaging.Consumer(
            channel,
            auto_declare=False,
            on_message=received.append,
            on_decode_error=lambda message, _: received.append(message),
            prefetch_count=PREFETCH,
        )
        _add(consumer, self._first)
        return consumer

    @staticmethod
    def _gather(connection: Connection, received: deque[Any]) -> None:
        """Wait a moment for a first message, and a shorter one for more."""
        with suppress(TimeoutError):
            if not received:
                connection.drain_events(timeout=IDLE_SECONDS)
            until = monotonic() + GATHER_SECONDS
            while len(received) < BATCH and (left := until - monotonic()) > 0:
                connection.drain_events(timeout=left)

    def _settle(self, batch: Sequence[Any]) -> None:
        """Commit, then ack: a crash in between only repeats what the inbox will skip."""
        crash_point("consumer_before_commit")
        readable = self._inbox.receive([bytes(message.body) for message in batch])
        crash_point("consumer_after_commit")
        for message, is_readable in zip(batch, readable, strict=True):
            if not is_readable:
                message.reject()
        accepted = [message for message, is_readable in zip(batch, readable, strict=True) if is_readable]
        if accepted:
            accepted[-1].ack(multiple=True)
        self._patience = self._shortest


def _add(consumer: messaging.Consumer, names: Sequence[str]) -> None:
    for name in names:
        consumer.add_queue(entity.Queue(name, no_declare=True))
    consumer.consume()
