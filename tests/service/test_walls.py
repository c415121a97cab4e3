"""The walls inside the databases: a query that forgot whose data it reads finds nothing of others."""

from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from shared.caller import service_itself
from shared.ids import new_id
from shared.messaging.work import open_work
from shared.runtime import SERVICES
from shared.tables import access_log, pins, terms
from shared.walls import WITHOUT_WALLS
from tests.world import World

WALLED = {"access_log": access_log, "pins": pins, "terms": terms}


@pytest.mark.parametrize("service", SERVICES)
def test_every_table_with_a_district_has_its_wall_or_a_reason_for_none(world: World, service: str) -> None:
    sql = (
        "SELECT tablename FROM pg_tables JOIN information_schema.columns ON table_name = tablename"
        " WHERE schemaname = 'public' AND column_name = 'district_id' AND NOT (rowsecurity AND tablename IN"
        " (SELECT tablename FROM pg_policies WHERE cmd = 'ALL' AND qual LIKE '%district_id%' AND with_check = qual))"
    )
    assert {name for (name,) in world.read(service, sql)} == WITHOUT_WALLS.keys()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("role", ["app", "worker"])
def test_no_role_that_serves_is_above_the_walls(world: World, service: str, role: str) -> None:
    sql = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = :name"
    assert world.read(service, sql, name=f"{service}_{role}") == [(False,)]
    owned = "SELECT count(*) FROM pg_tables WHERE tableowner = :name"
    assert world.read(service, owned, name=f"{service}_{role}") == [(0,)]


@pytest.fixture
def term(world: World) -> World:
    """A district whose policy, calendar and plans every service has heard of, and where a name was read."""
    world.publish_policy()
    world.publish_calendar()
    world.pin_plan()
    for service, node in world.suite.nodes.items():
        with open_work(node.database, service_itself(service, world.district)) as work:
            work.session.execute(insert(access_log).values(**_reading(world)))
    return world


def _reading(world: World) -> dict[str, Any]:
    return {"id": new_id(), "district_id": world.district, "caller": "test", "purpose": "test", "subjects": []}


@pytest.mark.parametrize("table", WALLED)
@pytest.mark.parametrize("service", ["attendance", "finance", "vetting"])
def test_another_district_sees_nothing_of_a_districts_plans_and_readings(term: World, service: str, table: str) -> None:
    database, wall = term.suite.nodes[service].app_database, WALLED[table]
    own = select(wall).where(wall.c.district_id == term.district)
    with database.engine.connect() as forgetful:
        assert forgetful.execute(own).all() == []
    with open_work(database, service_itself(service, new_id())) as stranger:
        assert stranger.session.execute(own).all() == []
    with open_work(database, service_itself(service, term.district)) as work:
        assert work.session.execute(own).all() != []


def test_nobody_writes_into_another_district(term: World) -> None:
    database = term.suite.nodes["finance"].app_database
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        open_work(database, service_itself("finance", new_id())) as stranger,
    ):
        stranger.session.execute(insert(access_log).values(**_reading(term)))
