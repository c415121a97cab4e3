"""The generated documents: as current as the code, and true."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from jsonschema import Draft202012Validator

from shared.docs import documents
from shared.docs.catalogue import events_of
from shared.docs.machines import diagram, machines
from shared.events import Event, SchoolEvent, encode
from shared.messaging.topology import queue_name
from shared.runtime import SERVICES, load_service
from shared.states import Machine
from shared.web.permissions import ROLES
from tests.contracts.test_events import any_of, wrapped

ROOT = Path(__file__).parents[2]
PUBLIC = {
    ("finance", "POST", "/finance/v1/payment-callbacks"),  # the payment provider's signature stands for a token
    ("finance", "GET", "/finance/v1/statements/{statement_id}"),  # 公示: anyone may read and add up a statement
    ("vetting", "GET", "/vetting/v1/whitelists/{district_id}"),  # 公示: which third parties may come, at which prices
    ("vetting", "GET", "/vetting/v1/.well-known/jwks.json"),  # a public key, for gates that have no account
}
"""Operations without a token, each with its reason."""

every = cache(documents)


def read(path: str) -> Any:
    """A generated JSON document."""
    return json.loads(every()[path])


def test_the_documents_in_the_tree_are_those_of_the_code() -> None:
    differing = [path for path, text in every().items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert differing == [], "run make docs"


# OpenAPI


def operations() -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """(service, method, path, operation) of all four."""
    for service in SERVICES:
        for path, item in read(f"docs/openapi/{service}.json")["paths"].items():
            for method in item.keys() & {"get", "post", "patch", "put", "delete"}:
                yield service, method.upper(), path, item[method]


def test_every_operation_says_what_it_does() -> None:
    assert [(method, path) for _, method, path, operation in operations() if not operation.get("summary")] == []


def test_every_operation_demands_a_permission_or_is_public_on_purpose() -> None:
    public = {
        (service, method, path)
        for service, method, path, operation in operations()
        if not operation.get("x-permission") or operation["security"] != [{"bearer": []}]
    }
    assert public == PUBLIC


def test_every_permission_that_a_door_demands_is_held_by_some_role() -> None:
    held = frozenset().union(*(role.permissions for role in ROLES.values()))
    demanded = {operation["x-permission"] for *_, operation in operations() if operation.get("x-permission")}
    assert demanded - held == set()


def test_every_error_is_a_problem_document() -> None:
    default = {"$ref": "#/components/responses/DEFAULT_ERROR"}
    assert [path for _, _, path, operation in operations() if operation["responses"].get("default") != default] == []
    for service in SERVICES:
        error = read(f"docs/openapi/{service}.json")["components"]["responses"]["DEFAULT_ERROR"]
        assert list(error["content"]) == ["application/problem+json"]


def test_the_business_clock_is_no_door_of_production() -> None:
    assert [path for _, _, path, _ in operations() if path.endswith("/business-time")] == []


# AsyncAPI

ASYNC_API = {service: f"docs/asyncapi/{service}.json" for service in SERVICES}


def references(node: Any) -> Iterator[str]:
    """Every `$ref` below a node."""
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        yield from (found for value in node.values() for found in references(value))
    if isinstance(node, list):
        yield from (found for value in node for found in references(value))


def resolve(document: Any, reference: str) -> Any:
    """What a local reference points to; KeyError when nothing is there."""
    node = document
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


@pytest.mark.parametrize("service", SERVICES)
def test_an_asyncapi_document_has_the_shape_of_version_three(service: str) -> None:
    document = read(ASYNC_API[service])
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= document["info"].keys()
    for reference in references(document):
        assert resolve(document, reference)
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert operation["channel"]["$ref"].startswith("#/channels/")
    for channel in document["channels"].values():
        assert channel["messages"]
        assert all(f"{{{name}}}" in channel["address"] for name in channel["parameters"])


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_hears_another_service_says(service: str) -> None:
    actions = {name: operation["action"] for name, operation in read(ASYNC_API[service])["operations"].items()}
    for name in (name for name, action in actions.items() if action == "receive"):
        publisher = name.split(".")[0]
        assert publisher != service
        assert read(ASYNC_API[publisher])["operations"][name]["action"] == "send"


@cache
def validator(name: str) -> Any:
    """Of an event as it travels, from its publisher's document."""
    document = read(ASYNC_API[name.partition(".")[0]])
    schema = {**document, "$ref": f"#/components/messages/{name}/payload"}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


EVENTS = [event for service in SERVICES for event in events_of(service).values()]


@given(some.data(), some.sampled_from(EVENTS))
def test_the_documented_schema_takes_every_event_and_fields_that_are_new(
    data: some.DataObject, kind: type[Event]
) -> None:
    body = json.loads(encode(wrapped(data.draw(any_of(kind)))))
    validator(kind.name).validate(body)
    body["data"]["news"] = 1
    validator(kind.name).validate(body)


@pytest.mark.parametrize("service", SERVICES)
def test_no_part_of_an_event_is_closed_to_new_fields(service: str) -> None:
    assert '"additionalProperties": false' not in every()[ASYNC_API[service]]


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
def test_the_documented_schema_refuses_an_event_that_says_too_little(kind: type[Event]) -> None:
    empty = {"type": kind.name, "source": "/" + kind.name.split(".")[0], "data": {}}
    faults = {error.message for error in validator(kind.name).iter_errors(empty)}
    assert "'id' is a required property" in faults
    assert f"'{kind.subject_field}' is a required property" in faults or kind.subject_field == "school_id"
    assert ("'school' is a required property" in faults) == issubclass(kind, SchoolEvent)


# Events, states, broker


def test_the_catalogue_has_every_event_and_every_reaction() -> None:
    rows = [line for line in every()["docs/events.md"].splitlines() if line.startswith("| `")]
    named = {row.split("`")[1]: row for row in rows}
    assert named.keys() == {event.name for event in EVENTS}
    for service in map(load_service, SERVICES):
        for reaction in service.reactions:
            assert f"{service.name} `{reaction.handle.__name__}`" in named[reaction.event_type.name]


def test_a_picture_shows_where_things_begin_every_move_and_where_they_end() -> None:
    moves = {("DRAFT", "send"): "SENT", ("IMPORTED", "send"): "SENT"}
    assert [line.strip() for line in diagram(Machine("letter", "DRAFT", moves)).splitlines()] == [
        "stateDiagram-v2",
        "[*] --> DRAFT",
        "[*] --> IMPORTED",
        "DRAFT --> SENT: send",
        "IMPORTED --> SENT: send",
        "SENT --> [*]",
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_every_machine_of_a_service_is_drawn(service: str) -> None:
    found = list(machines(service))
    assert found
    for place, machine in found:
        assert f"### {machine.name}\n\n`{place}`" in every()["docs/states.md"]
        assert diagram(machine) in every()["docs/states.md"]


def test_the_broker_has_a_queue_for_whatever_a_service_hears_and_no_password() -> None:
    definitions = read("deploy/rabbitmq/definitions.json")
    queues = {queue["name"] for queue in definitions["queues"]}
    for service in map(load_service, SERVICES):
        for publisher in service.listens_to:
            assert queue_name(service.name, publisher, 0) in queues
    assert {user["password_hash"] for user in definitions["users"]} == {""}
