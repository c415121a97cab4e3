"""The tests' own servers start, die and come back as a fault test expects."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import pika
import psycopg
import pytest

from tests.servers.postgres import PostgresServer
from tests.servers.rabbitmq import RabbitNode
from tests.topology import lay_topology

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


def declare(node: RabbitNode, directory: Path, queue: str) -> None:
    node.load_definitions(definitions(directory, name=queue, auto_delete=False))


def definitions(directory: Path, **queue: object) -> Path:
    path = directory / "definitions.json"
    whole = {"vhost": "/", "durable": True, "arguments": {"x-queue-type": "quorum"}} | queue
    path.write_text(json.dumps({"vhosts": [{"name": "/"}], "queues": [whole]}), encoding="utf-8")
    return path


def publish(node: RabbitNode, queue: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(node.url())) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish("", queue, b"a fact", mandatory=True)


def read(node: RabbitNode, queue: str) -> bytes | None:
    with pika.BlockingConnection(pika.URLParameters(node.url())) as connection:
        body: bytes | None = connection.channel().basic_get(queue)[2]
    return body


def execute(server: PostgresServer, statement: LiteralString) -> None:
    with psycopg.connect(server.url().replace("+psycopg", "")) as connection:
        connection.execute(statement)


def test_a_killed_broker_keeps_what_it_confirmed(node: RabbitNode, tmp_path: Path) -> None:
    declare(node, tmp_path, "kept")
    publish(node, "kept")
    node.kill()
    assert not node.is_answering()
    node.start()
    assert read(node, "kept") == b"a fact"


def test_a_broker_restarted_with_an_empty_disk_has_forgotten_everything(node: RabbitNode, tmp_path: Path) -> None:
    declare(node, tmp_path, "forgotten")
    node.restart(empty_disk=True)
    assert "forgotten" not in node.ctl("list_queues", "name")
    lay_topology(node)


def test_a_frozen_broker_answers_again_after_it_goes_on(node: RabbitNode) -> None:
    node.pause()
    assert not node.is_answering()
    node.resume()
    assert node.is_answering()


def test_a_definition_that_the_broker_cannot_read_is_an_error(node: RabbitNode, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="definitions"):
        node.load_definitions(definitions(tmp_path, name="unread"), patience=2)


def test_two_brokers_know_nothing_of_each_other(node: RabbitNode, tmp_path: Path) -> None:
    declare(node, tmp_path, "mine")
    with RabbitNode() as other:
        assert other.name not in node.ctl("cluster_status")
        assert "mine" not in other.ctl("list_queues", "name")


def test_a_killed_database_keeps_what_it_committed(server: PostgresServer) -> None:
    execute(server, "CREATE TABLE kept (number int)")
    server.kill()
    assert not server.is_answering()
    server.start()
    execute(server, "SELECT number FROM kept")


def test_a_restarted_database_cuts_its_connections(server: PostgresServer) -> None:
    with psycopg.connect(server.url().replace("+psycopg", "")) as connection:
        server.restart()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    execute(server, "SELECT 1")
