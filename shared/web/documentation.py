"""The OpenAPI document of a service, and a page that shows it to people without a network."""

from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from importlib import resources
from typing import Any, cast

import marshmallow as ma
from flask import Flask, Response
from flask_smorest import Api, Blueprint
from flask_smorest.utils import prepare_response
from jinja2 import Environment

from shared.service import Service
from shared.web.door import Route
from shared.web.problems import MEDIA_TYPE


class Cited(ma.Schema):
    """A clause that a refusal enforces."""

    id = ma.fields.String(required=True)
    quote = ma.fields.String(required=True, metadata={"description": "原文"})
    meaning = ma.fields.String(required=True)


class Problem(ma.Schema):
    """RFC 9457, with the gate and the clauses when a gate refused."""

    type = ma.fields.Url(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    instance = ma.fields.String(required=True)
    code = ma.fields.String(required=True)
    gate = ma.fields.String()
    clauses = ma.fields.List(ma.fields.Nested(Cited))
    errors = ma.fields.Dict()


class ServiceApi(Api):  # type: ignore[misc]  # flask-smorest carries no types
    """flask-smorest, with every error documented as the problem document that it is."""

    ERROR_SCHEMA = Problem

    def _register_responses(self) -> None:
        # flask-smorest would document errors as application/json.
        for name, text in [(status.name, status.phrase) for status in HTTPStatus] + [("DEFAULT_ERROR", "Problem")]:
            response = {"description": text, "schema": self.ERROR_SCHEMA}
            prepare_response(response, self.spec, MEDIA_TYPE)
            self.spec.components.response(name, response, lazy=True)


def describe(blueprint: Blueprint, route: Route, view: Callable[..., Any]) -> Callable[..., Any]:
    """Put the route's body or query schema, its reply and its security into the document, and parse the former."""
    if route.takes is not None:
        view = blueprint.arguments(route.takes())(view)  # made once: of a class, webargs makes one for each request
    if route.query is not None:
        view = blueprint.arguments(route.query(), location="query", unknown=ma.RAISE)(view)
    if route.listing is not None:
        view = blueprint.arguments(route.listing.arguments(), location="query", unknown=ma.RAISE)(view)
    view = blueprint.response(route.status, _reply_schema(route))(view)
    needs = {"x-permission": route.needs, "security": [{"bearer": []}]} if route.needs else {"security": []}
    return blueprint.doc(operationId=route.name, **needs)(view)  # type: ignore[no-any-return]  # no types


def _reply_schema(route: Route) -> Any:
    if route.gives is None or route.listing is None:
        return route.gives
    return _page_of(route.gives)


@cache  # two lists of the same thing give the same page
def _page_of(gives: type[ma.Schema]) -> type[ma.Schema]:
    page: dict[str, ma.fields.Field[Any]] = {
        "items": ma.fields.List(ma.fields.Nested(gives), required=True),
        "next": ma.fields.String(allow_none=True, required=True),
    }
    return ma.Schema.from_dict(cast(Any, page), name=f"{gives.__name__}Page")


def register(app: Flask, service: Service, api: Api) -> None:
    """Serve the page at `/{service}/docs`."""

    def page() -> Response:
        template = resources.files("shared.web").joinpath("documentation.html").read_text(encoding="utf-8")
        html = Environment(autoescape=True).from_string(template).render(service=service, spec=api.spec.to_dict())
        return Response(html, content_type="text/html; charset=utf-8")

    app.add_url_rule(f"/{service.name}/docs", "docs", page)
