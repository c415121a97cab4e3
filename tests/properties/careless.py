"""Delivery that does everything that a transport and a process may do to events, one step at a time."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from shared.messaging.inbox import Stream
from shared.messaging.lease import Lease
from tests.invariants import LISTENERS
from tests.world import World


class Killed(BaseException):
    """The process dies here; nobody catches it."""


def _waiting(world: World, listener: str) -> list[tuple[Stream, int]]:
    """What a listener has not heard of yet: streams, and how far it has heard them."""
    heard = {
        row[:3]: row[3] for row in world.read(listener, "SELECT source, timeline, part, sequence FROM inbox_position")
    }
    found = []
    for publisher in sorted(name for name, listeners in LISTENERS.items() if listener in listeners):
        for timeline, part, last in world.read(publisher, "SELECT timeline, part, last_sequence FROM outbox_part"):
            position = heard.get((f"/{publisher}", timeline, part), 0)
            if position < last:
                found.append(((f"/{publisher}", timeline, part), position))
    return sorted(found, key=str)


def _bodies(world: World, stream: Stream, after: int, limit: int) -> list[bytes]:
    source, timeline, part = stream
    sql = (
        "SELECT body FROM outbox WHERE timeline = :t AND part = :p AND sequence > :after ORDER BY sequence LIMIT :limit"
    )
    rows = world.read(source.strip("/"), sql, t=timeline, p=part, after=after, limit=limit)
    return [bytes(body) for (body,) in rows]


def deliver_some(world: World, chance: random.Random) -> None:
    """A few events of one publisher's partition to one listener: plain, repeated, with a gap, or dying on the way."""
    listener = chance.choice(sorted(world.suite.inboxes))
    waiting = _waiting(world, listener)
    if not waiting:
        return
    (stream, after), limit = chance.choice(waiting), chance.choice((1, 3, 20))
    inbox, how = world.suite.inboxes[listener], chance.choice(("plain", "plain", "again", "gap", "before", "after"))
    if how == "gap":
        inbox.receive(_bodies(world, stream, after + 1, limit))
    elif how == "again":
        inbox.receive(_bodies(world, stream, max(0, after - 5), limit + 5))
    elif how == "plain":
        inbox.receive(_bodies(world, stream, after, limit))
    else:
        with _dying(f"inbox_{how}_commit"):
            inbox.receive(_bodies(world, stream, after, limit))


@contextmanager
def _dying(point: str) -> Iterator[None]:
    """The process is killed at a crash point of the inbox."""

    def crash_point(name: str) -> None:
        if name == point:
            raise Killed

    try:
        with patch("shared.messaging.inbox.crash_point", crash_point):
            yield
    except Killed:
        return


def renew_lease(world: World) -> None:
    """Attendance catches up with vetting, and may trust it for a while."""
    inbox = world.suite.inboxes["attendance"]
    for stream, after in _waiting(world, "attendance"):
        if stream[0] == "/vetting":
            inbox.catch_up(stream, after)
    Lease(inbox, world.suite.peers, "vetting", seconds=600).renew()
