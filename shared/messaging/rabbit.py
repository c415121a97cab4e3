"""The relay's road to RabbitMQ: a window of publishes in flight, each confirmed by the broker before it counts as sent.

A message counts as sent when its own confirm came and it was not returned as unroutable. A nack, a closed channel or
connection, or a batch that takes too long makes everything unconfirmed unknown: those rows stay unsent, the connection
is dropped and never used again, and the relay offers the rows anew; listeners skip what they already have
(messaging.md §1.4). pika is used nowhere but here and in dead_letters; its objects are touched only by the thread that
runs its loop, so heartbeats and time-outs work while the relay waits.
"""

import threading
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import pika
import structlog

from shared.clock import machine_now
from shared.crash import crash_point
from shared.events import CONTENT_TYPE
from shared.messaging.outbox import Outgoing
from shared.messaging.topology import EVENTS

log = structlog.get_logger()

CONNECT_SECONDS = 5.0


class RabbitPublisher:
    """Publishes one service's events; connects when there is something to publish. For one relay thread.

    `window` counts messages in flight; a silent broker is given up after at most 4 times `heartbeat` (seconds).
    """

    def __init__(self, url: str, *, window: int = 400, batch_seconds: float = 10.0, heartbeat: int = 10) -> None:
        self._parameters = pika.URLParameters(url)
        self._parameters.heartbeat = heartbeat
        self._parameters.blocked_connection_timeout = batch_seconds
        self._parameters.socket_timeout = CONNECT_SECONDS
        self._parameters.stack_timeout = 2 * CONNECT_SECONDS
        self._window = window
        self._batch_seconds = batch_seconds
        self._link: _Link | None = None

    def publish(self, rows: Sequence[Outgoing]) -> frozenset[int]:
        """The ids of the rows that every bound queue has taken; waits at most `batch_seconds`."""
        if not rows:
            return frozenset()
        if self._link is None or self._link.broken:
            self._link = _Link(self._parameters, self._window)
        batch = _Batch(rows)
        self._link.send(batch)
        if not batch.ended.wait(self._batch_seconds):
            log.warning("batch_took_too_long", rows=len(rows), handed=batch.handed, unconfirmed=batch.in_flight)
            self._link.drop()
        if batch.returned:
            keys = sorted({row.routing_key for row in rows if row.id in batch.returned})
            log.error("unroutable", rows=len(batch.returned), routing_keys=keys[:4])
        return batch.sent()

    def close(self) -> None:
        """Drop the connection; what was unconfirmed stays unknown."""
        if self._link is not None:
            self._link.drop()
            self._link.join(CONNECT_SECONDS)
            self._link = None


class _Batch:
    """Rows on their way: each is handed to the channel under a tag, then confirmed; written by the loop's thread."""

    def __init__(self, rows: Sequence[Outgoing]) -> None:
        self.rows = rows
        self.handed = 0
        self.ended = threading.Event()
        self._unconfirmed: dict[int, int] = {}
        self._confirmed: set[int] = set()
        self.returned: set[int] = set()
        self._by_message_id = {str(row.event_id): row.id for row in rows}

    @property
    def in_flight(self) -> int:
        return len(self._unconfirmed)

    def hand(self, tag: int) -> Outgoing:
        """The next row, from now on known as `tag`."""
        row = self.rows[self.handed]
        self._unconfirmed[tag] = row.id
        self.handed += 1
        return row

    def confirm(self, tag: int, *, multiple: bool) -> None:
        """Acks come in any order; a `multiple` one speaks for all tags up to its own, and tags are kept in order."""
        tags = list(takewhile(lambda one: one <= tag, self._unconfirmed)) if multiple else [tag]
        self._confirmed.update(self._unconfirmed.pop(one) for one in tags)

    def give_back(self, message_id: str) -> None:
        """Unroutable. Its ack follows all the same, and carries no news of this."""
        self.returned.add(self._by_message_id[message_id])

    def sent(self) -> frozenset[int]:
        """A snapshot; copying a set of numbers is one step for Python, whatever the other thread does."""
        return frozenset(self._confirmed) - self.returned


