"""Publishing to a real RabbitMQ and its named failures: nothing is called sent that is not."""

import itertools
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.messaging import dead_letters
from shared.messaging.rabbit import RabbitPublisher
from shared.messaging.topology import UNROUTED, VHOST, definitions
from tests.faults.broker import channel_of, ids, made, numbers, taken, until, url, waiting
from tests.servers.rabbitmq import RabbitNode
from tests.topology import HASHES, LISTENERS


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
    publisher = RabbitPublisher(url(node, "finance-relay"))
    heard_by = ("enrollment.finance.p00", "vetting.finance.p00")
    with channel_of(node) as channel:
        for queue in heard_by:
            channel.queue_unbind(queue, "kehou.events", "finance.#.p00")
        try:
            row = made(1, event_type="finance.payment.confirmed")
            assert publisher.publish(row) == ids(row)
        finally:
            for queue in heard_by:
                channel.queue_bind(queue, "kehou.events", "finance.#.p00")
            publisher.close()
    assert [letter.routing_key for letter in dead_letters.list_dead(url(node, "operator"), UNROUTED)] == [
        "finance.payment.confirmed.p00"
    ]
    dead_letters.replay(url(node, "operator"), UNROUTED)
    until(lambda: waiting(node, "enrollment.finance.p00") == 1)


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
    until(lambda: waiting(node, "attendance.enrollment.p00") == 0)


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
