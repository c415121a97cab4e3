"""The wire form of events, and what may never travel in one."""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time
from importlib import import_module
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given
from hypothesis import strategies as some

from shared.contracts.enrollment import PupilLeft
from shared.events import PARTITIONS, Envelope, Event, Undecodable, data_of, declared, decode, encode, partition_of

PUBLISHERS = ("enrollment", "attendance", "finance", "vetting")
for publisher in PUBLISHERS:
    import_module(f"shared.contracts.{publisher}")

# INV-X-06: personal data and grounds that no event may carry, under any of these words in a field's name.
DENIED = [
    "name",
    "id_number",
    "idcard",
    "identity_number",
    "phone",
    "mobile",
    "address",
    "email",
    "photo",
    "birth",
    "hardship",
    "disability",
    "offence",
    "offense",
    "detail",
    "account_text",
    "sex",
    "ethnicity",
    "religion",
    "health",
]
ALLOWED = {"profile_id"}

GOLDEN = {"school-1": 1, "01a20a8a-d06c-76e4-9127-ac96aafa8006": 2, "鹤壁": 1, "": 0}
"""CRC-32 (ISO-HDLC) of the UTF-8 bytes, modulo 4."""


def test_a_key_keeps_its_partition_in_every_version() -> None:
    assert {key: partition_of(key) for key in GOLDEN} == GOLDEN


def every_field(kind: type[Any], seen: str = "") -> Iterator[str]:
    """Names of all fields of an event, nested ones as well."""
    hints = get_type_hints(kind)
    for attribute in fields(kind):
        yield seen + attribute.name
        for inner in (hints[attribute.name], *get_args(hints[attribute.name])):
            if isinstance(inner, type) and is_dataclass(inner):
                yield from every_field(inner, f"{seen}{attribute.name}.")


@pytest.mark.parametrize("name", declared())
def test_no_event_carries_personal_data(name: str) -> None:
    """INV-X-06."""
    named = {path.split(".")[-1] for path in every_field(declared()[name])} - ALLOWED
    assert not {field for field in named for denied in DENIED if denied in field.split("_") or field == denied}


@pytest.mark.parametrize("name", declared())
def test_an_events_name_begins_with_its_publisher_and_ends_with_what_happened(name: str) -> None:
    publisher, *_, happened = name.split(".")
    assert publisher in PUBLISHERS
    assert "update" not in happened


VALUES: dict[Any, Any] = {
    UUID: some.uuids(),
    str: some.text(max_size=20).filter(lambda text: text.isprintable()),
    int: some.integers(-(2**53), 2**53),
    bool: some.booleans(),
    date: some.dates(),
    time: some.times(),
    datetime: some.datetimes(timezones=some.just(UTC)),
}


def value_of(hint: Any) -> some.SearchStrategy[Any]:
    """Any value of an annotated type."""
    arguments = get_args(hint)
    if get_origin(hint) in (dict,):
        return some.dictionaries(some.text(max_size=5), some.integers(0, 9), max_size=3)
    if get_origin(hint) is tuple:
        return some.lists(value_of(arguments[0]), max_size=3).map(tuple)
    if type(None) in arguments:
        return some.none() | value_of(next(argument for argument in arguments if argument is not type(None)))
    if is_dataclass(hint):
        return any_of(hint)  # type: ignore[arg-type]  # a dataclass type, not an instance
    return VALUES[hint]  # type: ignore[no-any-return]  # strategies of a table


def any_of(kind: type[Any]) -> some.SearchStrategy[Any]:
    """Any instance of an event or of a dataclass in one."""
    hints = get_type_hints(kind)
    return some.builds(kind, **{attribute.name: value_of(hints[attribute.name]) for attribute in fields(kind)})


def wrapped(event: Event) -> Envelope:
    return Envelope(
        id=event.district_id,
        source="/" + event.name.split(".")[0],
        type=event.name,
        subject=event.subject,
        time=datetime(2026, 9, 7, 8, tzinfo=UTC),
        partition=event.partition,
        sequence=17,
        timeline=event.district_id,
        district=event.district_id,
        school=event.school,
        actor="test",
        subject_version=3,
        causation_id=None,
        correlation_id=event.district_id,
        traceparent=None,
        data=data_of(event),
    )


@given(some.data(), some.sampled_from(list(declared().values())))
def test_every_event_survives_its_journey(data: some.DataObject, kind: type[Event]) -> None:
    event = data.draw(any_of(kind))
    body = encode(wrapped(event))
    read = decode(body)
    assert read.event() == event
    assert read.body == body
    assert 0 <= read.partition < PARTITIONS


@given(some.data(), some.sampled_from(list(declared().values())))
def test_the_official_sdk_reads_what_we_write(data: some.DataObject, kind: type[Event]) -> None:
    event = data.draw(any_of(kind).filter(lambda event: event.subject != ""))  # CloudEvents wants one; no id is empty
    body = encode(wrapped(event))
    headers = {"content-type": "application/cloudevents+json"}
    read = from_http(HTTPMessage(headers=headers, body=body), JSONFormat())
    assert read.get_type() == kind.name
    assert read.get_extension("sequence") == "00000000000000000017"


@given(some.binary(max_size=200) | some.text(max_size=200).map(str.encode))
def test_any_other_bytes_are_undecodable_and_nothing_worse(body: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(body)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        *((name, None) for name in ("specversion", "id", "source", "type", "subject", "time", "partitionkey")),
        *((name, None) for name in ("sequence", "timeline", "district", "actor", "subjectversion", "correlationid")),
        ("data", None),
        ("data", [1]),
        ("specversion", "0.3"),
        ("id", 7),
        ("subject", {"a": 1}),
        ("time", "2026-09-07T08:00:00"),
        ("partitionkey", "04"),
        ("partitionkey", "-1"),
        ("sequence", "0"),
        ("school", "x"),
    ],
)
def test_an_envelope_that_lacks_or_bends_an_attribute_is_undecodable(attribute: str, value: Any) -> None:
    event = PupilLeft(
        district_id=UUID(int=1), school_id=UUID(int=2), pupil_id=UUID(int=3), effective_on=date(2026, 9, 7)
    )
    said = json.loads(encode(wrapped(event)))
    assert decode(json.dumps(said).encode()).event() == event
    with pytest.raises(Undecodable):
        decode(json.dumps(said | {attribute: value}).encode())


@given(some.data(), some.sampled_from(list(declared().values())))
def test_a_reader_ignores_what_it_does_not_know(data: some.DataObject, kind: type[Event]) -> None:
    event = data.draw(any_of(kind))
    body = encode(wrapped(event)).replace(b'"data":{', b'"news":1,"data":{"news":1,', 1).replace(b",}", b"}")
    assert decode(body).event() == event
