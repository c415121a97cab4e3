"""The relay: moves unsent outbox rows to the broker, partition by partition, and marks what was confirmed.

A partition belongs to the relay whose database session holds its advisory lock, so order needs no coordination and any
number of relays may run. A killed owner's session ends and frees its partitions; a frozen one is cut off by
`idle_session_timeout`. No transaction is open while the network is used.
"""

import math
import threading
from collections.abc import Sequence
from typing import Protocol

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.crash import crash_point
from shared.database import Database
from shared.events import PARTITIONS
from shared.messaging import outbox
from shared.messaging.outbox import Outgoing

log = structlog.get_logger()

BATCH = 500
REBALANCE_PASSES = 50
_LOCKS, _PRESENCE = 7001, 7002
"""Advisory lock classes: one lock per owned partition; one shared lock that every relay holds, to be counted."""


class Publisher(Protocol):
    """Takes events to every listener."""

    def publish(self, rows: Sequence[Outgoing]) -> frozenset[int]:
        """The ids of the rows known to be safe with every listener's queue or inbox; the others are unknown."""

    def close(self) -> None:
        """Let go of connections."""


class Relay:
    """One relay of one service."""

    def __init__(self, database: Database, publisher: Publisher, *, fence_seconds: float, poll_seconds: float) -> None:
        self._database = database
        self._publisher = publisher
        self._fence_seconds = fence_seconds
        self._poll_seconds = poll_seconds
        self._connection: Connection | None = None
        self._parts: set[int] = set()
        self._passes = 0

    def run(self, stop: threading.Event) -> None:
        """Relay until `stop`; every fault of the broker or the database is waited out with growing patience."""
        patience = self._poll_seconds
        while not stop.is_set():
            try:
                self._database.wake.clear()
                moved = self.step()
                patience = self._poll_seconds
            except DBAPIError as fault:
                log.warning("relay_database_fault", service=self._database.service, fault=type(fault.orig).__name__)
                self._let_go()
                moved, patience = 0, min(patience * 2, 5.0)
            if moved is None:
                patience = min(patience * 2, 5.0)
            if not moved:
                self._database.wake.wait(patience)
        self.close()

    def step(self) -> int | None:
        """One pass: how many rows were marked sent, or None when the broker took less than was offered."""
        connection = self._own_partitions()
        if not self._parts:
            return 0
        rows = outbox.unsent(connection, sorted(self._parts), BATCH)
        if not rows:
            return 0
        crash_point("relay_after_read")
        delivered = self._publisher.publish(rows)
        crash_point("relay_after_publish")
        marked = outbox.mark_sent(connection, rows, delivered)
        return marked if marked == len(rows) else None

    def close(self) -> None:
        """Give up the partitions and the connections."""
        self._let_go()
        self._publisher.close()

    def _own_partitions(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
            self._passes = 0
        if self._passes % REBALANCE_PASSES == 0:
            self._rebalance(self._connection)
        self._passes += 1
        return self._connection

    def _connect(self) -> Connection:
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        milliseconds = int(self._fence_seconds * 1000)
        connection.execute(text(f"SET idle_session_timeout = {milliseconds}"))
        connection.execute(text("SELECT pg_advisory_lock_shared(:lock, 0)"), {"lock": _PRESENCE})
        return connection

    def _rebalance(self, connection: Connection) -> None:
        """Hold at most a fair share, and take what is free up to it."""
        relays = connection.execute(
            text(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = :lock"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ),
            {"lock": _PRESENCE},
        ).scalar_one()
        share = math.ceil(PARTITIONS / max(relays, 1))
        for part in sorted(self._parts)[share:]:
            connection.execute(text("SELECT pg_advisory_unlock(:lock, :part)"), {"lock": _LOCKS, "part": part})
            self._parts.discard(part)
        for part in range(PARTITIONS):
            if len(self._parts) < share and part not in self._parts and self._take(connection, part):
                self._parts.add(part)

    @staticmethod
    def _take(connection: Connection, part: int) -> bool:
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:lock, :part)"), {"lock": _LOCKS, "part": part})
        return bool(taken.scalar_one())

    def _let_go(self) -> None:
        self._parts.clear()
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
