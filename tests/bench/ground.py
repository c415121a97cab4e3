"""Where the benches stand: a PostgreSQL and a RabbitMQ of their own, gone when they are done."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from shared.messaging import topology
from shared.runtime import SERVICES, load_service
from tests.servers.postgres import PostgresServer
from tests.servers.rabbitmq import RabbitNode
from tests.world import House, build_house


@dataclass
class Ground:
    """The databases of the services; the broker is started for the first bench that asks for it."""

    house: House
    _opened: ExitStack

    @cached_property
    def broker_url(self) -> str:
        """A broker with the topology that the services declare, as a user who may do everything."""
        path = self.house.data_dir / "definitions.json"
        path.write_text(topology.render({name: load_service(name).listens_to for name in SERVICES}), encoding="utf-8")
        node = self._opened.enter_context(RabbitNode())
        node.load_definitions(path)
        node.ctl("set_permissions", "--vhost", topology.VHOST, "guest", ".*", ".*", ".*")
        return node.url(vhost=topology.VHOST)


@contextmanager
def ground() -> Iterator[Ground]:
    """Fresh servers."""
    with ExitStack() as opened:
        data_dir = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="kehou-bench-")))
        house = build_house(opened.enter_context(PostgresServer()), data_dir)
        opened.callback(house.close)
        yield Ground(house, opened)
