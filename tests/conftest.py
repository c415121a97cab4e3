"""Fixtures. Tests under service/, stories/, faults/ and properties/ use servers that they start themselves."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from shared.messaging.topology import VHOST
from shared.runtime import SERVICES
from tests.properties.seedling import Seedling
from tests.servers.postgres import PostgresServer
from tests.servers.rabbitmq import RabbitNode
from tests.stories.played import PlayedTerm, play_term
from tests.topology import empty_queues, lay_topology
from tests.world import House, World, build_house

# A slow machine is no fault of the code.
settings.register_profile("kehou", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", settings.get_profile("kehou"), max_examples=200)
settings.load_profile("kehou")

NEEDS_SERVERS = ("service", "stories", "faults", "properties")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs servers by where it stands, and begin with the longest, as the suite runs in several processes.

    Those that look at one played term come together, so that one process plays it for all of them.
    """
    for item in items:
        if set(item.path.parts) & set(NEEDS_SERVERS):
            item.add_marker(pytest.mark.servers)
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    long = ("stories", "test_life_of_a_district.py")
    if "played_term" in getattr(item, "fixturenames", ()) or "loopback-P5" in item.name:
        return 0
    return 1 if set(item.path.parts) & set(long) else 2


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def house(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The databases of all services, migrated once."""
    house = build_house(postgres, tmp_path_factory.mktemp("house"))
    yield house
    house.close()


@pytest.fixture(scope="session")
def rabbit() -> Iterator[RabbitNode]:
    """One RabbitMQ for the whole run, with the topology that the services declare."""
    with RabbitNode() as node:
        lay_topology(node)
        yield node


@pytest.fixture(params=["loopback", "rabbitmq"])
def broker_url(request: pytest.FixtureRequest) -> str | None:
    """How the events of a story travel: None within the process, else through a broker with empty queues."""
    if request.param == "loopback":
        return None
    node: RabbitNode = request.getfixturevalue("rabbit")
    empty_queues(node)
    return node.url(vhost=VHOST)


@pytest.fixture(scope="session")
def played_term(house: House) -> PlayedTerm:
    """One P5 term over loopback, for every test that looks at what it left behind."""
    return play_term(house, "P5")


@pytest.fixture(scope="session")
def seedling(house: House) -> Seedling:
    """A small district on the eve of its service, to be copied."""
    return Seedling(house)


@pytest.fixture
def world(request: pytest.FixtureRequest, house: House) -> Iterator[World]:
    """A fresh district; a module that names its SERVICES assembles only those."""
    world = World(house, house.assembled(getattr(request.module, "SERVICES", SERVICES)))
    yield world
    world.http.close()
