"""A feed: what another service lists in order and no event may carry, such as names, pulled page by page into a copy.

The position stands in the listener's own database and moves in the transaction that keeps the page, so that a page
takes effect once however many consumers pull and wherever one of them dies. When the publisher numbers afresh after a
restore (its timeline changed), the feed is read from its beginning.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from shared.caller import service_itself
from shared.database import Database
from shared.messaging.work import Work, open_work
from shared.peers import PeerAway, Peers
from shared.tables import feed_positions, policies

log = structlog.get_logger()

PAGE = 500

Position = tuple[UUID | None, int]
"""(timeline, number): up to where a district's feed was kept; no timeline before the first pull."""


@dataclass(frozen=True)
class Feed:
    """`keep` writes a page's items into the copy; what it is given it may have been given before."""

    publisher: str
    path: str
    keep: Callable[[Work, Sequence[Mapping[str, Any]]], None]


def follow(database: Database, peers: Peers, feed: Feed, seconds: float, stop: threading.Event) -> None:
    """Pull again and again until `stop`; a fault of the database is waited out."""
    while not stop.is_set():
        try:
            pull(database, peers, feed)
        except DBAPIError as fault:
            log.warning("feed_database_fault", service=database.service, fault=type(fault.orig).__name__)
        stop.wait(seconds)


def pull(database: Database, peers: Peers, feed: Feed) -> None:
    """Keep all that is new, in every district whose policy is known; a publisher that is away is asked next time."""
    with database.session() as session:
        districts = session.scalars(select(policies.c.district_id).distinct()).all()
    for district_id in sorted(districts):
        try:
            while _keep_next_page(database, peers, feed, district_id):
                pass
        except PeerAway as fault:
            log.warning("feed_not_pulled", service=database.service, publisher=feed.publisher, fault=str(fault)[:200])


def _keep_next_page(database: Database, peers: Peers, feed: Feed, district_id: UUID) -> bool:
    """Whether there may be another one. No transaction is open while the publisher is asked."""
    caller = service_itself(database.service, district_id)
    with open_work(database, caller) as work:
        timeline, after = position = _position(work, feed)
    page = peers.get(feed.publisher, feed.path, {"district": str(district_id), "after": after, "limit": PAGE})
    reached = UUID(page["timeline"])
    if reached == timeline and not page["items"]:
        return False
    with open_work(database, caller) as work:
        is_first = _move(work, feed, position, (reached, page["next"] if reached == timeline else 0))
        if is_first and reached == timeline:
            feed.keep(work, page["items"])
    return True


def _position(work: Work, feed: Feed) -> Position:
    columns = feed_positions.c
    found = work.session.execute(
        select(columns.timeline, columns.number).where(
            columns.publisher == feed.publisher,
            columns.path == feed.path,
            columns.district_id == work.caller.district_id,
        )
    ).one_or_none()
    return (found.timeline, found.number) if found else (None, 0)


def _move(work: Work, feed: Feed, since: Position, to: Position) -> bool:
    """Move on, unless another consumer was faster."""
    row = {"publisher": feed.publisher, "path": feed.path, "district_id": work.caller.district_id}
    statement = insert(feed_positions).values(**row, timeline=to[0], number=to[1])
    moved = work.session.execute(
        statement.on_conflict_do_update(
            index_elements=list(feed_positions.primary_key),
            set_={"timeline": to[0], "number": to[1]},
            where=(feed_positions.c.timeline == since[0]) & (feed_positions.c.number == since[1]),
        ).returning(feed_positions.c.number)
    )
    return moved.one_or_none() is not None
