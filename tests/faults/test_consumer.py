"""Consuming from a real RabbitMQ and its named failures: nothing is acked too early, nothing unreadable is lost."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.messaging import dead_letters
from shared.messaging.inbox import GapOpen
from shared.messaging.outbox import Outgoing
from shared.messaging.rabbit import RabbitPublisher
from tests.faults.broker import UNREADABLE, Ear, ids, listening, made, numbers, taken, until, url, waiting
from tests.servers.rabbitmq import RabbitNode


def test_a_listener_hears_each_partition_in_order_and_leaves_nothing(
    publisher: RabbitPublisher, node: RabbitNode, record_property: Callable[[str, object], None]
) -> None:
    rows = made(2000)
    publisher.publish(rows)
    ear = Ear()
    began = time.monotonic()
    with listening(node, ear):
        until(lambda: len(ear.heard) >= 2000)
        rate = 2000 / (time.monotonic() - began)
        until(lambda: ear.ticks >= 2)
    record_property("consumed_per_second", round(rate))
    for part in range(4):
        assert [number for number in numbers(ear.heard) if number % 4 == part] == list(range(part, 2000, 4))
    assert taken(node, "attendance") == []


@pytest.mark.parametrize("fault", [GapOpen("the publisher is away"), ConnectionResetError("the database is away")])
def test_what_could_not_be_kept_comes_again_in_order(
    publisher: RabbitPublisher, node: RabbitNode, fault: Exception
) -> None:
    publisher.publish(made(40))
    ear = Ear(fault)
    with listening(node, ear):
        until(lambda: len(ear.heard) >= 40)
    assert ear.offered > 40
    for part in range(4):
        assert [number for number in numbers(ear.heard) if number % 4 == part] == list(range(part, 40, 4))
    assert taken(node, "attendance") == []


def test_nothing_is_acked_before_the_inbox_has_it(publisher: RabbitPublisher, node: RabbitNode) -> None:
    publisher.publish(made(8))
    ear = Ear(*[GapOpen("never filled")] * 100)
    with listening(node, ear):
        until(lambda: ear.offered > 0)
    until(lambda: sum(waiting(node, f"attendance.vetting.p{part:02d}") for part in range(4)) == 8)


def test_a_consumer_outlives_its_broker(publisher: RabbitPublisher, node: RabbitNode) -> None:
    ear = Ear()
    with listening(node, ear):
        publisher.publish(made(4))
        until(lambda: len(ear.heard) >= 4)
        node.kill()
        node.start()
        more = made(4, start=100)
        until(lambda: publisher.publish(more) == ids(more))
        until(lambda: set(numbers(ear.heard)) >= ids(more))


def test_a_frozen_broker_does_not_keep_a_consumer_from_stopping(node: RabbitNode) -> None:
    ear = Ear()
    with listening(node, ear, heartbeat=2):
        until(lambda: ear.ticks >= 2)
        node.pause()
        time.sleep(5)
        node.resume()
        until(lambda: ear.ticks >= 4)


def test_replicas_share_the_partitions_and_stand_in_for_each_other(
    publisher: RabbitPublisher, node: RabbitNode
) -> None:
    first, second = Ear(), Ear()
    options = {"replicas": 2, "stagger_seconds": 1.0}
    with listening(node, second, replica=1, **options):
        with listening(node, first, replica=0, **options):
            until(lambda: first.ticks >= 3 and second.ticks >= 3)
            publisher.publish(made(40))
            until(lambda: len(first.heard) + len(second.heard) >= 40)
            assert {number % 4 for number in numbers(first.heard)} == {0, 2}
            assert {number % 4 for number in numbers(second.heard)} == {1, 3}
        publisher.publish(made(4, start=100))
        until(lambda: {100, 101, 102, 103} <= set(numbers(second.heard)))


# Dead letters


def test_what_cannot_be_read_lies_with_the_dead_letters_and_holds_nobody_up(
    publisher: RabbitPublisher, node: RabbitNode
) -> None:
    publisher.publish([*made(4), *made(1, body=UNREADABLE), *made(4, start=4)])
    ear = Ear()
    with listening(node, ear):
        until(lambda: waiting(node, "attendance.dead") == 1)
        until(lambda: len(ear.heard) == 9)
    assert taken(node, "attendance") == []
    (letter,) = dead_letters.list_dead(url(node, "operator"), "attendance")
    assert (letter.body, letter.routing_key, letter.reason) == (UNREADABLE, "attendance.vetting.p00", "rejected")
    shown = dead_letters.show(url(node, "operator"), "attendance", letter.message_id)
    assert shown is not None
    assert (shown.message_id, shown.body) == (letter.message_id, UNREADABLE)


def dead_letter(publisher: RabbitPublisher, node: RabbitNode) -> Outgoing:
    """One message that attendance has given up, and that enrollment has had."""
    (row,) = made(1, body=UNREADABLE)
    publisher.publish([row])
    with listening(node, Ear()):
        until(lambda: waiting(node, "attendance.dead") == 1)
    taken(node, "enrollment")
    return row


def test_a_replay_puts_a_dead_letter_back_into_its_own_queue_only(publisher: RabbitPublisher, node: RabbitNode) -> None:
    row = dead_letter(publisher, node)
    operator = url(node, "operator")
    assert len(dead_letters.replay(operator, "attendance", dry_run=True)) == 1
    assert dead_letters.replay(operator, "attendance", type="vetting.staff.cleared") == []
    assert dead_letters.replay(operator, "attendance", subject="somebody else") == []
    assert dead_letters.replay(operator, "attendance", limit=0) == []
    until(lambda: waiting(node, "attendance.dead") == 1)

    (replayed,) = dead_letters.replay(operator, "attendance", type=row.type)
    assert replayed.message_id == str(row.event_id)
    until(lambda: waiting(node, "attendance.dead") == 0)
    until(lambda: waiting(node, "attendance.vetting.p00") == 1)
    assert taken(node, "enrollment") == []


def test_a_dead_letter_that_dies_again_tells_how_often_it_was_replayed(
    publisher: RabbitPublisher, node: RabbitNode
) -> None:
    dead_letter(publisher, node)
    for replays in (1, 2):
        dead_letters.replay(url(node, "operator"), "attendance")
        with listening(node, Ear()):
            until(lambda: waiting(node, "attendance.dead") == 1)
        (letter,) = dead_letters.list_dead(url(node, "operator"), "attendance")
        assert (letter.replays, letter.routing_key) == (replays, "attendance.vetting.p00")


def test_a_dead_letter_can_be_set_aside_in_a_file(publisher: RabbitPublisher, node: RabbitNode, tmp_path: Path) -> None:
    row = dead_letter(publisher, node)
    path = tmp_path / "dead.jsonl"
    dead_letters.replay(url(node, "operator"), "attendance", to_file=path)
    until(lambda: waiting(node, "attendance.dead") == 0)
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["message_id"] == str(row.event_id)
    until(lambda: waiting(node, "attendance.vetting.p00") == 0)
