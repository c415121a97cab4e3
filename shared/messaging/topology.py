"""The one RabbitMQ topology, as data; `render` makes the definitions file that a node imports at start.

    kehou.events (topic) ── vetting.#.p03 ──> attendance.vetting.p03 ── given up ──> kehou.dlx ──> attendance.dead
         └─ no queue bound ──> kehou.unrouted (fanout) ──> kehou.unrouted

One queue per listener, publisher and partition, so a rush of one publisher never delays another's and a partition keeps
its order (single active consumer). Services may not declare anything: what exists is what was imported, whoever starts
first. Holds for RabbitMQ 3.10 and 4.x alike (messaging.md §2): all that guards against loss is a queue argument, there
are no policies, and nothing that 4.x denies is used.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.events import PARTITIONS

VHOST = "kehou"
EVENTS = "kehou.events"
UNROUTED = "kehou.unrouted"
DEAD_LETTERS = "kehou.dlx"
OPERATOR = "operator"

Listeners = Mapping[str, Sequence[str]]
"""Listener to the publishers that it hears."""

_FEED: Mapping[str, Any] = {
    "x-queue-type": "quorum",
    "x-single-active-consumer": True,
    "x-delivery-limit": 20,
    "x-overflow": "reject-publish",
    "x-max-length": 5_000_000,
    "x-dead-letter-exchange": DEAD_LETTERS,
    "x-dead-letter-strategy": "at-least-once",
}
# A last resort must not lose what an operator only looked at: each look counts as a delivery, and 4.x drops after 20
# where no limit is set. 3.10 does not know "unlimited", and only with a limit puts a requeued message back in front.
_LAST_RESORT: Mapping[str, Any] = {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000}


@dataclass(frozen=True, order=True)
class Queue:
    """A queue and its one binding."""

    name: str
    exchange: str
    binding: str
    arguments: Mapping[str, Any]


def queue_name(listener: str, publisher: str, part: int) -> str:
    """`attendance.vetting.p03`."""
    return f"{listener}.{publisher}.p{part:02d}"


def dead_queue(listener: str) -> str:
    """`attendance.dead`: bytes that are no event, and what was delivered 20 times in vain."""
    return f"{listener}.dead"


def relay_user(service: str) -> str:
    """The broker user of a service's relays."""
    return f"{service}-relay"


def consumer_user(service: str) -> str:
    """The broker user of a service's consumers."""
    return f"{service}-consumer"


def queues(listeners: Listeners) -> list[Queue]:
    """Every queue, by name."""
    feeds = [
        _feed(listener, publisher, part)
        for listener, heard in listeners.items()
        for publisher in heard
        for part in range(PARTITIONS)
    ]
    dead = [
        Queue(dead_queue(name), DEAD_LETTERS, dead_queue(name), _LAST_RESORT)
        for name, heard in listeners.items()
        if heard
    ]
    return sorted([*feeds, *dead, Queue(UNROUTED, UNROUTED, "", _LAST_RESORT)], key=lambda queue: queue.name)


def _feed(listener: str, publisher: str, part: int) -> Queue:
    arguments = {**_FEED, "x-dead-letter-routing-key": dead_queue(listener)}
    return Queue(queue_name(listener, publisher, part), EVENTS, f"{publisher}.#.p{part:02d}", arguments)


def definitions(listeners: Listeners, password_hashes: Mapping[str, str]) -> dict[str, Any]:
    """What RabbitMQ imports. A user without a hash exists and cannot log in, until the operator sets a password."""
    wanted = queues(listeners)
    permissions = _permissions(listeners)
    return {
        "vhosts": [{"name": VHOST}],
        "users": [_user(name, password_hashes.get(name, "")) for name in sorted(permissions)],
        "permissions": [
            {"user": user, "vhost": VHOST, "configure": "^$", "write": write, "read": read}
            for user, (write, read) in sorted(permissions.items())
        ],
        "topic_permissions": [
            {"user": relay_user(name), "vhost": VHOST, "exchange": EVENTS, "write": rf"^{name}\.", "read": "^$"}
            for name in _services(listeners)
        ],
        "exchanges": [
            _exchange(DEAD_LETTERS, "direct", {}),
            _exchange(EVENTS, "topic", {"alternate-exchange": UNROUTED}),
            _exchange(UNROUTED, "fanout", {}),
        ],
        "queues": [_declared(queue) for queue in wanted],
        "bindings": [_bound(queue) for queue in wanted],
        "policies": [],
    }


def render(listeners: Listeners, password_hashes: Mapping[str, str] | None = None) -> str:
    """The text of definitions.json, the same for the same input."""
    return json.dumps(definitions(listeners, password_hashes or {}), indent=2, sort_keys=True) + "\n"


def password_hash(password: str, salt: bytes) -> str:
    """RabbitMQ's form of a salted SHA-256; `salt` is 4 random bytes."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _services(listeners: Listeners) -> list[str]:
    return sorted(listeners.keys() | {publisher for heard in listeners.values() for publisher in heard})


def _permissions(listeners: Listeners) -> dict[str, tuple[str, str]]:
    """User to what it may write and read; nobody may configure."""
    relays = {relay_user(name): (_exactly(EVENTS), "^$") for name in _services(listeners)}
    consumers = {consumer_user(name): ("^$", _feeds_of(name, heard)) for name, heard in listeners.items() if heard}
    last_resorts = [queue.name for queue in queues(listeners) if queue.arguments is _LAST_RESORT]
    return relays | consumers | {OPERATOR: (_exactly("amq.default", EVENTS), _exactly(*last_resorts))}


def _exactly(*names: str) -> str:
    return f"^({'|'.join(re.escape(name) for name in names)})$"


def _feeds_of(listener: str, publishers: Sequence[str]) -> str:
    return rf"^{listener}\.({'|'.join(sorted(publishers))})\.p[0-9]{{2}}$"


def _user(name: str, hashed: str) -> dict[str, Any]:
    return {"name": name, "password_hash": hashed, "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": ""}


def _exchange(name: str, kind: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "vhost": VHOST,
        "type": kind,
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": dict(arguments),
    }


def _declared(queue: Queue) -> dict[str, Any]:
    return {
        "name": queue.name,
        "vhost": VHOST,
        "durable": True,
        "auto_delete": False,
        "arguments": dict(queue.arguments),
    }


def _bound(queue: Queue) -> dict[str, Any]:
    return {
        "source": queue.exchange,
        "vhost": VHOST,
        "destination": queue.name,
        "destination_type": "queue",
        "routing_key": queue.binding,
        "arguments": {},
    }
