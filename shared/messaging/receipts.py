"""Receipts: when each listener applied events of a publisher, pulled by the publisher from a small door of theirs.

A listener's receipt is the row of its inbox that was written with the event's effect. Rows of transactions that were
slow to commit are dated before rows that were seen already, so each pull looks back a little, and what it finds twice
it keeps once.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shared.caller import Caller
from shared.database import Database
from shared.messaging.work import Work, open_work
from shared.peers import PeerAway, Peers
from shared.tables import inbox

log = structlog.get_logger()

PAGE = 500
OVERLAP = timedelta(minutes=1)
NIL = UUID(int=0)


@dataclass(frozen=True, kw_only=True)
class Receipts:
    """Whom a publisher asks about which of its events; `newest` and `keep` read and write its own table."""

    listeners: Sequence[str]
    types: Sequence[str]
    newest: Callable[[Work, str], datetime | None]
    keep: Callable[[Work, str, Sequence[Mapping[str, Any]]], None]


def applied(
    session: Session, source: str, types: Sequence[str], since: datetime, after: UUID, limit: int
) -> list[dict[str, Any]]:
    """A listener's answer: events of these types that took effect here since an instant, in the order of writing."""
    key = tuple_(inbox.c.received_at, inbox.c.event_id)
    rows = session.execute(
        select(inbox.c.event_id, inbox.c.received_at.label("applied_at"))
        .where(inbox.c.source == f"/{source}", inbox.c.type.in_(types), inbox.c.status == "done", key > (since, after))
        .order_by(inbox.c.received_at, inbox.c.event_id)
        .limit(limit)
    )
    return [dict(row) for row in rows.mappings()]


def follow(database: Database, peers: Peers, receipts: Receipts, seconds: float, stop: threading.Event) -> None:
    """Pull again and again until `stop`; a fault of the database is waited out."""
    while not stop.is_set():
        try:
            pull(database, peers, receipts)
        except DBAPIError as fault:
            log.warning("receipts_database_fault", service=database.service, fault=type(fault.orig).__name__)
        stop.wait(seconds)


def pull(database: Database, peers: Peers, receipts: Receipts) -> None:
    """Keep what is new of every listener; one that is away is asked next time."""
    for listener in receipts.listeners:
        try:
            _pull_from(database, peers, receipts, listener)
        except PeerAway as fault:
            log.warning("receipts_not_pulled", service=database.service, listener=listener, fault=str(fault)[:200])


def _pull_from(database: Database, peers: Peers, receipts: Receipts, listener: str) -> None:
    """Page by page; no transaction is open while the listener is asked."""
    caller = Caller(subject=f"service:{database.service}")
    with open_work(database, caller) as work:
        newest = receipts.newest(work, listener)
    since, after = "1970-01-01T00:00:00+00:00" if newest is None else (newest - OVERLAP).isoformat(), str(NIL)
    while True:
        params = {"source": database.service, "types": list(receipts.types), "since": since, "after": after}
        page = peers.get(listener, "/receipts", params | {"limit": PAGE})["items"]
        if page:
            with open_work(database, caller) as work:
                receipts.keep(work, listener, page)
            since, after = page[-1]["applied_at"], page[-1]["event_id"]
        if len(page) < PAGE:
            return
