"""Events: what happened, declared once, and their wire form (CloudEvents 1.0, structured JSON).

An event class is frozen, knows its name and its subject, and derives its schema from its annotations:

    class StaffBlocked(DistrictEvent, name="vetting.staff.blocked", subject="person_id"):
        person_id: UUID
        clearance_epoch: int

What belongs to a school (`SchoolEvent`) is ordered by school, what is district-wide (`DistrictEvent`) by its subject:
that key chooses one of `PARTITIONS` sequences. Readers ignore fields that they do not know; a breaking change is a new
event beside the old one.
"""

import json
import types
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime, time
from typing import Any, ClassVar, Union, cast, dataclass_transform, get_args, get_origin, get_type_hints
from uuid import UUID

import marshmallow as ma

PARTITIONS = 4
CONTENT_TYPE = "application/cloudevents+json"

_registry: dict[str, type["Event"]] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True)
@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of every event. `district_id` and `school_id` travel in the envelope, the other fields in `data`."""

    name: ClassVar[str] = ""
    subject_field: ClassVar[str] = ""

    district_id: UUID

    def __init_subclass__(cls, *, name: str = "", subject: str = "", **rest: Any) -> None:
        super().__init_subclass__(**rest)
        dataclass(frozen=True, kw_only=True)(cls)
        if not name:
            return
        if name in _registry:
            raise TypeError(f"event {name} is declared twice")
        if subject not in {attribute.name for attribute in fields(cast(Any, cls))}:
            raise TypeError(f"event {name}: its subject {subject!r} is not one of its fields")
        cls.name, cls.subject_field = name, subject
        _registry[name] = cls

    @property
    def subject(self) -> str:
        """The id of the thing that this event is about."""
        return str(getattr(self, self.subject_field))

    @property
    def school(self) -> UUID | None:
        """The school that this event belongs to; None when it is district-wide."""
        return None

    @property
    def partition(self) -> int:
        """Which sequence this event is ordered in."""
        return partition_of(str(self.school or self.subject))


class SchoolEvent(Event):
    """Belongs to one school, and is ordered among that school's events."""

    school_id: UUID

    @property
    def school(self) -> UUID:
        return self.school_id


class DistrictEvent(Event):
    """Holds for a whole district (persons, providers, policy), and is ordered among its subject's events."""


def partition_of(key: str) -> int:
    """The partition of a key, the same in every version and language: crc32 of its UTF-8 bytes modulo 4."""
    return zlib.crc32(key.encode()) % PARTITIONS


def declared() -> Mapping[str, type[Event]]:
    """Every declared event by name; import the contracts first."""
    return dict(sorted(_registry.items()))


# The envelope


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """One event as it travels. `sequence` is its gapless place within (source, timeline, partition)."""

    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    partition: int
    sequence: int
    timeline: UUID
    district: UUID
    school: UUID | None
    actor: str
    subject_version: int
    causation_id: UUID | None
    correlation_id: UUID
    traceparent: str | None
    data: Mapping[str, Any]
    body: bytes = field(default=b"", repr=False, compare=False)
    """The frozen bytes that it was read from; empty before it is encoded."""

    @property
    def routing_key(self) -> str:
        """`vetting.staff.blocked.p03`."""
        return f"{self.type}.p{self.partition:02d}"

    def event(self) -> Event | None:
        """The typed event, or None when this version does not know the type; raises ma.ValidationError."""
        declared_type = _registry.get(self.type)
        if declared_type is None:
            return None
        values = schema_of(declared_type).load(dict(self.data), unknown=ma.EXCLUDE)
        owner = {"school_id": self.school} if issubclass(declared_type, SchoolEvent) else {}
        return declared_type(district_id=self.district, **owner, **values)


def encode(envelope: Envelope) -> bytes:
    """The frozen bytes: what the outbox keeps, the broker carries and catch-up serves is the same string."""
    body = {
        "specversion": "1.0",
        "id": str(envelope.id),
        "source": envelope.source,
        "type": envelope.type,
        "subject": envelope.subject,
        "time": envelope.time.isoformat(),
        "datacontenttype": "application/json",
        "partitionkey": f"{envelope.partition:02d}",
        "sequence": f"{envelope.sequence:020d}",
        "timeline": str(envelope.timeline),
        "district": str(envelope.district),
        "actor": envelope.actor,
        "subjectversion": envelope.subject_version,
        "correlationid": str(envelope.correlation_id),
        "data": envelope.data,
    }
    optional = {"school": envelope.school, "causationid": envelope.causation_id, "traceparent": envelope.traceparent}
    body |= {name: str(value) for name, value in optional.items() if value is not None}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


