"""Delivery inside one process: the relay hands each event straight to every listener's inbox.

An event counts as delivered when every listener has committed it, so there is nothing in between to lose. Order, gaps,
duplicates, parking and catch-up are the inbox's and therefore the same as over RabbitMQ.
"""

from collections.abc import Sequence

import structlog
from sqlalchemy.exc import OperationalError

from shared.messaging.inbox import GapOpen, Inbox
from shared.messaging.outbox import Outgoing

log = structlog.get_logger()


class LoopbackPublisher:
    """Publishes one service's events to the inboxes of the services that listen to it."""

    def __init__(self, listeners: Sequence[Inbox]) -> None:
        self._listeners = listeners

    def publish(self, rows: Sequence[Outgoing]) -> frozenset[int]:
        """The ids of the rows that every listener has committed: all or none."""
        bodies = [row.body for row in rows]
        try:
            for listener in self._listeners:
                listener.receive(bodies)
        except (GapOpen, OperationalError) as fault:
            log.warning("loopback_waits", fault=str(fault)[:200])
            return frozenset()
        return frozenset(row.id for row in rows)

    def close(self) -> None:
        """Nothing to close."""
