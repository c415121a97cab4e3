"""What only delivery needs is deleted once it is old, and nothing that still waits is."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert

from shared import retention
from shared.clock import machine_now, monotonic
from shared.contracts.enrollment import StaffMemberListed
from shared.ids import new_id
from shared.messaging.inbox import GapOpen, Inbox
from shared.runtime import Loops
from shared.tables import idempotency_keys, inbox, notifications, outbox, timers
from tests.world import World

SERVICES = ("vetting",)
MONTH = timedelta(days=30)

SPOKEN: dict[str, Any] = {"timeline": new_id(), "part": 0, "type": "t", "subject": "s"}
HEARD: dict[str, Any] = SPOKEN | {"source": "/test", "sequence": 1}
DUE: dict[str, Any] = {"kind": "test", "due_at": machine_now() - 2 * MONTH}
TOLD: dict[str, Any] = {"template": "t", "facts": {}}
REPLIED: dict[str, Any] = {"fingerprint": b"", "status": 201, "reply": {}}

ROWS: dict[str, tuple[Table, dict[str, Any], str]] = {
    "sent event": (outbox, SPOKEN, "sent_at"),
    "applied receipt": (inbox, HEARD | {"status": "done"}, "received_at"),
    "refused receipt": (inbox, HEARD | {"status": "refused"}, "received_at"),
    "fired timer": (timers, DUE, "fired_at"),
    "sent message": (notifications, TOLD, "sent_at"),
}
WAITING: dict[str, tuple[Table, dict[str, Any], str]] = {
    "unsent event": (outbox, SPOKEN, "created_at"),
    "parked event": (inbox, HEARD | {"status": "parked"}, "received_at"),
    "dead event": (inbox, HEARD | {"status": "dead"}, "received_at"),
    "waiting timer": (timers, DUE, "created_at"),
    "unsent message": (notifications, TOLD, "created_at"),
}


KEY = {outbox: "event_id", inbox: "event_id", timers: "id", notifications: "id", idempotency_keys: "key"}


KEPT: list[tuple[Table, Any]] = []


@pytest.fixture(autouse=True)
def tidy(world: World) -> Iterator[None]:
    """What is no event at all would stand in the way of other tests that read the outbox."""
    yield
    with world.suite.nodes["vetting"].database.session() as session:
        for table, key in KEPT:
            session.execute(delete(table).where(table.c[KEY[table]] == key))
        session.commit()
    KEPT.clear()


def keep(world: World, table: Table, values: dict[str, Any], **more: Any) -> str:
    """Put a row into one of the tables; what identifies it there."""
    made = new_id()
    further: dict[Table, dict[str, Any]] = {
        outbox: {"sequence": made.int % 2**62, "body": b"{}"},
        timers: {"subject": made, "district_id": world.district},
        notifications: {"person_id": made, "district_id": world.district},
        idempotency_keys: {"caller": "test"},
    }
    row = {KEY[table]: str(made) if table is idempotency_keys else made} | further.get(table, {}) | values | more
    with world.suite.nodes["vetting"].database.session() as session:
        session.execute(insert(table).values(row))
        session.commit()
    KEPT.append((table, row[KEY[table]]))
    return str(made)


def stands(world: World, table: Table, made: str) -> bool:
    return bool(world.read("vetting", f"SELECT 1 FROM {table.name} WHERE {KEY[table]}::text = :made", made=made))


def prune(world: World) -> int:
    """As the clock does: until nothing is old any more."""
    total = 0
    while gone := retention.prune(world.suite.nodes["vetting"].database, MONTH):
        total += gone
    return total


def ago(**since: float) -> datetime:
    return machine_now() - timedelta(**since)


@pytest.mark.parametrize("kind", ROWS)
def test_what_is_settled_goes_after_the_retention_and_not_before(world: World, kind: str) -> None:
    table, values, since = ROWS[kind]
    old, young = (keep(world, table, values, **{since: ago(days=days)}) for days in (31, 29))
    prune(world)
    assert (stands(world, table, old), stands(world, table, young)) == (False, True)


@pytest.mark.parametrize("kind", WAITING)
def test_what_still_waits_stays_however_old_it_is(world: World, kind: str) -> None:
    table, values, since = WAITING[kind]
    made = keep(world, table, values, **{since: ago(days=400)})
    prune(world)
    stood = stands(world, table, made)
    world.change("vetting", f"DELETE FROM {table.name} WHERE {KEY[table]}::text = :made", made=made)
    assert stood


def test_the_reply_to_a_request_is_kept_for_its_repeats_for_a_day(world: World) -> None:
    old, young = (keep(world, idempotency_keys, REPLIED, created_at=ago(hours=hours)) for hours in (25, 23))
    prune(world)
    assert (stands(world, idempotency_keys, old), stands(world, idempotency_keys, young)) == (False, True)


def test_business_time_makes_nothing_old(world: World) -> None:
    made = keep(world, outbox, SPOKEN, sent_at=machine_now())
    world.set_time(world.at(8, day=400))
    prune(world)
    assert stands(world, outbox, made)


def test_many_clocks_prune_at_once_and_delete_each_row_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    prune(world)
    monkeypatch.setattr(retention, "BATCH", 7)
    made = [keep(world, table, values, **{since: ago(days=40)}) for table, values, since in ROWS.values() for _ in "12"]
    made += [keep(world, outbox, SPOKEN, sent_at=ago(days=40)) for _ in range(90)]
    with ThreadPoolExecutor(4) as clocks:
        gone = sum(clocks.map(prune, [world] * 4))
    assert gone + prune(world) == len(made)


def test_the_clock_role_prunes_by_itself(world: World) -> None:
    made = keep(world, outbox, SPOKEN, sent_at=ago(days=31))
    clock = Loops()
    clock.start("clock", world.suite.nodes["vetting"].loops("clock", world.suite.peers))
    deadline = monotonic() + 20
    while stands(world, outbox, made) and monotonic() < deadline:
        threading.Event().wait(0.05)
    clock.stop()
    assert not stands(world, outbox, made)


class Pruned:
    """A publisher whose log begins above what was pruned."""

    def __init__(self, log: list[bytes]) -> None:
        self._log = log

    def get(self, service: str, path: str, params: Any) -> Any:
        """Everything that is left, which is above whatever was asked for."""
        return {"items": [body.decode() for body in self._log]}


def listed(world: World) -> bytes:
    school = world.schools[0]
    said = StaffMemberListed(district_id=world.district, school_id=school, person_id=new_id(), role="teacher")
    return world.envelope(said)


@pytest.mark.parametrize("left", [1, 0])
def test_a_listener_that_was_away_for_longer_stands_before_the_hole_and_says_so(world: World, left: int) -> None:
    node = world.suite.nodes["vetting"]
    first, _, third = (listed(world) for _ in range(3))
    door = Inbox(node.service, node.database, Pruned([third][:left]))
    door.receive([first])
    for _ in range(2):
        with pytest.raises(GapOpen):
            door.receive([third])
    sql = "SELECT max(sequence) FROM inbox_position WHERE timeline = :timeline"
    assert world.read("vetting", sql, timeline=world._timeline) == [(1,)]


def test_a_replay_of_what_was_pruned_changes_nothing(world: World) -> None:
    body, door = listed(world), world.suite.inboxes["vetting"]
    door.receive([body])
    world.change(
        "vetting", "UPDATE inbox SET received_at = :at WHERE timeline = :t", at=ago(days=31), t=world._timeline
    )
    prune(world)
    assert world.read("vetting", "SELECT 1 FROM inbox WHERE timeline = :t", t=world._timeline) == []
    posts = "SELECT count(*), max(version) FROM posts WHERE district_id = :d"
    before = world.read("vetting", posts, d=world.district)
    door.receive([body])
    assert world.read("vetting", posts, d=world.district) == before
    assert world.read("vetting", "SELECT 1 FROM inbox WHERE timeline = :t", t=world._timeline) == []
