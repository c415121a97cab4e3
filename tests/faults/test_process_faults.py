"""Processes that die, freeze or hang; what comes twice, and what cannot be read."""

import json
import os
import random
import signal

import psutil
import pytest
from sqlalchemy import text

from shared.events import PARTITIONS
from shared.messaging.outbox import Outgoing
from shared.messaging.topology import VHOST, queue_name
from tests.deliverer import PUBLISHER
from tests.faults.broker import channel_of
from tests.faults.carried import Carried, wait_until
from tests.servers.rabbitmq import RabbitNode

# Killed


@pytest.mark.parametrize(
    "point",
    [
        "relay_after_read",
        "inbox_before_commit",
        "inbox_after_commit",  # over loopback: one listener has it, the others have not
        "relay_after_publish",
    ],
)
def test_a_process_killed_at_any_point_loses_and_repeats_nothing(carried: Carried, point: str) -> None:
    carried.chat(1)
    carried.block()
    carried.bury(carried.deliver(kill=point))
    carried.chat(2)
    carried.deliver()
    carried.check()


@pytest.mark.parametrize(
    ("role", "point"),
    [
        ("relay", "relay_mid_batch"),
        ("relay", "relay_after_confirm"),
        ("consumer", "consumer_before_commit"),
        ("consumer", "consumer_after_commit"),
    ],
)
def test_a_relay_or_a_consumer_killed_alone_loses_and_repeats_nothing(
    over_rabbitmq: Carried, role: str, point: str
) -> None:
    carried = over_rabbitmq
    (other,) = {"relay", "consumer"} - {role}
    carried.chat(3)
    carried.deliver(other)
    carried.bury(carried.deliver(role, kill=point))
    carried.block()
    carried.chat(4)
    carried.deliver(role)
    carried.check()


def test_two_relays_and_two_consumers_share_the_work_and_one_of_each_may_die(over_rabbitmq: Carried) -> None:
    carried = over_rabbitmq
    relays = [carried.deliver("relay") for _ in range(2)]
    consumers = [carried.deliver("consumer") for _ in range(2)]
    lot = random.Random(5)
    carried.chat(5)
    carried.kill(lot.choice(relays))
    carried.chat(6)
    carried.block()
    carried.kill(lot.choice(consumers))
    carried.chat(7)
    carried.check()


# Frozen or hung


@pytest.mark.parametrize("point", ["relay_after_read", "relay_after_confirm"])
def test_a_frozen_relay_is_cut_off_and_harmless_when_it_goes_on(over_rabbitmq: Carried, point: str) -> None:
    """It wakes up with rows in hand that its successor has sent long ago, and sends them again."""
    carried = over_rabbitmq
    carried.chat(8)
    carried.deliver("consumer")
    frozen = carried.deliver("relay", freeze=point)
    wait_until(lambda: is_stopped(frozen.pid))
    carried.deliver("relay")
    carried.block()
    wait_until(carried.is_at_rest)
    carried.chat(9)
    go_on(frozen.pid)
    carried.chat(10)
    carried.check()


def test_a_consumer_frozen_in_its_transaction_is_cut_off_and_harmless_when_it_goes_on(over_rabbitmq: Carried) -> None:
    """It holds its partitions' positions locked; a sleeper's transaction is ended by the database."""
    carried = over_rabbitmq
    carried.chat(11)
    carried.deliver("relay")
    frozen = carried.deliver("consumer", freeze="inbox_before_commit")
    wait_until(lambda: is_stopped(frozen.pid))
    carried.deliver("consumer")
    carried.block()
    wait_until(carried.is_at_rest)
    go_on(frozen.pid)
    carried.chat(12)
    carried.check()


def is_stopped(pid: int | None) -> bool:
    status: str = psutil.Process(pid).status()
    return status == "stopped"


def go_on(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGCONT)


def test_a_handler_that_blocks_for_longer_than_two_heartbeats_is_given_up_by_the_broker_and_repeats_nothing(
    over_rabbitmq: Carried, rabbit: RabbitNode
) -> None:
    carried = over_rabbitmq
    carried.deliver()
    wait_until(lambda: consuming(rabbit) != [])
    before = consuming(rabbit)
    with carried.world.suite.nodes["attendance"].database.session() as obstacle:
        obstacle.execute(text("LOCK TABLE clearances IN EXCLUSIVE MODE"))
        carried.say(carried.people[0])
        # The question keeps the obstacle's own transaction from being taken for a sleeper's.
        wait_until(lambda: bool(obstacle.scalar(text("SELECT 1"))) and not set(before) <= set(consuming(rabbit)))
        carried.block()
        carried.chat(13)
    carried.check()


def consuming(node: RabbitNode) -> list[str]:
    """The connections that consume attendance's queues."""
    rows = json.loads(node.ctl("list_consumers", "--vhost", VHOST, "queue_name", "channel_pid", "--formatter", "json"))
    return sorted({row["channel_pid"] for row in rows if row["queue_name"].startswith("attendance.vetting.")})


# Repeated, lost, poisoned


def test_an_event_delivered_again_a_hundred_times_changes_nothing(carried: Carried) -> None:
    carried.deliver()
    carried.chat(14, count=5)
    wait_until(carried.is_at_rest)
    sql = "SELECT id, event_id, part, type, body FROM outbox WHERE subject = :s"
    again = [Outgoing(*row) for row in carried.world.read(PUBLISHER, sql, s=str(carried.people[0]))]
    publisher = carried.publisher()
    assert publisher.publish(again * 100) == {row.id for row in again}
    publisher.close()
    carried.block()
    carried.chat(15, count=5)
    carried.check()


def test_an_event_lost_on_the_way_is_pulled_from_its_publisher(carried: Carried) -> None:
    carried.say(carried.people[0])
    lose(carried)
    carried.say(carried.people[0])
    carried.block()
    carried.deliver()
    carried.check()


def lose(carried: Carried) -> None:
    """Take the newest event away after it counts as sent: from the queues, or, without a broker, by marking it sent."""
    if carried.node is None:
        carried.world.change(PUBLISHER, "UPDATE outbox SET sent_at = now() WHERE sent_at IS NULL")
        return
    relay = carried.world.suite.nodes[PUBLISHER].relay(carried.publisher())
    while relay.step():
        pass
    relay.close()
    with channel_of(carried.node) as channel:
        for listener in carried.listeners:
            purged = [
                channel.queue_purge(queue_name(listener, PUBLISHER, part)).method.message_count
                for part in range(PARTITIONS)
            ]
            assert sum(purged) >= 1


@pytest.mark.timeout(600)  # three listeners, a thousand events each, one of them event by event
def test_a_poisoned_event_among_a_thousand_waits_alone_until_it_is_mended(carried: Carried) -> None:
    poisoned, well = carried.people[0], carried.people[1:]
    carried.poison(poisoned)
    carried.say(poisoned)
    for _ in range(10):
        for person in well:
            carried.say(person, count=9)
    carried.say(poisoned)
    carried.block()
    carried.deliver()
    wait_until(lambda: carried.all_heard() and carried.waiting("attendance") == ["dead", "parked"], seconds=400)
    assert {person: carried.epoch_in_attendance(person) for person in well} == dict.fromkeys(well, 91)
    assert carried.epoch_in_attendance(poisoned) == 1
    carried.mend()
    carried.check()
