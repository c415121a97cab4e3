"""Delivery over a real RabbitMQ and its named failures: nothing is called sent that is not, or acked too early."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pika
import pytest

from shared.messaging import dead_letters
from shared.messaging.consumer import Consumer
from shared.messaging.inbox import GapOpen
from shared.messaging.outbox import Outgoing
from shared.messaging.rabbit import RabbitPublisher
from shared.messaging.topology import UNROUTED, VHOST, definitions, password_hash, render
from tests.servers.rabbitmq import RabbitNode

pytestmark = pytest.mark.servers

LISTENERS = {"attendance": ["enrollment", "vetting"], "enrollment": ["vetting"]}
USERS = [user["name"] for user in definitions(LISTENERS, {})["users"]]
HASHES = dict.fromkeys(USERS, password_hash("secret", b"salt"))
UNREADABLE = b"no event"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitNode]:
    path = tmp_path_factory.mktemp("rabbit") / "definitions.json"
    path.write_text(render(LISTENERS, HASHES), encoding="utf-8")
    with RabbitNode() as node:
        node.load_definitions(path)
        node.ctl("set_permissions", "--vhost", VHOST, "guest", ".*", ".*", ".*")
        yield node


@pytest.fixture
def node(started: RabbitNode) -> RabbitNode:
    """The same node for every test, with empty queues."""
    with channel_of(started) as channel:
        for queue in definitions(LISTENERS, {})["queues"]:
            channel.queue_purge(queue["name"])
    return started


@pytest.fixture
def publisher(node: RabbitNode) -> Iterator[RabbitPublisher]:
    publisher = RabbitPublisher(url(node, "vetting-relay"), batch_seconds=5.0)
    yield publisher
    publisher.close()


def url(node: RabbitNode, user: str, vhost: str = VHOST) -> str:
    return node.url(user, "guest" if user == "guest" else "secret", vhost)


@contextmanager
def channel_of(node: RabbitNode, vhost: str = VHOST) -> Iterator[Any]:
    connection = pika.BlockingConnection(pika.URLParameters(url(node, "guest", vhost)))
    try:
        yield connection.channel()
    finally:
        connection.close()


def waiting(node: RabbitNode, queue: str) -> int:
    with channel_of(node) as channel:
        return int(channel.queue_declare(queue, passive=True).method.message_count)


def taken(node: RabbitNode, listener: str) -> list[bytes]:
    """All that lies in a listener's queues from vetting; it is gone from them then."""
    bodies: list[bytes] = []
    with channel_of(node) as channel:
        for part in range(4):
            channel.basic_consume(
                f"{listener}.vetting.p{part:02d}", lambda *delivery: bodies.append(delivery[3]), auto_ack=True
            )
        before = -1
        while before < len(bodies):
            before = len(bodies)
            channel.connection.process_data_events(time_limit=1.0)
    return bodies


def made(count: int, *, event_type: str = "vetting.staff.blocked", body: bytes = b"", start: int = 0) -> list[Outgoing]:
    return [
        Outgoing(number, uuid4(), number % 4, event_type, body or f"{number:08d}".encode().ljust(700, b"."))
        for number in range(start, start + count)
    ]


def ids(rows: Sequence[Outgoing]) -> frozenset[int]:
    return frozenset(row.id for row in rows)


def numbers(bodies: Sequence[bytes]) -> list[int]:
    return [int(body[:8]) for body in bodies]


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


@dataclass(frozen=True)
class Attendance:
    """What a consumer asks of a service."""

    name: str = "attendance"
    listens_to: tuple[str, ...] = ("enrollment", "vetting")


class Ear:
    """Stands for an inbox: keeps what it hears, and fails as often as it is told to."""

    def __init__(self, *faults: Exception) -> None:
        self.service = Attendance()
        self.heard: list[bytes] = []
        self.offered = 0
        self.ticks = 0
        self._faults = list(faults)

    def receive(self, bodies: Sequence[bytes]) -> list[bool]:
        self.offered += len(bodies)
        if self._faults:
            raise self._faults.pop()
        self.heard += bodies
        return [body != UNREADABLE for body in bodies]

    def retry_due(self) -> int:
        self.ticks += 1
        return 0


