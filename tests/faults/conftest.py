"""The node that the tests of RabbitMQ share."""

from tests.faults.broker import node, publisher, started

__all__ = ["node", "publisher", "started"]
