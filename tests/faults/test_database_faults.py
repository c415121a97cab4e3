"""A database that dies, cuts its connections, goes away, or comes back as an older copy of itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from shared.contracts.vetting import StaffRestored
from shared.database import Database
from shared.ids import new_id
from shared.messaging import outbox
from shared.messaging.inbox import GapOpen
from shared.messaging.lease import Lease
from tests.builders.staff import allegation, cleared, substantiate
from tests.deliverer import PUBLISHER
from tests.faults.carried import LEASE_SECONDS, Carried, wait_until
from tests.servers.postgres import PostgresServer
from tests.world import World

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()"


@contextmanager
def administrator(server: PostgresServer) -> Iterator[Any]:
    """Statements outside any transaction, in no service's database."""
    with create_engine(server.url(), poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        yield connection


def test_the_databases_may_be_killed_in_the_middle_of_a_batch(carried: Carried, postgres: PostgresServer) -> None:
    carried.chat(40, count=100)
    before = carried.heard("attendance")
    carried.deliver()
    wait_until(lambda: carried.heard("attendance") != before)
    postgres.kill()
    postgres.start()
    carried.world.house.reconnect()
    carried.block()
    carried.chat(41)
    carried.check()


@pytest.mark.parametrize("rows", [1, 50])
def test_a_transaction_that_sleeps_after_a_batch_is_ended(world: World, rows: int) -> None:
    """Whatever road the driver takes to send many rows: see shared/database.py."""
    database = Database(PUBLISHER, world.house.urls["owner"].format(service=PUBLISHER), None, idle_seconds=0.5)
    mine, living = text("SELECT pg_backend_pid()"), "SELECT 1 FROM pg_stat_activity WHERE pid = :pid"
    with pytest.raises(DBAPIError), database.session() as sleeper:
        pid = sleeper.scalar(mine)
        sleeper.execute(text("CREATE TEMPORARY TABLE batch (number int)"))
        sleeper.execute(text("INSERT INTO batch VALUES (:number)"), [{"number": number} for number in range(rows)])
        wait_until(lambda: not world.read(PUBLISHER, living, pid=pid), seconds=10)
        sleeper.execute(mine)
    database.dispose()


@pytest.mark.parametrize("away", [PUBLISHER, "attendance"])
def test_one_database_may_be_away_while_the_others_go_on(carried: Carried, postgres: PostgresServer, away: str) -> None:
    carried.chat(42)
    carried.block()
    name = f"kehou_{away}"
    with administrator(postgres) as admin:
        admin.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        try:
            admin.execute(text(CUT), {"name": name})
            carried.world.house.reconnect()
            carried.deliver()
            threading.Event().wait(2 * LEASE_SECONDS)
        finally:
            admin.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    carried.chat(43)
    carried.check()


def test_connections_may_be_cut_again_and_again(carried: Carried, postgres: PostgresServer) -> None:
    carried.chat(44, count=100)
    carried.deliver()
    with administrator(postgres) as admin:
        for turn in range(30):
            for service in (PUBLISHER, "attendance", "enrollment"):
                admin.execute(text(CUT), {"name": f"kehou_{service}"})
            threading.Event().wait(0.1 + turn % 3 / 10)
    carried.world.house.reconnect()
    carried.block()
    carried.chat(45)
    carried.check()


# Restored from an older copy


def test_a_publisher_restored_from_an_older_copy_is_heard_again_on_a_new_timeline(
    carried: Carried, postgres: PostgresServer
) -> None:
    remembered, forgotten = carried.people[0], new_id()
    carried.say(remembered)  # not yet sent when the copy is made
    copy(carried, postgres)
    lost = carried.deliver()
    carried.chat(46)
    carried.say(forgotten, count=3)
    carried.block()
    wait_until(carried.is_at_rest)
    carried.take_down()
    carried.kill(lost)
    restore(carried, postgres)
    with pytest.raises(GapOpen, match="forgotten"):
        lease(carried).renew()
    begin_timeline(carried.world)
    lease(carried).renew()
    for person in (remembered, forgotten):
        carried.say(person)
    carried.deliver()
    carried.chat(47)
    carried.check()


def copy(carried: Carried, server: PostgresServer) -> None:
    carried.world.house.reconnect()
    with administrator(server) as admin:
        admin.execute(text(CUT), {"name": "kehou_vetting"})
        admin.execute(text("CREATE DATABASE copy_of_vetting TEMPLATE kehou_vetting OWNER vetting_owner"))


def restore(carried: Carried, server: PostgresServer) -> None:
    carried.world.house.reconnect()
    with administrator(server) as admin:
        admin.execute(text("DROP DATABASE kehou_vetting WITH (FORCE)"))
        admin.execute(text("ALTER DATABASE copy_of_vetting RENAME TO kehou_vetting"))


def begin_timeline(world: World) -> None:
    """What `kehou timeline start vetting` does."""
    with world.suite.nodes[PUBLISHER].database.session() as session:
        outbox.start_timeline(session)
        session.commit()


def lease(carried: Carried) -> Lease:
    suite = carried.world.suite
    return Lease(suite.inboxes["attendance"], suite.peers, PUBLISHER, seconds=LEASE_SECONDS)


def test_a_block_after_a_restore_outweighs_what_only_its_listener_remembers(world: World) -> None:
    """Suspended, cleared and so on after the copy was made: attendance knows a higher epoch than vetting does."""
    world.publish_policy()
    person = cleared(world, world.schools[0])
    world.deliver_all()
    remembered = StaffRestored(
        district_id=world.district,
        person_id=person,
        category="OWN_TEACHER",
        clearance_epoch=9,
        valid_until=world.first_day,
    )
    world.tell("attendance", remembered)
    begin_timeline(world)
    substantiate(world, allegation(world, person))
    world.deliver_all()
    assert world.read("attendance", "SELECT state FROM clearances WHERE id = :p", p=person) == [("BLOCKED",)]


# Many writers


def test_places_in_the_outbox_follow_numbers_however_many_write_at_once(over_loopback: Carried) -> None:
    """The relay reads by place, and every partition must leave in the order of its numbers."""
    carried = over_loopback
    carried.deliver()
    writers = [threading.Thread(target=talk, args=(carried, person)) for person in carried.people]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    carried.block()
    carried.check()
    sql = "SELECT count(*) FROM (SELECT id, lag(id) OVER (PARTITION BY timeline, part ORDER BY sequence) AS before"
    assert carried.world.read(PUBLISHER, f"{sql} FROM outbox) places WHERE id <= before") == [(0,)]


def talk(carried: Carried, person: UUID) -> None:
    for count in (1, 3, 2) * 5:
        carried.say(person, count)
