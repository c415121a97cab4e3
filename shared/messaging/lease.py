"""The lease: how long a listener may trust its copy of another service's facts (messaging.md §7, pull variant).

The listener reads its own database's clock, then asks the publisher up to which number its events go. Once everything
up to there is applied, the copy was complete at that clock reading and may be trusted until then plus N. Whoever is
blocked at instant c is therefore trusted until c + N at the latest, whatever queues, brokers or networks do. The
deadline stands in the listener's database and is compared there, in the statement that uses it (`is_fresh`).

A publisher that knows less than was heard of it was restored from an older copy, and would be taken at numbers that the
inbox skips. There is no lease on it before it numbers afresh (`kehou timeline start`).

A missing or late event shows here too: what the publisher has and the inbox lacks is pulled.
"""

import threading
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shared.clock import monotonic
from shared.events import PARTITIONS
from shared.messaging.inbox import GapOpen, Inbox
from shared.peers import PeerAway, Peers
from shared.tables import inbox_position

log = structlog.get_logger()

PATIENCE_SECONDS = 0.5
"""How long events that are under way may take before they are pulled instead."""


def is_fresh(publisher: str) -> ColumnElement[bool]:
    """SQL: every partition of the publisher's timeline is under lease at this very moment.

    A lease has a beginning too: a clock that was set back would otherwise stretch it.
    """
    columns = inbox_position.c
    fresh = (
        select(columns.timeline)
        .where(
            columns.source == f"/{publisher}", func.clock_timestamp().between(columns.fresh_from, columns.fresh_until)
        )
        .group_by(inbox_position.c.timeline)
        .having(func.count() == PARTITIONS)
    )
    return fresh.exists()


class Lease:
    """Keeps one service's lease on one publisher."""

    def __init__(self, inbox: Inbox, peers: Peers, publisher: str, *, seconds: float) -> None:
        self._inbox = inbox
        self._peers = peers
        self._publisher = publisher
        self._seconds = seconds

    def run(self, stop: threading.Event) -> None:
        """Renew every third of the lease until `stop`."""
        while not stop.is_set():
            try:
                self.renew()
            except (PeerAway, GapOpen, DBAPIError) as fault:
                log.warning("lease_not_renewed", publisher=self._publisher, fault=str(fault)[:200])
            stop.wait(self._seconds / 3)

    def renew(self) -> None:
        """One pull; raises PeerAway, GapOpen or DBAPIError and changes nothing then."""
        with self._inbox.database.session() as session:
            asked_at: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
            heard = self._heard(session)
        watermark = self._peers.get(self._publisher, "/watermark", {})
        timeline = UUID(watermark["timeline"])
        for part, upto in enumerate(watermark["upto"]):
            if heard.get((timeline, part), 0) > upto:
                raise GapOpen(f"{self._publisher} has forgotten what it said: it was restored and needs a new timeline")
            self._reach(timeline, part, upto)
        self._extend(timeline, asked_at)

    def _heard(self, session: Session) -> dict[tuple[UUID, int], int]:
        """The last applied number by timeline and partition."""
        columns = inbox_position.c
        rows = session.execute(
            select(columns.timeline, columns.part, columns.sequence).where(columns.source == f"/{self._publisher}")
        )
        return {(row.timeline, row.part): row.sequence for row in rows}

    def _reach(self, timeline: UUID, part: int, upto: int) -> None:
        """Wait until `upto` is applied; what does not come by itself is pulled."""
        deadline = monotonic() + PATIENCE_SECONDS
        stream = (f"/{self._publisher}", timeline, part)
        while (applied := self._inbox.position(stream)) < upto:
            if monotonic() > deadline:
                self._inbox.catch_up(stream, applied)
            threading.Event().wait(0.02)

    def _extend(self, timeline: UUID, asked_at: datetime) -> None:
        with self._inbox.database.session() as session:
            session.execute(
                update(inbox_position)
                .where(inbox_position.c.source == f"/{self._publisher}", inbox_position.c.timeline == timeline)
                .values(fresh_from=asked_at, fresh_until=asked_at + timedelta(seconds=self._seconds))
            )
            session.commit()