@contextmanager
def listening(node: RabbitNode, ear: Ear, **options: Any) -> Iterator[None]:
    consumer = Consumer(url(node, "attendance-consumer"), ear, patience_seconds=(0.2, 1.0), **options)
    stop = threading.Event()
    thread = threading.Thread(target=consumer.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


# Definitions


def test_a_node_imports_the_definitions_as_they_are_written(node: RabbitNode) -> None:
    columns = ("name", "durable", "auto_delete", "arguments")
    rows = json.loads(node.ctl("list_queues", "--vhost", VHOST, *columns, "--formatter", "json"))
    found = {row["name"]: (row["durable"], row["auto_delete"], as_written(row["arguments"])) for row in rows}
    wanted = definitions(LISTENERS, {})["queues"]
    assert found == {queue["name"]: (True, False, queue["arguments"]) for queue in wanted}


def as_written(arguments: Any) -> dict[str, Any]:
    """The command line tool shows a table as triples of name, type and value."""
    return {name: value for name, _, value in arguments}


# Publishing


def test_every_bound_queue_has_what_the_publisher_calls_sent(
    publisher: RabbitPublisher, node: RabbitNode, record_property: Callable[[str, object], None]
) -> None:
    rows = made(2000)
    publisher.publish(rows[:1])
    began = time.monotonic()
    sent = [publisher.publish(rows[first : first + 500]) for first in range(0, 2000, 500)]
    rate = 2000 / (time.monotonic() - began)
    record_property("published_per_second", round(rate))
    print(f"published and confirmed: {rate:.0f}/s, two queues each")
    assert frozenset().union(*sent) == ids(rows)
    for listener in ("attendance", "enrollment"):
        assert sorted(numbers(taken(node, listener))) == sorted([0, *range(2000)])


def test_what_no_queue_takes_is_not_called_sent(node: RabbitNode, tmp_path: Path) -> None:
    lay_bare_vhost(node, tmp_path)
    publisher = RabbitPublisher(url(node, "vetting-relay", "bare"))
    rows = made(40)
    sent = publisher.publish(rows)
    publisher.close()
    assert sent == ids([row for row in rows if row.part == 0])


def lay_bare_vhost(node: RabbitNode, tmp_path: Path) -> None:
    """A vhost where only partition 0 has a queue, and nothing catches the rest."""
    whole = definitions(LISTENERS, HASHES)
    kept = [row for row in whole["bindings"] if row["destination"] == "attendance.vetting.p00"]
    queues = [row for row in whole["queues"] if row["name"] == "attendance.vetting.p00"]
    events = [row | {"arguments": {}} for row in whole["exchanges"] if row["name"] == "kehou.events"]
    permissions = [row for row in whole["permissions"] if row["user"] == "vetting-relay"]
    lists = {"bindings": kept, "queues": queues, "exchanges": events, "permissions": permissions}
    bare = {kind: [row | {"vhost": "bare"} for row in rows] for kind, rows in lists.items()}
    path = tmp_path / "bare.json"
    path.write_text(json.dumps(bare | {"vhosts": [{"name": "bare"}], "users": whole["users"]}), encoding="utf-8")
    node.load_definitions(path)


def test_what_no_listener_is_bound_for_is_kept_as_unrouted(node: RabbitNode) -> None:
    publisher = RabbitPublisher(url(node, "enrollment-relay"))
    with channel_of(node) as channel:
        channel.queue_unbind("attendance.enrollment.p00", "kehou.events", "enrollment.#.p00")
        try:
            row = made(1, event_type="enrollment.place.accepted")
            assert publisher.publish(row) == ids(row)
        finally:
            channel.queue_bind("attendance.enrollment.p00", "kehou.events", "enrollment.#.p00")
            publisher.close()
    assert [letter.routing_key for letter in dead_letters.list_dead(url(node, "operator"), UNROUTED)] == [
        "enrollment.place.accepted.p00"
    ]
    dead_letters.replay(url(node, "operator"), UNROUTED)
    assert waiting(node, "attendance.enrollment.p00") == 1


def test_what_a_full_queue_refuses_is_not_called_sent(publisher: RabbitPublisher, node: RabbitNode) -> None:
    """A queue begins to refuse some time after it is full, and after it has heard how much is too much."""
    node.ctl("set_policy", "--vhost", VHOST, "--apply-to", "queues", "full", r"^enrollment\.", '{"max-length": 20}')
    sent: list[frozenset[int]] = []
    starts = itertools.count(step=100)

    def publish_more() -> int:
        sent.append(publisher.publish(made(100, start=next(starts))))
        return len(sent[-1])

    try:
        until(lambda: publish_more() < 100)
    finally:
        node.ctl("clear_policy", "--vhost", VHOST, "full")
    assert frozenset().union(*sent) <= set(numbers(taken(node, "enrollment")))
    rows = made(4)
    until(lambda: publisher.publish(rows) == ids(rows))


def test_a_relay_cannot_say_events_of_another_service(publisher: RabbitPublisher, node: RabbitNode) -> None:
    foreign = made(1, event_type="enrollment.place.accepted")
    own = made(4)
    assert publisher.publish(foreign) == frozenset()
    assert publisher.publish(own) == ids(own)
    assert waiting(node, "attendance.enrollment.p00") == 0


def test_what_was_called_sent_outlives_a_broker_killed_in_the_middle(
    publisher: RabbitPublisher, node: RabbitNode
) -> None:
    rows = made(20_000)
    sent: list[frozenset[int]] = []
    thread = threading.Thread(target=lambda: sent.append(publisher.publish(rows)))
    thread.start()
    until(lambda: waiting(node, "attendance.vetting.p00") > 100)
    node.kill()
    thread.join(10)
    assert sent and frozenset() < sent[0] < ids(rows)
    assert publisher.publish(rows[:4]) == frozenset()
    node.start()
    for listener in ("attendance", "enrollment"):
        assert sent[0] <= set(numbers(taken(node, listener)))
    assert publisher.publish(rows[:4]) == ids(rows[:4])


def test_a_broker_short_of_memory_confirms_nothing_and_holds_nobody_up(node: RabbitNode) -> None:
    publisher = RabbitPublisher(url(node, "vetting-relay"), batch_seconds=2.0)
    rows = made(200)
    node.ctl("set_vm_memory_high_watermark", "0.00001")
    try:
        began = time.monotonic()
        sent = publisher.publish(rows)
        took = time.monotonic() - began
        reached = set(numbers(taken(node, "attendance")))
    finally:
        node.ctl("set_vm_memory_high_watermark", "0.4")
    assert took < 3.0
    assert sent < ids(rows)
    assert sent <= reached
    assert publisher.publish(rows) == ids(rows)
    publisher.close()


def test_a_frozen_broker_holds_nobody_up(node: RabbitNode) -> None:
    publisher = RabbitPublisher(url(node, "vetting-relay"), batch_seconds=2.0)
    rows = made(100)
    publisher.publish(rows)
    node.pause()
    try:
        began = time.monotonic()
        assert publisher.publish(rows) == frozenset()
        assert publisher.publish(rows) == frozenset()
        assert time.monotonic() - began < 5.0
    finally:
        node.resume()
    assert publisher.publish(rows) == ids(rows)
    publisher.close()


# Consuming


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
    print(f"consumed: {rate:.0f}/s, connecting included, by an inbox that does nothing")
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
    assert waiting(node, "attendance.dead") == 1

    (replayed,) = dead_letters.replay(operator, "attendance", type=row.type)
    assert replayed.message_id == str(row.event_id)
    assert waiting(node, "attendance.dead") == 0
    assert waiting(node, "attendance.vetting.p00") == 1
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
    assert waiting(node, "attendance.dead") == 0
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["message_id"] == str(row.event_id)
    assert waiting(node, "attendance.vetting.p00") == 0
