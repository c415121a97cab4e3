"""Where the benches stand: a PostgreSQL and a RabbitMQ of their own, gone when they are done."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from shared.messaging.topology import VHOST
from tests.servers.postgres import PostgresServer
from tests.servers.rabbitmq import RabbitNode
from tests.topology import lay_topology
from tests.world import House, build_house


@dataclass
class Ground:
    """The databases of the services; the broker is started for the first bench that asks for it."""

    house: House
    _opened: ExitStack

    @cached_property
    def broker_url(self) -> str:
        """A broker with the topology that the services declare, as a user who may do everything."""
        node = self._opened.enter_context(RabbitNode())
        lay_topology(node)
        return node.url(vhost=VHOST)


@contextmanager
def ground() -> Iterator[Ground]:
    """Fresh servers."""
    with ExitStack() as opened:
        data_dir = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="kehou-bench-")))
        house = build_house(opened.enter_context(PostgresServer()), data_dir)
        opened.callback(house.close)
        yield Ground(house, opened)
