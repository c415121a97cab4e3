"""The AsyncAPI document of a service: the events that it says and hears, as they travel."""

from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow.openapi import OpenAPIConverter

from shared.docs.catalogue import events_of, sentence
from shared.events import CONTENT_TYPE, PARTITIONS, Event, SchoolEvent, schema_of
from shared.messaging.topology import EVENTS
from shared.service import Service

_ID = {"type": "string", "format": "uuid"}
# OpenAPI 3.1 speaks JSON Schema 2020-12. Without a name a nested schema stands where it is used.
_CONVERTER: Any = OpenAPIConverter("3.1.0", lambda _: "", APISpec("", "", "3.1.0"))

_ATTRIBUTES: Mapping[str, Any] = {
    "specversion": {"const": "1.0"},
    "id": _ID,
    "source": {"type": "string", "description": "the service that says it"},
    "type": {"type": "string"},
    "subject": {"type": "string", "description": "id of what the event is about"},
    "time": {"type": "string", "format": "date-time", "description": "business time"},
    "datacontenttype": {"const": "application/json"},
    "partitionkey": {"type": "string", "pattern": "^[0-9]{2}$"},
    "sequence": {
        "type": "string",
        "pattern": "^[0-9]{20}$",
        "description": "place in (source, timeline, partition), counted from 1 without gaps",
    },
    "timeline": _ID | {"description": "a new one after each restore of the publisher's database"},
    "district": _ID,
    "school": _ID,
    "actor": {"type": "string"},
    "subjectversion": {"type": "integer", "minimum": 1, "description": "counts the subject's events"},
    "causationid": _ID,
    "correlationid": _ID,
    "traceparent": {"type": "string"},
    "data": {"type": "object"},
}
_OPTIONAL = {"school", "causationid", "traceparent"}
ENVELOPE: Mapping[str, Any] = {
    "title": "CloudEvents 1.0, structured",
    "type": "object",
    "properties": _ATTRIBUTES,
    "required": [name for name in _ATTRIBUTES if name not in _OPTIONAL],
}


def async_api(service: Service) -> dict[str, Any]:
    """AsyncAPI 3.0; a channel per event, its name the event's."""
    said = events_of(service.name)
    heard = {reaction.event_type.name: reaction.event_type for reaction in service.reactions}
    events = {**said, **heard}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": f"Kehou {service.title}", "version": "v1"},
        "defaultContentType": CONTENT_TYPE,
        "channels": {name: _channel(event) for name, event in events.items()},
        "operations": {name: _operation(name, "send" if name in said else "receive") for name in events},
        "components": {
            "messages": {name: _message(event) for name, event in events.items()},
            "schemas": {"Envelope": ENVELOPE},
        },
    }


def _channel(event: type[Event]) -> dict[str, Any]:
    return {
        "address": f"{event.name}.p{{partition}}",
        "parameters": {
            "partition": {
                "description": f"crc32 of the {'school' if issubclass(event, SchoolEvent) else 'subject'} id"
                f" modulo {PARTITIONS}",
                "enum": [f"{part:02d}" for part in range(PARTITIONS)],
            }
        },
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.name}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": {"name": EVENTS, "type": "topic", "vhost": "kehou"}}},
    }


def _operation(name: str, action: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{name}"}}


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.name,
        "title": event.__name__,
        "summary": sentence(event),
        "contentType": CONTENT_TYPE,
        "payload": {"allOf": [{"$ref": "#/components/schemas/Envelope"}, _particulars(event)]},
    }


def _particulars(event: type[Event]) -> dict[str, Any]:
    """What this event has beyond the envelope."""
    return {
        "properties": {
            "source": {"const": f"/{event.name.partition('.')[0]}"},
            "type": {"const": event.name},
            "data": payload_schema(event),
        },
        "required": ["school"] if issubclass(event, SchoolEvent) else [],
    }


def payload_schema(event: type[Event]) -> Any:
    """JSON Schema of `data`. It stays open: readers ignore what they do not know."""
    return _opened(_CONVERTER.schema2jsonschema(schema_of(event)))


def _opened(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _opened(value) for key, value in schema.items() if (key, value) != ("additionalProperties", False)}
    return [_opened(item) for item in schema] if isinstance(schema, list) else schema
