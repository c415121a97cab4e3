"""A broker that dies, freezes, refuses or forgets, under relays and consumers that go on running."""

import time

import pytest

from shared.events import PARTITIONS
from shared.messaging.topology import VHOST, queue_name
from tests.deliverer import PUBLISHER
from tests.faults.broker import channel_of
from tests.faults.carried import Carried, wait_until
from tests.servers.rabbitmq import RabbitNode
from tests.topology import lay_topology

FROZEN_SECONDS = 30


@pytest.fixture
def carried(over_rabbitmq: Carried) -> Carried:
    """Relay and consumers run, and have delivered something."""
    over_rabbitmq.deliver()
    over_rabbitmq.chat(20)
    wait_until(over_rabbitmq.is_at_rest)
    return over_rabbitmq


def test_a_broker_may_be_killed_and_come_back(carried: Carried, rabbit: RabbitNode) -> None:
    carried.chat(21)
    rabbit.kill()
    carried.block()
    carried.chat(22)
    rabbit.start()
    carried.chat(23)
    carried.check()


def test_a_broker_may_freeze_for_longer_than_heartbeats_allow(carried: Carried, rabbit: RabbitNode) -> None:
    carried.chat(24)
    rabbit.pause()
    try:
        carried.block()
        carried.chat(25)
        time.sleep(FROZEN_SECONDS)
    finally:
        rabbit.resume()
    carried.chat(26)
    carried.check()


def test_a_broker_short_of_memory_takes_nothing_for_a_while(carried: Carried, rabbit: RabbitNode) -> None:
    rabbit.ctl("set_vm_memory_high_watermark", "0.00001")
    try:
        carried.block()
        carried.chat(27)
        wait_until(carried.all_heard)  # pulled, for the broker takes nothing
        assert not carried.is_at_rest()
    finally:
        rabbit.ctl("set_vm_memory_high_watermark", "0.4")
    carried.chat(28)
    carried.check()


def test_a_broker_may_lose_its_disk(carried: Carried, rabbit: RabbitNode) -> None:
    carried.chat(29)
    rabbit.restart(empty_disk=True)
    carried.block()
    carried.chat(30)
    lay_topology(rabbit)
    carried.chat(31)
    carried.check()


def test_a_queue_may_be_deleted_until_an_operator_declares_it_again(carried: Carried, rabbit: RabbitNode) -> None:
    with channel_of(rabbit) as channel:
        for part in range(PARTITIONS):
            channel.queue_delete(queue_name("attendance", PUBLISHER, part))
    carried.chat(32)
    carried.block()
    wait_until(carried.is_at_rest)  # confirmed by the other queues, and pulled
    lay_topology(rabbit)
    carried.chat(33)
    wait_until(lambda: is_consumed(rabbit))
    carried.check()


def is_consumed(node: RabbitNode) -> bool:
    queues = node.ctl("list_consumers", "--vhost", VHOST, "queue_name")
    return all(queue_name("attendance", PUBLISHER, part) in queues for part in range(PARTITIONS))