class Undecodable(ValueError):
    """Bytes that are no event of ours. They are kept as a dead letter, never dropped."""


def decode(body: bytes) -> Envelope:
    """Read the wire form; raises Undecodable."""
    try:
        return _read(json.loads(body), body)
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError, RecursionError) as fault:
        raise Undecodable(repr(fault)) from fault


def _read(said: Any, body: bytes) -> Envelope:
    """By hand: a schema takes longer for this than all else that a listener does with an event. Ignores what is new."""
    texts = {name: said[name] for name in ("specversion", "source", "type", "subject", "actor")}
    if texts.pop("specversion") != "1.0" or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("no event of CloudEvents 1.0")
    causation, school, trace = (said.get(name) for name in ("causationid", "school", "traceparent"))
    envelope = Envelope(
        id=UUID(said["id"]),
        time=datetime.fromisoformat(said["time"]),
        partition=int(said["partitionkey"]),
        sequence=int(said["sequence"]),
        timeline=UUID(said["timeline"]),
        district=UUID(said["district"]),
        school=None if school is None else UUID(school),
        subject_version=int(said["subjectversion"]),
        causation_id=None if causation is None else UUID(causation),
        correlation_id=UUID(said["correlationid"]),
        traceparent=None if trace is None else str(trace),
        data=said["data"],
        body=body,
        **texts,
    )
    in_range = 0 <= envelope.partition < PARTITIONS and envelope.sequence >= 1
    if not in_range or envelope.time.tzinfo is None or not isinstance(envelope.data, dict):
        raise ValueError("an attribute is out of bounds")
    return envelope


# Schemas from annotations


_schemas: dict[type[Any], ma.Schema] = {}


def schema_of(declared_type: type[Any]) -> ma.Schema:
    """The marshmallow schema of an event's `data`, or of a dataclass nested in it; made once."""
    if declared_type not in _schemas:
        _schemas[declared_type] = _make_schema(declared_type)
    return _schemas[declared_type]


def _make_schema(declared_type: type[Any]) -> ma.Schema:
    outside = {"district_id", "school_id"} if issubclass(declared_type, Event) else set()
    hints = get_type_hints(declared_type)
    shape = {
        attribute.name: _field(hints[attribute.name])
        for attribute in fields(declared_type)
        if attribute.name not in outside
    }
    made = ma.Schema.from_dict(cast(Any, shape), name=declared_type.__name__)
    return made()


def data_of(event: Event) -> dict[str, Any]:
    """The `data` of an event, as plain JSON values."""
    return cast(dict[str, Any], schema_of(type(event)).dump(event))


_SCALARS: dict[Any, type[ma.fields.Field[Any]]] = {
    UUID: ma.fields.UUID,
    str: ma.fields.String,
    int: ma.fields.Integer,
    bool: ma.fields.Boolean,
    date: ma.fields.Date,
    time: ma.fields.Time,
    datetime: ma.fields.AwareDateTime,
}


def _field(hint: Any, **options: Any) -> ma.fields.Field[Any]:
    options = options or {"required": True}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return _field(inner, load_default=None, allow_none=True)
    if origin in (list, tuple):
        return _ListOf(_field(arguments[0]), as_tuple=origin is tuple, **options)
    if origin in (dict, Mapping):
        return ma.fields.Dict(**options)
    if is_dataclass(hint):
        return _Nested(cast(type[Any], hint), **options)
    if hint not in _SCALARS:
        raise TypeError(f"no wire form for {hint!r}")
    return _SCALARS[hint](**options)


class _ListOf(ma.fields.List[Any]):
    def __init__(self, inner: ma.fields.Field[Any], *, as_tuple: bool, **options: Any) -> None:
        super().__init__(inner, **options)
        self.as_tuple = as_tuple

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **rest: Any) -> Any:
        items = super()._deserialize(value, attr, data, **rest)
        return tuple(items) if self.as_tuple else items


class _Nested(ma.fields.Nested):
    def __init__(self, declared_type: type[Any], **options: Any) -> None:
        super().__init__(schema_of(declared_type), **options)
        self.declared_type = declared_type

    def _deserialize(self, *given: Any, **rest: Any) -> Any:
        return self.declared_type(**super()._deserialize(*given, **rest))
