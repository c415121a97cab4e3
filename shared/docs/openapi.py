"""The OpenAPI document of a service, as its application serves it in production."""

from collections.abc import Mapping
from typing import Any

from shared.database import Database
from shared.service import Service
from shared.web.app import Surroundings, create_app
from shared.web.tokens import KeySource

_NOWHERE = "postgresql+psycopg://nobody@nowhere.invalid/nothing"


def open_api(service: Service) -> Mapping[str, Any]:
    """Neither database nor keys are ever asked for a document."""
    database = Database(service.name, _NOWHERE, keyring=None)
    around = Surroundings(database=database, keys=KeySource(dict), issuer="", production=True)
    application = create_app(service, around)
    document: Mapping[str, Any] = application.test_client().get(f"/{service.name}/openapi.json").get_json()
    return document
