"""What the tests of faults share."""

from tests.faults.broker import node, publisher
from tests.faults.carried import carried, over_loopback, over_rabbitmq

__all__ = ["carried", "node", "over_loopback", "over_rabbitmq", "publisher"]
