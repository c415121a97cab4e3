"""Clocks that are wrong: nothing in delivery depends on two machines agreeing what time it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from shared.messaging.lease import Lease, is_fresh
from tests.deliverer import PUBLISHER
from tests.faults.carried import Carried, wait_until

HOUR = timedelta(hours=1)


@contextmanager
def wrong_clock(carried: Carried, hours: int) -> Iterator[None]:
    """Attendance's database tells another time: its roles find these functions before the built-in ones."""
    world = carried.world
    told = f"LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp() + interval '{hours} hours' $$"
    roles = ("attendance_app", "attendance_worker")
    world.change("attendance", "CREATE SCHEMA wrong; GRANT USAGE ON SCHEMA wrong TO PUBLIC")
    for name in ("clock_timestamp", "now"):
        world.change("attendance", f"CREATE FUNCTION wrong.{name}() RETURNS timestamptz {told}")
    for role in roles:
        world.change("attendance", f"ALTER ROLE {role} SET search_path = wrong, pg_catalog, public")
    world.house.reconnect()
    try:
        yield
    finally:
        for role in roles:
            world.change("attendance", f"ALTER ROLE {role} RESET search_path")
        world.change("attendance", "DROP SCHEMA wrong CASCADE")
        world.house.reconnect()


@pytest.mark.parametrize("hours", [-1, 1])
def test_every_machine_may_have_a_time_of_its_own(over_rabbitmq: Carried, hours: int) -> None:
    carried = over_rabbitmq
    with wrong_clock(carried, 3 * hours):
        carried.deliver("relay", clock_is_off=-hours * HOUR)
        carried.deliver("consumer", clock_is_off=hours * HOUR)
        carried.chat(50)
        carried.block()
        carried.poison(carried.people[0])
        carried.say(carried.people[0])
        wait_until(lambda: "dead" in carried.waiting("attendance"))  # all its attempts come when they are due
        carried.mend()
        carried.check()


def test_a_clock_that_is_set_back_does_not_stretch_a_lease(over_loopback: Carried) -> None:
    suite = over_loopback.world.suite
    database = suite.nodes["attendance"].database

    def fresh() -> bool:
        with database.session() as session:
            return bool(session.scalar(select(is_fresh(PUBLISHER))))

    lease = Lease(suite.inboxes["attendance"], suite.peers, PUBLISHER, seconds=60)
    with wrong_clock(over_loopback, 1):
        lease.renew()
        assert fresh()
    assert not fresh()
    lease.renew()
    assert fresh()
    over_loopback.check()
