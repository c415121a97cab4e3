"""What the broker could not deliver, for an operator: list it, look at it, put it back or set it aside in a file.

`<listener>.dead` holds what that listener gave up; replay puts it back into the one queue that it came from, never
through the exchange, or every other listener would get it again. `kehou.unrouted` holds what no queue was bound for,
so it goes once more through the exchange. A message leaves only after its copy is confirmed or on disk; a crash in
between makes a duplicate, which the inbox skips (messaging.md §4).
"""

import base64
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pika
from pika.exceptions import NackError, UnroutableError

from shared.events import Undecodable, decode
from shared.messaging.topology import UNROUTED, dead_queue

REPLAYS = "x-replay-count"
_HISTORY = ("x-death", "x-first-death-", "x-last-death-")


class ReplayRefused(RuntimeError):
    """The broker would not take a message back; it stays where it is, and those before it are replayed."""


@dataclass(frozen=True)
class DeadLetter:
    """One message, as it lies there. `subject` is None when its bytes are no event."""

    message_id: str
    type: str
    subject: str | None
    exchange: str
    routing_key: str
    """With `exchange`: where a replay sends it."""
    reason: str
    replays: int
    headers: Mapping[str, Any]
    body: bytes


def list_dead(url: str, listener: str, limit: int = 50) -> list[DeadLetter]:
    """The oldest dead letters of a listener, or the unroutable ones for `kehou.unrouted`; all of them stay."""
    with _channel(url) as channel:
        return [letter for _, letter in _take(channel, listener, limit)]


def show(url: str, listener: str, message_id: str) -> DeadLetter | None:
    """One dead letter with its headers and bytes."""
    with _channel(url) as channel:
        return next((letter for _, letter in _take(channel, listener) if letter.message_id == message_id), None)


def replay(
    url: str,
    listener: str,
    *,
    limit: int | None = None,
    type: str | None = None,
    subject: str | None = None,
    dry_run: bool = False,
    to_file: Path | None = None,
) -> list[DeadLetter]:
    """Put back the matching dead letters, oldest first, or move them `to_file`; returns them. Raises ReplayRefused."""
    done: list[DeadLetter] = []
    with _channel(url) as channel:
        channel.confirm_delivery()
        for tag, letter in _take(channel, listener):
            if limit is not None and len(done) >= limit:
                break
            if type not in (None, letter.type) or subject not in (None, letter.subject):
                continue
            if not dry_run:
                _set_aside(to_file, letter) if to_file else _put_back(channel, letter)
                channel.basic_ack(tag)
            done.append(letter)
    return done


@contextmanager
def _channel(url: str) -> Iterator[Any]:
    """A channel whose end gives back whatever was taken and not acked."""
    parameters = pika.URLParameters(url)
    parameters.socket_timeout = 5
    parameters.blocked_connection_timeout = 10
    connection = pika.BlockingConnection(parameters)
    try:
        yield connection.channel()
    finally:
        connection.close()


def _take(channel: Any, listener: str, limit: int | None = None) -> Iterator[tuple[int, DeadLetter]]:
    """At most what lies there now: what is replayed and dies again is not met a second time."""
    queue = UNROUTED if listener == UNROUTED else dead_queue(listener)
    waiting = channel.queue_declare(queue, passive=True).method.message_count
    for _ in range(waiting if limit is None else min(limit, waiting)):
        method, properties, body = channel.basic_get(queue)
        if method is None:
            return
        yield method.delivery_tag, _letter(method, properties, body)


def _letter(method: Any, properties: Any, body: bytes) -> DeadLetter:
    headers = properties.headers or {}
    home = headers.get("x-first-death-queue")
    return DeadLetter(
        message_id=properties.message_id or "",
        type=properties.type or "",
        subject=_subject(body),
        exchange=method.exchange if home is None else "",
        routing_key=method.routing_key if home is None else home,
        reason=headers.get("x-first-death-reason", "unroutable"),
        replays=headers.get(REPLAYS, 0),
        headers=headers,
        body=body,
    )


def _subject(body: bytes) -> str | None:
    try:
        return decode(body).subject
    except Undecodable:
        return None


def _put_back(channel: Any, letter: DeadLetter) -> None:
    kept = {name: value for name, value in letter.headers.items() if not name.startswith(_HISTORY)}
    properties = pika.BasicProperties(
        message_id=letter.message_id,
        type=letter.type,
        delivery_mode=2,
        headers=kept | {REPLAYS: letter.replays + 1},
    )
    try:
        channel.basic_publish(letter.exchange, letter.routing_key, letter.body, properties, mandatory=True)
    except (UnroutableError, NackError) as fault:
        raise ReplayRefused(f"{letter.routing_key}: {fault!r}") from fault


def _set_aside(path: Path, letter: DeadLetter) -> None:
    line = {
        "message_id": letter.message_id,
        "type": letter.type,
        "exchange": letter.exchange,
        "routing_key": letter.routing_key,
        "reason": letter.reason,
        "body_base64": base64.b64encode(letter.body).decode(),
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
