"""One Flask application per service: its doors, the routes that all services share, documentation, health, metrics."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, request
from flask_smorest import Blueprint

from shared.caller import Caller
from shared.database import Database
from shared.refusals import Unavailable
from shared.service import Service
from shared.web import documentation, metrics, problems
from shared.web.door import Door, Route, answer
from shared.web.permissions import permissions_of
from shared.web.problems import Unauthenticated
from shared.web.spine import spine_door
from shared.web.tokens import BadToken, KeySource, verify

MAX_BODY = 32 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What an application needs from the process that it runs in."""

    database: Database
    keys: KeySource
    issuer: str
    production: bool


def create_app(service: Service, around: Surroundings) -> Flask:
    """The service's WSGI application; every path begins with `/{service}`."""
    app = Flask(service.name, static_folder=None)
    app.config.update(
        API_TITLE=f"Kehou {service.title}",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=f"/{service.name}",
        OPENAPI_JSON_PATH="openapi.json",
        MAX_CONTENT_LENGTH=MAX_BODY,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask types the provider by its base class
    api = documentation.ServiceApi(app)
    problems.register(app)  # after flask-smorest, whose own error form it replaces
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    for door in (*service.doors, spine_door(service, production=around.production)):
        api.register_blueprint(_blueprint(service, around, door))
    documentation.register(app, service, api)
    metrics.register(app, service, around.database)
    return app


def _blueprint(service: Service, around: Surroundings, door: Door) -> Blueprint:
    blueprint = Blueprint(door.name, door.name, url_prefix=f"/{service.name}/v1", description=door.title)
    for route in door.routes:
        view = _view(service, around, blueprint, route)
        blueprint.route(route.path, methods=[route.method], endpoint=route.name)(view)
    return blueprint


def _view(service: Service, around: Surroundings, blueprint: Blueprint, route: Route) -> Callable[..., Any]:
    """The route as a Flask view: authentication outermost, so that strangers learn nothing about a body's shape."""

    @functools.wraps(route.view)
    def carry_out(*parsed: dict[str, Any], **path: Any) -> Response:
        arguments = {**path, **{name: value for part in parsed for name, value in part.items()}}
        if route.raw:
            arguments["body"] = request.get_data()
        return answer(around.database, g.caller, route, arguments)

    described = documentation.describe(blueprint, route, carry_out)

    @functools.wraps(described)
    def authenticate(**path: Any) -> Any:
        g.caller = _caller(service, around, route)
        return described(**path)

    return authenticate


def _caller(service: Service, around: Surroundings, route: Route) -> Caller:
    header = request.headers.get("Authorization", "")
    if not header.startswith("Bearer "):
        if route.needs is None:
            return Caller(subject="anonymous", school_ids=None)
        raise Unauthenticated("no_token")
    try:
        claims = verify(header.removeprefix("Bearer "), around.keys, issuer=around.issuer, audience=service.name)
    except BadToken as fault:
        if fault.reason_code == "keys_unavailable":
            raise Unavailable("keys_unavailable", retry_after=30) from None
        raise Unauthenticated(fault.reason_code) from None
    caller = Caller(
        subject=claims.subject,
        person_id=claims.person_id,
        roles=claims.roles,
        permissions=permissions_of(claims.roles),
        district_ids=claims.district_ids,
        school_ids=claims.school_ids,
    )
    if route.needs is not None:
        caller.need(route.needs)
    return caller
