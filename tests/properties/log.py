"""The log of a district: what the four services said of it, to be told again in another order."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from shared.events import Envelope, decode, encode
from shared.messaging.inbox import Stream
from tests.invariants import LISTENERS, Read

Log = Mapping[Stream, Sequence[Envelope]]
"""Events by stream, each stream numbered from 1 without a gap."""


def read_log(read: Read, district: UUID) -> Log:
    """What was said of a district, from the outboxes."""
    streams: dict[Stream, list[Envelope]] = defaultdict(list)
    for publisher in LISTENERS:
        for (body,) in read(publisher, "SELECT body FROM outbox ORDER BY part, sequence"):
            said = decode(bytes(body))
            if said.district == district:
                streams[said.source, said.timeline, said.partition].append(said)
    return {stream: _numbered(said) for stream, said in streams.items()}


def _numbered(said: Sequence[Envelope]) -> list[Envelope]:
    placed = [replace(one, sequence=number) for number, one in enumerate(said, 1)]
    return [replace(one, body=encode(one)) for one in placed]


def heard_by(log: Log, publishers: Sequence[str], but: Sequence[str] = ()) -> Log:
    """What some publishers said, but for some types."""
    return {
        stream: _numbered([one for one in said if one.type not in but])
        for stream, said in log.items()
        if stream[0].strip("/") in publishers
    }


def shuffled(log: Log, chance: random.Random) -> Log:
    """The streams with their subjects shuffled against each other: what is said of one subject stays in order.

    A session belongs to its group, which carries it in `attendance.session.scheduled`.
    """
    return {stream: _numbered(_shuffled(said, chance)) for stream, said in log.items()}


def _shuffled(said: Sequence[Envelope], chance: random.Random) -> list[Envelope]:
    turns = [str(one.data.get("group_id", one.subject)) for one in said]
    waiting: dict[str, list[Envelope]] = defaultdict(list)
    for subject, one in zip(turns, said, strict=True):
        waiting[subject].append(one)
    chance.shuffle(turns)
    return [waiting[subject].pop(0) for subject in turns]


def carelessly(log: Log, chance: random.Random) -> Iterator[list[bytes]]:
    """The batches of a careless transport: any stream next, some events lost, some repeated, at last all told anew.

    What is lost in front of others is a gap, which the inbox pulls from the publisher.
    """
    sent = dict.fromkeys(log, 0)
    while rest := [stream for stream, said in log.items() if sent[stream] < len(said)]:
        stream = chance.choice(rest)
        begins, ends = sent[stream], sent[stream] + chance.choice((1, 5, 40, 200))
        repeated = log[stream][max(0, begins - chance.choice((0, 0, 3))) : begins]
        fresh = log[stream][begins + chance.choice((0, 0, 0, 2)) : ends]
        yield [one.body for one in (*repeated, *fresh)]
        sent[stream] = ends
    yield from in_order(log)


def in_order(log: Log) -> Iterator[list[bytes]]:
    """Stream after stream."""
    for said in log.values():
        yield [one.body for one in said]


@dataclass(frozen=True)
class Archive:
    """Peers that answer a catch-up from the log."""

    log: Log

    def get(self, service: str, path: str, params: Mapping[str, Any]) -> Any:
        """See Peers.get; only `/events` is ever asked."""
        assert path == "/events"
        said = self.log[f"/{service}", UUID(params["timeline"]), params["part"]]
        missing = [one.body.decode() for one in said if one.sequence > params["after"]]
        return {"items": missing[: params["limit"]]}
