"""The RabbitMQ topology: who hears whom, what a queue promises, who may do what, and nothing that 4.x denies."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from shared.messaging.topology import definitions, password_hash, queue_name, render

LISTENERS = {
    "attendance": ["enrollment", "vetting"],
    "enrollment": ["vetting"],
    "finance": ["attendance"],
    "vetting": [],
}
FEED = {
    "x-queue-type": "quorum",
    "x-single-active-consumer": True,
    "x-delivery-limit": 20,
    "x-overflow": "reject-publish",
    "x-max-length": 5_000_000,
    "x-dead-letter-exchange": "kehou.dlx",
    "x-dead-letter-routing-key": "attendance.dead",
    "x-dead-letter-strategy": "at-least-once",
}


@pytest.fixture(scope="module")
def defined() -> dict[str, Any]:
    return definitions(LISTENERS, {"vetting-relay": "hash"})


def named(rows: list[dict[str, Any]], name: str, key: str = "name") -> dict[str, Any]:
    (row,) = (row for row in rows if row[key] == name)
    return row


def may(defined: dict[str, Any], user: str, act: str, thing: str) -> bool:
    return re.search(named(defined["permissions"], user, "user")[act], thing) is not None


def test_the_queues_are_one_per_listener_publisher_and_partition_and_the_last_resorts(defined: dict[str, Any]) -> None:
    assert [queue["name"] for queue in defined["queues"]] == [
        "attendance.dead",
        *(f"attendance.enrollment.p{part:02d}" for part in range(4)),
        *(f"attendance.vetting.p{part:02d}" for part in range(4)),
        "enrollment.dead",
        *(f"enrollment.vetting.p{part:02d}" for part in range(4)),
        "finance.attendance.p00",
        "finance.attendance.p01",
        "finance.attendance.p02",
        "finance.attendance.p03",
        "finance.dead",
        "kehou.unrouted",
    ]


def test_a_feed_promises_order_safety_and_an_end_to_retrying(defined: dict[str, Any]) -> None:
    assert named(defined["queues"], "attendance.vetting.p03")["arguments"] == FEED


def test_a_feed_hears_every_event_of_its_publisher_in_its_partition(defined: dict[str, Any]) -> None:
    binding = named(defined["bindings"], "attendance.vetting.p03", "destination")
    assert (binding["source"], binding["routing_key"]) == ("kehou.events", "vetting.#.p03")


def test_every_queue_is_bound_once_and_every_binding_has_both_ends(defined: dict[str, Any]) -> None:
    bindings = defined["bindings"]
    assert [binding["destination"] for binding in bindings] == [queue["name"] for queue in defined["queues"]]
    assert {binding["source"] for binding in bindings} <= {exchange["name"] for exchange in defined["exchanges"]}


def test_what_dies_reaches_the_dead_letters_of_its_listener(defined: dict[str, Any]) -> None:
    routes = {(binding["source"], binding["routing_key"]): binding["destination"] for binding in defined["bindings"]}
    feeds = [queue for queue in defined["queues"] if "x-single-active-consumer" in queue["arguments"]]
    assert len(feeds) == 16
    for feed in feeds:
        arguments = feed["arguments"]
        dead = routes[arguments["x-dead-letter-exchange"], arguments["x-dead-letter-routing-key"]]
        assert dead == feed["name"].split(".")[0] + ".dead"


def test_what_no_queue_is_bound_for_is_kept(defined: dict[str, Any]) -> None:
    assert named(defined["exchanges"], "kehou.events")["arguments"] == {"alternate-exchange": "kehou.unrouted"}
    assert named(defined["exchanges"], "kehou.unrouted")["type"] == "fanout"
    assert named(defined["bindings"], "kehou.unrouted", "destination")["source"] == "kehou.unrouted"


def test_a_last_resort_loses_nothing_and_passes_nothing_on(defined: dict[str, Any]) -> None:
    for name in ("attendance.dead", "kehou.unrouted"):
        arguments = named(defined["queues"], name)["arguments"]
        assert arguments["x-delivery-limit"] > 100_000  # 4.x would drop what was looked at 20 times
        assert arguments.keys() == {"x-queue-type", "x-delivery-limit"}


def test_nothing_is_used_that_rabbitmq_4_denies_or_3_10_does_not_know(defined: dict[str, Any]) -> None:
    for thing in [*defined["queues"], *defined["exchanges"]]:
        assert thing["durable"] is True
        assert thing["auto_delete"] is False
    denied = {
        "x-max-priority",
        "x-queue-mode",
        "x-queue-master-locator",
        "x-ha-policy",
        "x-expires",
        "x-message-ttl",
        "x-consumer-timeout",
        "x-delayed-retry-type",
    }
    for queue in defined["queues"]:
        assert queue["arguments"]["x-queue-type"] == "quorum"
        assert queue["arguments"]["x-delivery-limit"] > 0
        assert not denied & queue["arguments"].keys()
    assert defined["policies"] == []


def test_a_relay_may_only_say_the_events_of_its_own_service(defined: dict[str, Any]) -> None:
    assert may(defined, "vetting-relay", "write", "kehou.events")
    assert not any(
        may(defined, "vetting-relay", "write", name) for name in ("kehou.unrouted", "kehou.dlx", "amq.default")
    )
    assert not may(defined, "vetting-relay", "read", "attendance.vetting.p03")
    topic = named(defined["topic_permissions"], "vetting-relay", "user")
    assert topic["exchange"] == "kehou.events"
    assert re.search(topic["write"], "vetting.staff.blocked.p03")
    assert not re.search(topic["write"], "finance.vetting.paid.p03")


def test_a_consumer_may_only_read_what_its_service_hears(defined: dict[str, Any]) -> None:
    assert may(defined, "attendance-consumer", "read", "attendance.vetting.p03")
    foreign = ("enrollment.vetting.p03", "attendance.finance.p03", "attendance.dead", "attendancexvetting.p03")
    assert not any(may(defined, "attendance-consumer", "read", name) for name in foreign)
    assert not any(may(defined, "attendance-consumer", "write", name) for name in ("kehou.events", "amq.default"))


def test_the_operator_may_replay_and_nothing_else(defined: dict[str, Any]) -> None:
    assert all(may(defined, "operator", "read", name) for name in ("attendance.dead", "finance.dead", "kehou.unrouted"))
    assert not may(defined, "operator", "read", "attendance.vetting.p03")
    assert all(may(defined, "operator", "write", name) for name in ("amq.default", "kehou.events"))


def test_nobody_may_declare_or_delete(defined: dict[str, Any]) -> None:
    users = {user["name"] for user in defined["users"]}
    assert users == {row["user"] for row in defined["permissions"]}
    assert not any(may(defined, user, "configure", name) for user in users for name in all_names(defined))


def test_a_service_that_hears_nobody_has_a_relay_and_no_consumer(defined: dict[str, Any]) -> None:
    users = {user["name"] for user in defined["users"]}
    assert "vetting-relay" in users
    assert "vetting-consumer" not in users


def test_a_user_without_a_hash_cannot_log_in_and_no_password_is_written(defined: dict[str, Any]) -> None:
    assert named(defined["users"], "vetting-relay")["password_hash"] == "hash"
    assert named(defined["users"], "attendance-consumer")["password_hash"] == ""
    assert '"password"' not in render(LISTENERS)


def test_the_text_does_not_depend_on_the_order_of_the_input() -> None:
    shuffled = {name: list(reversed(LISTENERS[name])) for name in reversed(LISTENERS)}
    assert render(shuffled) == render(LISTENERS)
    assert json.loads(render(LISTENERS)) == definitions(LISTENERS, {})


def test_names_and_hashes_do_not_change() -> None:
    """They stand in brokers and in their operators' notes."""
    assert queue_name("attendance", "vetting", 3) == "attendance.vetting.p03"
    # The worked example of RabbitMQ's own documentation of passwords.
    assert password_hash("test12", bytes.fromhex("908DC60A")) == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"


def all_names(defined: dict[str, Any]) -> Iterator[str]:
    for thing in [*defined["queues"], *defined["exchanges"]]:
        yield thing["name"]
