"""The topology that the services declare, on a RabbitMQ of the tests' own; every user's password is `PASSWORD`."""

import tempfile
from pathlib import Path

import pika

from shared.messaging.topology import VHOST, definitions, password_hash, render
from shared.runtime import SERVICES, load_service
from tests.servers.rabbitmq import RabbitNode

PASSWORD = "secret"
LISTENERS = {name: load_service(name).listens_to for name in SERVICES}
HASHES = dict.fromkeys([user["name"] for user in definitions(LISTENERS, {})["users"]], password_hash(PASSWORD, b"salt"))


def empty_queues(node: RabbitNode) -> None:
    """Take away what earlier tests said to services that did not run then."""
    connection = pika.BlockingConnection(pika.URLParameters(node.url(vhost=VHOST)))
    for queue in definitions(LISTENERS, {})["queues"]:
        connection.channel().queue_purge(queue["name"])
    connection.close()


def lay_topology(node: RabbitNode) -> None:
    """What an operator does with a node whose disk is empty, or that misses something; it takes nothing away."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "definitions.json")
        path.write_text(render(LISTENERS, HASHES), encoding="utf-8")
        node.load_definitions(path)
    node.ctl("set_permissions", "--vhost", VHOST, "guest", ".*", ".*", ".*")