class _Link:
    """One connection with one confirming channel and the thread of its loop; of no more use after its first fault."""

    def __init__(self, parameters: Any, window: int) -> None:
        self.broken = False
        self._window = window
        self._tag = 0
        self._batch: _Batch | None = None
        self._channel: Any = None
        self._connection = pika.SelectConnection(
            parameters,
            on_open_callback=self._opened,
            on_open_error_callback=self._ended,
            on_close_callback=self._ended,
        )
        self._thread = threading.Thread(target=self._run, name="rabbit-publisher", daemon=True)
        self._thread.start()

    # Called by the relay's thread

    def send(self, batch: _Batch) -> None:
        """Start on a batch as soon as the channel is open; the batch before it has ended."""
        self._batch = batch
        self._connection.ioloop.add_callback_threadsafe(self._fill)
        if self.broken:
            batch.ended.set()

    def drop(self) -> None:
        """Close in good order if the broker listens; if not, the loop's own time-outs end the thread."""
        self.broken = True
        self._connection.ioloop.add_callback_threadsafe(lambda: self._break("dropped"))

    def join(self, seconds: float) -> None:
        """Wait for the connection's end."""
        self._thread.join(seconds)

    # Called by the loop's thread

    def _run(self) -> None:
        try:
            self._connection.ioloop.start()
        finally:
            self._give_up()
            self._connection.ioloop.close()

    def _opened(self, connection: Any) -> None:
        if self.broken:
            connection.close()
        else:
            connection.channel(on_open_callback=self._open_channel)

    def _open_channel(self, channel: Any) -> None:
        channel.add_on_close_callback(lambda _, reason: self._break(repr(reason)))
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._confirmed, callback=lambda _: self._start(channel))

    def _start(self, channel: Any) -> None:
        self._channel = channel
        self._fill()

    def _fill(self) -> None:
        """Keep the window full; the batch has ended when nothing is left to hand over or to confirm."""
        batch = self._batch
        if batch is None or self._channel is None or self.broken:
            return
        while batch.handed < len(batch.rows) and batch.in_flight < self._window:
            self._tag += 1
            self._publish(batch.hand(self._tag))
            if batch.handed == (len(batch.rows) + 1) // 2:
                crash_point("relay_mid_batch")
        if not batch.in_flight:
            batch.ended.set()

    def _publish(self, row: Outgoing) -> None:
        properties = pika.BasicProperties(
            message_id=str(row.event_id),
            type=row.type,
            timestamp=int(machine_now().timestamp()),
            content_type=CONTENT_TYPE,
            delivery_mode=2,
        )
        self._channel.basic_publish(EVENTS, row.routing_key, row.body, properties, mandatory=True)

    def _confirmed(self, frame: Any) -> None:
        if isinstance(frame.method, pika.spec.Basic.Nack):
            self._break("nack")
        elif self._batch is not None and not self.broken:
            self._batch.confirm(frame.method.delivery_tag, multiple=frame.method.multiple)
            crash_point("relay_after_confirm")
            self._fill()

    def _returned(self, _channel: Any, _method: Any, properties: Any, _body: bytes) -> None:
        if self._batch is not None:
            self._batch.give_back(properties.message_id)

    def _break(self, reason: str) -> None:
        if not self.broken:
            log.warning("broker_link_broken", reason=reason)
        self._give_up()
        if self._connection.is_open:  # one that still opens has its own time-out, and pika 1.4 cannot close it cleanly
            self._connection.close()

    def _ended(self, _connection: Any, reason: BaseException) -> None:
        self._break(repr(reason))
        self._connection.ioloop.stop()

    def _give_up(self) -> None:
        """In this order, so that a batch sent at this very moment is ended by one thread or the other."""
        self.broken = True
        if self._batch is not None:
            self._batch.ended.set()
