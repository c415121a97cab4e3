"""The generated documents: drawn from the declarations themselves, so that picture and code cannot differ."""

import json
from collections.abc import Mapping
from typing import Any

from shared.docs.asyncapi import async_api
from shared.docs.catalogue import catalogue
from shared.docs.machines import state_diagrams
from shared.docs.openapi import open_api
from shared.messaging import topology
from shared.runtime import SERVICES, load_service


def documents() -> Mapping[str, str]:
    """Path from the root of the project to the file's text; the same for the same code."""
    services = [load_service(name) for name in SERVICES]
    texts = {
        "docs/events.md": catalogue(services),
        "docs/states.md": state_diagrams(services),
        "deploy/rabbitmq/definitions.json": topology.render({each.name: each.listens_to for each in services}),
    }
    for service in services:
        texts[f"docs/openapi/{service.name}.json"] = _json(open_api(service))
        texts[f"docs/asyncapi/{service.name}.json"] = _json(async_api(service))
    return texts


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
